"""What can be told about a provider's credential without using it: for `pi auth` and pickers."""

from typing import Any

from msgspec import Struct

from pi.ai.auth.masks import hint
from pi.ai.auth.sources import MODELS_JSON, OVERRIDE, Found, Sources
from pi.ai.auth.values import describe, missing_variables

__all__ = ["Looked", "Place", "Status", "status_of"]


class Place(Struct, frozen=True, kw_only=True):
    """One place in the order of resolution that has a credential.

    step: `override`, `stored`, `environment`, `ambient` or `models.json`. method: `api_key`,
    `oauth`, or a cloud's kind. source: file, variable or flag. masked: the end of a key that stands
    there, or the command, variable or keyring entry it comes from. expires: ms since the epoch.
    identity: whom a login belongs to, as far as it says so.
    """

    step: str
    method: str
    source: str
    masked: str = ""
    expires: int | None = None
    identity: str = ""


class Looked(Struct, frozen=True):
    """One step of the order: where was looked, and what was found there."""

    where: str
    found: Place | None = None


class Status(Struct, frozen=True, kw_only=True):
    """The credential of a provider.

    used: the place that wins, None if there is none. shadowed: the places that would have been used
    without it, in order. steps: the whole order, with what each step found. configured: whether a
    request is likely to find a credential. missing: variables that must be set besides.
    around: what else a request would look at, and what is there. trouble: why it does not work, as
    far as that is known.
    """

    provider: str
    name: str
    account: str | None
    configured: bool
    used: Place | None
    shadowed: tuple[Place, ...] = ()
    steps: tuple[Looked, ...] = ()
    missing: tuple[str, ...] = ()
    around: tuple[tuple[str, str], ...] = ()
    trouble: str = ""

    @property
    def method(self) -> str:
        """`api_key`, `oauth`, a cloud's kind, or "" if there is no credential."""
        return self.used.method if self.used else ""

    @property
    def source(self) -> str:
        """Where the credential in use comes from; "" if there is none."""
        return self.used.source if self.used else ""

    @property
    def expires(self) -> int | None:
        """When a login ends, in ms since the epoch; it is refreshed before that."""
        return self.used.expires if self.used else None

    @property
    def masked(self) -> str:
        """What may be shown of the key in use."""
        return self.used.masked if self.used else ""


def status_of(sources: Sources, where: str, account: str | None, trouble: str = "") -> Status:
    """The status that follows from `sources`. `where` names the store."""
    places = tuple(_place(found, sources) for found in sources.found)
    used = places[0] if places and not sources.lacks_account else None
    if sources.lacks_account:
        trouble = f"there is no account {sources.account!r} in {where}"
    return Status(
        provider=sources.row.id,
        name=sources.row.name,
        account=account,
        configured=sources.configured,
        used=used,
        shadowed=places[1:] if used else places,
        steps=_steps(sources, places, where),
        missing=sources.missing,
        around=sources.kind.surroundings(sources.env),
        trouble=str(sources.problem or trouble),
    )


def _steps(sources: Sources, places: tuple[Place, ...], where: str) -> tuple[Looked, ...]:
    """The order, step by step; what was found beside the named places stands where it ranks."""
    steps: list[Looked] = []
    left = list(places)

    def look(words: str, *, step: str, source: str = "") -> None:
        hits = [p for p in left if p.step == step and source in ("", p.source)]
        for place in hits:
            left.remove(place)
        steps.extend(Looked(words, place) for place in hits)
        if not hits:
            steps.append(Looked(words))

    look(OVERRIDE, step="override")
    look(f"{sources.entry!r} in {where}", step="stored")
    for name in sources.row.auth.env:
        look(name, step="environment", source=name)
    if sources.kind.hidden or any(place.step == "ambient" for place in left):
        look(f"{sources.kind.name} surroundings", step="ambient")
    look(sources.user.origin if sources.user else MODELS_JSON, step="models.json")
    return tuple(steps)


def _place(found: Found, sources: Sources) -> Place:
    masked = ""
    if found.key is not None:
        masked = hint(found.key)
    elif found.spec is not None:
        masked = describe(found.spec, sources.env) or hint(found.spec)
        missing = missing_variables(found.spec, sources.env)
        if missing:
            masked += " (not set)"
    return Place(
        step=found.step,
        method=found.method,
        source=found.source,
        masked=masked,
        expires=found.login.expires if found.login else None,
        identity=_identity(found.login.extra) if found.login else "",
    )


def _identity(extra: dict[str, Any]) -> str:
    values = (extra.get(name) for name in ("email", "accountId", "enterpriseUrl"))
    return next((value for value in values if isinstance(value, str) and value), "")
