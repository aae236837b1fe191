"""What git would not look at: the rules of `.gitignore` files, of `.ignore` beside them, and of
`.git/info/exclude`.

https://git-scm.com/docs/gitignore describes the rules. The last matching rule of a file decides;
a file nearer to the entry goes before those above it; what lies in an ignored folder is not looked
at, so it cannot be taken back in. Rules end at the border of a repository. Global ignore files of
the user are not read: what is found shall depend on the project alone.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

from pi.coding.tools.search.globs import translate

__all__ = ["VCS_FOLDERS", "IgnoreChain", "Rules", "parse_rules", "path_parts"]

VCS_FOLDERS = frozenset({".git", ".hg", ".svn", ".jj"})
"""Never searched; a `.git` file of a worktree neither."""


class _Rule(NamedTuple):
    expression: re.Pattern[str]
    by_name: bool  # for the last part of a path, in whatever folder
    only_folders: bool
    back: bool  # takes back in what an earlier rule ignores


class Rules:
    """The rules of one ignore file, for paths relative to its folder."""

    def __init__(self, rules: list[_Rule]) -> None:
        self._rules = rules[::-1]
        self._names = _any_of([rule for rule in rules if rule.by_name])
        self._paths = _any_of([rule for rule in rules if not rule.by_name])

    def match(self, path: str, name: str, is_folder: bool) -> bool | None:
        """True: ignored. False: taken back in. None: these rules say nothing."""
        # Most entries match no rule at all: two expressions tell.
        if not self._names.fullmatch(name) and not self._paths.fullmatch(path):
            return None
        for rule in self._rules:
            if rule.only_folders and not is_folder:
                continue
            if rule.expression.fullmatch(name if rule.by_name else path):
                return not rule.back
        return None


def _any_of(rules: list[_Rule]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{rule.expression.pattern})" for rule in rules) or "(?!)")


def parse_rules(text: str) -> Rules | None:
    """The rules of an ignore file, or None if it has none."""
    rules: list[_Rule] = []
    for line in text.removeprefix("\ufeff").split("\n"):
        line = _without_blanks(line.removesuffix("\r"))
        if not line or line.startswith("#"):
            continue
        back = line.startswith("!")
        pattern = line[1:] if back else line
        only_folders = pattern.endswith("/")
        pattern = pattern.removesuffix("/")
        if not pattern:
            continue
        expression = re.compile(translate(pattern.removeprefix("/"), braces=False), re.DOTALL)
        rules.append(_Rule(expression, "/" not in pattern, only_folders, back))
    return Rules(rules) if rules else None


def _without_blanks(line: str) -> str:
    """Without blanks at the end, except one that is quoted with a backslash."""
    bare = line.rstrip(" ")
    quoted = (len(bare) - len(bare.rstrip("\\"))) % 2
    return bare + " " if quoted and len(bare) < len(line) else bare


class IgnoreChain:
    """The ignore files that matter in one folder, nearest first.

    A level is (depth, rules): `depth` is how many parts of an entry's absolute path come before
    what its rules are about.
    """

    def __init__(
        self,
        git: tuple[tuple[int, Rules], ...] = (),
        dot: tuple[tuple[int, Rules], ...] = (),
        exclude: tuple[tuple[int, Rules], ...] = (),
    ) -> None:
        self._git = git
        self._dot = dot
        self._exclude = exclude

    def enter(self, folder: str, depth: int, names: set[str]) -> "IgnoreChain":
        """The chain inside `folder`, whose absolute path has `depth` parts, with these `names`."""
        if names.isdisjoint(_NAMES):
            return self
        git, exclude = self._git, self._exclude
        if ".git" in names:  # another repository: rules from above end here
            git = exclude = ()
            exclude = _level(folder, ".git/info/exclude", depth)
        if ".gitignore" in names:
            git = _level(folder, ".gitignore", depth) + git
        dot = self._dot
        if ".ignore" in names:
            dot = _level(folder, ".ignore", depth) + dot
        return IgnoreChain(git, dot, exclude)

    def ignores(self, parts: tuple[str, ...], is_folder: bool) -> bool:
        """Whether the entry with these parts of its absolute path is ignored."""
        for levels in (self._dot, self._git, self._exclude):
            for depth, rules in levels:
                verdict = rules.match("/".join(parts[depth:]), parts[-1], is_folder)
                if verdict is not None:
                    return verdict
        return False

    @staticmethod
    def above(root: str) -> "IgnoreChain":
        """The chain that the folders above `root` (absolute) give to it."""
        chain = IgnoreChain()
        for depth, folder in enumerate(reversed(Path(root).parents)):
            names = {name for name in _NAMES if os.path.lexists(folder / name)}
            chain = chain.enter(str(folder), depth, names)
        return chain


_NAMES = frozenset({".git", ".gitignore", ".ignore"})


def path_parts(path: str) -> tuple[str, ...]:
    """The parts of an absolute path, without its drive."""
    return Path(path).parts[1:]


def _level(folder: str, name: str, depth: int) -> tuple[tuple[int, Rules], ...]:
    try:
        rules = parse_rules(Path(folder, name).read_text("utf-8", "surrogateescape"))
    except OSError:
        return ()
    return ((depth, rules),) if rules else ()
