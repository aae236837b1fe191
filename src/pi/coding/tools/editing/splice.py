"""Replacing passages of a file by their text, leaving every other byte as it is.

`plan` finds the passages and says what changes; `apply` makes the new bytes. Lines that are equal
in the old and the new text of an edit are not touched either, so that a match by likeness does not
rewrite what only looks the same. New lines take the line break of the lines around them.
"""

from itertools import pairwise

from msgspec import Struct

from pi.agent.tools import ToolError
from pi.coding.tools.editing.fuzzy import FoldedText
from pi.coding.tools.editing.hints import nearest
from pi.coding.tools.editing.linediff import Change, opcodes
from pi.coding.tools.editing.lineends import View, plain_breaks
from pi.coding.tools.textfile import BROKEN, Encoding

__all__ = ["Edit", "Plan", "apply", "plan"]

_MAX_PLACES = 1000
_MAX_FUZZY_CHARS = 20_000_000


class Edit(Struct, frozen=True, rename="camel"):
    """One replacement. Unknown properties are ignored."""

    old_text: str
    new_text: str


class Plan(Struct, frozen=True):
    """Changes in positions of the view, in order; `alike`: numbers of edits matched by likeness."""

    changes: list[Change]
    alike: list[int]


_Place = list[tuple[int, int]]
"""Where a text lies: (start, end) in the view for each of its lines, line breaks included."""


def plan(view: View, edits: list[Edit]) -> Plan:
    """Find every edit in the unchanged text. Raises `ToolError` for one that cannot be made."""
    finder = _Finder(view)
    places: list[tuple[_Place, int]] = []
    changes: list[Change] = []
    alike: list[int] = []
    for index, edit in enumerate(edits):
        name = f"edits[{index}]" if len(edits) > 1 else "the edit"
        old, new = plain_breaks(edit.old_text), plain_breaks(edit.new_text)
        if old.startswith("\ufeff") and not view.text.startswith("\ufeff"):
            old, new = old[1:], new.removeprefix("\ufeff")
        if not old:
            raise ToolError(f"oldText of {name} is empty. Give the text to replace.")
        place, exact = finder.find(old, name)
        places.append((place, index))
        if not exact:
            alike.append(index)
        changes += _changes(place, old, new)
    _refuse_overlaps(places)
    changes.sort(key=lambda change: (change.start, change.end))
    return Plan(changes, alike)


def apply(data: bytes, encoding: Encoding, view: View, changes: list[Change]) -> bytes:
    """The bytes of the file after `changes`. `data` is the whole file, with its mark."""
    body = data[len(encoding.mark) :]
    if encoding.encode(view.original) != body:
        raise ToolError(f"The file cannot be read as {encoding.label} without loss: not changed.")
    parts = [encoding.mark]
    char = byte = 0
    for change in changes:
        start, end = view.to_original(change.start), view.to_original(change.end)
        first = byte + len(encoding.encode(view.original[char:start]))
        last = first + len(encoding.encode(view.original[start:end]))
        parts += (body[byte:first], _encode_new(change, view.original[start:end], encoding, view))
        char, byte = end, last
    parts.append(body[byte:])
    return b"".join(parts)


def _encode_new(change: Change, old: str, encoding: Encoding, view: View) -> bytes:
    line = view.line_number(change.start)
    if "\ufffd" in change.text and BROKEN.search(old):
        raise ToolError(
            f"Line {line} has bytes that are no {encoding.label} and were shown as U+FFFD; writing"
            " U+FFFD would lose them. Choose a smaller oldText without them."
        )
    try:
        return encoding.encode_new(change.text.replace("\n", view.line_break(change.start)))
    except UnicodeEncodeError as error:
        char = error.object[error.start]
        raise ToolError(
            f"newText for line {line} has the character {char!r} (U+{ord(char):04X}), which cannot"
            f" be written in the encoding of this file, {encoding.label}. Nothing was changed."
        ) from None


class _Finder:
    """Finds texts in one view; folds it at most once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._folded: FoldedText | None = None

    def find(self, old: str, name: str) -> tuple[_Place, bool]:
        """The only place of `old`, and whether it is there to the letter."""
        text = self._view.text
        exact = _positions(text, old)
        if len(exact) == 1:
            return _lines_at(exact[0], old), True
        if exact:
            raise self._repeated(name, exact, "")
        if len(text) <= _MAX_FUZZY_CHARS:
            if self._folded is None:
                self._folded = FoldedText(text)
            places = self._folded.find(old, _MAX_PLACES)
            if len(places) == 1:
                return places[0], False
            if places:
                starts = [place[0][0] for place in places]
                raise self._repeated(name, starts, " (apart from quotes, dashes and blanks)")
        hint = nearest(text, old)
        raise ToolError(
            f"oldText of {name} was not found. It has to match the file exactly, with all its"
            f" white space and line breaks.{hint and ' ' + hint} Nothing was changed."
        )

    def _repeated(self, name: str, positions: list[int], how: str) -> ToolError:
        count = str(len(positions)) + ("+" if len(positions) >= _MAX_PLACES else "")
        lines = ", ".join(str(self._view.line_number(at)) for at in positions[:10])
        more = ", …" if len(positions) > 10 else ""
        return ToolError(
            f"oldText of {name} is there {count} times{how}, in lines {lines}{more}. Add"
            " surrounding lines until it is unique. Nothing was changed."
        )


def _positions(text: str, old: str) -> list[int]:
    found: list[int] = []
    at = text.find(old)
    while at >= 0 and len(found) < _MAX_PLACES:
        found.append(at)
        at = text.find(old, at + 1)
    return found


def _lines_at(start: int, old: str) -> _Place:
    place: _Place = []
    lines = old.split("\n")
    for index, line in enumerate(lines):
        end = start + len(line) + (index < len(lines) - 1)
        place.append((start, end))
        start = end
    return place


def _changes(place: _Place, old: str, new: str) -> list[Change]:
    old_lines, new_lines = _keep_breaks(old), _keep_breaks(new)
    changes: list[Change] = []
    for a, b, c, d in opcodes(old_lines, new_lines):
        start = place[a][0] if a < len(place) else place[-1][1]
        end = place[b - 1][1] if b > a else start
        changes.append(Change(start, end, "".join(new_lines[c:d])))
    return changes


def _keep_breaks(text: str) -> list[str]:
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + lines[-1:]


def _refuse_overlaps(places: list[tuple[_Place, int]]) -> None:
    ordered = sorted((place[0][0], place[-1][1], index) for place, index in places)
    for (_, end, one), (start, _, other) in pairwise(ordered):
        if start < end:
            first, second = sorted((one, other))
            raise ToolError(
                f"edits[{first}] and edits[{second}] overlap. Join them into one edit."
                " Nothing was changed."
            )
