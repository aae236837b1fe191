"""Conversations as they come out of real sessions, and worse: strategies for hypothesis.

Every answer has an author: a model of one of the wires, whose ids and signatures have the shape
that its service gives them, or a stranger whose service does anything it likes.
"""

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from msgspec.structs import replace

from conformance.said import APIS, model_for
from pi.ai.messages import (
    AssistantMessage,
    ImageContent,
    Message,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
)

__all__ = ["STRANGER", "conversations"]

STRANGER = "a-wire-of-somebody-else"
PICTURES = (
    ImageContent("iVBORw0KGgo=", "image/png"),
    ImageContent("/9j/4AAQSkY=", "image/jpeg"),
)
TEXTS = st.sampled_from(
    [
        "",
        " ",
        "\n\t \u3000",
        "\ud83d",
        "hello",
        "Grüße 🌍 👩‍👩‍👧 עברית \u2028",
        "half \ud83d a \ude00 pair",
        "a\x00b\x7f\x1b[31m",
        '{"not": "json',
        "data: [DONE]\n\n",
        "x" * 300,
    ]
) | st.text(st.characters(codec=None), max_size=8)
SOMETHING = st.sampled_from(["fine", "total 0", "ß 🌍", "half \ud83d pair", "two\nlines"])
NAMES = st.sampled_from(
    ["read", "read", "bash", "edit_file", "default_api:read", "mcp.srv/x y", ""]
)
ARGUMENTS = st.sampled_from(
    [
        {},
        {"path": "x"},
        {"path": "ß 🌍 \ud83d", "deep": {"": [1, 2.5, None, True, {"": 0}]}},
        {"": "empty key", "n": 10**18},
    ]
)
CONTENT = st.lists(st.builds(TextContent, TEXTS) | st.sampled_from(PICTURES), max_size=4).map(tuple)
USERS = st.builds(UserMessage, TEXTS | SOMETHING | CONTENT, st.just(1))
STOPS = st.sampled_from(["stop", "toolUse", "toolUse", "toolUse", "length", "error", "aborted"])

_long = "call/" + "aB3+/=|" * 57
IDS: dict[str, SearchStrategy[str]] = {
    "anthropic-messages": st.sampled_from(["toolu_01", "toolu_02", "toolu_" + "x" * 50]),
    "bedrock-converse-stream": st.sampled_from(["tooluse_a-b", "tooluse_C", "tooluse_d_e"]),
    "mistral-conversations": st.sampled_from(["aB3dE5gH9", "aB3dE5gH8", "000000000"]),
    "openai-completions": st.sampled_from(["call_0", "call_1", "call_0123456789abcdefghijklmn"]),
    "pi-messages": st.sampled_from(["call_0|fc_0", "toolu_01", "aB3dE5gH9"]),
    STRANGER: st.sampled_from(
        ["", "call_0", "a.b", "a:b", "a|b", "a|c", "ß 🌍", _long, _long + "x"]
    ),
}
for _api in ("google-generative-ai", "google-vertex", "google-gemini-cli"):
    IDS[_api] = st.sampled_from(["call_abc", "call_0", "f-1"])
for _api in ("openai-responses", "openai-codex-responses", "azure-openai-responses"):
    IDS[_api] = st.sampled_from(["call_0|fc_0", "call_1|fc_1", "call_2|" + _long[5:], "call_3"])


@st.composite
def _signed(draw: DrawFn, api: str, number: int) -> list[Any]:
    """Thinking as the wire's services sign it, and perhaps text."""
    thinking, text = draw(TEXTS), draw(TEXTS | SOMETHING)
    if api == "openai-completions":
        details = [{"type": "reasoning.encrypted", "data": "c2ln", "id": f"rs_{number}"}]
        signature = draw(
            st.sampled_from([None, "reasoning_content", "reasoning", json.dumps(details)])
        )
        return [ThinkingContent(thinking, signature), TextContent(text)]
    if api.endswith("-responses"):
        item: dict[str, Any] = {"type": "reasoning", "id": f"rs_{number}", "summary": []}
        item |= draw(
            st.sampled_from([{"encrypted_content": "c2ln"}, {"encrypted_content": None}, {}])
        )
        said = {"v": 1, "id": f"msg_{number}", "phase": "commentary"}
        signature = draw(
            st.sampled_from([json.dumps(said), f"msg_{number}", f"m{number}" * 40, None])
        )
        return [ThinkingContent(thinking, json.dumps(item)), TextContent(text, signature)]
    if api == "mistral-conversations":
        return [ThinkingContent(thinking), TextContent(text)]
    if api.startswith("google"):
        signature = draw(st.sampled_from([None, "c2lnbmVk", "not base64!"]))
        return [ThinkingContent(thinking, signature), TextContent(text, signature)]
    redacted = draw(st.booleans())
    block = ThinkingContent("" if redacted else thinking, f"c2ln{number:04}", redacted)
    return [block, TextContent(text)]


@st.composite
def _answers(draw: DrawFn, authors: SearchStrategy[str], number: int) -> AssistantMessage:
    api = draw(authors)
    content: list[Any] = []
    if draw(st.booleans()):
        content += draw(_signed(api, number))
    else:
        content += [TextContent(text) for text in draw(st.lists(TEXTS | SOMETHING, max_size=2))]
    for _ in range(draw(st.integers(0, 3))):
        call = ToolCall(draw(IDS[api]), draw(NAMES), draw(ARGUMENTS))
        if api.startswith("google") and draw(st.booleans()):
            call = replace(call, thought_signature="c2lnbmVk")
        if draw(st.integers(0, 9)) == 0:
            call = replace(call, arguments_error="cut off")
        content.append(call)
    if draw(st.integers(0, 9)) == 0:
        content.reverse()
    if api == STRANGER:
        author = (STRANGER, "elsewhere", "other")
    else:
        model = model_for(api)
        author = (api, model.provider, model.id)
    stop = draw(STOPS)
    return AssistantMessage(tuple(content), *author, Usage(), stop, 2)


@st.composite
def _results(draw: DrawFn, answer: AssistantMessage) -> list[Message]:
    """What the tools said, if they came so far; a result too many now and then."""
    calls = list(answer.tool_calls)
    if draw(st.integers(0, 4)) == 0:
        calls = calls[: draw(st.integers(0, len(calls)))]
    if draw(st.integers(0, 9)) == 0:
        calls.append(ToolCall(draw(IDS[STRANGER]), "read", {}))
    if draw(st.integers(0, 4)) == 0:
        calls.reverse()
    found: list[Message] = []
    for call in calls:
        content = draw(CONTENT | st.builds(lambda text: (TextContent(text),), SOMETHING))
        found.append(
            ToolResultMessage(call.id, call.name, content, draw(st.booleans()), timestamp=3)
        )
    return found


@st.composite
def conversations(draw: DrawFn, origin: str) -> tuple[Message, ...]:
    """A conversation that was led mostly with a model of the wire `origin`."""
    messages: list[Message] = [draw(USERS)] if draw(st.integers(0, 9)) else []
    authors = st.sampled_from([origin, origin, origin, STRANGER, *APIS])
    for number in range(draw(st.integers(1, 5))):
        answer = draw(_answers(authors, number))
        messages += [answer, *draw(_results(answer))]
        if not answer.tool_calls or draw(st.integers(0, 2)) == 0:
            messages.append(draw(USERS))
    if draw(st.booleans()):
        return (*messages, UserMessage("go on", 4))
    answer = replace(draw(_answers(authors, 9)), stop_reason="toolUse")
    call = ToolCall(draw(IDS[answer.api]), "read", {})
    answer = replace(answer, content=(*answer.content, call))
    result = ToolResultMessage(call.id, "read", (TextContent("fine"),), timestamp=3)
    return (*messages, UserMessage("look", 4), answer, result)
