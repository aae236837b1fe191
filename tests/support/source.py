"""The package's own source, read as syntax trees: what the tests of the architecture look at."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

SRC = Path(__file__).parents[2] / "src"


class Module(NamedTuple):
    """A file: its dotted name, where it lies below `src`, its text and its tree."""

    name: str
    path: str
    text: str
    tree: ast.Module


@cache
def modules() -> dict[str, Module]:
    """All modules of the package by dotted name."""
    found: dict[str, Module] = {}
    for file in sorted(SRC.rglob("*.py")):
        path = file.relative_to(SRC)
        name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        text = file.read_text(encoding="utf-8")
        found[name] = Module(name, path.as_posix(), text, ast.parse(text, str(path)))
    return found


def inside(room: str) -> list[Module]:
    """The modules of a package, and the package itself."""
    return [m for m in modules().values() if f"{m.name}.".startswith(f"{room}.")]


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """What a module imports anywhere in it, inside functions too: (dotted name, line).

    `from a import b` gives `a.b`, whatever `b` is.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
