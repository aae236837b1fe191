"""A client without arguments finds what the program finds, and its blocking twin does the same."""

import json
from pathlib import Path
from typing import Any

import pytest

import pi
from support.server import BlockingServer, Reply, sse

ANSWER = {
    "id": "c",
    "choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PI_CODING_AGENT_DIR", str(tmp_path))
    return tmp_path


def configure(home: Path, url: str, **row: Any) -> None:
    provider = {"baseUrl": url, "api": "openai-completions", "models": [{"id": "m"}], **row}
    (home / "models.json").write_text(json.dumps({"providers": {"mine": provider}}))
    (home / "auth.json").write_text('{"mine": {"type": "api_key", "key": "test-key"}}')


async def test_models_and_credentials_of_the_user(home: Path) -> None:
    with BlockingServer(Reply(sse([ANSWER], done=True))) as server:
        configure(home, server.url)
        async with pi.Client() as client:
            answer = await client.complete("mine/m", "hi")
        assert answer.text == "hello"
        assert server.requests[0].headers["authorization"] == "Bearer test-key"


async def test_an_unknown_model_and_a_missing_key_say_what_to_do(home: Path) -> None:
    async with pi.Client() as client:
        with pytest.raises(pi.ConfigError, match="unknown model"):
            client.stream("openai/no-such-model", "hi")
        with pytest.raises(pi.AuthError, match="OPENAI_API_KEY"):
            await client.complete("openai/gpt-5.4", "hi")


def test_the_blocking_twin(home: Path) -> None:
    with BlockingServer(Reply(sse([ANSWER], done=True))) as server:
        configure(home, server.url)
        with pi.BlockingClient() as client:
            assert client.complete("mine/m", "hi").text == "hello"
            with client.stream("mine/m", "hi") as stream:
                kinds = [type(event).__name__ for event in stream]
                assert stream.message().usage.input == 3
    assert kinds[0] == "Start"
    assert kinds[-1] == "Done"


async def test_the_blocking_twin_inside_a_running_loop(home: Path) -> None:
    """As in a notebook."""
    with BlockingServer(Reply(sse([ANSWER], done=True))) as server:
        configure(home, server.url)
        with pi.BlockingClient() as client:
            assert client.complete("mine/m", "hi").text == "hello"
