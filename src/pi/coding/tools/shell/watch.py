"""No command outlives a pi that is killed.

Signals that can be heard end what runs (`kill_all`). SIGKILL cannot be heard, so a small shell
reads a pipe whose other end only this process has: it learns which groups run, and when the pipe
ends because this process is gone, it ends those that are left. It starts with the first command.
"""

import os
import sys
from contextlib import suppress

__all__ = ["begun", "ended"]

_SHELL = "/bin/sh"
_SCRIPT = """
trap '' HUP INT TERM
while read -r what group; do
    if [ "$what" = begun ]; then
        running="$running $group"
    else
        left=
        for other in $running; do
            [ "$other" = "$group" ] || left="$left $other"
        done
        running=$left
    fi
done
for group in $running; do
    kill -s KILL -- "-$group"
done
"""

_told: int | None = None
"""The end of the pipe that we write to; -1 where nobody can watch."""


def begun(group: int) -> None:
    """A group of processes runs, and shall not run longer than we do."""
    _tell(f"begun {group}\n")


def ended(group: int) -> None:
    """It has ended, or what is left of it may go on without us."""
    _tell(f"ended {group}\n")


def _tell(line: str) -> None:
    global _told
    if _told is None:
        _told = _start()
    if _told >= 0:
        with suppress(OSError):  # somebody ended the shell
            os.write(_told, line.encode())


def _start() -> int:
    if sys.platform == "win32":
        return -1
    read, write = os.pipe()
    actions = [
        (os.POSIX_SPAWN_DUP2, read, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    argv = ["sh", "-c", _SCRIPT, "pi-watch"]
    try:
        os.posix_spawn(_SHELL, argv, {}, file_actions=actions, setsid=True)
    except (OSError, NotImplementedError):
        os.close(write)
        return -1
    finally:
        os.close(read)
    return write
