"""What was spent, by day and by project, across sessions and processes.

One small file for each day and each project; a line says when, how much, and in which session.
Lines are only ever appended, each with one write, so that several programs can keep one book. Only
the user can read it. Nobody writes here unless a limit asks for it.
"""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["Account", "Ledger"]

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Account:
    """One file of the ledger and the sum of its lines. Lines that cannot be read count nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sum = 0.0
        self._read_to = 0
        self._unwritten = 0.0

    @property
    def total(self) -> float:
        """Dollars, with what others have written meanwhile."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._read_to)
                lines, newline, _ = file.read().rpartition(b"\n")
        except OSError:
            return self._sum + self._unwritten
        self._read_to += len(lines) + len(newline)
        self._sum += sum(map(_cost, lines.splitlines()))
        return self._sum + self._unwritten

    def add(self, cost: float, **about: Any) -> None:
        """Add a line. Raises `OSError` if that can't be done; the cost counts here all the same."""
        line = msgspec.json.encode({"cost": cost, **about}) + b"\n"
        self._unwritten += cost
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        number = os.open(self.path, flags, 0o600)
        try:
            if os.write(number, line) == len(line):
                self._unwritten -= cost
        finally:
            os.close(number)


class Ledger:
    """The accounts of a user. `clock`: seconds since the epoch; days are those of local time."""

    def __init__(self, folder: Path, project: Path, *, clock: Callable[[], float] = time.time):
        self._folder = folder
        self._clock = clock
        self._where = project
        self._today: Account | None = None
        self._project: Account | None = None

    @property
    def project(self) -> Account:
        """The account of the project, all days together."""
        if self._project is None:
            self._project = Account(self._folder / "projects" / f"{_name(self._where)}.jsonl")
        return self._project

    @property
    def today(self) -> Account:
        """The account of the day that it is now."""
        day = time.strftime("%Y-%m-%d", time.localtime(self._clock()))
        path = self._folder / "days" / f"{day}.jsonl"
        if self._today is None or self._today.path != path:
            self._today = Account(path)
        return self._today

    def add(self, cost: float, session: str) -> None:
        """Book what was spent just now. Raises `OSError` as `Account.add` does."""
        at = int(self._clock() * 1000)
        problem: OSError | None = None
        for account in (self.today, self.project):
            try:
                account.add(cost, at=at, session=session)
            except OSError as error:
                problem = error
        if problem is not None:
            raise problem


def _name(project: Path) -> str:
    """A file name for a folder: readable, and different for different folders."""
    import hashlib  # slow to import; without limits nobody asks

    text = os.path.normcase(os.path.abspath(project))  # noqa: PTH100 (keeps symbolic links)
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=6).hexdigest()
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", project.name).strip(".-")[:40]
    return f"{readable or 'root'}-{digest}"


def _cost(line: bytes) -> float:
    try:
        cost = _decode(line).get("cost")
    except (ValueError, RecursionError):
        return 0.0
    return float(cost) if isinstance(cost, int | float) and cost > 0 else 0.0
