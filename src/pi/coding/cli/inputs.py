"""Prompts from the command line: standard input, then `@file`s, then the first message.

Text files travel inside a `<file>` element with their absolute path, images as attachments. The
parts are separated by a blank line.
"""

import base64
import unicodedata
from pathlib import Path

from pi.ai.messages import ImageContent
from pi.coding.api.commands import Prompt
from pi.coding.cli.args import UsageError

__all__ = ["image_type", "prompts"]

_NARROW_SPACE = "\u202f"
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def prompts(messages: list[str], files: list[str], stdin: str, cwd: Path) -> list[Prompt]:
    """The prompts to send, one after the other. Raises `UsageError` for a file that is no use."""
    parts: list[str] = []
    images: list[ImageContent] = []
    if stdin.strip():
        parts.append(stdin.strip())
    for name in files:
        text, image = _file(name, cwd)
        if text:
            parts.append(text)
        if image is not None:
            images.append(image)
    if messages:
        parts.append(messages[0])
    first = "\n\n".join(part for part in parts if part.strip())
    found = [Prompt(first, tuple(images))] if first or images else []
    return [*found, *(Prompt(message) for message in messages[1:] if message.strip())]


def image_type(head: bytes) -> str | None:
    """The MIME type of an image by its first bytes, for the types that models take."""
    for signature, mime_type in _SIGNATURES:
        if head.startswith(signature):
            return mime_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return None


def _file(name: str, cwd: Path) -> tuple[str, ImageContent | None]:
    path = _find(name, cwd)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"@{name}: cannot read {path}: {error.strerror}") from None
    mime_type = image_type(data[:16])
    if mime_type is not None:
        image = ImageContent(base64.b64encode(data).decode("ascii"), mime_type)
        return f'<file name="{path}">attached image</file>', image
    if b"\0" in data[:8192]:
        raise UsageError(f"@{name}: {path} is neither text nor a PNG, JPEG, GIF or WebP image")
    text = data.decode("utf-8-sig", "replace")
    return (f'<file name="{path}">\n{text}\n</file>' if text.strip() else ""), None


def _find(name: str, cwd: Path) -> Path:
    """The file of that name, also as macOS spells it (narrow space, decomposed, curly quote)."""
    spellings = (
        name,
        name.replace(" AM", f"{_NARROW_SPACE}AM").replace(" PM", f"{_NARROW_SPACE}PM"),
        unicodedata.normalize("NFD", name),
        name.replace("'", "\u2019"),
    )
    for spelling in spellings:
        path = cwd / Path(spelling).expanduser()
        if path.is_dir():
            raise UsageError(f"@{name}: {path} is a folder; name a file in it")
        if path.exists():
            return path
    raise UsageError(f"@{name}: no such file: {cwd / Path(name).expanduser()}")
