"""Trust in a project: whether its own settings and code count.

What a project brings along can run code, so it is held back until the user has said yes. The answer
is kept in `trust.json` of the user's folder, `{"/path/of/the/folder": true}`; the nearest folder
above counts, and links are resolved first. `AGENTS.md` and its kin are only read by the model and
need no trust.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct

from pi.ai.errors import ConfigError
from pi.coding.settings import NEEDS_TRUST
from pi.coding.settings_file import Loaded, load, save

__all__ = [
    "Trust",
    "ask_trust",
    "decide",
    "forget",
    "held_back_note",
    "is_trusted",
    "load_trusted",
    "needs_trust",
    "remember",
    "trust_file",
]

_PLACES = ("extensions", "skills", "prompts", "themes")
_FILES = ("mcp.json", "SYSTEM.md", "APPEND_SYSTEM.md")
_LARGEST = 1 << 20


class _Person(Protocol):
    """What is needed of a `pi.coding.api.ui.UserInterface`, which every start would load."""

    async def select(self, title: str, options: Sequence[str]) -> str | None: ...

    def notify(self, message: str, level: Literal["info", "warning", "error"]) -> None: ...


class Trust(Struct, frozen=True):
    """What holds for a project now.

    trusted: None if it has nothing that needs trust. waits: what needs it, as people name it.
    asked: whether somebody has decided, so that nobody need be asked. problem: why an earlier
    answer cannot be known.
    """

    trusted: bool | None = None
    waits: tuple[str, ...] = ()
    asked: bool = False
    problem: str = ""


def trust_file(folder: Path) -> Path:
    """Where answers are kept."""
    return folder / "trust.json"


def is_trusted(folder: Path, cwd: Path) -> bool | None:
    """What was remembered about the folder `cwd` or the nearest one above it; None if nothing.

    A file that cannot be read remembers nothing.
    """
    return _remembered(folder, cwd)[0]


def remember(folder: Path, cwd: Path, trusted: bool) -> None:
    """Keep an answer for the folder `cwd` and what is below it. Raises `ConfigError`."""
    path = trust_file(folder)
    _, problem = _remembered(folder, cwd)
    if problem:
        raise ConfigError(f"the answer is not kept: {problem}")
    save(path, {os.path.realpath(cwd): trusted})


def forget(folder: Path, cwd: Path) -> None:
    """Remove the answer for the folder `cwd` itself. Raises `ConfigError`."""
    save(trust_file(folder), {os.path.realpath(cwd): None})


def needs_trust(cwd: Path, home: Path | None = None) -> tuple[str, ...]:
    """What lies in the project and would count only with trust, as people name it.

    home: the user's home folder, whose `.agents/skills` are the user's own.
    """
    found: list[str] = []
    ours = cwd / ".pi"
    if os.path.isdir(ours):  # noqa: PTH112 (asked at every start)
        found += _keys(ours / "settings.json")
        found += [f".pi/{name}" for name in _PLACES if _has_entries(ours / name)]
        found += [f".pi/{name}" for name in _FILES if (ours / name).is_file()]
    home = Path.home() if home is None else home
    for folder in _above(cwd, home):
        shared = folder / ".agents" / "skills"
        if os.path.isdir(shared):  # noqa: PTH112
            found.append(".agents/skills" if folder == cwd else str(shared))
    return tuple(found)


def decide(
    folder: Path,
    cwd: Path,
    *,
    default: Literal["ask", "always", "never"] = "ask",
    flag: bool | None = None,
    home: Path | None = None,
) -> Trust:
    """Whether the project at `cwd` counts: by flag, by an earlier answer, by the setting.

    default: the setting `defaultProjectTrust`; `ask` is no as long as nobody was asked.
    """
    waits = needs_trust(cwd, home)
    if not waits:
        return Trust()
    if flag is not None:
        return Trust(flag, waits, True)
    answer, problem = _remembered(folder, cwd)
    if answer is not None:
        return Trust(answer, waits, True)
    return Trust(default == "always", waits, default != "ask", problem)


def load_trusted(
    folder: Path,
    cwd: Path,
    *,
    flag: bool | None = None,
    flags: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
) -> tuple[Loaded, Trust]:
    """The settings that hold at `cwd`, and whether the project's own ones count among them.

    flag: `--approve` or `--no-approve`. flags: other settings of the command line.
    """
    trust = decide(folder, cwd, flag=flag)
    loaded = load(folder, cwd, trusted=trust.trusted is True, flags=flags, env=env)
    default = loaded.settings.default_project_trust
    if trust.waits and not trust.asked and default != "ask":
        trust = decide(folder, cwd, default=default)
        if trust.trusted:
            loaded = load(folder, cwd, trusted=True, flags=flags, env=env)
    if trust.problem:
        loaded = msgspec.structs.replace(loaded, notes=(*loaded.notes, trust.problem))
    return loaded, trust


def held_back_note(waits: Sequence[str]) -> str:
    """What people should know about a project that is not trusted, in one line; or nothing."""
    if not waits:
        return ""
    return (
        f"this project is not trusted, so these are not used: {', '.join(waits)}"
        " (--approve trusts it for this run)"
    )


async def ask_trust(ui: _Person, folder: Path, cwd: Path, waits: Sequence[str]) -> bool:
    """Ask the user about the project at `cwd`, and keep the answer if it is meant to last.

    Whoever leaves the question unanswered does not trust, and is asked again next time. An answer
    that cannot be kept counts all the same, and the user is told why it is not kept.
    """
    here = _real(cwd)
    # first what a key that was meant for something else may choose
    answers: dict[str, tuple[bool, Path | None]] = {"Do not trust": (False, here)}
    answers["Trust"] = (True, here)
    if here.parent != here:
        answers[f"Trust everything in {here.parent}"] = (True, here.parent)
    answers["Trust, this time only"] = (True, None)
    answers["Do not trust, this time"] = (False, None)
    title = (
        f"Do you trust {here}? It brings {', '.join(waits)}, which can run code on this computer."
    )
    chosen = await ui.select(title, list(answers))
    trusted, place = answers.get(chosen or "", (False, None))
    if place is not None:
        try:
            remember(folder, place, trusted)
        except ConfigError as error:
            ui.notify(error.message, "warning")
    return trusted


def _remembered(folder: Path, cwd: Path) -> tuple[bool | None, str]:
    """The answer that counts at `cwd`, and why the file is of no use, if it is not."""
    path = trust_file(folder)
    try:
        content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        data = msgspec.json.decode(content) if content.strip() else {}
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"{path} cannot be read: {error.strerror or error}"
    except (ValueError, RecursionError) as error:
        return None, f"{path} is no valid JSON, mend it: {error}"
    if not isinstance(data, dict):
        return None, f"{path} holds no JSON object, mend it"
    here = _real(cwd)
    for place in (here, *here.parents):
        answer = data.get(str(place))
        if isinstance(answer, bool):
            return answer, ""
    return None, ""


def _real(folder: Path) -> Path:
    return Path(os.path.realpath(folder))


def _keys(path: Path) -> list[str]:
    """The keys of a project's settings that count only with trust."""
    try:
        content = path.read_bytes()[:_LARGEST]
    except OSError:
        return []
    from pi.ai.catalog.jsonc import JsoncError, decode  # brings in the catalog

    try:
        data: Any = decode(content)
    except JsoncError:
        return []  # nothing of it counts; reading the settings says why
    if not isinstance(data, dict):
        return []
    return [key for key in NEEDS_TRUST if data.get(key) is not None]


def _has_entries(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def _above(cwd: Path, home: Path) -> Iterator[Path]:
    """`cwd` and the folders above it, up to the root of its repository or the home folder."""
    for folder in (cwd, *cwd.parents):
        if folder == home:
            return
        yield folder
        if (folder / ".git").exists():
            return
