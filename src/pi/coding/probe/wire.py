"""The questions to one wire, in order, each followed by its judgement.

A step is a small function over a `Wire`: it asks once or twice and notes what it found. What a
server refuses is switched off for the steps after it, so that one gap does not hide the rest.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from pi.ai.messages import Context
from pi.ai.model import AuthHeader, Model
from pi.coding.probe import judge
from pi.coding.probe import questions as q
from pi.coding.probe.answer import Answer
from pi.coding.probe.ask import Asker
from pi.coding.probe.judge import Finding

__all__ = ["STEPS", "Step", "Wire", "cautious", "steps_of"]

_CAUTIOUS: dict[str, dict[str, Any]] = {
    "openai-completions": {
        "supports_store": False,
        "supports_developer_role": False,
        "supports_usage_in_streaming": False,
        "supports_long_cache_retention": False,
        "max_tokens_field": "max_tokens",
    },
    "openai-responses": {
        "supports_store": False,
        "supports_developer_role": False,
        "supports_long_cache_retention": False,
        "prompt_cache_key": False,
    },
    "anthropic-messages": {
        "supports_eager_tool_input_streaming": False,
        "supports_cache_control_on_tools": False,
    },
}
_THINKING: dict[str, dict[str, Any]] = {
    "openai-completions": {"reasoning_effort": "low"},
    "openai-responses": {"reasoning": {"effort": "low", "summary": "auto"}},
    "anthropic-messages": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    "google-generative-ai": {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}},
}
_HISTORY_SWITCHES = (
    "requires_non_null_assistant_content",
    "requires_tool_result_name",
    "requires_assistant_after_tool_result",
)


def cautious(api: str) -> dict[str, Any]:
    """The switches with which a server is asked first: the least that may surprise it."""
    return dict(_CAUTIOUS.get(api, {}))


class Wire:
    """One wire of a server while it is asked. `compat` is what holds so far."""

    def __init__(self, asker: Asker, api: str, base_url: str, model: str) -> None:
        self.asker = asker
        self.api = api
        self.base_url = base_url
        self.model_id = model
        self.compat = cautious(api)
        self.auth_header: AuthHeader | None = None
        self.proven: dict[str, Any] = {}
        self.findings: dict[str, Finding] = {}
        self.answers: list[Answer] = []
        self.plain = Answer()

    async def ask(
        self,
        context: Context = q.PLAIN,
        *,
        switches: dict[str, Any] | None = None,
        name: str = "",
        keyless: bool = False,
        model: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Answer:
        """Ask with `switches` over what holds so far. model: more about the model."""
        stand_in = self.model(switches, name=name, **(model or {}))
        answer = await self.asker.ask(q.question(stand_in, context, **settings), keyless=keyless)
        self.answers.append(answer)
        return answer

    def model(
        self, switches: dict[str, Any] | None = None, *, name: str = "", **more: Any
    ) -> Model:
        """The model that stands for the server."""
        compat = self.compat | (switches or {})
        return q.model_for(
            self.api,
            self.base_url,
            name or self.model_id,
            compat,
            auth_header=self.auth_header,
            **more,
        )

    def note(self, name: str, finding: Finding, switch: str = "", value: Any = None) -> None:
        """Keep a finding. switch: what of the wire it settles, with `value`, from now on."""
        self.findings[name] = finding
        if switch and finding.verdict != "unknown":
            self.compat[switch] = self.proven[switch] = value


# -- the steps -------------------------------------------------------------------------------------


async def first(wire: Wire) -> None:
    """The plain prompt: is there a model at all? Other names of things are tried if need be."""
    answer = await wire.ask()
    if answer.refused and wire.api == "openai-completions":
        other = await wire.ask(switches={"max_tokens_field": "max_completion_tokens"})
        if other.good:
            wire.compat["max_tokens_field"] = "max_completion_tokens"
            answer = other
    elif answer.status in (401, 403) and wire.asker.key and wire.api == "anthropic-messages":
        wire.auth_header = AuthHeader()
        other = await wire.ask()
        if other.good:
            answer = other
        else:
            wire.auth_header = None
    wire.plain = answer
    wire.note("streaming", judge.streaming(answer))


async def usage(wire: Wire) -> None:
    """Token counts in a stream, which one wire has to be asked for."""
    if wire.api == "openai-completions":
        switch = "supports_usage_in_streaming"
        answer = await wire.ask(switches={switch: True})
        wire.note("usage", judge.usage(answer), switch, answer.good)
        if answer.good:
            wire.plain = answer
    else:
        finding = judge.usage(wire.plain)
        wire.note(
            "usage", Finding("no", finding.detail) if finding.verdict == "ignored" else finding
        )


async def token_limit(wire: Wire) -> None:
    """Which name of the limit is heeded; the newer one if both are."""
    found: dict[str, Finding] = {}
    for name in ("max_completion_tokens", "max_tokens"):
        answer = await wire.ask(
            q.with_count(),
            switches={"max_tokens_field": name},
            limit=q.COUNT_LIMIT,
            pieces=6 * q.COUNT_LIMIT,
        )
        found[name] = judge.token_limit(answer, q.COUNT_LIMIT)
        wire.findings[name] = found[name]
    heeded = [name for name, finding in found.items() if finding.verdict == "yes"]
    usable = heeded or [name for name, finding in found.items() if finding.verdict == "ignored"]
    if usable:
        # of two that are both ignored the older name is understood by more
        best = heeded[0] if heeded else usable[-1]
        wire.compat["max_tokens_field"] = wire.proven["max_tokens_field"] = best


async def answer_limit(wire: Wire) -> None:
    """Whether the only name of the limit is heeded."""
    answer = await wire.ask(q.with_count(), limit=q.SHORT, pieces=6 * q.SHORT)
    wire.note("token limit", judge.token_limit(answer, q.SHORT))


async def developer(wire: Wire) -> None:
    """Instructions as `developer`, as reasoning models get them."""
    answer = await wire.ask(
        q.with_system(),
        switches={"supports_developer_role": True},
        model={"reasoning": True},
    )
    finding = judge.developer_role(answer, wire.plain)
    wire.note("developer role", finding, "supports_developer_role", finding.verdict == "yes")


async def system(wire: Wire) -> None:
    """Instructions in the wire's own place for them."""
    answer = await wire.ask(q.with_system())
    wire.note("system prompt", judge.developer_role(answer, wire.plain))


async def store(wire: Wire) -> None:
    """Whether `store: false` may be sent."""
    answer = await wire.ask(switches={"supports_store": True})
    wire.note("store", judge.accepted(answer), "supports_store", answer.good)


async def tools(wire: Wire) -> None:
    """Tools: one call, several, and arguments as they are written."""
    eager = "supports_eager_tool_input_streaming"
    switches = {eager: True} if wire.api == "anthropic-messages" else {}
    answer = await wire.ask(q.with_tools(), switches=switches, limit=q.TOOLS_LIMIT)
    if switches:
        if answer.good or answer.status >= 400:
            wire.compat[eager] = wire.proven[eager] = answer.good
        if not answer.good:
            answer = await wire.ask(q.with_tools(), limit=q.TOOLS_LIMIT)
    forced = answer.good and not answer.calls
    for choice in ("required", q.TOOL_NAME) if forced else ():
        demanded = await wire.ask(q.with_tools(), limit=q.TOOLS_LIMIT, tool_choice=choice)
        if demanded.calls:
            answer = demanded
            break
    wire.note("tools", judge.calls(answer, forced=forced))
    wire.note("parallel calls", judge.parallel_calls(answer))
    wire.note("streamed arguments", judge.streamed_arguments(answer))


async def tool_results(wire: Wire) -> None:
    """A conversation with a tool's answer; if it is refused, the known ways to write it."""
    answer = await wire.ask(q.with_history(wire.model()))
    finding = judge.accepted(answer)
    if answer.status >= 400 and wire.api == "openai-completions":
        for switch in _HISTORY_SWITCHES:
            again = await wire.ask(q.with_history(wire.model()), switches={switch: True})
            if again.good:
                wire.note("tool results", Finding("yes", switch), switch, True)
                return
    wire.note("tool results", finding)


async def strict(wire: Wire) -> None:
    """Whether tools may say `strict`."""
    answer = await wire.ask(q.with_tools(), switches={"supports_strict_mode": True})
    wire.note("strict tools", judge.accepted(answer))


async def thinking(wire: Wire) -> None:
    """Thinking is asked for, and looked for in everything that came."""
    limit = 1200 if wire.api == "anthropic-messages" else 64
    answer = await wire.ask(limit=limit, thinking="low", model={"thinking": _THINKING[wire.api]})
    finding = judge.thinking(wire.answers)
    if answer.status >= 400:
        wire.note("thinking asked for", judge.accepted(answer))
    wire.note("thinking", finding)


async def images(wire: Wire) -> None:
    """A picture of one pixel."""
    wire.note("images", judge.images(await wire.ask(q.with_image()), wire.plain))


async def caching(wire: Wire) -> None:
    """Marks for the prompt cache, on the prompt and on tools."""
    switch = "supports_cache_control_on_tools"
    answer = await wire.ask(
        q.with_tools(), switches={switch: True}, cache_retention="short", limit=q.SHORT
    )
    wire.note("cache marks", judge.accepted(answer), switch, answer.good)


async def names(wire: Wire) -> None:
    """A model that nobody has, and how the server complains."""
    answer = await wire.ask(name=q.NO_MODEL)
    wire.note("model name", judge.model_name(answer))
    if answer.status < 400:
        answer = next((item for item in wire.answers if item.status >= 400), answer)
    wire.note("errors", judge.error_shape(answer))


async def key(wire: Wire) -> None:
    """The plain prompt without a key."""
    given = bool(wire.asker.key)
    answer = await wire.ask(keyless=True) if given else wire.plain
    wire.note("key needed", judge.key_needed(answer, given=given))


class Step(NamedTuple):
    """A step, and its bounds: requests, and tokens of all answers together."""

    run: Callable[[Wire], Awaitable[None]]
    requests: int
    tokens: int


_COMMON = (
    Step(tools, 4, 4 * q.TOOLS_LIMIT),
    Step(tool_results, 4, 4 * q.SHORT),
)
_LAST = (Step(images, 1, q.SHORT), Step(names, 1, q.SHORT), Step(key, 1, q.SHORT))

STEPS: dict[str, tuple[Step, ...]] = {
    "openai-completions": (
        Step(usage, 1, q.SHORT),
        Step(token_limit, 2, 12 * q.COUNT_LIMIT),
        Step(developer, 1, q.SHORT),
        Step(store, 1, q.SHORT),
        *_COMMON,
        Step(strict, 1, q.SHORT),
        Step(thinking, 1, 64),
        *_LAST,
    ),
    "openai-responses": (
        Step(usage, 0, 0),
        Step(answer_limit, 1, 6 * q.SHORT),
        Step(developer, 1, q.SHORT),
        Step(store, 1, q.SHORT),
        *_COMMON,
        Step(strict, 1, q.SHORT),
        Step(thinking, 1, 64),
        *_LAST,
    ),
    "anthropic-messages": (
        Step(usage, 0, 0),
        Step(answer_limit, 1, 6 * q.SHORT),
        Step(system, 1, q.SHORT),
        *_COMMON,
        Step(caching, 1, q.SHORT),
        Step(thinking, 1, 1200),
        *_LAST,
    ),
    "google-generative-ai": (
        Step(usage, 0, 0),
        Step(answer_limit, 1, 6 * q.SHORT),
        Step(system, 1, q.SHORT),
        *_COMMON,
        Step(thinking, 1, 64),
        *_LAST,
    ),
}
"""What each wire is asked once it has answered the plain prompt."""


def steps_of(api: str) -> tuple[Step, ...]:
    """All steps of a wire; the first one decides whether the others are run."""
    return (Step(first, 2, 2 * q.SHORT), *STEPS[api])
