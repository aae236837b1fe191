"""The code on the page about providers and logins of one's own is what it says it is."""

import re
from pathlib import Path
from typing import Any

import pytest

import pi.extensions
from pi.ai.errors import AbortedError
from pi.extensions import BrowserParams, DeviceParams, OAuth
from support.server import Reply, Seen, Server, json_reply

PAGE = Path(__file__).parents[2] / "docs" / "extension-providers.md"


def block(word: str) -> str:
    """The Python on the page that has that word in it."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (found,) = [text for text in blocks if word in text]
    return found


def service(seen: Seen) -> Reply:
    if seen.path == "/v1/models":
        assert seen.headers["authorization"] == "Bearer a1"
        return json_reply({"data": [{"id": "corp-gpt"}]})
    return json_reply({"access_token": "a1", "refresh_token": "r1", "expires_in": 3600})


async def test_both_ways_in_one_login_and_only_the_models_of_the_account() -> None:
    names: dict[str, Any] = {name: getattr(pi.extensions, name) for name in dir(pi.extensions)}
    async with Server(service) as server:
        url = server.url
        exec(block("class CorpModels").replace("https://llm.corp.example", url), names)
        token = f"{url}/token"
        browser = BrowserParams(client_id="pi", authorize_url=f"{url}/a", token_url=token)
        device = DeviceParams(client_id="pi", device_url=f"{url}/d", token_url=token)
        flow = names["Corp"](browser, device)
        for each in (flow, flow.code):
            fresh = await each.refresh(OAuth("r0", "a0", 0))
            assert (fresh.refresh, fresh.extra) == ("r1", {"models": ["corp-gpt"]})
    ways: list[str] = []

    class Person:
        async def choose(self, message: str, options: dict[str, str]) -> str:
            ways.extend(options)
            raise AbortedError(message)

    with pytest.raises(AbortedError, match="How do you want to sign in"):
        await flow.login(Person())
    assert ways == ["browser", "code"]
