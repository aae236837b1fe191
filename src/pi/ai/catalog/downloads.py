"""What `pi models update` has learned: one file a provider, laid over the packaged data.

A file holds differences only, one list after the other as they were asked, each with its address
and date; a list that is older than the packaged data says nothing any more. A file that is damaged
counts as missing and is noted. Nothing in these files can say where requests go.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from pi.ai.catalog import packaged
from pi.ai.catalog.draft import as_new
from pi.ai.catalog.names import relative
from pi.ai.catalog.schema import ModelFacts
from pi.ai.catalog.thinking import parse_levels
from pi.ai.model import Price

__all__ = [
    "FORMAT",
    "Difference",
    "Download",
    "Downloads",
    "Lesson",
    "changed_fields",
    "difference",
    "laid_over",
    "read",
]

FORMAT = 1

_Count = Annotated[int, Meta(ge=1, le=100_000_000)]
_Text = Annotated[str, Meta(min_length=1, max_length=200)]


class Difference(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename="camel",
):
    """What a list changes about a model. Fields are those of `ModelFacts`; what is unset stays.

    like: the known model that a new one has everything else from; "" for a known model.
    """

    id: _Text
    like: str = ""
    name: str | UnsetType = UNSET
    api: str | UnsetType = UNSET
    levels: str | UnsetType = UNSET
    input: tuple[str, ...] | UnsetType = UNSET
    context_window: _Count | UnsetType = UNSET
    max_output_tokens: _Count | UnsetType = field(default=UNSET, name="maxTokens")
    extended_context_window: _Count | UnsetType | None = UNSET
    cost: Price | UnsetType = UNSET
    cost_basis: str | UnsetType = UNSET
    release_date: str | UnsetType | None = UNSET
    unverified: bool | UnsetType = UNSET


class Lesson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one list taught.

    by: whose list it is, models.dev's or the provider's own. url: where it was asked; date: when
    (ISO, UTC). etag: as the server gave it. listed: how many models it had.
    """

    by: Literal["models.dev", "provider"]
    url: str
    date: str
    etag: str = ""
    listed: int = 0
    models: tuple[Difference, ...] = ()


class Download(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file. Later lists win."""

    format: int
    provider: str
    lists: tuple[Lesson, ...]


_FIELDS = tuple(name for name in Difference.__struct_fields__ if name not in ("id", "like"))
_decoder = msgspec.json.Decoder(Download)


class Downloads:
    """The folder of these files. Files are read when asked for, and then kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self._read: dict[str, Download | None] = {}
        self._facts: dict[str, dict[str, ModelFacts]] = {}
        self._there: frozenset[str] | None = None

    @property
    def providers(self) -> frozenset[str]:
        """The providers that have a file."""
        if self._there is None:
            try:
                names = [path.stem for path in self.folder.iterdir() if path.suffix == ".json"]
            except OSError:
                names = []  # there is no folder, or none that we may look into
            self._there = frozenset(name for name in names if not name.startswith("."))
        return self._there

    def file(self, provider: str) -> Download | None:
        """What was downloaded for a provider, whatever its age."""
        if provider not in self._read:
            self._read[provider] = self._load(provider) if provider in self.providers else None
        return self._read[provider]

    def lessons(self, provider: str) -> tuple[Lesson, ...]:
        """The lists that are newer than the packaged data."""
        file = self.file(provider)
        if file is None:
            return ()
        packed = packaged.file(provider).date
        return tuple(lesson for lesson in file.lists if lesson.date > packed)

    def facts(self, provider: str) -> dict[str, ModelFacts]:
        """The models of a packaged provider after these lists."""
        facts = self._facts.get(provider)
        if facts is None:
            facts = dict(packaged.facts(provider))
            for lesson in self.lessons(provider):
                for change in lesson.models:
                    facts[change.id] = laid_over(change, facts)
            self._facts[provider] = facts
        return facts

    def changed(self, provider: str) -> list[str]:
        """The ids about which these lists say something new."""
        changes = (change.id for lesson in self.lessons(provider) for change in lesson.models)
        return list(dict.fromkeys(changes))

    def _load(self, provider: str) -> Download | None:
        path = self.folder / f"{provider}.json"
        try:
            return read(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            self.problems.append(
                f"models/{path.name} is not used: {why}; `pi models update` makes it anew"
            )
            return None


def read(path: Path) -> Download:
    """The file. Raises `OSError`, or `ValueError` that says what is wrong with it."""
    try:
        file = _decoder.decode(path.read_bytes())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    if file.format != FORMAT:
        raise ValueError(f"it has format {file.format}, and this version reads {FORMAT}")
    if file.provider != path.stem:
        raise ValueError(f"it is about {file.provider!r}")
    for change in _changes(file):
        _check(change)
    return file


def laid_over(change: Difference, known: Mapping[str, ModelFacts]) -> ModelFacts:
    """The facts of a model with a change to it."""
    facts = known.get(change.id)
    if facts is None:
        near = known.get(change.like) or known.get(relative(change.id, known) or "")
        facts = as_new(near or ModelFacts(id=""), change.id)
    return msgspec.structs.replace(facts, **_set(change))


def difference(old: ModelFacts, new: ModelFacts, like: str = "") -> Difference | None:
    """What makes `new` of `old`; None if nothing does and the model is known."""
    changed = {name: getattr(new, name) for name in _FIELDS}
    changed = {name: value for name, value in changed.items() if getattr(old, name) != value}
    return Difference(id=new.id, like=like, **changed) if changed or like else None


def changed_fields(change: Difference) -> list[str]:
    """The names of the fields that a change sets, as in its JSON."""
    names = dict(
        zip(Difference.__struct_fields__, Difference.__struct_encode_fields__, strict=True)
    )
    return [names[name] for name in _set(change)]


def _changes(file: Download) -> Iterator[Difference]:
    return (change for lesson in file.lists for change in lesson.models)


def _set(change: Difference) -> dict[str, object]:
    pairs = ((name, getattr(change, name)) for name in _FIELDS)
    return {name: value for name, value in pairs if value is not UNSET}


def _check(change: Difference) -> None:
    """What types cannot say. Raises `ValueError`."""
    if isinstance(change.levels, str):
        parse_levels(change.levels)
    if isinstance(change.input, tuple) and "text" not in change.input:
        raise ValueError(f"{change.id}: input has no text")
    if isinstance(change.cost, Price):
        for rate in (change.cost, *change.cost.tiers):
            if min(rate.input, rate.output, rate.cache_read, rate.cache_write) < 0:
                raise ValueError(f"{change.id}: a price is negative")
