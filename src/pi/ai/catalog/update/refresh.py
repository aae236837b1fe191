"""`pi models update`: asks models.dev and the providers' own lists, and keeps what they teach.

One file a provider, replaced as a whole and only when everything in it is sound, so that whoever
reads meanwhile sees the old state or the new one. What cannot be asked, is absurd or is broken
leaves its part of the file as it was.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from pi.ai.catalog import packaged
from pi.ai.catalog.compile import compile_rows
from pi.ai.catalog.downloads import FORMAT, Download, Downloads, Lesson, laid_over
from pi.ai.catalog.schema import ModelFacts, Wires
from pi.ai.catalog.update.fetch import Answer, fetch
from pi.ai.catalog.update.learn import Taught, teach
from pi.ai.catalog.update.listing import Listed, keyed, read
from pi.ai.catalog.update.row import SourceRow
from pi.ai.catalog.update.store import clear_leftovers, store
from pi.ai.errors import PiError, ProtocolError
from pi.ai.request import Request
from pi.ai.wire.http import Transport

__all__ = ["MODELS_DEV", "Asked", "Outcome", "Way", "refresh"]

MODELS_DEV = "https://models.dev/api.json"
"""An open list of models of all providers: https://models.dev."""

BIG: Literal["models.dev"] = "models.dev"
OWN: Literal["provider"] = "provider"

_AT_ONCE = 8
_OWN_SECONDS = 15.0
_OWN_LIMIT = 16_000_000


class Way(Struct, frozen=True):
    """How to ask for a provider's own list. name: the address as it may be shown and kept."""

    request: Request
    name: str


Asked = Callable[[SourceRow], Awaitable[Way | None]]
"""Finds the way to a provider's own list, None if there is none. Raises `PiError` saying why."""


class Outcome(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What came of one list. state: `updated`, `unchanged`, `kept` (it was not believed and nothing
    of it was taken) or `failed` (it was not to be had); `problem` says why.

    added: ids. changed: id and changes in words. held: what was said and not believed. gone: known
    ids that it lacks; they stay.
    """

    provider: str
    source: str
    state: str
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    problem: str = ""


async def refresh(
    folder: Path,
    providers: Sequence[str],
    asked: Asked,
    *,
    transport: Transport,
    models_dev: str = MODELS_DEV,
    now: datetime | None = None,
) -> list[Outcome]:
    """Ask the lists of these packaged providers and write what they teach into `folder`.

    Raises `ConfigError` if a file cannot be written; what was written before stays.
    """
    rows = compile_rows(packaged.DATA, providers)
    chosen = rows.providers if providers else ()
    date = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    downloads = Downloads(folder)
    clear_leftovers(folder)
    turn = asyncio.Semaphore(_AT_ONCE)
    name = _shown(models_dev)
    big, own = await asyncio.gather(
        _ask_models_dev(chosen, downloads, transport, models_dev),
        asyncio.gather(*(_ask_own(row, asked, transport, turn) for row in chosen)),
    )
    outcomes: list[Outcome] = []
    for row, mine in zip(chosen, own, strict=True):
        work = _Work(row, rows.wires, date, downloads)
        if mine is None or mine.body is None or not row.upstream.complete:
            work.models_dev(big, name)
        if mine is not None:
            work.own(mine)
        if work.lessons != work.before:
            store(folder, Download(format=FORMAT, provider=row.id, lists=tuple(work.lessons)))
        outcomes += work.outcomes
    return outcomes


# -- asking ----------------------------------------------------------------------------------------


class _Big(Struct, frozen=True):
    """models.dev: its parts, or nothing because nothing is new, or a problem."""

    parts: dict[str, msgspec.Raw] | None = None
    etag: str = ""
    problem: str = ""


class _Own(Struct, frozen=True):
    """A provider's own list, or why there is none."""

    name: str
    body: bytes | None = None
    problem: str = ""


async def _ask_models_dev(
    rows: Iterable[SourceRow], downloads: Downloads, transport: Transport, url: str
) -> _Big:
    listed = [row for row in rows if row.models_dev]
    if not listed:
        return _Big()
    try:
        request = Request(url, {}, method="GET")
        answer = await fetch(transport, request, etag=_etag(listed, downloads, _shown(url)))
        return _parts(answer)
    except PiError as error:
        return _Big(problem=error.message)


def _etag(rows: Iterable[SourceRow], downloads: Downloads, url: str) -> str:
    """What all of these providers have last seen; "" if one of them needs the whole."""
    seen = {
        next(
            (each.etag for each in downloads.lessons(row.id) if (each.by, each.url) == (BIG, url)),
            "",
        )
        for row in rows
        if not row.upstream.complete
    }
    return seen.pop() if len(seen) == 1 else ""


def _shown(url: str) -> str:
    """The address without what may be secret in it."""
    scheme, slashes, rest = url.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return scheme + slashes + host.rpartition("@")[2] + slash + path


def _parts(answer: Answer) -> _Big:
    if answer.body is None:
        return _Big(etag=answer.etag)
    return _Big(keyed(answer.body), answer.etag)


async def _ask_own(
    row: SourceRow, asked: Asked, transport: Transport, turn: asyncio.Semaphore
) -> _Own | None:
    if not row.live_list:
        return None
    async with turn:
        try:
            way = await asked(row)
            if way is None:
                return None
            answer = await fetch(transport, way.request, seconds=_OWN_SECONDS, limit=_OWN_LIMIT)
            return _Own(way.name, answer.body)
        except PiError as error:
            return _Own(row.live_list, problem=error.message)


# -- learning --------------------------------------------------------------------------------------


class _Work:
    """One provider: what its file says and, list after list, what it shall say."""

    def __init__(self, row: SourceRow, wires: Wires, date: str, downloads: Downloads) -> None:
        self.row = row
        self.wires = wires
        self.date = date
        self.before = list(downloads.lessons(row.id))
        self.lessons = list(self.before)
        self.outcomes: list[Outcome] = []

    def models_dev(self, big: _Big, url: str) -> None:
        """What models.dev says, in the first place: everything later wins over it."""
        if not self.row.models_dev:
            return
        if big.problem:
            self._say(url, "failed", problem=big.problem)
        elif big.parts is None:
            self._say(url, "unchanged")
        else:
            found = [key for key in self.row.models_dev if key in big.parts]
            if found:
                self._learn(BIG, url, bytes(big.parts[found[0]]), big.etag)
            else:
                keys = " or ".join(self.row.models_dev)
                self._say(url, "failed", problem=f"it has no provider {keys}")

    def own(self, mine: _Own) -> None:
        """What the provider itself says."""
        if mine.body is None:
            self._say(mine.name, "failed", problem=mine.problem)
            return
        done = self._learn(OWN, mine.name, mine.body)
        if done and self.row.upstream.complete:
            self.lessons = [lesson for lesson in self.lessons if lesson.by == OWN]

    def _learn(
        self, by: Literal["models.dev", "provider"], url: str, body: bytes, etag: str = ""
    ) -> bool:
        old = next((lesson for lesson in self.lessons if lesson.by == by), None)
        others = [lesson for lesson in self.lessons if lesson.by != by]
        known = self._known([] if by == BIG else others)
        try:
            listed = read(body)
        except ProtocolError as error:
            self._say(url, "kept", problem=error.message)
            return False
        taught = self._taught(listed, known, old, own=by == OWN)
        if taught.refused:
            self._say(url, "kept", taught, problem=taught.refused)
            return False
        new = Lesson(
            by=by, url=url, date=self.date, etag=etag, listed=len(listed), models=taught.models
        )
        same = new.models == (old.models if old is not None else ())
        self.lessons = [*others, new] if by == OWN else [new, *others]
        self._say(url, "unchanged" if same else "updated", taught)
        return True

    def _taught(
        self,
        listed: Sequence[Listed],
        known: Mapping[str, ModelFacts],
        old: Lesson | None,
        *,
        own: bool,
    ) -> Taught:
        seen = [change.id for change in old.models] if old is not None else []
        return teach(
            listed,
            self.row,
            known,
            self.wires,
            retired=packaged.index().retired.get(self.row.id, ()),
            own=own,
            reference=dict.fromkeys((*packaged.facts(self.row.id), *seen)),
        )

    def _known(self, lessons: Iterable[Lesson]) -> dict[str, ModelFacts]:
        """The packaged facts after these lists."""
        facts = dict(packaged.facts(self.row.id))
        for lesson in lessons:
            for change in lesson.models:
                facts[change.id] = laid_over(change, facts)
        return facts

    def _say(self, url: str, state: str, taught: Taught | None = None, problem: str = "") -> None:
        taught = taught or Taught()
        self.outcomes.append(
            Outcome(
                provider=self.row.id,
                source=url,
                state=state,
                added=taught.added,
                changed=taught.changed,
                held=taught.held,
                gone=taught.gone,
                problem=problem,
            )
        )
