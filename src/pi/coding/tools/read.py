"""read: a window of a text file, or an image.

Files are read block by block, so their size does not matter. What cannot be shown is named instead:
folders, binary files, devices, images for a model that takes none.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult
from pi.coding.tools.filetype import describe_binary, image_type
from pi.coding.tools.lines import Window, read_window, utf8_blocks
from pi.coding.tools.paths import existing, explain, printable
from pi.coding.tools.prose import description
from pi.coding.tools.textfile import BROKEN, UTF8, Encoding, detect
from pi.coding.tools.threads import Stop, looking
from pi.coding.tools.truncate import MAX_BYTES, Truncation, size_text

__all__ = ["Read"]

_BLOCK = 256 * 1024
_SAMPLE = 1024 * 1024
_MAX_IMAGE = 64 * 1024 * 1024


class Read(Tool):
    """Show a file to the model. `resize_images`: make large images smaller instead of refusing."""

    name: ClassVar[str] = "read"
    parameters: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {
            "path": {
                "type": "string",
                "description": "The file to read, absolute or relative to the working folder",
            },
            "offset": {"type": "number", "description": "First line to show, counted from 1"},
            "limit": {"type": "number", "description": "How many lines to show at most"},
        },
        "required": ["path"],
    }
    snippet: ClassVar[str] = "Read text files and look at images"
    guidelines: ClassVar[tuple[str, ...]] = ("Look at files with read, not with cat or sed.",)

    def __init__(self, *, resize_images: bool = True) -> None:
        self.description = description(self.name)
        self.resize_images = resize_images

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Read `arguments["path"]` from line `offset`, at most `limit` lines."""
        typed: str = arguments["path"]
        first = max(int(arguments.get("offset") or 1), 1) - 1
        limit = arguments.get("limit")
        if limit is not None and limit < 1:
            raise ToolError("limit has to be 1 or more.")
        limit = None if limit is None else int(limit)

        def work(stop: Stop) -> ToolResult:
            path = existing(typed, context.cwd)
            try:
                _require_file(path, typed)
                with path.open("rb", buffering=0) as file:
                    head = file.read(_SAMPLE)
                    mime = image_type(head)
                    if mime:
                        return self._image(path, mime, context)
                    return _text(file, head, path, typed, (first, limit), stop)
            except OSError as error:
                raise explain(error, typed, "read") from None

        return await looking(work)

    def _image(self, path: Path, mime: str, context: ToolContext) -> ToolResult:
        size = path.stat().st_size
        title = f"Image ({mime}, {size_text(size)})."
        if not context.sees_images:
            return ToolResult.of(f"{title} [Left out: the model in use takes no images.]")
        if size > _MAX_IMAGE:
            return ToolResult.of(f"{title} [Left out: it is too large.]")
        from pi.coding.tools.images import fit  # only for images

        image, note = fit(path.read_bytes(), mime, resize=self.resize_images)
        if image is None:
            return ToolResult.of(f"{title} [Left out: {note}]")
        return ToolResult.of(f"{title} {note}".strip(), image)


def _require_file(path: Path, typed: str) -> None:
    mode = path.stat().st_mode
    name = printable(typed)
    if stat.S_ISDIR(mode):
        raise ToolError(
            f"{name} is a folder. List it with ls, or with bash: ls -la {_quoted(typed)}"
        )
    if not stat.S_ISREG(mode):
        raise ToolError(
            f"{name} is a device, pipe or socket and may never end. Read it with bash and a limit,"
            f" for example: timeout 5 head -c 1000 {_quoted(typed)}"
        )


def _text(
    file: BinaryIO,
    head: bytes,
    path: Path,
    typed: str,
    wanted: tuple[int, int | None],
    stop: Stop,
) -> ToolResult:
    kind = describe_binary(head)
    if kind:
        size = size_text(os.fstat(file.fileno()).st_size)
        return ToolResult.of(
            f"[{printable(typed)} is no text: {kind}, {size}. Look into it with bash and the"
            " programs for such files (file, strings, xxd, …).]"
        )
    encoding = detect(head, whole=len(head) < _SAMPLE)
    file.seek(len(encoding.mark))
    blocks = iter(lambda: file.read(_BLOCK), b"")
    if encoding.codec.startswith(("utf-16", "utf-32")):
        window = _window(utf8_blocks(blocks, encoding.codec), wanted, stop)
        text, note = _decode(window.lines, UTF8)
        note = note or f"The file is {encoding.label}; edit keeps that."
    else:
        window = _window(blocks, wanted, stop)
        text, note = _decode(window.lines, encoding)
    return _result(window, text, note, wanted[0], typed)


def _window(blocks: Iterator[bytes], wanted: tuple[int, int | None], stop: Stop) -> Window:
    return read_window(blocks, wanted[0], wanted[1], stop)


def _decode(lines: list[bytes], encoding: Encoding) -> tuple[str, str]:
    """The text of the lines and a note if they are not plain UTF-8."""
    data = b"\n".join(lines)
    if encoding.codec == "utf-8":
        encoding = detect(data)  # the sample at the start of the file may have looked better
    text = encoding.decode(data)
    if encoding.codec != "utf-8":
        return (
            text,
            f"The file is not UTF-8; shown as {encoding.label}. edit keeps its bytes.",
        )
    text, broken = BROKEN.subn("\ufffd", text)
    if broken:
        return text, f"Bytes that are no UTF-8 ({broken}) are shown as \ufffd."
    return text, ""


def _result(window: Window, text: str, note: str, first: int, typed: str) -> ToolResult:
    count = str(window.total_lines) if window.counted_all else f"more than {window.total_lines}"
    if not window.total_bytes:
        return ToolResult.of("[The file is empty.]")
    if first >= window.total_lines:
        raise ToolError(
            f"offset {first + 1} is after the end: {printable(typed)} has {count} lines."
        )
    if window.too_long:
        size = size_text(window.too_long)
        return ToolResult.of(
            f"[Line {first + 1} alone has {size}, more than the limit of {size_text(MAX_BYTES)}."
            f" Look at a part of it with bash: sed -n '{first + 1}p' {_quoted(typed)}"
            f" | head -c {MAX_BYTES}]",
            details={"truncation": _truncation(window, text).to_details()},
        )
    end = first + len(window.lines)
    notes = [note] if note else []
    details: dict[str, Any] | None = None
    if end < window.total_lines or not window.counted_all:
        if window.full == "limit" and window.counted_all:
            notes.append(f"{_lines(window.total_lines - end)} more. Go on with offset={end + 1}.")
        else:
            notes.append(f"Lines {first + 1}-{end} of {count}. Go on with offset={end + 1}.")
        if window.full != "limit":
            details = {"truncation": _truncation(window, text).to_details()}
    elif window.final_break:
        text += "\n"
    if not text.strip():
        notes.insert(0, f"{_lines(len(window.lines))}, all blank.")
    if notes:
        gap = "\n" if text.endswith("\n") else "\n\n"
        text = f"{text}{gap}[{' '.join(notes)}]"
    return ToolResult.of(text, details=details)


def _lines(count: int) -> str:
    return f"{count} line{'' if count == 1 else 's'}"


def _quoted(typed: str) -> str:
    from shlex import quote  # only for a message

    return quote(printable(typed))


def _truncation(window: Window, text: str) -> Truncation:
    return Truncation(
        truncated=True,
        truncated_by="lines" if window.full == "lines" else "bytes",
        total_lines=window.total_lines,
        total_bytes=window.total_bytes,
        output_lines=len(window.lines),
        output_bytes=len(text.encode("utf-8", "replace")),
        first_line_exceeds_limit=window.too_long > 0,
    )
