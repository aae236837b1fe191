"""Ignore files in folders of skills: `.gitignore`, `.ignore` and `.fdignore`.

The usual rules of https://git-scm.com/docs/gitignore as far as such folders need them: comments,
`!`, anchors, `**`, patterns for folders only. The last rule that matches decides.
"""

import re
from pathlib import Path

__all__ = ["Ignore"]

_FILES = (".gitignore", ".ignore", ".fdignore")


class Ignore:
    """The rules of a folder and of those above it, down from where the search began."""

    def __init__(self, rules: tuple[tuple[re.Pattern[str], bool, bool], ...] = ()) -> None:
        self._rules = rules

    def within(self, folder: Path, prefix: str, names: set[str]) -> "Ignore":
        """The rules that hold in `folder`, whose entries are `names`.

        `prefix` is its path from where the search began, empty or with a slash at the end.
        """
        rules = self._rules
        for name in _FILES:
            if name not in names:
                continue
            try:
                text = (folder / name).read_bytes().decode(errors="replace")
            except OSError:
                continue
            rules += tuple(filter(None, (_rule(line, prefix) for line in text.splitlines())))
        return Ignore(rules) if rules is not self._rules else self

    def ignores(self, path: str, *, is_folder: bool) -> bool:
        """Whether the entry at that path, from where the search began, is ignored."""
        verdict = False
        for pattern, ignored, only_folders in self._rules:
            if (is_folder or not only_folders) and pattern.fullmatch(path):
                verdict = ignored
        return verdict


def _rule(line: str, prefix: str) -> tuple[re.Pattern[str], bool, bool] | None:
    text = re.sub(r"(?<!\\)\s+$", "", line)
    if not text or text.startswith("#"):
        return None
    ignored = not text.startswith("!")
    text = text.removeprefix("!")
    only_folders = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    text = text.removeprefix("/").removeprefix("\\")
    if not text:
        return None
    start = re.escape(prefix) + ("" if anchored else "(?:.*/)?")
    return re.compile(start + _expression(text)), ignored, only_folders


def _expression(glob: str) -> str:
    parts: list[str] = []
    for piece in re.findall(r"\*\*/|/\*\*$|\*+|\?|\[[^\]]+\]|\\.|.", glob):
        match piece:
            case "**/":
                parts.append("(?:.*/)?")
            case "/**":
                parts.append("/.*")
            case "?":
                parts.append("[^/]")
            case _ if piece[0] == "*":
                parts.append("[^/]*")
            case _ if piece[0] == "[" and len(piece) > 1:
                inner = piece[1:-1].replace("\\", "\\\\").replace("[", "\\[")
                parts.append("[^" + inner[1:] + "]" if inner[0] == "!" else "[" + inner + "]")
            case _:
                parts.append(re.escape(piece[-1]))
    return "".join(parts)
