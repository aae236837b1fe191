"""What a row of the provider table says, and how it is compared with what went over the wire.

A row holds what the service documents or what was seen on its wire, written out by hand. It must
never be filled in from the catalog: then it could not fail.
"""

from typing import Any

from msgspec import Struct

from pi.ai.auth.base import OAuth

__all__ = [
    "ABSENT",
    "BEARER",
    "KEY",
    "Json",
    "Row",
    "chat",
    "differences",
    "gemini",
    "login",
    "messages",
    "responses",
    "thinking_in",
]

Json = dict[str, Any]

KEY = "test-key-0123456789"
BEARER = ("authorization", f"Bearer {KEY}")
ABSENT = "(absent)"
"""Stands for a field that must not be there."""

FOREVER = 4_000_000_000_000


class Row(Struct, frozen=True, kw_only=True):
    """One model of one provider on one wire.

    env: what the user has set. login: what the user has stored instead. auth: the one header that
    carries the key. headers: those that are the same for every request. session: the names of those
    that carry the session id. body: path to value, for a request with a tool, a history and an
    output limit of 3,000. level, on: a thinking level and what it adds to the body. off: what
    stands there when no thinking is asked for. headers_on: headers that come with thinking.
    long: path to value for a request with long cache retention. prices: dollars per million tokens
    of input, output, cache read and cache write.
    """

    provider: str
    api: str
    model: str
    url: str
    level: str
    on: Json
    off: Json
    body: Json
    prices: tuple[float, float, float, float]
    env: dict[str, str] = {}
    login: OAuth | None = None
    auth: tuple[str, str] = BEARER
    headers: dict[str, str] = {}
    headers_on: dict[str, str] = {}
    session: tuple[str, ...] = ()
    long: Json = {}

    @property
    def name(self) -> str:
        """For the list of tests."""
        return f"{self.provider}-{self.model.rpartition('/')[2]}"


def login(access: str, **extra: Any) -> OAuth:
    """A stored login that is good for a long time."""
    return OAuth("test-refresh", access, FOREVER, extra)


# -- bodies, wire by wire --------------------------------------------------------------------------


def chat(
    role: str,
    limit: str,
    *,
    store: bool,
    strict: bool,
    reasoning_content: bool = False,
    tool_stream: bool = False,
    marks: bool = False,
) -> Json:
    """Chat completions.

    role: of the system prompt. limit: the name of the output limit. store, strict: whether
    `store: false` and `strict: false` are sent. reasoning_content: whether earlier answers carry
    that field. tool_stream: whether that field is sent. marks: whether `cache_control` is used.
    """
    other = ({"max_tokens", "max_completion_tokens"} - {limit}).pop()
    mark = {"type": "ephemeral"} if marks else ABSENT
    prompt: Any = "Be brief."
    last: Any = "and now?"
    if marks:
        prompt = [{"type": "text", "text": prompt, "cache_control": mark}]
        last = [{"type": "text", "text": last, "cache_control": mark}]
    return {
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages.0": {"role": role, "content": prompt},
        "messages.1": {"role": "user", "content": "look"},
        "messages.2.role": "assistant",
        "messages.2.reasoning_content": "" if reasoning_content else ABSENT,
        "messages.2.tool_calls.0.id": "call_1",
        "messages.3": {"role": "tool", "tool_call_id": "call_1", "content": "fine"},
        "messages.4": {"role": "user", "content": last},
        limit: 3000,
        other: ABSENT,
        "store": False if store else ABSENT,
        "tools.0.type": "function",
        "tools.0.function.name": "read",
        "tools.0.function.strict": False if strict else ABSENT,
        "tools.0.cache_control": mark,
        "tool_stream": True if tool_stream else ABSENT,
        "prompt_cache_key": ABSENT,
        "prompt_cache_retention": ABSENT,
    }


def responses(role: str, *, strict: bool) -> Json:
    """Responses. role: of the system prompt. strict: whether tools carry `strict: false`."""
    return {
        "stream": True,
        "store": False,
        "input.0": {"role": role, "content": "Be brief."},
        "input.1": {"role": "user", "content": [{"type": "input_text", "text": "look"}]},
        "input.2.type": "message",
        "input.3.type": "function_call",
        "input.3.call_id": "call_1",
        "input.4": {"type": "function_call_output", "call_id": "call_1", "output": "fine"},
        "max_output_tokens": 3000,
        "tools.0.type": "function",
        "tools.0.name": "read",
        "tools.0.strict": False if strict else ABSENT,
        "prompt_cache_key": "session-1",
        "prompt_cache_retention": ABSENT,
        "prompt_cache_options": ABSENT,
    }


def messages(*, limit: int = 3000, eager: bool = True, tool_mark: bool = True) -> Json:
    """Messages. limit: with what the thinking takes. eager: whether tools stream their input.

    tool_mark: whether the tools are marked for the cache.
    """
    mark = {"type": "ephemeral"}
    return {
        "stream": True,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": mark}],
        "messages.0": {"role": "user", "content": "look"},
        "messages.1.content.1.id": "call_1",
        "messages.2.content.0.tool_use_id": "call_1",
        "messages.-1.content.-1": {"type": "text", "text": "and now?", "cache_control": mark},
        "max_tokens": limit,
        "tools.0.name": "read",
        "tools.0.eager_input_streaming": True if eager else ABSENT,
        "tools.0.cache_control": mark if tool_mark else ABSENT,
        "temperature": ABSENT,
    }


def gemini(*, ids: bool, limit: int = 3000, inside: str = "", schema: bool = True) -> Json:
    """GenerateContent. ids: whether calls carry one. inside: a path around it with a dot.

    schema: whether tools are declared by their whole JSON Schema.
    """
    body = {
        "systemInstruction.parts": [{"text": "Be brief."}],
        "contents.0": {"role": "user", "parts": [{"text": "look"}]},
        "contents.1.role": "model",
        "contents.1.parts.1.functionCall.id": "call_1" if ids else ABSENT,
        "contents.2.parts.0.functionResponse.name": "read",
        "contents.2.parts.0.functionResponse.response": {"output": "fine"},
        "contents.2.parts.0.functionResponse.id": "call_1" if ids else ABSENT,
        "tools.0.functionDeclarations.0.name": "read",
        "tools.0.functionDeclarations.0.parametersJsonSchema.type": "object" if schema else ABSENT,
        "tools.0.functionDeclarations.0.parameters.type": ABSENT if schema else "object",
        "generationConfig.maxOutputTokens": limit,
    }
    return {inside + path: value for path, value in body.items()}


# -- comparing -------------------------------------------------------------------------------------


def differences(body: Any, expected: Json) -> Json:
    """Path to (what is there, what should be there), for what differs."""
    found = {path: _at(body, path.split(".")) for path in expected}
    return {path: (found[path], value) for path, value in expected.items() if found[path] != value}


def _at(value: Any, path: list[str]) -> Any:
    for step in path:
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (LookupError, TypeError):
            return ABSENT
    return value


_THINKING = (
    "additionalModelRequestFields",
    "chat_template_args",
    "chat_template_kwargs",
    "enable_thinking",
    "include",
    "output_config",
    "prompt_mode",
    "reasoning",
    "reasoning_effort",
    "thinking",
)


def thinking_in(body: Json) -> Json:
    """Everything in a body that has to do with thinking, on any wire."""
    found = {name: body[name] for name in _THINKING if name in body}
    if "reasoning" in body.get("options", {}):
        found["options.reasoning"] = body["options"]["reasoning"]
    inner = body.get("request", body)
    config = inner.get("generationConfig", {})
    if "thinkingConfig" in config:
        found["thinkingConfig"] = config["thinkingConfig"]
    return found
