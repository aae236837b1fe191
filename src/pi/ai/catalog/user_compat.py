"""What the switches of `models.json` mean here: typed fields of the wire, or pieces of the body.

The file's names partly carry vendors' names, because that is how the format grew; this is where
they end.
"""

from typing import Any, cast

import msgspec
from msgspec import UNSET

from pi.ai.catalog.draft import Draft, template_of
from pi.ai.catalog.schema import ThinkingTemplate, WireRow, Wires
from pi.ai.catalog.thinking import merged
from pi.ai.catalog.user_schema import UserCompat
from pi.ai.model import BUDGET

__all__ = ["apply_compat", "merge_compat"]

_DEEP = ("open_router_routing", "vercel_gateway_routing")

_IGNORED = {
    "supports_max_output_tokens",
    "image_input",
    "send_image_opt_in_header",
    "supports_midconvo_tool_additions",
    "supports_openai_grammar_tools",
    "supports_additional_tools",
    "supports_tool_search",
    "supports_message_threads",
}

_ELSEWHERE = {
    "supports_reasoning_effort",
    "reasoning_effort_map",
    "thinking_format",
    "chat_template_kwargs",
    "chat_template_args",
    "thinking_token_budget_field",
    "supports_thinking_token_budget",
    "cache_control_format",
    "open_router_routing",
    "vercel_gateway_routing",
    "vllm_priority",
    "prompt_cache_key_mode",
    "zai_tool_stream",
    "send_session_affinity_headers",
    "session_affinity_format",
    "send_session_id_header",
}

_SWITCHES = {
    encoded: name
    for encoded, name in zip(
        UserCompat.__struct_encode_fields__, UserCompat.__struct_fields__, strict=True
    )
    if name not in _IGNORED | _ELSEWHERE
}
"""Those that are called the same behind the file, apart from camel case."""

_VARIABLES = {
    "thinking.enabled": "$enabled",
    "thinking.effort": "$effort",
    "thinking.budget": BUDGET,
}


def merge_compat(low: UserCompat | None, high: UserCompat | None) -> UserCompat | None:
    """`high` over `low`, switch by switch; routing tables are merged key by key."""
    if low is None or high is None:
        return high or low
    out: dict[str, Any] = {}
    for name in UserCompat.__struct_fields__:
        ours, theirs = getattr(low, name), getattr(high, name)
        if name in _DEEP and ours is not UNSET and theirs is not UNSET:
            theirs = {**ours, **theirs}
        out[name] = ours if theirs is UNSET else theirs
    return UserCompat(**out)


def apply_compat(out: Draft, compat: UserCompat, wires: Wires) -> None:
    """Lay `compat` over the draft."""
    given: dict[str, Any] = msgspec.to_builtins(compat)  # without what is not set
    switches = {_SWITCHES[name]: value for name, value in given.items() if name in _SWITCHES}
    if compat.zai_tool_stream is not UNSET:
        switches["tool_stream"] = compat.zai_tool_stream
    if compat.cache_control_format is not UNSET:
        switches["cache_control"] = True
    if compat.prompt_cache_key_mode in ("enabled", "disabled"):
        switches["prompt_cache_key"] = compat.prompt_cache_key_mode == "enabled"
    out.compat = {**out.compat, **switches}
    out.extra_body = merged(out.extra_body, _routing(compat))
    out.session_headers = _session_headers(
        out.session_headers, compat, wires.wires.get(out.api) or WireRow()
    )
    _thinking(out, compat, wires)


def _routing(compat: UserCompat) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if compat.open_router_routing is not UNSET:
        body["provider"] = compat.open_router_routing
    if compat.vercel_gateway_routing is not UNSET:
        body["providerOptions"] = {"gateway": compat.vercel_gateway_routing}
    if compat.vllm_priority is not UNSET:
        priority = compat.vllm_priority
        body["priority"] = int(priority) if priority.is_integer() else priority
    return body


def _session_headers(now: tuple[str, ...], compat: UserCompat, wire: WireRow) -> tuple[str, ...]:
    send, style = compat.send_session_affinity_headers, compat.session_affinity_format
    if send is False:
        return ()
    if compat.send_session_id_header is False and style is UNSET:
        style = "openai-nosession"
    if style is UNSET:
        style = "openai"
        if send is UNSET or now:
            return now
    elif send is UNSET and not now:
        return now
    return wire.session_formats.get(style, now)


def _thinking(out: Draft, compat: UserCompat, wires: Wires) -> None:
    if compat.thinking_format is not UNSET and compat.thinking_format in wires.formats:
        out.thinking = wires.formats[compat.thinking_format]
    if compat.force_adaptive_thinking is not UNSET and out.thinking in ("adaptive", "budget"):
        out.thinking = "adaptive" if compat.force_adaptive_thinking else "budget"
    if compat.supports_reasoning_effort is not UNSET:
        out.thinking = _with_effort(out, compat.supports_reasoning_effort, wires)
    if compat.reasoning_effort_map is not UNSET:
        words = out.levels_as_words()
        for level, own in compat.reasoning_effort_map.items():
            if level in words:
                words[level] = own
        out.words = words
    on, off = _extras(compat)
    if on or off:
        base = template_of(out.thinking, wires)
        out.thinking = msgspec.structs.replace(
            base,
            on=merged(base.on, on),
            off=merged(base.off, off),
            levels={
                level: merged(body, off if level == "off" else on)
                for level, body in base.levels.items()
            },
        )


def _with_effort(out: Draft, wanted: bool, wires: Wires) -> str | ThinkingTemplate:
    now = out.thinking
    if isinstance(now, ThinkingTemplate):
        return now
    if not wanted:
        return wires.templates[now].without_effort or now
    richer = [name for name, item in wires.templates.items() if item.without_effort == now]
    wire = wires.wires.get(out.api)
    if wire is not None and wire.thinking in richer:
        return wire.thinking
    return richer[0] if richer else now


def _extras(compat: UserCompat) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is added to the body when thinking is on, and when it is off."""
    on: dict[str, Any] = {}
    off: dict[str, Any] = {}
    for field in ("chat_template_kwargs", "chat_template_args"):
        values = getattr(compat, field)
        if values is UNSET:
            continue
        arguments = cast("dict[str, Any]", values)
        on[field] = {name: _argument(value) for name, value in arguments.items()}
        off[field] = {
            name: _argument(value)
            for name, value in arguments.items()
            if not (isinstance(value, dict) and cast("dict[str, Any]", value).get("omitWhenOff"))
        }
    if compat.thinking_token_budget_field is not UNSET:
        on[compat.thinking_token_budget_field] = BUDGET
    elif compat.supports_thinking_token_budget is True:
        on["thinking_token_budget"] = BUDGET
    return on, off


def _argument(value: Any) -> Any:
    if isinstance(value, dict):
        argument = cast("dict[str, Any]", value)
        return _VARIABLES.get(argument.get("$var", ""), argument)
    return value
