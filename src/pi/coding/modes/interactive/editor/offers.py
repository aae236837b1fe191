"""What the text could go on with: commands, their arguments, files after `@`, and paths.

An `Offer` says which part of the text it would replace, so that taking one is the same for all.
"""

import asyncio
import os
import re
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from pi.coding.api.setup import Completion
from pi.coding.modes.interactive.editor.files import FileIndex

__all__ = ["CommandOffer", "Item", "Offer", "Place", "Sources", "commands", "paths", "place"]

_MOST_FILES = 20
_MOST_PATHS = 500


class CommandOffer(NamedTuple):
    """A slash command. hint: its arguments, for people. mark: its scope, such as `[p]`."""

    name: str
    detail: str = ""
    hint: str = ""
    mark: str = ""


class Item(NamedTuple):
    """A row of the list. text: what it puts into the text. more: the list stays open after it."""

    label: str
    text: str
    detail: str = ""
    more: bool = False


class Offer(NamedTuple):
    """What may stand in place of `text[start:end]`. what: command, argument, file or path."""

    what: Literal["command", "argument", "file", "path"]
    items: Sequence[Item]
    start: int
    end: int


class Place(NamedTuple):
    """Where the cursor is. query: what was written of it; name: of the command."""

    what: Literal["command", "argument", "file"]
    start: int
    query: str
    name: str = ""


async def _none(name: str, prefix: str) -> Sequence[Completion]:
    return ()


class Sources(NamedTuple):
    """Where offers come from. commands: those there are now; arguments: of a command, for what was
    written of them."""

    commands: Callable[[], Sequence[CommandOffer]] = lambda: ()
    arguments: Callable[[str, str], Awaitable[Sequence[Completion]]] = _none


_FILE = re.compile(r'(?:^|[\s(\[{,;=])@(?:"([^"\n]*)|([^\s"]*))\Z')
_COMMAND = re.compile(r"/(\S*)\Z")
_ARGUMENT = re.compile(r"/(\S+) ([^\n]*)\Z")


def place(text: str, cursor: int) -> Place | None:
    """What could be offered at the cursor; None if nothing could."""
    head = text[:cursor]
    if head.startswith("/") and "\n" not in head:
        found = _COMMAND.match(head)
        if found:
            return Place("command", 0, found[1])
        found = _ARGUMENT.match(head)
        if found and "@" not in found[2]:
            return Place("argument", found.start(2), found[2].lstrip(), found[1])
    line = head[head.rfind("\n") + 1 :]
    found = _FILE.search(line)
    if found:
        start = cursor - len(line) + line.index("@", found.start())
        return Place("file", start, found[1] if found[1] is not None else found[2])
    return None


def commands(sources: Sources, query: str, end: int) -> Offer | None:
    """Commands for what was written of one."""
    from pi.ai.catalog.fuzzy import score  # its room is large; a start has no use for it

    hits: list[tuple[int, int, CommandOffer]] = []
    for number, command in enumerate(sources.commands()):
        found = score(query, command.name)
        if found is not None:
            exact = 1000 if command.name == query else 0
            hits.append((-found - exact if query else 0, number, command))
    hits.sort(key=lambda hit: hit[:2])
    items = [
        Item(
            f"/{command.name}{' ' + command.hint if command.hint else ''}",
            f"/{command.name} ",
            " ".join(part for part in (command.mark, command.detail) if part),
            more=True,
        )
        for _, _, command in hits
    ]
    return Offer("command", items, 0, end) if items else None


async def arguments(sources: Sources, at: Place, end: int) -> Offer | None:
    """What an argument may go on with."""
    found = await sources.arguments(at.name, at.query)
    items = [Item(one.text, one.text, one.detail) for one in found]
    return Offer("argument", items, at.start, end) if items else None


async def files(index: FileIndex, home: str, at: Place, end: int) -> tuple[Offer | None, bool]:
    """Files for `@`, and whether that is all of them. Cancelling it ends the search."""
    stop = threading.Event()
    complete = True
    try:
        if at.query.startswith(("/", "~", "./", "../")):
            folder, name = _split(at.query)
            found = await asyncio.to_thread(_listed, index.root, home, folder, name)
        else:
            found, complete = await asyncio.to_thread(index.find, at.query, _MOST_FILES, stop)
    finally:
        stop.set()
    items = [Item(path, _quoted(path, "@"), more=path.endswith("/")) for path in found]
    return (Offer("file", items, at.start, end) if items else None), complete


async def paths(root: Path, home: str, text: str, cursor: int) -> Offer | None:
    """Paths for what stands before the cursor, for the Tab key."""
    line = text[text.rfind("\n", 0, cursor) + 1 : cursor]
    found = re.search(r'(@?)(?:"([^"]*)|((?:[^\s"\\]|\\.)*))\Z', line)
    assert found is not None
    sign = found[1]
    written = found[2] if found[2] is not None else re.sub(r"\\(.)", r"\1", found[3])
    folder, name = _split(written)
    names = await asyncio.to_thread(_listed, root, home, folder, name)
    items = [
        Item(path[len(folder) :], _quoted(path, sign), more=path.endswith("/")) for path in names
    ]
    start = cursor - len(line) + found.start()
    return Offer("path", items, start, cursor) if items else None


def common(offer: Offer, text: str) -> str:
    """How much all items have in common, if that is more than what is written."""
    texts = [item.text.removesuffix('"') for item in offer.items]
    first, last = min(texts), max(texts)
    length = next(
        (at for at, letter in enumerate(first) if last[at : at + 1] != letter), len(first)
    )
    shared = first[:length]
    written = text[offer.start : offer.end]
    return shared if len(shared) > len(written) and shared.startswith(written) else ""


def _split(path: str) -> tuple[str, str]:
    if path == "~":
        return "~/", ""
    folder, slash, name = path.rpartition("/")
    return folder + slash, name


def _listed(root: Path, home: str, folder: str, name: str) -> list[str]:
    """Entries of a folder that begin so, or else that have the letters."""
    where = home + folder[1:] if folder.startswith("~/") else folder
    try:
        with os.scandir(root / where) as scan:
            entries = [
                (entry.name, _is_folder(entry)) for entry in scan if entry.name.isprintable()
            ]
    except OSError:
        return []
    lower = name.casefold()
    tests: tuple[Callable[[str], bool], ...] = (
        lambda entry: entry.startswith(name),
        lambda entry: entry.casefold().startswith(lower),
        lambda entry: lower in entry.casefold(),
    )
    for test in tests:
        hits = [
            folder + entry + ("/" if is_folder else "")
            for entry, is_folder in entries
            if test(entry) and (name or not entry.startswith("."))
        ]
        if hits:
            return sorted(hits, key=lambda path: (not path.endswith("/"), path))[:_MOST_PATHS]
    return []


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _quoted(path: str, sign: str) -> str:
    """A path as it stands in the text. A folder leaves the quotes open, for what comes next."""
    if not re.search(r"[\s\"']", path):
        return sign + path + ("" if path.endswith("/") or not sign else " ")
    return f'{sign}"{path}' + ("" if path.endswith("/") else '" ' if sign else '"')
