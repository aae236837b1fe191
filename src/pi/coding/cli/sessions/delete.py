"""`pi sessions delete SESSION ...`: remove sessions, into the trash if there is one."""

import sys
from typing import Any

from pi.ai.errors import AbortedError, ConfigError
from pi.coding.cli.sessions.shelf import Shelf
from pi.coding.modes.sanitize import printable
from pi.coding.session.listing import SessionInfo
from pi.coding.session.store import delete_session

__all__ = ["run"]


def run(shelf: Shelf) -> int:
    """Remove them; gives the exit code. Nothing is removed if one of them is not there."""
    found = [shelf.session(ref) for ref in shelf.args.prompts]
    if not shelf.args.flag("yes"):
        _ask(found)
    done: list[dict[str, Any]] = []
    lines: list[str] = []
    for info in found:
        trash = delete_session(info.path)
        done.append({"path": str(info.path), "id": info.id, "trash": trash})
        lines.append(f"{'Moved to the trash' if trash else 'Removed'}: {info.id}  {info.title}")
    shelf.answer("\n".join(lines), done)
    return 0


def _ask(found: list[SessionInfo]) -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise ConfigError("nobody can be asked here: --yes removes without asking")
    for info in found:
        sys.stderr.write(printable(f"  {info.id}  {info.title}\n"))
    sys.stderr.write(f"Remove {'it' if len(found) == 1 else 'all of them'}? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise AbortedError("nothing was removed")
