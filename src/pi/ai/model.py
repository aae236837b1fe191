"""A model as data: where it answers, what it can do, what it costs.

A `Model` is complete. Whatever a provider, a pattern or the user's `models.json` says about it was
merged when the catalog made it, so that a protocol reads a field and never asks "or else?".

Thinking comes in two forms and no third: typed fields of `compat`, named after the wire, and
`thinking`: for every level the user may pick, the fragment of the request body that selects it.
In a fragment the string `"$budget"` stands for the level's token budget, which is filled in for
each call.
"""

from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct, field

from pi.ai.messages import Cost, Usage

__all__ = [
    "BUDGET",
    "LEVELS",
    "AuthHeader",
    "Model",
    "Price",
    "PriceTier",
    "ThinkingLevel",
]

ThinkingLevel = Literal["off", "minimal", "low", "medium", "high", "xhigh", "max"]
LEVELS: tuple[ThinkingLevel, ...] = get_args(ThinkingLevel)
BUDGET = "$budget"


class PriceTier(Struct, frozen=True, rename="camel"):
    """Rates that replace all others when a request has more than `input_tokens_above` input."""

    input_tokens_above: int
    input: float
    output: float
    cache_read: float = 0.0
    cache_write: float = 0.0


class Price(Struct, frozen=True, rename="camel", omit_defaults=True):
    """US dollars per million tokens."""

    input: float = 0.0
    output: float = 0.0
    cache_read: float = 0.0
    cache_write: float = 0.0
    tiers: tuple[PriceTier, ...] = ()

    def of(self, usage: Usage, *, multiplier: float = 1.0, billed: float | None = None) -> Usage:
        """`usage` with its cost filled in.

        The highest tier strictly below the request's whole input applies to all of it. Cache writes
        with one hour of retention cost twice the input rate. `multiplier` is that of a service
        tier; `billed` is the provider's own bill in dollars and wins over the sum.
        """
        rate: Price | PriceTier = self
        whole_input = usage.input + usage.cache_read + usage.cache_write
        for tier in self.tiers:
            if whole_input > tier.input_tokens_above:
                rate = tier
        hour = 0 if usage.cache_write_1h is msgspec.UNSET else usage.cache_write_1h
        cost_in, cost_out, cost_read, cost_write = (
            micro_dollars * multiplier / 1e6
            for micro_dollars in (
                usage.input * rate.input,
                usage.output * rate.output,
                usage.cache_read * rate.cache_read,
                (usage.cache_write - hour) * rate.cache_write + hour * 2 * rate.input,
            )
        )
        total = cost_in + cost_out + cost_read + cost_write
        cost = Cost(
            cost_in,
            cost_out,
            cost_read,
            cost_write,
            total if billed is None else billed,
            msgspec.UNSET if billed is None else True,
        )
        return msgspec.structs.replace(usage, cost=cost)


class AuthHeader(Struct, frozen=True):
    """How a key travels: `name: prefix + key`."""

    name: str = "Authorization"
    prefix: str = "Bearer "


class Model(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One model of one provider. Token counts are tokens.

    id: as sent on the wire; may contain `/ : @ .`, so never split it.
    api: name of the wire protocol.
    base_url: may contain `{NAME}`, filled from credential and environment when a request is made.
    context_window: input and output together, as far as the price does not jump;
        `extended_context_window` is the real limit where that is larger.
    cost_basis: metered, subscription (shown as the equivalent price), subscription-unpriced, free
        or unknown.
    headers: static request headers. session_headers: names of headers that carry the session id.
    context_headers: headers made from the conversation, name to one of `initiator` (user or agent)
        and `vision` (`true` if there is an image, else left out).
    extra_body: merged into every request body, last.
    compat: the protocol's own `Compat` struct.
    """

    id: str
    name: str
    provider: str
    api: str
    base_url: str
    reasoning: bool = False
    thinking: dict[ThinkingLevel, dict[str, Any]] = field(default_factory=lambda: {"off": {}})
    input: tuple[str, ...] = ("text",)
    context_window: int = 128_000
    max_output_tokens: int = field(default=16_384, name="maxTokens")
    cost: Price = Price()
    cost_basis: str = "unknown"
    headers: dict[str, str] = {}
    session_headers: tuple[str, ...] = ()
    context_headers: dict[str, str] = {}
    auth_header: AuthHeader = AuthHeader()
    extra_body: dict[str, Any] = {}
    compat: Any = None
    extended_context_window: int | None = None
    input_limits: dict[str, Any] | None = None
    release_date: str | None = None
    unverified: bool = False

    @property
    def key(self) -> str:
        """`provider/id`, the name under which a user can always find this model."""
        return f"{self.provider}/{self.id}"

    @property
    def sees_images(self) -> bool:
        """Whether images may be sent."""
        return "image" in self.input

    @property
    def thinking_levels(self) -> tuple[ThinkingLevel, ...]:
        """The levels a user may pick, in order."""
        return tuple(level for level in LEVELS if level in self.thinking)

    def clamp(self, level: ThinkingLevel) -> ThinkingLevel:
        """The nearest supported level: the next higher one, else the next lower one."""
        if level in self.thinking:
            return level
        at = LEVELS.index(level)
        for candidate in (*LEVELS[at + 1 :], *reversed(LEVELS[:at])):
            if candidate in self.thinking:
                return candidate
        return "off"
