"""How what a list says becomes facts: what is taken, what is kept, what is corrected.

The rules of a provider are data (`upstream` and `corrections` of its TOML). Pure functions: the
same for a release and for `pi models update`. A list never says where requests go, which headers
they carry or which switches hold; a new model has those of the nearest known one.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import msgspec
from msgspec import Struct

from pi.ai.catalog.draft import as_new, draft, template_of
from pi.ai.catalog.names import relative, undated
from pi.ai.catalog.schema import ModelFacts, Wires
from pi.ai.catalog.thinking import DEFAULT_LEVELS
from pi.ai.catalog.update.listing import KINDS, Kind, Listed, Prices
from pi.ai.catalog.update.row import Explained, SourceRow
from pi.ai.model import LEVELS, Price, PriceTier

__all__ = ["MOST_LOST", "MOST_MOVED", "Learned", "corrected", "explained", "known_from", "wanted"]

MOST_LOST = 0.2
"""The part of a provider's ids that may vanish at once."""

MOST_MOVED = 3.0
"""The factor by which a price may move at once."""

_MOST_GROWN = 8.0


class Learned(Struct, frozen=True):
    """A model as it should be. like: the known model that a new one was made from, or "".

    held: what was said and not believed, in words.
    """

    facts: ModelFacts
    like: str = ""
    held: tuple[str, ...] = ()


def known_from(listed: Iterable[Listed], row: SourceRow) -> list[Listed]:
    """The models of a list that can take part in a session with this provider."""
    up = row.upstream
    return [
        item
        for item in listed
        if item.chat
        and item.tools is not False
        and (not up.only or _any(item.id, up.only))
        and not explained(item.id, up.drop)
        and not (item.status == "retired" or (up.drop_deprecated and item.status == "deprecated"))
    ]


def wanted(
    item: Listed,
    row: SourceRow,
    known: Mapping[str, ModelFacts],
    wires: Wires,
    *,
    prices_only: bool = False,
) -> Learned | None:
    """The facts of a listed model; None for a new one that is not to be taken up.

    prices_only: what the list says of known models beyond their price is not taken, because such
    lists count tokens in their own way.
    """
    old = known.get(item.id)
    if old is not None:
        return _changed(item, row, old, prices_only=prices_only)
    if item.status == "deprecated" or not row.upstream.add:
        return None
    return _new(item, row, known, wires)


def corrected(facts: ModelFacts, row: SourceRow) -> ModelFacts:
    """The facts as the corrections of the provider's TOML have them."""
    for rule in row.corrections:
        if not fnmatchcase(facts.id, rule.match):
            continue
        if rule.set:
            facts = msgspec.convert({**msgspec.to_builtins(facts), **rule.set}, ModelFacts)
        dearer = any(tier.input_tokens_above == rule.window for tier in facts.cost.tiers)
        if dearer and facts.context_window > rule.window:
            facts = msgspec.structs.replace(
                facts, context_window=rule.window, extended_context_window=facts.context_window
            )
    return facts


def explained(name: str, rules: Iterable[Explained]) -> str:
    """The reason of the first rule that matches an id, or ""."""
    return next((rule.reason for rule in rules if fnmatchcase(name, rule.match)), "")


# -- a known model ---------------------------------------------------------------------------------


def _changed(item: Listed, row: SourceRow, old: ModelFacts, *, prices_only: bool) -> Learned:
    held: list[str] = []
    facts = _priced(item, row, old, held)
    if not prices_only:
        facts = _sized(item, facts, held)
        images = item.images
        if images is not None and images != ("image" in facts.input):
            facts = msgspec.structs.replace(facts, input=("text", "image") if images else ("text",))
    return Learned(corrected(facts, row), "", tuple(held))


def _sized(item: Listed, facts: ModelFacts, held: list[str]) -> ModelFacts:
    """The facts with the token counts of the list, where they are no nonsense."""
    window, output = item.window, item.output
    if window is not None and _factor(facts.context_window, window) > _MOST_GROWN:
        held.append(f"context window {facts.context_window:,} -> {window:,} tokens")
        return facts
    window = facts.context_window if window is None else window
    if window == facts.extended_context_window:
        window = facts.context_window  # the rule that made the smaller one holds on
    output = facts.max_output_tokens if output is None else output
    return msgspec.structs.replace(
        facts, context_window=window, max_output_tokens=min(output, window)
    )


def _priced(item: Listed, row: SourceRow, old: ModelFacts, held: list[str]) -> ModelFacts:
    """The facts with the prices of the list, where they can be believed."""
    said = item.prices
    if (old.cost_basis or row.cost_basis).startswith("subscription"):
        return old  # lists say 0, or what it would cost elsewhere
    if "input" not in said or "output" not in said or explained(item.id, row.upstream.pinned):
        return old
    was = old.cost
    if not was.input and not was.output:
        if not said["input"] and not said["output"]:
            return old
        basis = "" if old.cost_basis in ("unknown", "free") else old.cost_basis
        return msgspec.structs.replace(old, cost=_price(item, was), cost_basis=basis)
    now = _price(item, was)
    moved = max(_factor(was.input, now.input), _factor(was.output, now.output))
    if moved > MOST_MOVED and not explained(item.id, row.upstream.price):
        held.append(
            f"price ${was.input:g} in, ${was.output:g} out"
            f" -> ${now.input:g} in, ${now.output:g} out"
        )
        return old
    return msgspec.structs.replace(old, cost=now)


def _price(item: Listed, was: Price) -> Price:
    """The listed price. What the list leaves out moves with the price of input."""
    said = item.prices
    ratio = said["input"] / was.input if was.input else 1.0
    tiers = tuple(_tier(above, band, said) for above, band in item.tiers.items())
    if not tiers or _same_tiers(was.tiers, tiers):
        out_ratio = said["output"] / was.output if was.output else 1.0
        tiers = tuple(_scaled(tier, ratio, out_ratio) for tier in was.tiers)
    return Price(
        said["input"],
        said["output"],
        said.get("cache_read", round(was.cache_read * ratio, 6)),
        said.get("cache_write", round(was.cache_write * ratio, 6)),
        tiers,
    )


def _tier(above: int, band: Prices, base: Prices) -> PriceTier:
    def rate(kind: Kind) -> float:
        return band.get(kind, base.get(kind, 0.0))

    return PriceTier(above, *(rate(kind) for kind in KINDS))


def _same_tiers(old: tuple[PriceTier, ...], new: tuple[PriceTier, ...]) -> bool:
    """Whether they differ by no more than whether a limit itself is over the limit."""
    return len(old) == len(new) and all(
        abs(a.input_tokens_above - b.input_tokens_above) <= 1
        and (a.input, a.output) == (b.input, b.output)
        for a, b in zip(old, new, strict=True)
    )


def _scaled(tier: PriceTier, ratio: float, out_ratio: float) -> PriceTier:
    if ratio == 1.0 and out_ratio == 1.0:
        return tier
    return PriceTier(
        tier.input_tokens_above,
        round(tier.input * ratio, 6),
        round(tier.output * out_ratio, 6),
        round(tier.cache_read * ratio, 6),
        round(tier.cache_write * ratio, 6),
    )


def _factor(old: float, new: float) -> float:
    """By how much a number has moved, up or down."""
    if old == new:
        return 1.0
    return max(old / new, new / old) if old > 0 and new > 0 else float("inf")


# -- a new model -----------------------------------------------------------------------------------


def _new(
    item: Listed, row: SourceRow, known: Mapping[str, ModelFacts], wires: Wires
) -> Learned | None:
    api = _api(item, row, known)
    if api not in row.base_urls:
        return None
    same = [name for name, facts in known.items() if (facts.api or row.api) == api]
    alias = undated(item.id)
    like = alias if alias in same else relative(item.id, same) or _in(row.default_model, same)
    base = as_new(known[like] if like else ModelFacts(id=""), item.id)
    if like == alias:  # a release of a known model costs what that costs
        base = msgspec.structs.replace(
            base, cost=known[like].cost, cost_basis=known[like].cost_basis
        )
    facts = msgspec.structs.replace(
        base,
        name="" if item.name == item.id else item.name,
        api="" if api == row.api else api,
        release_date=item.released or None,
    )
    if item.images is not None:
        facts = msgspec.structs.replace(
            facts, input=("text", "image") if item.images else ("text",)
        )
    window = facts.context_window if item.window is None else item.window
    output = facts.max_output_tokens if item.output is None else item.output
    facts = msgspec.structs.replace(
        facts,
        context_window=window,
        max_output_tokens=min(output, window),
        extended_context_window=None if item.window else facts.extended_context_window,
        levels=_levels(item, row, facts, wires),
        **_first_price(item, row, facts),
    )
    return Learned(corrected(facts, row), like)


def _api(item: Listed, row: SourceRow, known: Mapping[str, ModelFacts]) -> str:
    """The wire of a new model: by rule, by package, else that of the nearest known one."""
    if len(row.base_urls) == 1:
        return row.api
    api = _last(item.id, row.upstream.apis)
    if api is None and row.upstream.package_apis:
        api = item.api
    if api is None:
        near = known.get(relative(item.id, known) or row.default_model)
        api = near.api if near else ""
    return api or row.api


def _first_price(item: Listed, row: SourceRow, base: ModelFacts) -> dict[str, object]:
    """Price and basis of a new model. A list writes 0 for free, for unknown and for included."""
    said = item.prices
    if not said and base.cost_basis != "unknown":
        return {}
    if row.cost_basis.startswith("subscription"):
        return {"cost": Price(), "cost_basis": "subscription-unpriced"}
    if said.get("input") or said.get("output"):
        cost = _price(
            msgspec.structs.replace(item, prices={"input": 0.0, "output": 0.0, **said}), Price()
        )
        return {"cost": cost, "cost_basis": ""}
    free = "free" in item.id and said.get("input") == 0 == said.get("output")
    return {"cost": Price(), "cost_basis": "free" if free else "unknown"}


def _levels(item: Listed, row: SourceRow, facts: ModelFacts, wires: Wires) -> str:
    """The thinking levels of a new model, as in `ModelFacts`."""
    if item.thinks is False:
        return ""
    if item.thinks is None and not item.efforts:
        return facts.levels
    ruled = _last(item.id, row.upstream.levels)
    if ruled:
        return ruled
    words = {"off" if word == "none" else word for word in item.efforts}
    found = [level for level in LEVELS if level in words]
    if not found:
        rest = item.can_rest is not False
        return DEFAULT_LEVELS if rest else DEFAULT_LEVELS.removeprefix("off ")
    if item.can_rest and "off" not in found:
        found.insert(0, "off")
    template = template_of(draft(row, facts, wires).thinking, wires)
    if {"off", template.words.get("minimal")} <= {*found} and "minimal" not in found:
        found.insert(1, "minimal")
    own = "none" in item.efforts and "off" not in template.words and "$effort" in str(template.off)
    return " ".join("off=none" if level == "off" and own else level for level in found)


def _last(name: str, globs: Mapping[str, str]) -> str | None:
    """The value of the last glob that matches."""
    found = [value for glob, value in globs.items() if fnmatchcase(name, glob)]
    return found[-1] if found else None


def _in(name: str, names: Iterable[str]) -> str:
    return name if name in names else ""


def _any(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
