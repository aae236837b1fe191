"""The words for what went wrong in an extension, where Python's own leave something to be asked."""

import builtins
import re
import sys
from typing import Any

from pi.ai.errors import PiError
from pi.coding.extensions.calling import Astray
from pi.coding.extensions.exports import WHERE

__all__ = ["words_for"]

_CALLED = {
    "Recorder": "pi",
    "SessionContext": "context",
    "WatchedUI": "context.ui",
    "Bus": "pi.events",
}
"""Our classes, and what extensions know them as."""


def words_for(error: BaseException) -> str:
    """What went wrong, without its place."""
    if isinstance(error, PiError):
        return error.message
    if isinstance(error, Astray):
        return str(error)
    if isinstance(error, SystemExit):
        return "it called sys.exit"
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return _ours(text) + _hint(error)


def _ours(text: str) -> str:
    """With the names that extensions know."""
    for ours, theirs in _CALLED.items():
        text = text.replace(f"{ours}.", f"{theirs}.").replace(f"{ours!r} object", theirs)
    return text


def _hint(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return _install(error.name or "")
    if isinstance(error, ImportError):
        return _exported(str(error), error.name or "")
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
        return _forgotten(error.name or "")
    if isinstance(error, AttributeError):
        known = [name for name in dir(error.obj) if not name.startswith("_")]
        return _near(error.name, known)
    if isinstance(error, TypeError):
        return _argument(str(error))
    return ""


def _install(module: str) -> str:
    """How to come by a module that is not there."""
    top = module.partition(".")[0]
    if not top or top in sys.stdlib_module_names or top in sys.modules:
        return ""  # it is there, but has no such part
    return (
        f" (pi runs in its own Python: `{sys.executable} -m pip install {top}`, or whatever the"
        " package is called)"
    )


def _exported(text: str, module: str) -> str:
    if module != "pi.extensions":
        return ""
    found = re.match(r"cannot import name '(\w+)'", text)
    return _near(found[1], WHERE) if found else ""


def _forgotten(name: str) -> str:
    if name in WHERE:
        return f": write `from pi.extensions import {name}`"
    return _near(name, dir(builtins), cutoff=0.8)


def _argument(text: str) -> str:
    """The argument of a call of ours that may have been meant."""
    found = re.match(r"(\w+)\.(\w+)\(\) got an unexpected keyword argument '(\w+)'", text)
    if found is None or found[1] not in _CALLED:
        return ""
    from inspect import signature

    from pi.coding.extensions.surface import Bus, Context, Pi

    homes: dict[str, Any] = {"Recorder": Pi, "SessionContext": Context, "Bus": Bus}
    call = getattr(homes.get(found[1]), found[2], None)
    if call is None:
        return ""
    names = [name for name in signature(call).parameters if name != "self"]
    return _near(_snake(found[3]), names, cutoff=0.4) or f"; it takes {', '.join(names)}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: f"_{found[1].lower()}", name)


def _near(name: str | None, known: Any, cutoff: float = 0.6) -> str:
    from difflib import get_close_matches

    found = get_close_matches(name or "", known, n=2, cutoff=cutoff)
    return f": did you mean {' or '.join(found)}?" if found else ""
