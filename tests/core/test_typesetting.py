"""Papers: what typst is given, what it can reach, what a PDF promises, and that no server process keeps typst."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from hubevents.core import typesetter, typesetting
from hubevents.core.typesetting import TypesettingFailed

DATED = datetime(2026, 11, 27, 8, tzinfo=UTC)
PREAMBLE = """#let d = json(bytes(sys.inputs.data))
#set document(title: d.title)
#set text(font: ("Sofia Sans", "DejaVu Sans"), lang: d.lang)
"""
VALUES = {"title": "Лист", "lang": "bg", "text": "Добър ден"}


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Writes the one template `paper` into a folder of its own."""
    folder = tmp_path / "pdf"
    folder.mkdir()
    monkeypatch.setattr(typesetting, "templates", lambda: folder)

    def write(body: str, preamble: str = PREAMBLE) -> None:
        (folder / "paper.typ").write_text(preamble + body, "utf-8")

    return write


def words(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def test_values_are_text_and_never_markup(template: Any) -> None:
    template("#d.text")
    said = '*не* #panic("x") $x^2$ #read("/etc/passwd") <етикет> @никой'
    assert said in words(typesetting.pdf("paper", {**VALUES, "text": said}, dated=DATED))


@pytest.mark.parametrize(
    "body",
    [
        '#read("/etc/passwd")',
        '#read("../secret.txt")',
        '#read("/../secret.txt")',
        '#image("../../secret.svg")',
        '#import "@preview/tiaoma:0.3.0": qrcode',
        "#d.absent",
        "#image(bytes(\"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'></svg>\"), format: \"svg\")",
    ],
)
def test_what_lies_outside_or_lacks_words_stops_the_paper(template: Any, tmp_path: Path, body: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    template(body)
    with pytest.raises(TypesettingFailed, match=r"^paper: "):
        typesetting.pdf("paper", VALUES, dated=DATED)


def test_a_paper_without_a_title_is_refused(template: Any) -> None:
    template("Без заглавие", preamble="")
    with pytest.raises(TypesettingFailed, match="title"):
        typesetting.pdf("paper", VALUES, dated=DATED)


def test_a_pdf_is_tagged_says_its_language_and_claims_its_standards(template: Any) -> None:
    template("#d.text")
    root: Any = PdfReader(BytesIO(typesetting.pdf("paper", VALUES, dated=DATED))).trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("bg", True)
    claims = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in claims
    assert ("<pdfaid:part>2</pdfaid:part>" in claims, "<pdfaid:conformance>A</pdfaid:conformance>" in claims) == (
        True,
        True,
    )


def test_equal_values_and_dates_give_equal_bytes(template: Any) -> None:
    template("#d.text")
    first, second = (typesetting.pdf("paper", VALUES, dated=DATED) for _ in range(2))
    assert first == second
    assert typesetting.pdf("paper", VALUES, dated=DATED.replace(day=28)) != first


def test_pictures_of_one_page(template: Any) -> None:
    template("#set page(width: 50mm, height: 25mm)\n#d.text")
    assert typesetting.svg("paper", VALUES).startswith(b"<svg")
    assert Image.open(BytesIO(typesetting.png("paper", VALUES, ppi=254))).size == (500, 250)


def test_bulgarian_has_the_bulgarian_letters(template: Any) -> None:
    template("#set page(width: 90mm, height: 20mm)\n#set text(size: 20pt)\nв г д и к л п т ц ш")
    bulgarian, russian = (typesetting.png("paper", {**VALUES, "lang": lang}, ppi=72) for lang in ("bg", "ru"))
    assert bulgarian != russian


def test_our_fonts_are_there() -> None:
    names = {file.name.split(".")[0] for file in typesetting.fonts().glob("*.ttf")}
    weights = {f"sofia-sans-{weight}" for weight in (200, 400, 600, 800)}
    assert names == weights | {"dejavu-sans-400", "dejavu-sans-700", "ubuntu-700"}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Мария 🌸 Желязкова", "Мария Желязкова"),
        ("👩\u200d🌾", "\u200d"),
        ("王伟", "□□"),
        ("שלום محمد ქართული Ελληνικά", "שלום محمد ქართული Ελληνικά"),
        ("Zażółć №\u00a05 „ѝ“ – 10\u00a0€", "Zażółć №\u00a05 „ѝ“ – 10\u00a0€"),
        ("дума\u200b\u00ad", "дума\u200b\u00ad"),
    ],
)
def test_only_what_the_fonts_show_reaches_typst(said: str, shown: str) -> None:
    known: set[int] = set()
    for file in typesetting.fonts().glob("*.ttf"):
        known |= typesetter.characters(file.read_bytes())
    assert typesetter.showable({"a": [said, 1, None]}, known) == {"a": [shown, 1, None]}


@pytest.mark.parametrize("said", ["🌸", "王伟", "\u0301", "ᚠᛇᚻ", "🇧🇬", "a\u0300\u0301\u0302", "\U0010fffd"])
def test_no_name_makes_a_paper_fail(template: Any, said: str) -> None:
    template("#d.text")
    pdf = typesetting.pdf("paper", {**VALUES, "text": f"А {said} Я"}, dated=DATED)
    assert b"pdfuaid" in pdf
    assert "А" in words(pdf)


def test_without_our_fonts_those_inside_typst_print_what_they_can(
    template: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typesetting, "fonts", lambda: tmp_path / "none")
    template("#d.text")
    assert "Мария" in words(typesetting.pdf("paper", {**VALUES, "text": "Мария 王"}, dated=DATED))


def test_what_went_wrong_is_told_without_anybodys_name(template: Any) -> None:
    template("\n#panic(d.text)")
    with pytest.raises(TypesettingFailed) as error:
        typesetting.pdf("paper", {**VALUES, "text": "Мария Желязкова"}, dated=DATED)
    assert "paper.typ:5" in str(error.value)
    assert "Мария" not in str(error.value)


def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    file = tmp_path / "other.py"
    file.write_text(source)
    monkeypatch.setattr(typesetting, "TYPESETTER", file)


def test_the_process_sees_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBEVENTS_SECRET_KEY", "not for typst")
    script(tmp_path, monkeypatch, "import os; print(dict(os.environ))")
    seen = typesetting.svg("badges", {})
    assert b"PATH" in seen
    assert b"HUBEVENTS" not in seen


def test_a_paper_that_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "SECONDS", 0.2)
    script(tmp_path, monkeypatch, "while True: pass")
    with pytest.raises(TypesettingFailed, match="not set within"):
        typesetting.svg("badges", {})


def test_a_process_that_dies_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, monkeypatch, "import os; os._exit(9)")
    with pytest.raises(TypesettingFailed, match="exit 9"):
        typesetting.svg("badges", {})
    script(tmp_path, monkeypatch, "")
    with pytest.raises(TypesettingFailed, match="exit 0"):
        typesetting.svg("badges", {})


def test_the_server_never_holds_typst() -> None:
    code = "import sys, hubevents.app; sys.exit('typst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0
