"""Everything in a folder that git would look at, in a fixed order.

Names of a folder are sorted by their bytes; a folder comes before what is in it. Hidden files are
included, folders of version control are not, symbolic links are not followed.
"""

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pi.coding.tools.search.ignore import VCS_FOLDERS, IgnoreChain, path_parts

__all__ = ["Entry", "walk"]

Choice = Callable[[str, bool], "bool | None"]
"""Relative path and whether it is a folder: True takes it, ignored or not; False leaves it out."""


class Entry(NamedTuple):
    """path: relative to the root, with forward slashes."""

    path: str
    is_folder: bool
    is_file: bool


def walk(root: str, choose: Choice | None = None) -> Iterator[Entry]:
    """The entries below the absolute path `root`. What cannot be listed is passed over."""
    stack = [_folder(root, "", IgnoreChain.above(root), path_parts(root), choose)]
    while stack:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
            continue
        entry, chain, parts = step
        yield entry
        if entry.is_folder:
            inside = f"{root.rstrip(os.sep)}/{entry.path}"
            stack.append(_folder(inside, entry.path + "/", chain, parts, choose))


def _folder(
    folder: str,
    prefix: str,
    chain: IgnoreChain,
    parts: tuple[str, ...],
    choose: Choice | None,
) -> Iterator[tuple[Entry, IgnoreChain, tuple[str, ...]]]:
    """One folder's entries, each with the chain here and the parts of its absolute path."""
    try:
        with os.scandir(folder) as scan:
            found = sorted(scan, key=lambda item: os.fsencode(item.name))
    except OSError:
        return
    chain = chain.enter(folder, len(parts), {item.name for item in found})
    for item in found:
        if item.name in VCS_FOLDERS:
            continue
        path = prefix + item.name
        is_folder = item.is_dir(follow_symlinks=False)
        verdict = choose(path, is_folder) if choose else None
        if verdict is False:
            continue
        inside = (*parts, item.name)
        if verdict is None and chain.ignores(inside, is_folder):
            continue
        yield Entry(path, is_folder, item.is_file(follow_symlinks=False)), chain, inside
