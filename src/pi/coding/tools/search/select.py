"""Which entries a glob of the user selects.

For find, a pattern without a slash is about names, one with a slash about the end of the path. For
grep it is a rule like one of a `.gitignore` file, but says what to search; `!` turns it around.
"""

import re
from collections.abc import Callable

from pi.coding.tools.search.globs import translate

__all__ = ["choice", "matcher", "normalised"]


def normalised(pattern: str, root: str) -> str:
    """A pattern for find made relative to `root`, with forward slashes."""
    pattern = pattern.removeprefix(root.rstrip("/\\") + "/")
    while pattern.startswith("./"):
        pattern = pattern[2:]
    return pattern.lstrip("/")


def matcher(pattern: str) -> Callable[[str, bool], bool]:
    """Tells whether find wants an entry. A `/` at the end of the pattern asks for folders."""
    only_folders = pattern.endswith("/")
    pattern = pattern.rstrip("/")
    by_path = "/" in pattern
    anywhere = "(?:[^/]+/)*" if by_path and not pattern.startswith("**/") else ""
    expression = re.compile(anywhere + translate(pattern), re.DOTALL)

    def wanted(path: str, is_folder: bool) -> bool:
        if only_folders and not is_folder:
            return False
        return bool(expression.fullmatch(path if by_path else path.rpartition("/")[2]))

    return wanted


def choice(glob: str) -> Callable[[str, bool], "bool | None"]:
    """What grep's glob says about an entry, see `walk.Choice`."""
    inverted = glob.startswith("!")
    glob = glob[1:] if inverted else glob
    only_folders = glob.endswith("/")
    glob = glob.removesuffix("/")
    by_name = "/" not in glob
    expression = re.compile(translate(glob.removeprefix("/")), re.DOTALL)

    def choose(path: str, is_folder: bool) -> bool | None:
        hit = (is_folder or not only_folders) and bool(
            expression.fullmatch(path.rpartition("/")[2] if by_name else path)
        )
        if hit:
            return not inverted
        return None if inverted or is_folder else False

    return choose
