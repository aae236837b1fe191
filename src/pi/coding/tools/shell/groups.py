"""Groups of processes: who is in one, and how to end it whole.

A command runs as the leader of its own session, so everything it starts is in its group unless it
leaves on purpose. What left is found by descent where the system shows it (`/proc`).
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

__all__ = ["Process", "group_exists", "kill_group", "members"]

_PROC = Path("/proc")


class Process(Struct, frozen=True):
    """A running process, as far as people want to know."""

    pid: int
    name: str


class _Row(Struct, frozen=True):
    pid: int
    name: str
    state: str
    parent: int
    group: int


def group_exists(group: int) -> bool:
    """Whether any process is left in a group."""
    if sys.platform == "win32":
        return False
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def members(group: int) -> list[Process]:
    """The living processes of a group; empty where the system does not tell."""
    return [Process(row.pid, row.name) for row in _table() if row.group == group]


def kill_group(group: int) -> None:
    """End the processes of a group and their descendants, whatever they think of it.

    They are stopped first: so nothing new is started while the descendants are looked up.
    """
    if sys.platform == "win32":
        _kill_tree(group)
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGSTOP)
    strays = _descendants_outside(group)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    for pid in strays:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _kill_tree(pid: int) -> None:
    import subprocess  # only on Windows

    with suppress(OSError):
        subprocess.Popen(
            ["taskkill", "/F", "/T", "/PID", str(pid)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ).wait(5)


def _descendants_outside(group: int) -> list[int]:
    """Descendants of a group's members that have left the group."""
    rows = list(_table())
    inside = {row.pid for row in rows if row.group == group}
    found: dict[int, None] = {}
    grown = True
    while grown:
        grown = False
        for row in rows:
            if row.pid in inside or row.pid in found:
                continue
            if row.parent in inside or row.parent in found:
                found[row.pid] = None
                grown = True
    return list(found)


def _table() -> Iterator[_Row]:
    """All living processes. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    try:
        pids = [name for name in os.listdir(_PROC) if name.isdecimal()]  # noqa: PTH208 (speed)
    except OSError:
        return
    for pid in pids:
        try:
            text = (_PROC / pid / "stat").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue  # it has just ended
        # The name is in brackets and may itself contain brackets and blanks.
        head, _, rest = text.rpartition(")")
        fields = rest.split()
        if len(fields) < 3 or fields[0] in "ZX":
            continue
        name = head.partition("(")[2]
        yield _Row(int(pid), name, fields[0], int(fields[1]), int(fields[2]))
