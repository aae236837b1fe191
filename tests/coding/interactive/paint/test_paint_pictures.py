"""Images: sizes from their first bytes, the rows they take, and a note where there is no way."""

from base64 import b64decode, b64encode
from io import BytesIO

import pytest

from pi.coding.modes.interactive.lines import ESCAPE
from pi.coding.modes.interactive.paint.pictures import picture, pixels
from pi.coding.modes.interactive.view import Look

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (640).to_bytes(4) + (320).to_bytes(4) + b"rest" * 3000
)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (PNG, (640, 320)),
        (b"GIF89a" + (5).to_bytes(2, "little") + (7).to_bytes(2, "little"), (5, 7)),
        (
            b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff\xc2\x00\x11\x08\x00\x20\x00\x30\x03" + b"\0" * 9,
            (48, 32),
        ),
        (b"RIFF....WEBPVP8X" + b"\0" * 8 + b"\x0f\0\0\x1f\0\0", (16, 32)),
        (b"RIFF....WEBPVP8L" + b"\0" * 4 + b"\x2f\x0f\xc0\x07\x00" + b"\0" * 5, (16, 32)),
        (b"RIFF....WEBPVP8 " + b"\0" * 10 + b"\x10\x00\x20\x00", (16, 32)),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, None),
        (b"\xff\xd8" + b"\xff" * 50, None),
        (b"\xff\xd8\xff\xc4\xff\xff", None),
        (b"", None),
        (b"BM" + b"\0" * 50, None),
    ],
)
def test_sizes(data: bytes, size: tuple[int, int] | None) -> None:
    assert pixels(data) == size


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_sizes_of_real_files(kind: str) -> None:
    image = pytest.importorskip("PIL.Image")
    file = BytesIO()
    image.new("RGB", (37, 21)).save(file, kind)
    assert pixels(file.getvalue()) == (37, 21)


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "WEBP"])
def test_kitty_is_given_other_images_as_png(kind: str) -> None:
    image = pytest.importorskip("PIL.Image")
    file = BytesIO()
    image.new("CMYK" if kind == "JPEG" else "RGB", (2000, 1000), 0).save(file, kind)
    look = Look(style=lambda _: "", images="kitty")
    lines = picture(f"image/{kind.lower()}", b64encode(file.getvalue()).decode(), look, 80)
    assert len(lines) == 15
    ((style, raw),) = lines[-1]
    assert style == ESCAPE
    sent = "".join(part.split(";", 1)[1].split("\x1b")[0] for part in raw.split("\x1b_G")[1:])
    assert pixels(b64decode(sent)) == (1200, 600)
    broken = b64encode(file.getvalue()[:40]).decode()
    assert "[image/x" in str(picture("image/x", broken, look, 80))


@pytest.mark.parametrize("protocol", ["kitty", "iterm2"])
def test_rows_are_there_before_the_image_is_drawn_over_them(protocol: str) -> None:
    look = Look(style=lambda _: "", images=protocol)  # type: ignore[arg-type]
    data = b64encode(PNG).decode()
    lines = picture("image/png", data, look, 80)
    assert len(lines) == 15  # 60 columns of 640x320
    assert lines[:-1] == [[]] * 14
    ((style, raw),) = lines[-1]
    assert style == ESCAPE
    if protocol == "kitty":
        assert raw.startswith("\x1b[14A\x1b_Ga=T,f=100,q=2,C=1,c=60,r=15,m=1;")
        assert raw.endswith("\x1b\\\x1b[14B")
        parts = [part.split(";", 1)[1] for part in raw.split("\x1b_G")[1:]]
        assert "".join(part.split("\x1b\\")[0] for part in parts) == data
        assert all(len(part) <= 4096 + 10 for part in parts)
    else:
        assert raw.startswith("\x1b7\x1b[14A\x1b]1337;File=width=60;height=15;")
        assert raw.endswith(f":{data}\x07\x1b8")


def test_a_tall_image_takes_a_bounded_number_of_rows_and_a_small_one_few() -> None:
    look = Look(style=lambda _: "", images="kitty")
    for sides, rows in (((100, 5000), 24), ((16, 16), 1)):
        head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + sides[0].to_bytes(4) + sides[1].to_bytes(4)
        assert len(picture("image/png", b64encode(head + b"123").decode(), look, 80)) == rows


@pytest.mark.parametrize(
    ("data", "images", "note"),
    [
        (b64encode(PNG).decode(), "", "[image/png, 640x320, 11.7 KB]"),
        (b64encode(b"\xff\xd8 jpeg").decode(), "kitty", "[image/png, 7 B]"),
        ("no base64 \x1b]0;title\x07", "iterm2", "[image/png, 0 B]"),
        ("", "iterm2", "[image/png, 0 B]"),
    ],
)
def test_a_note_says_what_cannot_be_drawn(data: str, images: str, note: str) -> None:
    look = Look(style=lambda _: "", images=images)  # type: ignore[arg-type]
    assert picture("image/png", data, look, 80) == [[("", note)]]
    assert picture("image/png", data, look, 5, draw=False) == [[("", "[ima"), ("", "…")]]
