"""Files that are dragged into a terminal come as a paste of their paths."""

import os
import re
import shlex
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pi.ai.messages import ImageContent

__all__ = ["image_kind", "load_image", "paths_of"]

_NAMES = re.compile(r"\.(?:png|jpe?g|gif|webp)\Z", re.IGNORECASE)
_MOST_BYTES = 20_000_000


def paths_of(paste: str, home: str) -> list[str]:
    """The paths of images that a paste consists of; [] if it has anything else in it."""
    text = paste.strip()
    if not text or len(text) > 4000 or "\n" in text:
        return []
    whole = _path(text, home)
    if whole and _NAMES.search(whole) and not re.search(r"\.\w+ [/~'\"]", text):
        plain = whole if "\\" not in text and text[0] not in "'\"" else ""
        if plain:
            return [plain]
    try:
        parts = [_path(part, home) for part in shlex.split(text)]
    except ValueError:
        return []
    return parts if parts and all(part and _NAMES.search(part) for part in parts) else []


def _path(text: str, home: str) -> str:
    if text.startswith("file://"):
        return unquote(urlsplit(text).path)
    if text.startswith("~/"):
        return home + text[1:]
    return text if text.startswith("/") else ""


def load_image(path: str) -> ImageContent | None:
    """The image in a file; None if there is none, or it is too large to send."""
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > _MOST_BYTES:  # noqa: PTH113, PTH202
            return None
        data = Path(path).read_bytes()
    except OSError:
        return None
    kind = image_kind(data)
    return ImageContent(b64encode(data).decode(), kind) if kind else None


def image_kind(data: bytes) -> str:
    """The MIME type of an image by its first bytes; "" if models do not take it."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return ""
