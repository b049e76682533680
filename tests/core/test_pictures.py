"""Pictures from outside: only what was drawn is kept, forged files and full disks are refusals."""

import contextlib
import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest
from PIL import Image

from hubevents.core import pictures
from hubevents.core.errors import Invalid


def drawn(form: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#a6124f").save(out, form, **options)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def forged_png(width: int, height: int, rows: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_is_written_anew_as_webp(tmp_path: Path, form: str) -> None:
    name = pictures.store(io.BytesIO(drawn(form) + b"<script>alert(1)</script><?php"), tmp_path)
    kept = (tmp_path / name).read_bytes()
    assert kept[:4] + kept[8:12] == b"RIFFWEBP"
    assert b"script" not in kept
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with Image.open(tmp_path / name) as picture:
        assert picture.size == (40, 30)


def test_where_and_by_what_it_was_taken_is_dropped_and_it_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Maker of phones"
    exif.get_ifd(0x8825)[2] = (42.0, 25.0, 33.0)
    name = pictures.store(io.BytesIO(drawn("JPEG", exif=exif)), tmp_path)
    with Image.open(tmp_path / name) as picture:
        assert picture.size == (30, 40)
        assert dict(picture.getexif()) == {}
        assert not {"exif", "xmp", "icc_profile"} & picture.info.keys()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
        forged_png(40, 30, b"\x00" * 50),
        forged_png(0, 0),
        drawn("PNG")[:60],
        drawn("JPEG")[:80],
        drawn("GIF")[:20],
        drawn("WEBP")[:30],
        b"GIF89a" + b"\xff" * 500,
        b"II*\x00" + b"\x00" * 100,
        b"%PDF-1.4",
        b"\xff\xd8\xff\xe1\xff\xffExif\x00\x00MM\x00*\xff\xff\xff\xff",
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        pictures.store(io.BytesIO(data), tmp_path)
    assert refused.value.code == "picture_unreadable"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(5001, 5000), (12_000, 12_000), (65_000, 65_000)])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, size: tuple[int, int]) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(Invalid) as refused:
            pictures.store(io.BytesIO(forged_png(*size, b"\x00" * 1_000_000)), tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.code == "picture_too_large"
    assert peak < 30_000_000


def test_a_file_that_never_ends_is_not_read_to_its_end(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused, open("/dev/zero", "rb") as endless:
        pictures.store(endless, tmp_path)
    assert refused.value.code == "picture_too_large"


def test_of_many_frames_only_the_first_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    first, *more = (Image.new("P", (20, 20), index % 250) for index in range(1_000))
    first.save(out, "GIF", save_all=True, append_images=more)
    seen = []
    seek = Image.Image.seek
    monkeypatch.setattr(Image.Image, "seek", lambda self, frame: (seen.append(frame), seek(self, frame))[1])
    name = pictures.store(io.BytesIO(out.getvalue()), tmp_path)
    assert max(seen, default=0) == 0
    with Image.open(tmp_path / name) as picture:
        assert getattr(picture, "n_frames", 1) == 1


@pytest.mark.parametrize("position", range(0, 600, 37))
def test_a_picture_with_a_wrong_byte_is_kept_or_refused(tmp_path: Path, position: int) -> None:
    for form in ("JPEG", "PNG", "WEBP", "GIF"):
        data = bytearray(drawn(form))
        data[position % len(data)] ^= 0xFF
        with contextlib.suppress(Invalid):
            pictures.store(io.BytesIO(bytes(data)), tmp_path)


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Invalid) as refused:
        pictures.store(io.BytesIO(drawn("PNG")), tmp_path)
    assert refused.value.code == "file_not_kept"
    (tmp_path / "a file").touch()
    monkeypatch.undo()
    with pytest.raises(Invalid):  # a folder that cannot be made
        pictures.store(io.BytesIO(drawn("PNG")), tmp_path / "a file" / "uploads")
