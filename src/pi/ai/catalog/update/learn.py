"""From a provider's list to what it teaches: differences, and a report of them in words.

Pure: nothing here reads or writes a file. What is absurd is not learned, and said: a list that has
lost much of what it had teaches nothing, a price that leaps stays as it was.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from pi.ai.catalog.downloads import Difference, difference
from pi.ai.catalog.draft import as_new
from pi.ai.catalog.schema import ModelFacts, Wires
from pi.ai.catalog.update.listing import Listed
from pi.ai.catalog.update.row import SourceRow
from pi.ai.catalog.update.rules import MOST_LOST, explained, known_from, wanted

__all__ = ["TOLERATED", "Taught", "changes_in_words", "lost", "teach"]

TOLERATED = 1
"""Of a handful of models one is more than a fifth; where none is taken away, it may be missing."""


class Taught(Struct, frozen=True, kw_only=True):
    """What a list teaches. gone: known ids that it does not have. held: what was not believed.

    refused: why nothing of it was learned, or "".
    """

    models: tuple[Difference, ...] = ()
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    refused: str = ""


def teach(
    listed: Iterable[Listed],
    row: SourceRow,
    known: Mapping[str, ModelFacts],
    wires: Wires,
    *,
    retired: Iterable[str] = (),
    own: bool = False,
    reference: Iterable[str] = (),
    tolerated: int = TOLERATED,
) -> Taught:
    """What `listed` changes about the `known` models of a provider.

    own: it is the provider's own list, which says what there is for one account, and of known
    models only the price counts unless the list is complete. reference: ids that the list should
    have; tolerated: how many of them may be missing in any case. retired: ids that are not taken
    up again.
    """
    usable = {item.id: item for item in known_from(listed, row)}
    names = {item.id for item in listed}
    complete = row.upstream.complete
    gone: tuple[str, ...] = ()
    if not own or complete:
        gone = tuple(name for name in reference if name not in names)
        refused = lost(gone, len(set(reference)), row, tolerated)
        if refused:
            return Taught(gone=gone, refused=refused)
    past = set(retired) - known.keys()
    models: list[Difference] = []
    added: list[str] = []
    changed: list[str] = []
    held: list[str] = []
    for name, item in usable.items():
        if name in past:
            continue
        learned = wanted(item, row, known, wires, prices_only=own and not complete)
        if learned is None:
            continue
        held += [f"{name}: {text}" for text in learned.held]
        near = known.get(learned.like, ModelFacts(id=""))
        old = known[name] if name in known else as_new(near, name)
        change = difference(old, learned.facts, learned.like)
        if name not in known:
            change = change or Difference(id=name)
            added.append(name)
        elif change is not None:
            changed.append(f"{name}: {', '.join(changes_in_words(old, learned.facts))}")
        if change is not None:
            models.append(change)
    return Taught(
        models=tuple(models),
        added=tuple(added),
        changed=tuple(changed),
        held=tuple(held),
        gone=gone,
    )


def lost(gone: Iterable[str], of: int, row: SourceRow, tolerated: int = 0) -> str:
    """Why a list is not to be believed that lacks these of `of` ids, or "".

    tolerated: so many may always be missing.
    """
    excused = (*row.upstream.gone, *row.upstream.keep)
    missing = [name for name in gone if not explained(name, excused)]
    if len(missing) <= tolerated or len(missing) / of <= MOST_LOST:
        return ""
    shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
    return f"{len(missing)} of {of} known models are missing in it ({shown})"


def changes_in_words(old: ModelFacts, new: ModelFacts) -> list[str]:
    """What is different, for people: `context 200,000 -> 1,000,000`."""
    words: list[str] = []
    for name, what in _WORDS.items():
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            words.append(f"{what} {_shown(was)} -> {_shown(now)}")
    if old.cost != new.cost:
        words.append(f"price {_price(old)} -> {_price(new)}")
    return words


_WORDS = {
    "name": "name",
    "api": "wire",
    "levels": "thinking",
    "thinking": "thinking template",
    "input": "input",
    "context_window": "context",
    "max_output_tokens": "answer",
    "extended_context_window": "extended context",
    "cost_basis": "price basis",
    "release_date": "released",
}


def _shown(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, tuple):
        return "+".join(map(str, value))  # type: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return str(value) if value else "none"


def _price(facts: ModelFacts) -> str:
    cost = facts.cost
    tiers = "".join(
        f", above {tier.input_tokens_above:,}: {tier.input:g}/{tier.output:g}"
        for tier in cost.tiers
    )
    return f"{cost.input:g}/{cost.output:g} cache {cost.cache_read:g}/{cost.cache_write:g}{tiers}"
