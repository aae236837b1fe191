"""Images for models, with Pillow as the other opinion on what an image is."""

import base64
import os
import sys
from io import BytesIO
from typing import Any

import pytest

from pi.ai.messages import ImageContent
from pi.coding.tools.images import MAX_BASE64, fit, pixel_size
from pi.coding.tools.read import Read

Image = pytest.importorskip("PIL.Image")


def encoded(kind: str, width: int, height: int, mode: str = "RGB", **options: Any) -> bytes:
    buffer = BytesIO()
    Image.new(mode, (width, height), 200).save(buffer, kind, **options)
    return buffer.getvalue()


def noise(width: int, height: int) -> bytes:
    buffer = BytesIO()
    pixels = Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))
    pixels.save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


def opened(image: ImageContent | None) -> Any:
    assert image is not None
    assert len(image.data) <= MAX_BASE64
    shown = Image.open(BytesIO(base64.b64decode(image.data)))
    assert image.mime_type == f"image/{shown.format.lower()}"
    return shown


KINDS = [
    ("PNG", "image/png", {}),
    ("GIF", "image/gif", {}),
    ("JPEG", "image/jpeg", {}),
    ("JPEG", "image/jpeg", {"progressive": True, "comment": b"x" * 500}),
    ("WEBP", "image/webp", {}),
    ("WEBP", "image/webp", {"lossless": True}),
    ("WEBP", "image/webp", {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}),
]


@pytest.mark.parametrize(("kind", "mime", "options"), KINDS)
def test_sizes_are_read_from_the_header(kind: str, mime: str, options: dict[str, Any]) -> None:
    assert pixel_size(encoded(kind, 301, 17, **options), mime) == (301, 17)


@pytest.mark.parametrize(("kind", "mime", "options"), KINDS)
def test_damaged_headers_have_no_size(kind: str, mime: str, options: dict[str, Any]) -> None:
    data = encoded(kind, 30, 17, **options)
    assert [
        size for n in range(30) if (size := pixel_size(data[:n], mime)) not in (None, (30, 17))
    ] == []


@pytest.mark.parametrize(("kind", "mime", "options"), KINDS)
async def test_what_fits_is_sent_as_it_is(call, make, kind: str, mime: str, options: Any) -> None:
    data = encoded(kind, 30, 20, **options)
    make("picture.txt", data)
    text, image = (await call(Read(), path="picture.txt")).content
    assert image == ImageContent(base64.b64encode(data).decode(), mime)
    assert text.text.startswith(f"Image ({mime}, ")


def test_large_dimensions_are_made_smaller() -> None:
    image, note = fit(encoded("PNG", 4000, 1000), "image/png")
    assert opened(image).size == (2000, 500)
    assert note == "Sent as 2000x500; the file has 4000x1000 pixels. Multiply coordinates by 2.00."


def test_large_files_are_made_smaller() -> None:
    image, _ = fit(noise(1100, 1100), "image/png")
    assert opened(image).size == (1100, 1100)


def test_transparency_is_kept() -> None:
    image, _ = fit(encoded("PNG", 2100, 10, "RGBA"), "image/png")
    assert opened(image).mode == "RGBA"


def test_photos_stand_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image, note = fit(encoded("JPEG", 40, 20, exif=exif), "image/jpeg")
    assert opened(image).size == (20, 40)
    assert "upright" in note


def test_without_resizing_large_images_are_left_out() -> None:
    image, note = fit(encoded("PNG", 4000, 10), "image/png", resize=False)
    assert image is None
    assert note == "It is too large to send (4000x10)."


def test_a_bomb_is_not_opened() -> None:
    data = bytearray(encoded("PNG", 10, 10))
    data[16:24] = (50_000).to_bytes(4) * 2
    image, note = fit(bytes(data), "image/png")
    assert image is None
    assert "too large to be made smaller (50000x50000)" in note


def test_a_damaged_large_image_is_left_out_with_a_reason() -> None:
    data = encoded("PNG", 3000, 3000)[:200]
    image, note = fit(data, "image/png")
    assert image is None
    assert "could not be made smaller" in note


def test_without_pillow_the_note_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = encoded("PNG", 30, 20), encoded("PNG", 4000, 10)
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert fit(small, "image/png") == (
        ImageContent(base64.b64encode(small).decode(), "image/png"),
        "",
    )
    image, note = fit(large, "image/png")
    assert image is None
    assert note.endswith(
        "(4000x10), and making it smaller needs Pillow: pip install 'pi-for-python[images]'"
    )


async def test_a_model_without_eyes_gets_a_note(call, make) -> None:
    make("f.png", encoded("PNG", 30, 20))
    result = await Read().execute({"path": "f.png"}, call.context(sees_images=False))
    (text,) = result.content
    assert text.text.endswith("[Left out: the model in use takes no images.]")
