"""Prompts of before, kept for each project in a file of JSON lines.

Several processes append to one file: each line is one write under a lock. A file that has grown to
twice its bound is shortened. What is in memory is as it was typed; what goes to the file has been
through `mask`.
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

__all__ = ["Entry", "History", "history_file"]

_MOST_BYTES = 4_000_000
_LATE = 8
"""Prompts among which one is that comes back."""


class Entry(NamedTuple):
    """A prompt. pastes: where in the text large pastes are, start and length."""

    text: str
    pastes: tuple[tuple[int, int], ...] = ()


class _Record(msgspec.Struct, omit_defaults=True):
    text: str
    pastes: tuple[tuple[int, int], ...] = ()
    time: int = 0


def history_file(agent_dir: Path, cwd: Path) -> Path:
    """The file of a project: readable by its name, told from others of that name by a hash."""
    digest = hashlib.sha256(os.fsencode(cwd)).hexdigest()[:12]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", cwd.name) or "root"
    return agent_dir / "history" / f"{name[:40]}-{digest}.jsonl"


class History:
    """The prompts of a project. Reading and writing happen in a thread of its own.

    path: None keeps nothing beyond the process. problem: why the file could not be used, or "".
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        mask: Callable[[str], str] = lambda text: text,
        limit: int = 500,
    ) -> None:
        self.problem = ""
        self._path, self._mask, self._limit = path, mask, limit
        self._entries: list[Entry] = []
        self._writer: ThreadPoolExecutor | None = None
        self._loading: Future[list[Entry]] | None = None
        if path is not None:
            self._loading = self._run(self._read)

    @property
    def entries(self) -> list[Entry]:
        """All prompts, the oldest first."""
        if self._loading is not None:
            loading, self._loading = self._loading, None
            self._entries = (loading.result() + self._entries)[-self._limit :]
        return self._entries

    def add(self, text: str, pastes: Sequence[tuple[int, int]] = ()) -> None:
        """Remember a prompt. The same one twice in a row is one."""
        if not text.strip() or (self._entries and self._entries[-1].text == text):
            return
        entry = Entry(text, tuple(pastes))
        self._entries.append(entry)
        if self._loading is None:
            del self._entries[: -self._limit]
        if self._path is not None:
            self._run(self._append, entry)

    def pastes_of(self, text: str) -> list[tuple[int, int]]:
        """Where large pastes are in a text that was sent of late, less the space around it."""
        for entry in self.entries[: -_LATE - 1 : -1]:
            before = entry.text.find(text) if entry.text.strip() == text.strip() else -1
            if before >= 0:
                ends = [
                    (max(0, start - before), start + size - before) for start, size in entry.pastes
                ]
                return [(start, min(end, len(text)) - start) for start, end in ends]
        return []

    def extend(self, texts: Sequence[str]) -> None:
        """Prompts of a resumed session that are not there yet go before those of this process."""
        known = {entry.text for entry in self.entries}
        fresh = [Entry(text) for text in dict.fromkeys(texts) if text.strip() and text not in known]
        self._entries[:0] = fresh[-self._limit :]

    def find(self, query: str, limit: int = 200) -> list[Entry]:
        """Prompts in which every word occurs, the newest first, each once."""
        words = query.casefold().split()
        found: dict[str, Entry] = {}
        for entry in reversed(self.entries):
            text = entry.text.casefold()
            if entry.text not in found and all(word in text for word in words):
                found[entry.text] = entry
                if len(found) >= limit:
                    break
        return list(found.values())

    def flush(self) -> None:
        """Wait until everything is written."""
        if self._writer is not None:
            self._run(lambda: None).result()

    def _run(self, work: Callable[..., Any], *values: Any) -> "Future[Any]":
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, "history")
        return self._writer.submit(work, *values)

    def _read(self) -> list[Entry]:
        assert self._path is not None
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _MOST_BYTES))
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            self.problem = f"{self._path}: prompts of before cannot be read ({error.strerror})"
            return []
        found: list[Entry] = []
        for line in lines:
            record = _decoded(line)
            if record is not None and (not found or found[-1].text != record.text):
                found.append(Entry(record.text, record.pastes))
        return found[-self._limit :]

    def _append(self, entry: Entry) -> None:
        assert self._path is not None
        text = self._mask(entry.text)
        pastes = entry.pastes if text == entry.text else ()
        record = _Record(text, pastes, time.time_ns() // 1_000_000)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _Locked(self._path) as file:
                end = file.seek(0, os.SEEK_END)
                line = msgspec.json.encode(record) + b"\n"
                if end and _last_byte(file, end) != b"\n":
                    line = b"\n" + line  # somebody's last line was cut
                os.write(file.fileno(), line)
                self._shorten(file)
        except OSError as error:
            self.problem = f"{self._path}: the prompt was not kept ({error.strerror})"

    def _shorten(self, file: Any) -> None:
        """Keep the newer half of a file that has become too long. The lock is held."""
        assert self._path is not None
        size = file.seek(0, os.SEEK_END)
        if size < self._limit * 64:
            return
        file.seek(0)
        lines = file.read().split(b"\n")[:-1]
        if len(lines) <= 2 * self._limit and size <= 2 * _MOST_BYTES:
            return
        kept, room = [], _MOST_BYTES
        for line in reversed(lines[-self._limit :]):
            room -= len(line) + 1
            if room < 0 and kept:
                break
            kept.append(line)
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(b"".join(line + b"\n" for line in reversed(kept)))
        fresh.replace(self._path)


class _Locked:
    """The file, open and locked. Who waited for one that was replaced opens the new one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Any:
        while True:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
            self._file = os.fdopen(os.open(self._path, flags, 0o600), "r+b", buffering=0)
            _lock(self._file.fileno())
            try:
                if os.path.samestat(os.fstat(self._file.fileno()), self._path.stat()):
                    return self._file
            except FileNotFoundError:
                pass
            self._file.close()

    def __exit__(self, *error: object) -> None:
        self._file.close()


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # without it, appending is still one write
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _last_byte(file: Any, end: int) -> bytes:
    file.seek(end - 1)
    return file.read(1)


_DECODER = msgspec.json.Decoder(_Record)


def _decoded(line: bytes) -> _Record | None:
    try:
        record = _DECODER.decode(line) if line else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return record if record is not None and record.text else None
