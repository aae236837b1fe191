"""A conversation goes to another model and comes back: the first finds all that it said itself.

The answers are what each wire's decoder makes of what its services send.
"""

import json
from typing import Any

import msgspec
import pytest

from conformance.said import APIS, Call, Said, model_for, wire
from handoff.validators import check
from pi.ai.events import Fold, Start
from pi.ai.messages import (
    AssistantMessage,
    Context,
    Message,
    TextContent,
    ToolDefinition,
    ToolResultMessage,
    UserMessage,
)
from pi.ai.options import Options
from pi.ai.protocols import protocols
from pi.ai.stream import framers

PAIRS = [(first, other) for first in APIS for other in APIS if first != other]
TOOL = ToolDefinition("read", "Read a file.", {"type": "object", "properties": {}})
IDS = ("aB3dE5gH0", "aB3dE5gH1", "aB3dE5gH2", "aB3dE5gH3", "aB3dE5gH4", "aB3dE5gH5")

OWN: dict[str, list[str]] = {
    "anthropic-messages": ['"signature": "c2lnbmVk"', '"thinking": "I muse'],
    "bedrock-converse-stream": ['"signature": "c2lnbmVk"', '"text": "I muse'],
    "google-generative-ai": ['"thoughtSignature": "c2lnbmVk"', '"thought": true, "text": "I muse'],
    "mistral-conversations": ['"type": "thinking"', "I muse"],
    "openai-completions": ['"reasoning_content": "I muse'],
    "pi-messages": ['"thinkingSignature": "c2lnbmVk"', '"thinking": "I muse'],
    "openai-responses": [
        '"encrypted_content": "c2lnbmVk"',
        '"text": "I muse',
        '"id": "msg_t',
        '"id": "rs_t',
        '"phase": "commentary"',
        '"id": "fc_t',
    ],
}
"""What a service wants to see again of its own answer, as it is spelled on its wire."""
OWN |= dict.fromkeys(("google-vertex", "google-gemini-cli"), OWN["google-generative-ai"])
OWN |= dict.fromkeys(("openai-codex-responses", "azure-openai-responses"), OWN["openai-responses"])


def answer(api: str, turn: int) -> AssistantMessage:
    """What a service says in a turn, with two calls."""
    calls = [Call(call_id, "read", {"turn": turn}) for call_id in IDS[turn * 2 : turn * 2 + 2]]
    said = Said(text=f"Words {turn}.", thinking=f"I muse {turn}.", calls=calls, stop="toolUse")
    model = model_for(api)
    protocol = protocols.get(api)
    framer = framers.get(protocol.framing)()
    decoder = protocol.decoder(model, Options(), Context())
    fold = Fold()
    fold.add(Start(model.api, model.provider, model.id, turn))
    body = b"".join(wire(api).write(said))
    for kind in (b'"msg_', b'"rs_', b'"fc_') if api.endswith("-responses") else ():
        body = body.replace(kind, kind + b"t%d" % turn)  # services do not use an id twice
    for frame in [*framer.feed(body), *framer.close()]:
        for event in decoder.feed(frame):
            fold.add(event)
    for event in decoder.close():
        fold.add(event)
    return fold.message()


def turn(api: str, number: int) -> tuple[Message, ...]:
    said = answer(api, number)
    results = (
        ToolResultMessage(call.id, call.name, (TextContent(f"out {number}"),), timestamp=number)
        for call in said.tool_calls
    )
    return (UserMessage(f"do {number}", number), said, *results)


def request(api: str, *turns: tuple[Message, ...]) -> Any:
    """The body for a model that has said its turns itself."""
    messages = [message for part in turns for message in part]
    context = Context((*messages, UserMessage("and now?", 9)), ("Be brief.",), (TOOL,))
    fields = {"supports_strict_mode": True} if api == "openai-responses" else {}
    compat = {**getattr(wire(api), "MODEL", {}).get("compat", {}), **fields}
    target = model_for(api, compat=msgspec.convert(compat, protocols.get(api).Compat))
    options = Options(thinking="high", cache_retention="none").settle(target, context)
    body = msgspec.json.decode(
        protocols.get(api).encode(target, context, options).encoded().content
    )
    check(api, body, sees=True)
    return body


def sequence(body: Any) -> list[Any]:
    """The conversation in a body."""
    body = body.get("request", body)
    body = body.get("context", body)
    return next(body[name] for name in ("messages", "contents", "input") if name in body)


@pytest.mark.parametrize(("first", "other"), PAIRS)
def test_nothing_is_lost(first: str, other: str) -> None:
    alone = sequence(request(first, turn(first, 0)))
    full = request(first, turn(first, 0), turn(other, 1), turn(first, 2))
    assert sequence(full)[: len(alone) - 1] == alone[:-1], (
        "the first turn is the same to the letter"
    )
    text = json.dumps(full, ensure_ascii=False)
    for part in OWN[first]:
        assert text.count(part) >= 2, f"{part} of both its turns"
    assert "I muse 1" not in text, "nobody else's thoughts"
    for number in range(3):
        assert f"Words {number}." in text
        assert text.count(f"out {number}") == 2
    for call_id in (IDS[0], IDS[1], IDS[4], IDS[5]):
        assert call_id in text or first.startswith("google")


@pytest.mark.parametrize(("first", "other"), PAIRS)
def test_the_other_sees_what_it_can_use(first: str, other: str) -> None:
    body = request(other, turn(first, 0), turn(other, 1), turn(first, 2))
    text = json.dumps(body, ensure_ascii=False)
    assert "I muse 1" in text
    assert "I muse 0" not in text
    assert "I muse 2" not in text
    for part in OWN[other]:
        assert part in text
    for number in range(3):
        assert f"Words {number}." in text
        assert text.count(f"out {number}") == 2
    alone = json.dumps(request(other, turn(other, 1)), ensure_ascii=False)
    for part in set(OWN[first]) - set(OWN[other]):
        if part not in alone and "I muse" not in part:
            assert part not in text, "signatures and ids stay with those who made them"
