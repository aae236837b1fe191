"""The laws of docs/architecture.md that a program can check and import-linter cannot."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from pi.ai.protocols import protocols
from support.source import SRC, Module, imports, inside, modules

ROOT = SRC.parent

OWNERS = {
    "httptools": ["pi.ai.wire"],
    "truststore": ["pi.ai.wire"],
    "prompt_toolkit": ["pi.coding.modes.interactive"],
    "pygments": ["pi.coding.modes.interactive"],
    "wcwidth": ["pi.coding.modes.interactive"],
    "botocore": ["pi.ai.auth"],
    "google": ["pi.ai.auth"],
    "keyring": ["pi.ai.auth"],
}
"""Libraries, and the only rooms that may import them."""

NEVER = {
    "rich",
    "httpx",
    "requests",
    "aiohttp",
    "pydantic",
    "anthropic",
    "openai",
    "litellm",
    "mistralai",
}

IO = {
    "asyncio",
    "http.client",
    "io",
    "os",
    "pathlib",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
}
"""What a pure translator has no use for."""

MAX_LINES = 500
LONGER: dict[str, int] = {}
"""Files that are longer, with their length, which may only shrink. Ask which room is missing."""


def test_the_tree_is_found() -> None:
    assert {"pi", "pi.ai.client", "pi.agent.loop"} <= set(modules())


@pytest.mark.parametrize("library", sorted({*OWNERS, *NEVER}))
def test_a_library_is_known_in_one_room_only(library: str) -> None:
    owners = {m.name for room in OWNERS.get(library, []) for m in inside(room)}
    strangers = [
        f"{module.path}:{line} imports {name}"
        for module in modules().values()
        for name, line in imports(module.tree)
        if f"{name}.".startswith(f"{library}.") and module.name not in owners
    ]
    assert not strangers


def test_protocols_do_no_io() -> None:
    found = [
        f"{module.path}:{line} imports {name}"
        for module in inside("pi.ai.protocols")
        for name, line in imports(module.tree)
        if any(f"{name}.".startswith(f"{banned}.") for banned in IO)
    ]
    found += [
        f"{module.path}:{node.lineno} calls {node.func.id}"
        for module in inside("pi.ai.protocols")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"open", "print", "input"}
    ]
    assert not found


def _identity(node: ast.expr) -> bool:
    """Whether an expression says who is talked to: `x.provider`, `x.base_url`, `model.id`."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value  # model.id.lower() is still the id
    if not isinstance(node, ast.Attribute):
        return False
    owner = node.value.attr if isinstance(node.value, ast.Attribute) else ""
    owner = node.value.id if isinstance(node.value, ast.Name) else owner
    return node.attr in {"provider", "base_url"} or (node.attr == "id" and owner == "model")


def _literal(node: ast.expr) -> bool:
    """Whether an expression holds text or a table of the module, not another object's field."""
    parts = list(ast.walk(node))
    return any(
        (isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value)
        or (isinstance(part, ast.Name) and part.id.isupper())
        for part in parts
    )


def _decisions(module: Module) -> Iterator[str]:
    """Places where the code asks who is talked to."""
    for node in ast.walk(module.tree):
        found = False
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            found = any(map(_identity, sides)) and any(map(_literal, sides))
        elif isinstance(node, ast.Match):
            found = _identity(node.subject)
        elif isinstance(node, ast.Subscript):
            found = _identity(node.slice)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            asks = node.func.attr in {"startswith", "endswith", "find", "count", "index"}
            looks_up = node.func.attr in {"get", "match", "search", "fullmatch", "fnmatch"}
            found = asks and _identity(node.func.value)
            found = found or (looks_up and any(map(_identity, node.args)))
        if found:
            yield f"{module.path}:{node.lineno} {ast.unparse(node)}"


def test_no_protocol_asks_who_it_talks_to() -> None:
    """A quirk is a field of the model's compat, never a question about its provider."""
    assert not [place for module in inside("pi.ai.protocols") for place in _decisions(module)]


@pytest.mark.parametrize(
    "code",
    [
        "if model.provider == 'acme': pass",
        "if 'acme' in model.base_url.lower(): pass",
        "if model.id.startswith('o1'): pass",
        "if model.id in MODELS: pass",
        "x = TABLE[model.provider]",
        "x = TABLE.get(self.model.provider)",
        "x = re.search('acme', model.base_url)",
    ],
)
def test_such_questions_are_found(code: str) -> None:
    assert list(_decisions(Module("m", "m.py", code, ast.parse(code))))


@pytest.mark.parametrize("code", ["a.provider == b.provider", "body = {'model': model.id}"])
def test_facts_are_no_questions(code: str) -> None:
    assert not list(_decisions(Module("m", "m.py", code, ast.parse(code))))


def _docstrings(tree: ast.Module) -> set[ast.expr]:
    """Text that stands alone: docstrings of all kinds."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def test_protocols_name_no_vendor() -> None:
    """The words of the wires' own names (`openai-completions`) may be used; no other provider's."""
    vendors = {file.stem for file in (SRC / "pi/ai/catalog/data/providers").glob("*.toml")}
    assert "openrouter" in vendors
    words = {vendor for vendor in vendors if not any(wire.startswith(vendor) for wire in protocols)}
    named = re.compile(rf"(?<![a-z])({'|'.join(map(re.escape, sorted(words)))})(?![a-z])", re.I)
    found = [
        f"{module.path}:{node.lineno} {node.value!r}"
        for module in inside("pi.ai.protocols")
        for docstrings in [_docstrings(module.tree)]
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node not in docstrings
        and named.search(node.value)
    ]
    assert not found


def test_no_import_cycles() -> None:
    """Neither at load time nor later: imports inside functions count."""
    graph = {
        module.name: {
            home
            for name, _ in imports(module.tree)
            if (home := name if name in modules() else name.rpartition(".")[0]) in modules()
        }
        for module in modules().values()
    }
    while ends := [name for name, targets in graph.items() if not targets & graph.keys()]:
        for name in ends:
            del graph[name]
    while starts := graph.keys() - {t for targets in graph.values() for t in targets}:
        for name in starts:
            del graph[name]
    assert not {name: sorted(targets & graph.keys()) for name, targets in graph.items()}


def test_no_type_checking_blocks() -> None:
    """What needs one has an arrow that points up."""
    assert not [m.path for m in modules().values() if re.search(r"\bTYPE_CHECKING\b", m.text)]


def test_files_stay_readable() -> None:
    lengths = {module.path: module.text.count("\n") for module in modules().values()}
    long = {path: lines for path, lines in lengths.items() if lines > MAX_LINES}
    assert long.keys() <= LONGER.keys(), f"longer than {MAX_LINES} lines: which room is missing?"
    grown = {path: lines for path, lines in long.items() if lines > LONGER[path]}
    assert not grown
    assert LONGER.keys() <= long.keys(), "no longer long: take it off the list"


def test_every_module_says_what_it_is() -> None:
    silent = [m.path for m in modules().values() if m.tree.body and not ast.get_docstring(m.tree)]
    assert not silent


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Public(NamedTuple):
    """A public function, class or method, and the class it stands in."""

    place: str
    node: Definition
    owner: ast.ClassDef | None


def _public(module: Module) -> Iterator[Public]:
    todo: list[tuple[ast.ClassDef | None, ast.stmt]] = [(None, node) for node in module.tree.body]
    for owner, node in todo:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            name = f"{owner.name}.{node.name}" if owner else node.name
            yield Public(f"{module.path}:{node.lineno} {name}", node, owner)
            if isinstance(node, ast.ClassDef):
                todo += [(node, child) for child in node.body]


def _is_stub(node: Definition) -> bool:
    """A line of an interface, `def name(self) -> str: ...`, is explained by its class."""
    last = node.body[-1]
    return isinstance(last, ast.Expr) and getattr(last.value, "value", None) is ...


def _of_the_standard_library(owner: ast.ClassDef, method: str) -> bool:
    """Whether a method is one of `asyncio.Protocol` or the like, which explain it."""
    bases = [ast.unparse(base).rpartition(".") for base in owner.bases]
    return any(
        module in sys.stdlib_module_names and hasattr(getattr(import_module(module), name), method)
        for module, _, name in bases
    )


def test_every_public_name_is_explained() -> None:
    """Methods that fulfil an interface of the package or of Python are explained there."""
    everything = [public for module in modules().values() for public in _public(module)]
    explained = {p.node.name for p in everything if ast.get_docstring(p.node) or _is_stub(p.node)}
    silent = [
        public.place
        for public in everything
        if not ast.get_docstring(public.node)
        and not _is_stub(public.node)
        and not any(getattr(d, "attr", "") == "setter" for d in public.node.decorator_list)
        and not (public.owner and public.node.name in explained)
        and not (public.owner and _of_the_standard_library(public.owner, public.node.name))
    ]
    assert not silent


def test_tests_have_names_of_their_own() -> None:
    """Test folders are no packages, so two files of one name would hide each other."""
    names = [file.name for file in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)


def test_no_paths_of_one_machine() -> None:
    """Nothing that is read or run by others may point into somebody's folders."""
    homes = re.compile(r"/(?:home|Users|root|work)/[a-z]\w*/")
    files = [*SRC.rglob("*.py"), *SRC.rglob("*.toml"), *(ROOT / "scripts").iterdir()]
    files += [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    assert not [
        f"{file.relative_to(ROOT)}: {match[0]}"
        for file in files
        if isinstance(file, Path) and file.is_file()
        for match in homes.finditer(file.read_text(encoding="utf-8"))
    ]
