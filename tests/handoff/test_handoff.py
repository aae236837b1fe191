"""Any conversation, continued on any other model: its vendor takes it, and nothing is lost.

The conversations are made up by hypothesis, always the same ones; set `HYPOTHESIS_HANDOFF` to a
number to look for others, that many for each origin.
"""

import os
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.said import APIS, model_for
from handoff.conversations import conversations
from handoff.validators import check
from pi.ai.messages import Context, Message, ToolDefinition
from pi.ai.options import Options
from pi.ai.protocols import protocols

MORE = int(os.environ.get("HYPOTHESIS_HANDOFF", "0"))
PROFILE = settings(
    max_examples=MORE or 40,
    derandomize=not MORE,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TOOL = ToolDefinition("read", "Read a file.", {"type": "object", "properties": {}})
OPTIONS = st.builds(
    Options,
    thinking=st.sampled_from(["off", "high"]),
    session_id=st.just("session-1"),
    cache_retention=st.sampled_from(["none", "short", "long"]),
)
EXTRA = {
    "openai-completions": [
        {},
        {"max_call_id_length": 40, "cache_control": True},
        {"requires_thinking_as_text": True, "requires_tool_result_name": True},
    ],
    "openai-responses": [{"supports_strict_mode": True}],
    "anthropic-messages": [{}, {"allow_empty_signature": True}],
    "bedrock-converse-stream": [
        {"signed_reasoning": True, "cache_points": True, "supports_images_in_error_results": False},
        {},
    ],
}


def body_for(api: str, context: Context, options: Options, **model: Any) -> Any:
    target = model_for(api, **model)
    settled = options.settle(target, context)
    request = protocols.get(api).encode(target, context, settled).encoded()
    return msgspec.json.decode(request.content)


@pytest.mark.parametrize("origin", APIS)
def test_every_vendor_takes_every_conversation(origin: str) -> None:
    @PROFILE
    @given(
        conversations(origin),
        OPTIONS,
        st.booleans(),
        st.booleans(),
        st.integers(0, 5),
    )
    def holds(
        messages: tuple[Message, ...], options: Options, tools: bool, sees: bool, variant: int
    ) -> None:
        before = repr(messages)
        context = Context(messages, ("Be brief.",), (TOOL,) if tools else ())
        for api in APIS:
            variants = EXTRA.get(api, [{}])
            compat = msgspec.convert(variants[variant % len(variants)], protocols.get(api).Compat)
            inputs = ("text", "image") if sees else ("text",)
            body = body_for(api, context, options, compat=compat, input=inputs)
            try:
                check(api, body, sees=sees)
            except Exception as error:
                error.add_note(f"{origin} to {api}: {body}")
                raise
        assert repr(messages) == before, "the stored conversation is not changed"

    holds()
