"""Settings of the network, seen from the servers: proxies, limits, what is never sent."""

import json
from pathlib import Path
from typing import Any

import pytest

from pi.ai.messages import ImageContent
from pi.coding.api import commands as c
from pi.coding.api.setup import ChangeSettings
from pi.coding.compose import Wishes
from pi.coding.home import open_home, wires_of
from support.rpc_process import says
from support.server import Server
from support.setup_session import agent, composed

PIXEL = ImageContent("iVBORw0KGgo=", "image/png")


def prepare(home: Path, base_url: str, **settings: object) -> Wishes:
    folder = agent(home)
    folder.mkdir(parents=True)
    model = {"id": "m1", "input": ["text", "image"]}
    api = {"baseUrl": base_url, "api": "openai-completions", "apiKey": "k", "models": [model]}
    (folder / "models.json").write_text(json.dumps({"providers": {"mine": api}}))
    (folder / "settings.json").write_text(json.dumps(settings))
    return Wishes(model="mine/m1", no_session=True)


async def test_a_proxy_of_the_settings_is_used(tmp_path: Path) -> None:
    async with Server([says("through")]) as proxy:
        address = f"http://127.0.0.1:{proxy.port}"
        wishes = prepare(tmp_path, "http://api.test/v1", httpProxy=address)
        async with composed(tmp_path, wishes) as composition:
            message = await composition.session.send(c.Prompt("hi"))
    assert message is not None
    assert message.text == "through"
    assert proxy.requests[0].path == "http://api.test/v1/chat/completions"


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
async def test_the_environment_wins(tmp_path: Path, name: str) -> None:
    async with Server([says("through")]) as proxy:
        wishes = prepare(tmp_path, "http://api.test/v1", httpProxy="http://127.0.0.1:9")
        env: Any = {name: f"http://127.0.0.1:{proxy.port}"}
        async with composed(tmp_path, wishes, **env) as composition:
            message = await composition.session.send(c.Prompt("hi"))
    assert message is not None
    assert message.text == "through"


async def test_images_are_blocked_from_now_on(tmp_path: Path) -> None:
    async with Server([says("seen"), says("not seen")]) as server:
        wishes = prepare(tmp_path, f"{server.url}/v1")
        async with composed(tmp_path, wishes) as composition:
            session = composition.session
            await session.send(c.Prompt("look", (PIXEL,)))
            await session.send(ChangeSettings({"images": {"blockImages": True}}))
            await session.send(c.Prompt("once more", (PIXEL,)))
    sent = [json.dumps(request.json) for request in server.requests]
    assert [PIXEL.data in body for body in sent] == [True, False]


@pytest.mark.parametrize(
    ("value", "seconds"), [(None, 15), (2500, 2.5), ("disabled", None), (0, None)]
)
def test_how_long_a_websocket_may_take_to_open(
    tmp_path: Path, value: object, seconds: float | None
) -> None:
    prepare(tmp_path, "http://api.test", websocketConnectTimeoutMs=value)
    home = open_home({"PI_CODING_AGENT_DIR": str(agent(tmp_path))}, tmp_path)
    assert wires_of(home)["ws"]["connect_timeout"] == seconds
