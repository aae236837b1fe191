"""The last layer of a model: what the user's `models.json` says about it.

Order: the provider's URL and switches, then the user's own model of that id, then `modelOverrides`,
which hold for every model, whoever made it.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from pi.ai.catalog.draft import Draft
from pi.ai.catalog.infer import inferred_rules
from pi.ai.catalog.schema import AuthRow, ModelRule, ProviderRow, Rows, UserProvider, Wires
from pi.ai.catalog.thinking import DEFAULT_LEVELS, Words, merged, parse_levels
from pi.ai.catalog.user_compat import apply_compat, merge_compat
from pi.ai.catalog.user_models import UserEntry
from pi.ai.catalog.user_schema import UserCost, UserModel, UserOverride
from pi.ai.model import Price, PriceTier

__all__ = ["apply_user", "changed_row", "merged_for_auth", "user_row"]

_LOCAL = ("localhost", "127.0.0.1", "[::1]", "0.0.0.0")


def user_row(entry: UserEntry, rows: Rows) -> ProviderRow:
    """A row for a provider that only the user's file has. It has at least one model.

    A server on this machine that is given no key needs none. One that names a login flow is signed
    in to with that.
    """
    own = entry.provider
    first = next(iter(entry.models.values()))
    api = own.api or first.api or ""
    url = own.base_url or first.base_url or ""
    keyless = own.api_key is UNSET and url.partition("://")[2].startswith(_LOCAL)
    kinds = ("api_key", "none") if keyless else ("api_key",)
    return ProviderRow(
        id=entry.id,
        name=own.name or entry.id,
        api=api,
        rank=1000,
        auth=AuthRow(kinds=("oauth", "api_key"), login=own.oauth)
        if own.oauth
        else AuthRow(kinds=kinds),
        default_model=first.id,
        base_urls={api: url},
        cost_basis="unknown",
        rules=_rules(entry, url, rows),
    )


def _rules(entry: UserEntry, url: str, rows: Rows) -> tuple[ModelRule, ...]:
    """What the hosts of the entry tell; a model with a URL of its own goes by that."""
    if not any(model.base_url for model in entry.models.values()):
        return inferred_rules(url, rows)
    return tuple(
        msgspec.structs.replace(rule, match=_exactly(name))
        for name, model in entry.models.items()
        for rule in inferred_rules(model.base_url or entry.provider.base_url or "", rows)
        if fnmatchcase(name, rule.match)
    )


def changed_row(row: ProviderRow, entry: UserEntry) -> ProviderRow:
    """A provider's row with what an entry says of it: its name, and how to sign in."""
    own = entry.provider
    changes: dict[str, Any] = {}
    if own.name:
        changes["name"] = own.name
    if own.oauth:
        kinds = ("oauth", *(kind for kind in row.auth.kinds if kind not in ("oauth", "none")))
        changes["auth"] = msgspec.structs.replace(row.auth, kinds=kinds, login=own.oauth)
    return msgspec.structs.replace(row, **changes) if changes else row


def merged_for_auth(found: Sequence[UserProvider]) -> UserProvider:
    """Several entries as one; the last one that says something counts."""
    out = found[0]
    for item in found[1:]:
        models = {**out.model_headers}
        for name, headers in item.model_headers.items():
            models[name] = {**models.get(name, {}), **headers}
        out = UserProvider(
            item.api_key or out.api_key,
            {**out.headers, **item.headers},
            item.auth_header or out.auth_header,
            models,
            item.base_url or out.base_url,
            item.origin if item.api_key else out.origin,
        )
    return out


def _exactly(name: str) -> str:
    """A pattern that only this name fits."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)


def apply_user(out: Draft, entry: UserEntry, wires: Wires, *, own: bool) -> None:
    """Lay `entry` over the draft. own: the draft is of a model of `entry.models`."""
    name = out.facts.id
    model = entry.models[name] if own else None
    if entry.provider.base_url and not (model and model.base_url):
        out.base_url = entry.provider.base_url
    compat = entry.provider.compat or None
    changes = [item for item in (model, entry.overrides.get(name)) if item is not None]
    for item in changes:
        _apply(out, item)
        compat = merge_compat(compat, item.compat or None)
    if compat is not None:
        apply_compat(out, compat, wires)


def _apply(out: Draft, item: UserModel | UserOverride) -> None:
    facts = out.facts
    changed: dict[str, object] = {}
    if item.name:
        changed["name"] = item.name
    if item.input:
        changed["input"] = ("text", *(kind for kind in item.input if kind != "text"))
    if item.context_window is not UNSET:
        changed["context_window"] = int(item.context_window)
    if item.max_tokens is not UNSET:
        changed["max_output_tokens"] = int(item.max_tokens)
    if item.input_limits is not UNSET:
        changed["input_limits"] = _limits(item.input_limits)
    if item.cost is not UNSET:
        changed["cost"] = _price(facts.cost, item.cost)
        out.cost_basis = "metered" if out.cost_basis == "unknown" else out.cost_basis
    if changed:
        out.facts = msgspec.structs.replace(facts, **changed)
    words = _levels(out, item)
    if words is not None:
        out.words = words
    if item.sampling_params is not UNSET:
        out.extra_body = merged(out.extra_body, item.sampling_params)
    if item.sampling_params_by_thinking_level is not UNSET:
        by_level = dict(out.by_level)
        for level, body in item.sampling_params_by_thinking_level.items():
            by_level[level] = merged(by_level.get(level, {}), body)
        out.by_level = by_level


def _limits(limits: Struct) -> dict[str, Any]:
    """The limits under the names that the catalog's own data use."""
    out: dict[str, Any] = {}
    for name in limits.__struct_fields__:
        value = getattr(limits, name)
        if value is not UNSET:
            out[name] = _limits(value) if isinstance(value, Struct) else value
    return out


def _levels(out: Draft, item: UserOverride) -> Words | None:
    """The thinking levels after the item, or None if it says nothing about them."""
    if item.reasoning is UNSET and item.thinking_level_map is UNSET:
        return None
    if item.reasoning is False:
        return {}
    words = out.levels_as_words()
    if item.reasoning is True and not words:
        words = parse_levels(DEFAULT_LEVELS)
    for level, own in (item.thinking_level_map or {}).items():
        if own is None:
            words.pop(level, None)
        elif words:
            words[level] = own
    return words


def _price(base: Price, cost: UserCost) -> Price:
    tiers = base.tiers
    if cost.tiers is not UNSET:
        tiers = tuple(
            PriceTier(
                int(tier.input_tokens_above),
                tier.input,
                tier.output,
                tier.cache_read,
                tier.cache_write,
            )
            for tier in sorted(cost.tiers, key=lambda tier: tier.input_tokens_above)
        )
    return Price(
        base.input if cost.input is UNSET else cost.input,
        base.output if cost.output is UNSET else cost.output,
        base.cache_read if cost.cache_read is UNSET else cost.cache_read,
        base.cache_write if cost.cache_write is UNSET else cost.cache_write,
        tiers,
    )
