"""QR codes: what a decoder reads, on a page and in a mail."""

import re
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from hubevents.core import qr

TICKET = "1734" + "0918273645" * 18 + "012345678"
ADDRESS = "https://hub.example.org/door/AAAAAAAAAAcAAQ0Xk2pQf3rVnW8yLz5m/"


def decoded(image: Image.Image) -> list[str]:
    return [each.text for each in zxingcpp.read_barcodes(image.convert("L"))]


def drawn(svg: str) -> Image.Image:
    """What a browser paints: white ground, black bars, four pixels a module."""
    root = ET.fromstring(svg)
    side = int(root.attrib["viewBox"].split()[2])
    ground, path = list(root)
    assert ground.attrib == {"width": str(side), "height": str(side), "fill": "#fff"}
    assert path.attrib["fill"] == "#000"
    image = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(image)
    bars = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path.attrib["d"])
    assert "".join(f"M{x} {y}h{width}v1h-{back}z" for x, y, width, back in bars) == path.attrib["d"]
    for x, y, width, back in bars:
        assert width == back
        pen.line((int(x), int(y), int(x) + int(width) - 1, int(y)), fill=0)
    return image.resize((side * 4, side * 4), Image.Resampling.NEAREST)


def test_a_ticket_is_a_version_5_symbol() -> None:
    assert len(TICKET) == 193
    rows = qr.modules(TICKET)
    assert (len(rows), {len(row) for row in rows}) == (37, {37})


@pytest.mark.parametrize("text", [TICKET, "0" * 193, "9" * 193, ADDRESS, "WIFI:T:WPA;S:Хъб;;", "a" * 900])
def test_page_and_picture_are_read_back(text: str) -> None:
    assert decoded(Image.open(BytesIO(qr.png(text)))) == [text]
    assert decoded(drawn(qr.svg(text))) == [text]


@settings(max_examples=25, deadline=None)
@given(text=st.text("0123456789", min_size=193, max_size=193))
def test_any_digits_are_read_back_under_the_fixed_mask(text: str) -> None:
    assert decoded(Image.open(BytesIO(qr.png(text, module_size=4)))) == [text]
    assert len(qr.modules(text)) == 37


def test_the_picture_is_black_on_white_with_a_quiet_zone_of_four_modules() -> None:
    image = Image.open(BytesIO(qr.png(TICKET, module_size=12)))
    assert (image.format, image.mode, image.size) == ("PNG", "1", (45 * 12, 45 * 12))
    inverted = image.convert("L").point(lambda value: 255 - value)
    assert inverted.getbbox() == (48, 48, 48 + 37 * 12, 48 + 37 * 12)


def test_the_picture_is_small_and_always_the_same() -> None:
    assert qr.png(TICKET) == qr.png(TICKET)
    assert len(qr.png(TICKET)) < 2_000
    assert len(qr.svg(TICKET)) < 12_000


def test_the_page_needs_no_style_and_no_script() -> None:
    root = ET.fromstring(qr.svg(TICKET, module_size=5))
    assert root.attrib == {
        "class": "qr",
        "aria-hidden": "true",
        "width": "225",
        "height": "225",
        "viewBox": "0 0 45 45",
        "shape-rendering": "crispEdges",
    }
    assert "style" not in qr.svg(TICKET)


def test_a_title_is_spoken_and_cannot_break_out() -> None:
    root = ET.fromstring(qr.svg(TICKET, title='Билет на "Мария" <b>&</b>'))
    assert (root.attrib["role"], root.attrib["aria-label"]) == ("img", 'Билет на "Мария" <b>&</b>')


def test_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a text"):
        qr.svg("")


def photographed(pixels: int, turn: float = 0, blur: float = 0, contrast: tuple[int, int] = (0, 255)) -> Image.Image:
    """The ticket as a phone sees it, `pixels` wide: tilted, out of focus, in weak light, on a grey table."""
    dark, light = contrast
    sheet = Image.open(BytesIO(qr.png(TICKET))).convert("L").resize((pixels, pixels), Image.Resampling.BICUBIC)
    sheet = sheet.point(lambda value: dark + value * (light - dark) // 255)
    frame = Image.new("L", (640, 480), 90)
    frame.paste(sheet, ((640 - pixels) // 2, (480 - pixels) // 2))
    return frame.rotate(turn, Image.Resampling.BICUBIC, fillcolor=90).filter(ImageFilter.GaussianBlur(blur))


@pytest.mark.parametrize(
    ("pixels", "turn", "blur", "contrast"),
    [
        (112, 0, 0, (0, 255)),
        (140, 7, 0, (0, 255)),
        (220, 30, 0, (0, 255)),
        (300, 0, 2.5, (0, 255)),
        (260, 15, 1.5, (0, 255)),
        (260, 0, 1, (60, 110)),
        (320, 90, 1, (120, 200)),
    ],
)
def test_d65_small_tilted_blurred_and_dim_are_read(
    pixels: int, turn: float, blur: float, contrast: tuple[int, int]
) -> None:
    assert decoded(photographed(pixels, turn, blur, contrast)) == [TICKET]


def test_d65_a_screenshot_from_a_chat_with_a_cracked_corner_is_read() -> None:
    frame = photographed(330)
    pen = ImageDraw.Draw(frame)
    # A tenth of the symbol, away from the three finders.
    side = int(330 * 37 / 45 * 0.31)
    pen.rectangle((330, 260, 330 + side, 260 + side), fill=128)
    out = BytesIO()
    frame.save(out, "JPEG", quality=40)
    assert decoded(Image.open(out)) == [TICKET]


def test_d65_inverted_by_a_forced_dark_mode_is_read() -> None:
    assert decoded(photographed(300).point(lambda value: 255 - value)) == [TICKET]
