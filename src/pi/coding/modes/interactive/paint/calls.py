"""Tool calls: what each shows of its arguments while they are written, and of its result."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.paint.cells import Span, hard_wrap, spans_width, wrap
from pi.coding.modes.interactive.paint.clean import clean, one_line
from pi.coding.modes.interactive.paint.code import colours, language_of
from pi.coding.modes.interactive.paint.diffs import change_rows, diff_rows, gutter_wrap
from pi.coding.modes.interactive.paint.leaves import link_lines
from pi.coding.modes.interactive.paint.pictures import picture
from pi.coding.modes.interactive.paint.shapes import (
    collapse,
    images_of,
    json_text,
    mapping,
    more,
    output_of,
    plural,
    seconds,
    short_path,
    tail_of,
    text_of,
    wrapped,
)
from pi.coding.modes.interactive.view import ABSENT, Look, ToolBlock

__all__ = ["TOOLS", "Shown", "ToolRenderer", "call_lines", "lines_read", "other", "took"]

_HEAD_ROWS = 6
_WRITE_ROWS = 10
_OUTPUT_ROWS = 5
_LIST_ROWS = 5
_DIFF_ROWS = 60
_ERROR_ROWS = 8


_NOTE = re.compile(
    r"\n\n\[(?:[^\n]* )?"
    r"(?:Go on with offset=\d+\.|edit keeps its bytes\.|are shown as \ufffd\.|all blank\.)\]\Z"
)
_ONLY_NOTE = re.compile(r"\[(?:The file is empty\.|Line \d+ alone has [^\n]*)\]")


class Shown(Struct):
    """A call made visible. head: after the tool's name. dim: after that, less important.

    body: rows below, made for a width. plain: the tool's name is not shown.
    """

    head: str = ""
    dim: str = ""
    body: Callable[[int], list[Line]] = lambda _: []
    name: str | None = None


ToolRenderer = Callable[[ToolBlock, Look, bool], Shown]
"""`render(block, look, live)`. live: it is painted again soon."""


def call_lines(block: ToolBlock, look: Look, shown: Shown, width: int) -> list[Line]:
    """All rows of a call."""
    mark, token = _mark(block, look)
    title = f"{look.style('toolTitle')} bold".strip()
    name = one_line(block.name) if shown.name is None else shown.name
    spans: list[Span] = [(title, name or "tool", "")]
    if shown.head:
        lines = shown.head.split("\n")
        for number, line in enumerate(lines[:_HEAD_ROWS]):
            if not number and not line:
                continue
            spans.append(("", "\n", "") if number else ("", " ", ""))
            indent = "\xa0" * (len(line) - len(line.lstrip(" ")))  # kept when the line is wrapped
            spans.append((look.style("accent"), indent + line.lstrip(" "), ""))
        if len(lines) > _HEAD_ROWS and not look.expanded:
            spans.append(("", "\n", ""))
            spans.append(more(len(lines) - _HEAD_ROWS, look, "more lines")[0] + ("",))
        elif len(lines) > _HEAD_ROWS:
            spans.append((look.style("accent"), "\n".join(["", *lines[_HEAD_ROWS:1000]]), ""))
    if shown.dim:
        spans += [("", " ", ""), (look.style("dim"), shown.dim, "")]
    margin = 2 if width > 4 else 0
    first = [(look.style(token), f"{mark} ", "")] if margin else []
    rows = [
        [(style, text.replace("\xa0", " ")) for style, text in row]
        for row in link_lines(_split(spans, width - margin))
    ]
    if len(rows) > 2 * _HEAD_ROWS and not look.expanded:
        rows = [*rows[: 2 * _HEAD_ROWS], more(len(rows) - 2 * _HEAD_ROWS, look, "more rows")]
    space: Line = [("", " " * margin)] if margin else []
    out = [
        [*(link_lines([first])[0] if not index else space), *row] for index, row in enumerate(rows)
    ]
    note = f"({ABSENT[block.state]})" if block.state in ABSENT else ""
    body = hard_wrap([(look.style("dim"), note)], width - margin) if note else None
    for row in shown.body(width - margin) if body is None else body:
        out.append([*space, *row] if row else [])
    return out


def _split(spans: list[Span], room: int) -> list[list[Span]]:
    """Spans wrapped; a line break within a text counts."""
    parts: list[Span] = []
    for style, text, link in spans:
        for number, line in enumerate(text.split("\n")):
            if number:
                parts.append((style, "\n", link))
            if line:
                parts.append((style, line, link))
    return wrap(parts, room, room)


def _mark(block: ToolBlock, look: Look) -> tuple[str, str]:
    marks = {"done": ("•", "*", "success"), "failed": ("✗", "x", "error")}
    token = "muted" if block.state in ABSENT else "warning"
    nice, ascii_mark, token = marks.get(block.state, ("◦", "-", token))
    return (nice if look.unicode else ascii_mark), token


def took(block: ToolBlock) -> str:
    """How long a call ran or has been running; "" for what nobody waits for."""
    if isinstance(block.duration_ms, int | float):
        value = block.duration_ms / 1000
    elif not block.started:
        return ""
    else:
        value = (block.ended or time.monotonic()) - block.started
    return seconds(value) if value >= 1 else ""


def _arguments(block: ToolBlock) -> Mapping[str, Any]:
    return mapping(block.arguments)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value)


def _failed(block: ToolBlock, look: Look, room: int) -> list[Line]:
    """An error: its first line in its colour, details below."""
    text = clean(text_of(block.content)).strip() or "failed"
    first, _, rest = text.partition("\n")
    lines: list[Line] = [[(look.style("error"), first)]]
    lines += [[(look.style("muted"), line)] if line else [] for line in rest.split("\n") if rest]
    return collapse(lines, _ERROR_ROWS, look, room)


def _pictures(block: ToolBlock, look: Look, room: int, *, live: bool) -> list[Line]:
    rows: list[Line] = []
    for kind, data in images_of(block.content)[:8]:
        rows += picture(kind, data, look, room, draw=not live)
    return rows


def lines_read(text: str) -> str:
    """How many lines of a file `read` has given, in words; "" if there are none."""
    if not text or _ONLY_NOTE.fullmatch(text):
        return ""
    text = _NOTE.sub("", text)  # what the tool adds for the model is no line of the file
    return plural(text.count("\n") + (not text.endswith("\n")), "line")


def read(block: ToolBlock, look: Look, live: bool) -> Shown:
    """`read path:from-to`, how many lines; the text itself when expanded."""
    arguments = _arguments(block)
    path = short_path(arguments.get("path"), look)
    offset, limit = arguments.get("offset"), arguments.get("limit")
    span = ""
    if isinstance(offset, int | float) or isinstance(limit, int | float):
        begin = int(offset) if isinstance(offset, int | float) and abs(offset) < 1e12 else 1
        span = f":{begin}"
        if isinstance(limit, int | float) and abs(limit) < 1e12:
            span += f"-{begin + int(limit) - 1}"
    text = text_of(block.content)
    images = bool(images_of(block.content))
    dim = "" if block.state != "done" or images else lines_read(text)

    def body(room: int) -> list[Line]:
        if block.state == "failed":
            return _failed(block, look, room)
        rows = _pictures(block, look, room, live=live)
        if images or not look.expanded or block.state != "done":
            return rows
        lines = colours(clean(text), language_of(path), look.style, look.style("toolOutput"))
        return rows + collapse(lines, _WRITE_ROWS, look, room)

    return Shown(path + span, dim, body)


def write(block: ToolBlock, look: Look, live: bool) -> Shown:
    """`write path`, and its content as it grows."""
    arguments = _arguments(block)
    path = short_path(arguments.get("path"), look)
    content = _string(arguments.get("content"))
    count = content.count("\n") + (not content.endswith("\n")) if content else 0

    def body(room: int) -> list[Line]:
        style = look.style("toolOutput")
        if block.state == "failed":
            return _failed(block, look, room)
        language = language_of(path)
        if block.state == "writing" or live:
            shown = 60 if look.expanded else _WRITE_ROWS
            tail = content.rstrip("\n").rsplit("\n", shown)
            lines = colours(clean("\n".join(tail[-shown:])[-8000:]), language, look.style, style)
            rows = [row for line in lines for row in hard_wrap(line, room)][-shown:]
            left = count - len(tail[-shown:])
            return [more(left, look, "earlier lines"), *rows] if left > 0 else rows
        text = content
        if not look.expanded:
            text = "\n".join(content.split("\n", 200)[:200])
        lines = colours(clean(text).rstrip("\n"), language, look.style, style) if content else []
        lines += [[]] * max(0, count - len(lines))
        return collapse(lines, _WRITE_ROWS, look, room)

    return Shown(path, plural(count, "line") if count else "", body)


def edits_of(arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Old and new texts of an `edit`, in any of the shapes that models write."""
    edits: Any = arguments.get("edits")
    if isinstance(edits, str):
        import json

        try:
            edits = json.loads(edits)
        except ValueError:
            edits = []
    if isinstance(edits, Mapping):
        edits = [edits]
    found = [mapping(edit) for edit in edits] if isinstance(edits, list | tuple) else []
    if "oldText" in arguments or "newText" in arguments:
        found.append(arguments)
    return [(_string(edit.get("oldText")), _string(edit.get("newText"))) for edit in found]


def edit(block: ToolBlock, look: Look, live: bool) -> Shown:
    """`edit path` with the diff: as it is written, then as it was done."""
    arguments = _arguments(block)
    path = short_path(arguments.get("path"), look)
    diff = mapping(block.details).get("diff")
    changes = edits_of(arguments)
    dim = ""
    if isinstance(diff, str):
        lines = diff.split("\n")
        plus = sum(line.startswith("+") for line in lines)
        dim = f"+{plus} -{sum(line.startswith('-') for line in lines)}"

    def body(room: int) -> list[Line]:
        if block.state == "failed":
            return _failed(block, look, room)
        rows: list[Line] = []
        if isinstance(diff, str) and block.state == "done":
            rows = diff_rows(clean(diff), look)
        else:
            for old, new in changes if look.expanded else changes[-3:]:
                if rows:
                    rows.append([("", ""), (look.style("dim"), "⋯" if look.unicode else "..")])
                part = (old[-8000:], new[-8000:]) if live else (old[:40_000], new[:40_000])
                rows += change_rows(clean(part[0]), clean(part[1]), look)
            if live and not look.expanded:
                left = len(rows) - 2 * _WRITE_ROWS
                rows = rows[-2 * _WRITE_ROWS :]
                if left > 1:
                    rows.insert(0, [("", ""), *more(left, look, "earlier lines")])
        limit = 1000 if look.expanded else _DIFF_ROWS
        left = len(rows) - limit
        out = [cut for row in rows[:limit] for cut in gutter_wrap(row, room)]
        return [*out, more(left, look, "more lines")] if left > 0 else out

    return Shown(path, dim, body)


def bash(block: ToolBlock, look: Look, live: bool) -> Shown:
    """`$ command`, the end of its output, how long it took and how it ended."""
    arguments = _arguments(block)
    timeout = arguments.get("timeout")
    dim = f"(timeout {one_line(_string(timeout))} s)" if timeout is not None else ""
    text = text_of(block.content)
    code = ""
    if block.state == "failed":
        text, code = _ending(text)
    text, before, notes = output_of(text, block.details)

    def body(room: int) -> list[Line]:
        rows = tail_of(text, _OUTPUT_ROWS, look, room, look.style("toolOutput"), before)
        for note in notes:
            rows += wrapped(clean(note), look.style("dim"), room)
        rows += _pictures(block, look, room, live=live)
        time_taken = took(block) if block.state != "writing" else ""
        if block.state == "failed":
            end = ", ".join(part for part in (code or "failed", time_taken) if part)
            rows += hard_wrap([(look.style("error"), end)], room)
        elif time_taken:
            word = "took " if block.state == "done" else ""
            rows += hard_wrap([(look.style("dim"), word + time_taken)], room)
        return rows

    return Shown(clean(_string(arguments.get("command"))).strip(), dim, body, "$")


def _ending(text: str) -> tuple[str, str]:
    """The output without the sentence on how the command ended, and that in short."""
    text = text.rstrip()
    head, _, last = text.rpartition("\n")
    last = last.strip()
    if len(last) < 200:
        if last.startswith("Command exited with code "):
            return head.rstrip(), one_line("exit " + last[25:].rstrip("."))
        if last.startswith(("The command ", "Command ")):
            return head.rstrip(), one_line(last.rstrip("."))
    return text, ""


def _listing(head: str, dim: str, word: str, block: ToolBlock, look: Look) -> Shown:
    """Tools whose result is a list of lines."""
    text = text_of(block.content).strip("\n")
    note = ""
    if text.endswith("]") and "\n\n[" in text:
        text, _, note = text.rpartition("\n\n")
    count = sum(map(bool, text.split("\n"))) if text and not text.startswith("[") else 0
    parts = [dim] if dim else []
    if block.state == "done":
        parts.append(plural(count, word))

    def body(room: int) -> list[Line]:
        if block.state == "failed":
            return _failed(block, look, room)
        if not text:
            return []
        lines: list[Line] = []
        for line in clean(text).split("\n"):
            lines.append([(look.style("toolOutput"), line)])
        rows = collapse(lines, _LIST_ROWS, look, room)
        return rows + (wrapped(clean(note), look.style("dim"), room) if note else [])

    return Shown(head, ", ".join(parts), body)


def grep(block: ToolBlock, look: Look, live: bool) -> Shown:
    """`grep pattern in path`."""
    arguments = _arguments(block)
    head = one_line(_string(arguments.get("pattern")))
    if arguments.get("path"):
        head += f" in {short_path(arguments['path'], look)}"
    return _listing(head, one_line(_string(arguments.get("glob"))), "line", block, look)


def find(block: ToolBlock, look: Look, live: bool) -> Shown:
    """`find pattern in path`."""
    arguments = _arguments(block)
    head = one_line(_string(arguments.get("pattern")))
    if arguments.get("path"):
        head += f" in {short_path(arguments['path'], look)}"
    return _listing(head, "", "file", block, look)


def ls(block: ToolBlock, look: Look, live: bool) -> Shown:
    """`ls path`."""
    path = short_path(_arguments(block).get("path") or ".", look)
    entries = _listing(path, "", "entry", block, look)
    entries.dim = entries.dim.replace("entrys", "entries")
    return entries


_MAIN = ("path", "file", "command", "pattern", "query", "url", "name", "prompt", "task", "text")


def other(block: ToolBlock, look: Look, live: bool) -> Shown:
    """Any other tool: its main argument and the end of its result."""
    arguments = _arguments(block)
    main = next((key for key in _MAIN if isinstance(arguments.get(key), str)), None)
    if main is None:
        main = next((key for key, value in arguments.items() if isinstance(value, str)), None)
    head = one_line(arguments[main]) if main is not None else ""
    if main in ("path", "file"):
        head = short_path(arguments[main], look)
    rest = {key: value for key, value in arguments.items() if key != main}
    limit = 2000 if look.expanded else 120
    dim = one_line(json_text(rest, limit)) if rest else ""
    if not arguments and block.arguments:
        dim = one_line(json_text(block.arguments, limit))  # no object: the model erred

    def body(room: int) -> list[Line]:
        if block.state == "failed":
            return _failed(block, look, room)
        rows = tail_of(text_of(block.content), _OUTPUT_ROWS, look, room, look.style("toolOutput"))
        rows += _pictures(block, look, room, live=live)
        if block.state != "writing" and (time_taken := took(block)):
            rows += hard_wrap([(look.style("dim"), time_taken)], room)
        return rows

    return Shown(head if spans_width([("", head, "")]) < 2000 else head[:2000], dim, body)


TOOLS: dict[str, ToolRenderer] = {
    "bash": bash,
    "edit": edit,
    "find": find,
    "grep": grep,
    "ls": ls,
    "read": read,
    "write": write,
}
"""What shows the calls of a tool, by its name."""
