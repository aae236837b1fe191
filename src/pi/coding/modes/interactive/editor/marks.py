"""What stands in the text as one character: pastes too large to show, and images.

A mark is a private character (U+10E000 and up), so that moves, deletes, undo and the kill ring
treat it as one thing without knowing of it. What it stands for is found in `Marks`. Text from
outside that has such a character of its own is put behind a mark whole, so that nothing can be
taken for one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pi.ai.messages import ImageContent

__all__ = ["Mark", "Marks", "is_large"]

_FIRST, _LAST = 0x10E000, 0x10EFFF
_MARK = re.compile("[\U0010e000-\U0010efff]")

_LABEL = re.compile(r"\[image #\d+(?: ([^\]\n]+))?\]")

_LINES = 10
_CHARACTERS = 1000


@dataclass(slots=True, eq=False)
class Mark:
    """Something in the text. text: what it is when the text is written out. label: how it is shown.
    path: the image's file, if it came from one."""

    label: str
    text: str
    image: ImageContent | None = None
    path: str = ""


@dataclass(slots=True, eq=False)
class Marks:
    """The marks of a text that is being written."""

    _known: dict[str, Mark] = field(default_factory=dict)
    _next: int = _FIRST
    _pastes: int = 0
    _images: int = 0

    def get(self, character: str) -> Mark | None:
        """The mark that a character stands for."""
        return self._known.get(character)

    def insertable(self, text: str, *, collapse: bool = True) -> str:
        """A text from outside in the form in which it may be put into the text."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if not text.isascii():  # lone surrogates are bytes that were no UTF-8
            text = text.encode("utf-8", "replace").decode() if _has_surrogates(text) else text
        if _MARK.search(text) or (collapse and is_large(text)):
            return self.paste(text) or _MARK.sub("\ufffd", text)
        return text

    def paste(self, text: str) -> str:
        """A mark for a text; "" if there is no room for more."""
        lines = text.count("\n") + (not text.endswith("\n"))
        size = f"+{lines} lines" if lines > _LINES else f"{len(text)} chars"
        self._pastes += 1
        return self._add(Mark(f"[paste #{self._pastes} {size}]", text))

    def image(self, image: ImageContent, name: str, path: str = "") -> str:
        """A mark for an image; "" if there is no room for more."""
        self._images += 1
        label = f"[image #{self._images}{' ' + name if name else ''}]"
        return self._add(Mark(label, label, image, path))

    def pending(self, path: str) -> str:
        """A mark for a file that may turn out to be an image. Until then it is its path."""
        return self._add(Mark(path, path))

    def become_image(self, character: str, image: ImageContent, name: str) -> None:
        """The file behind a pending mark is an image."""
        mark = self._known.get(character)
        if mark is not None:
            self._images += 1
            mark.path, mark.image = mark.text, image
            mark.label = mark.text = f"[image #{self._images} {name}]"

    def expand(self, text: str) -> str:
        """The text as it is meant."""
        if text.isascii():
            return text
        return _MARK.sub(lambda found: self._text(found[0]), text)

    def images(self, text: str) -> list[ImageContent]:
        """The images in a text, in order, each once."""
        found = dict.fromkeys(_MARK.findall(text))
        marks = (self._known.get(character) for character in found)
        return [mark.image for mark in marks if mark is not None and mark.image is not None]

    def place_images(
        self, text: str, cursor: int, images: Sequence[ImageContent]
    ) -> tuple[str, int]:
        """A text with images in place of their labels, the rest of them at the end; the cursor
        where it was."""
        at = 0
        for image in images:
            found = _LABEL.search(text, at)
            if found:
                mark = self.image(image, found[1] or "")
                if cursor >= found.end():
                    cursor += len(mark) - len(found[0])
                elif cursor > found.start():
                    cursor = found.start() + len(mark)
                text = text[: found.start()] + mark + text[found.end() :]
                at = found.start() + len(mark)
            else:
                stands = cursor == len(text)
                text += (" " if text and not text[-1].isspace() else "") + self.image(image, "")
                at, cursor = len(text), len(text) if stands else cursor
        return text, cursor

    def remembered(self, text: str) -> tuple[str, list[tuple[int, int]]]:
        """The text for the history, and where its pastes are: start and length.

        Images are not kept: there is the path of the file, or nothing.
        """
        out: list[str] = []
        found: list[tuple[int, int]] = []
        length = at = 0
        for match in _MARK.finditer(text):
            mark = self._known.get(match[0])
            if mark is None:
                continue
            piece = mark.text if mark.image is None else mark.path
            length += match.start() - at
            if mark.image is None:
                found.append((length, len(piece)))
            length += len(piece)
            out += [text[at : match.start()], piece]
            at = match.end()
        return "".join(out) + text[at:], found

    def collapse(self, text: str, spans: list[tuple[int, int]]) -> str:
        """An expanded text with its pastes behind marks again; spans that do not fit are not."""
        out: list[str] = []
        at = 0
        for start, length in spans:
            if start < at or length <= 0 or start + length > len(text):
                continue
            out.append(self.insertable(text[at:start], collapse=False))
            out.append(self.insertable(text[start : start + length]))
            at = start + length
        out.append(self.insertable(text[at:], collapse=False))
        return "".join(out)

    def restore(self, text: str, marked: str) -> str:
        """An expanded text that somebody edited, with its marks where they still are."""
        out: list[str] = []
        at = 0
        for character in _MARK.findall(marked):
            mark = self._known.get(character)
            found = text.find(mark.text, at) if mark is not None and mark.text else -1
            if mark is not None and found >= 0:
                out += [self.insertable(text[at:found], collapse=False), character]
                at = found + len(mark.text)
        return "".join(out) + self.insertable(text[at:], collapse=False)

    def keep(self, *texts: str) -> None:
        """Forget all marks that are in none of these texts, and count from one again."""
        used = set().union(*(_MARK.findall(text) for text in texts))
        self._known = {character: self._known[character] for character in used & self._known.keys()}
        self._pastes = self._images = 0

    def _text(self, character: str) -> str:
        mark = self._known.get(character)
        return character if mark is None else mark.text

    def _add(self, mark: Mark) -> str:
        for _ in range(_FIRST, _LAST + 1):
            character = chr(self._next)
            self._next = self._next + 1 if self._next < _LAST else _FIRST
            if character not in self._known:
                self._known[character] = mark
                return character
        return ""


def is_large(text: str) -> bool:
    """Whether a paste is shown as a mark."""
    return len(text) > _CHARACTERS or text.count("\n") + 1 > _LINES


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
