"""The vendors' own clients read the same answers from the same server, and hear the same.

Of OpenAI's wires and Anthropic's this is shown beside their protocols, on recorded answers.
"""

import asyncio
import json
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import Session
from google import genai
from google.genai import types as google
from mistralai.client import Mistral

from conformance.said import Call, Said, model_for
from conformance.test_conformance import FULL, TOOLS, reply
from pi.ai.auth.base import Access, header_signer
from pi.ai.client import Client
from pi.ai.messages import AssistantMessage, Context, ThinkingContent, UserMessage
from pi.ai.model import Model
from support.server import BlockingServer

CONTEXT = Context((UserMessage("hi", 1),), (), TOOLS)


async def _authorize(model: Model) -> Access:
    return Access(model, header_signer(model, "test-key"))


async def _ours(api: str, url: str) -> AssistantMessage:
    async with Client(authorize=_authorize) as client:
        return await client.complete(model_for(api, url), CONTEXT)


def ours(api: str, url: str) -> tuple[Said, int, int]:
    """What we hear: the answer, and tokens in and out."""
    message = asyncio.run(_ours(api, url))
    thinking = "".join(b.thinking for b in message.content if isinstance(b, ThinkingContent))
    calls = [Call(call.id, call.name, call.arguments) for call in message.tool_calls]
    usage = message.usage
    whole = usage.input + usage.cache_read + usage.cache_write
    return Said(message.text, thinking, calls, message.stop_reason), whole, usage.output


def by_google(api: str, url: str) -> tuple[Said, int, int]:
    """What Google's client hears."""
    options = google.HttpOptions(base_url=url, api_version="v1")
    vertex = api == "google-vertex"
    client = genai.Client(api_key="test-key", vertexai=vertex, http_options=options)
    said = Said(stop="toolUse")
    counts: Any = None
    for chunk in client.models.generate_content_stream(model="gemini-test", contents="hi"):
        counts = chunk.usage_metadata or counts
        for part in chunk.candidates[0].content.parts:
            if part.function_call:
                call = part.function_call
                said.calls.append(Call(call.id, call.name, call.args))
            elif part.thought:
                said.thinking += part.text
            else:
                said.text += part.text or ""
        if chunk.candidates[0].finish_reason:
            assert chunk.candidates[0].finish_reason == google.FinishReason.STOP
    client.close()
    return said, counts.prompt_token_count, counts.total_token_count - counts.prompt_token_count


def by_mistral(api: str, url: str) -> tuple[Said, int, int]:
    """What Mistral's client hears."""
    said = Said()
    arguments: dict[int, str] = {}
    counts: Any = None
    with Mistral(api_key="test-key", server_url=url) as client:
        for event in client.chat.stream(model="m", messages=[{"role": "user", "content": "hi"}]):
            choice = event.data.choices[0]
            counts = event.data.usage or counts
            content = choice.delta.content or ""
            for part in [content] if isinstance(content, str) else content:
                if isinstance(part, str):
                    said.text += part
                else:
                    said.thinking += "".join(thought.text for thought in part.thinking)
            for call in choice.delta.tool_calls or ():
                if call.index not in arguments:
                    said.calls.append(Call(call.id, call.function.name, {}))
                text = call.function.arguments
                arguments[call.index] = arguments.get(call.index, "") + str(text)
            if choice.finish_reason:
                said.stop = {"tool_calls": "toolUse"}[choice.finish_reason]
    for index, call in enumerate(said.calls):
        call.arguments = json.loads(arguments[index])
    return said, counts.prompt_tokens, counts.completion_tokens


def by_amazon(api: str, url: str) -> tuple[Said, int, int]:
    """What botocore's client hears."""
    client = Session().create_client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="test-id",
        aws_secret_access_key="test-secret",
        config=Config(retries={"max_attempts": 0}),
    )
    answer = client.converse_stream(
        modelId="m", messages=[{"role": "user", "content": [{"text": "hi"}]}]
    )
    said = Said()
    inputs: list[str] = []
    counts: dict[str, int] = {}
    for event in answer["stream"]:
        if "contentBlockStart" in event:
            use = event["contentBlockStart"]["start"]["toolUse"]
            said.calls.append(Call(use["toolUseId"], use["name"], {}))
            inputs.append("")
        elif "contentBlockDelta" in event:
            delta = event["contentBlockDelta"]["delta"]
            said.text += delta.get("text", "")
            said.thinking += delta.get("reasoningContent", {}).get("text", "")
            if "toolUse" in delta:
                inputs[-1] += delta["toolUse"]["input"]
        elif "messageStop" in event:
            said.stop = {"tool_use": "toolUse"}[event["messageStop"]["stopReason"]]
        elif "metadata" in event:
            counts = event["metadata"]["usage"]
    for call, text in zip(said.calls, inputs, strict=True):
        call.arguments = json.loads(text)
    client.close()
    whole = ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    return said, sum(counts[name] for name in whole), counts["outputTokens"]


CLIENTS: dict[str, Any] = {
    "bedrock-converse-stream": by_amazon,
    "google-generative-ai": by_google,
    "google-vertex": by_google,
    "mistral-conversations": by_mistral,
}


@pytest.mark.filterwarnings("default")  # what the vendors' clients warn of is not our concern
@pytest.mark.parametrize("api", CLIENTS)
def test_the_vendors_client_hears_the_same(api: str) -> None:
    with BlockingServer(reply(api, FULL)) as server:
        theirs = CLIENTS[api](api, server.url)
        assert ours(api, server.url) == theirs
    said, whole, output = theirs
    assert (said.text, said.thinking, said.calls) == (FULL.text, FULL.thinking, FULL.calls)
    assert (said.stop, whole, output) == ("toolUse", 150, 40)
