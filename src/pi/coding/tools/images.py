"""Images made fit for a model: at most 2000 by 2000 pixels and 4.5 MB of base64.

An image that fits goes as it is. Others are turned upright and made smaller with Pillow, an
optional dependency; without it they are left out with a note. Sizes are read from the file's
header, so that nothing large is decoded only to find out that it is too large.
"""

import base64
import warnings
from io import BytesIO
from typing import Any

from pi.ai.messages import ImageContent

__all__ = ["MAX_BASE64", "MAX_SIDE", "fit", "pixel_size"]

MAX_SIDE = 2000
MAX_BASE64 = int(4.5 * 1024 * 1024)
_MAX_PIXELS = 150_000_000
_QUALITIES = (80, 85, 70, 55, 40)
_INSTALL = "pip install 'pi-for-python[images]'"


def fit(data: bytes, mime: str, *, resize: bool = True) -> tuple[ImageContent | None, str]:
    """The image for a model and a note about it; no image if it cannot be made to fit."""
    width, height = pixel_size(data, mime) or (0, 0)
    small = max(width, height) <= MAX_SIDE and _base64_length(len(data)) <= MAX_BASE64
    as_is = ImageContent(base64.b64encode(data).decode("ascii"), mime) if small else None
    size = f"{width}x{height}" if width else "size unknown"
    if not resize:
        return as_is, "" if as_is else f"It is too large to send ({size})."
    if width * height > _MAX_PIXELS:
        return None, f"It is too large to be made smaller ({size})."
    try:
        from PIL import Image  # optional, and slow to import
    except ImportError:
        if as_is:
            return as_is, ""
        return None, (
            f"It is larger than {MAX_SIDE}x{MAX_SIDE} or 4.5 MB ({size}), and making it smaller"
            f" needs Pillow: {_INSTALL}"
        )
    if as_is and not _is_turned(data, mime):
        return as_is, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(BytesIO(data)) as image:
                return _shrink(image)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            return as_is, "" if as_is else f"It could not be made smaller: {error}"


def pixel_size(data: bytes, mime: str) -> tuple[int, int] | None:
    """Width and height from the header, or None if it is damaged."""
    match mime:
        case "image/png" if len(data) >= 24:
            return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
        case "image/gif" if len(data) >= 10:
            return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
        case "image/webp":
            return _webp_size(data)
        case "image/jpeg":
            return _jpeg_size(data)
        case _:
            return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """https://developers.google.com/speed/webp/docs/riff_container"""
    if len(data) < 30:
        return None
    match data[12:16]:
        case b"VP8X":
            return (
                int.from_bytes(data[24:27], "little") + 1,
                int.from_bytes(data[27:30], "little") + 1,
            )
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return (
                int.from_bytes(data[26:28], "little") & 0x3FFF,
                int.from_bytes(data[28:30], "little") & 0x3FFF,
            )
        case _:
            return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """From the start-of-frame segment (ITU T.81, B.2.2)."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def _is_turned(data: bytes, mime: str) -> bool:
    """Whether a photo says that it has to be turned to stand upright."""
    if mime != "image/jpeg" or b"Exif" not in data[: 64 * 1024]:
        return False
    from PIL import Image

    try:
        with Image.open(BytesIO(data)) as image:
            return image.getexif().get(0x0112, 1) != 1
    except (OSError, ValueError, SyntaxError):
        return False


def _base64_length(size: int) -> int:
    return (size + 2) // 3 * 4


def _shrink(image: Any) -> tuple[ImageContent | None, str]:
    from PIL import Image, ImageOps

    original = image.size
    upright = ImageOps.exif_transpose(image)
    side = min(MAX_SIDE, max(upright.size))
    while side >= 1:
        smaller = upright.copy()
        smaller.thumbnail((side, side), Image.Resampling.LANCZOS)
        found = _smallest(smaller)
        if found is not None:
            now = f"{smaller.width}x{smaller.height}"
            scale = max(upright.size) / max(smaller.size)
            note = f"Sent as {now}, upright; the file has {original[0]}x{original[1]} pixels."
            if scale > 1:
                note = (
                    f"Sent as {now}; the file has {upright.width}x{upright.height} pixels."
                    f" Multiply coordinates by {scale:.2f}."
                )
            return found, note
        side = side * 3 // 4
    return None, "It could not be made small enough to send."


def _smallest(image: Any) -> ImageContent | None:
    """`image` as PNG or JPEG: the smaller of the two, then JPEG of lower and lower quality."""
    has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    rgb = image.convert("RGBA" if has_alpha else "RGB")
    candidates = [(_encoded(rgb, "PNG"), "image/png")]
    if not has_alpha:
        candidates.append((_encoded(rgb, "JPEG", quality=_QUALITIES[0]), "image/jpeg"))
    data, mime = min(candidates, key=lambda candidate: len(candidate[0]))
    qualities = iter(_QUALITIES[1:])
    while _base64_length(len(data)) > MAX_BASE64:
        quality = next(qualities, None)
        if quality is None:
            return None
        data, mime = _encoded(rgb.convert("RGB"), "JPEG", quality=quality), "image/jpeg"
    return ImageContent(base64.b64encode(data).decode("ascii"), mime)


def _encoded(image: Any, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
