"""Logins and keys through a user interface, against an identity provider over sockets."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from pi.ai.auth.flows import BUILT_IN, flows
from pi.ai.auth.flows.anthropic import ANTHROPIC_PARAMS, Anthropic
from pi.ai.auth.flows.xai import XAI, XAI_PARAMS
from pi.ai.auth.oauth.pkce import Loopback
from pi.ai.auth.oauth.world import World
from pi.ai.errors import AbortedError, AuthError, ConfigError
from pi.ai.registry import lazy
from pi.coding.api import commands as c
from pi.coding.api import setup as s
from pi.coding.api.ui import NoUser
from pi.coding.compose import Wishes
from support.identity import Identity
from support.person import browse, until
from support.server import Reply, Seen, Server, json_reply
from support.setup_session import Asked, agent, composed

CLAUDE = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"
GROK = "b1a00492-073a-47ea-816f-4c329264a828"
KEY = "test-key-0123456789wxyz"
WITHOUT = Wishes(without_model=True)


class Provider:
    """Two providers in one. `decide`: what the user of a device code answers."""

    def __init__(self) -> None:
        self.claude = Identity(client_id=CLAUDE, redirects=("http://localhost:",))
        self.grok = Identity(client_id=GROK, interval=0)
        self.decide: bool | None = True

    def __call__(self, seen: Seen) -> Reply:
        path = seen.path.partition("?")[0]
        if path == "/authorize":
            return self.claude.authorize(seen)
        if path == "/device":
            reply = self.grok.device(seen)
            for device in self.grok.devices.values():
                device.answer = self.decide
            return reply
        if "json" in seen.headers["content-type"]:
            fields = seen.json
            fields.pop("state", None)
            reply = self.claude.token(seen, urlencode(fields))
            if reply.status == 200:
                data = json.loads(bytes(reply.body))
                return json_reply({**data, "account": {"email_address": "me@example.test"}})
            return reply
        return self.grok.token(seen)


@pytest.fixture
def logins() -> Iterator[Any]:
    """Gives a function that has the logins talk to an address."""

    async def nap(seconds: float) -> None:
        await asyncio.sleep(seconds / 50)

    def use(url: str) -> None:
        claude = msgspec.structs.replace(
            ANTHROPIC_PARAMS,
            authorize_url=f"{url}/authorize",
            token_url=f"{url}/token",
            loopback=Loopback(port=0, path="/callback", any_port=True),
        )
        grok = msgspec.structs.replace(
            XAI_PARAMS, device_url=f"{url}/device", token_url=f"{url}/token"
        )
        for name, flow in {
            "anthropic": Anthropic(claude),
            "xai": XAI(grok, World(sleep=nap)),
        }.items():
            flows.remove(name)
            flows.add(name, flow)

    yield use
    for name in ("anthropic", "xai"):
        flows.remove(name)
        flows.add(name, lazy(BUILT_IN[name], call=True))


def stored(home: Path) -> Any:
    path = agent(home) / "auth.json"
    return json.loads(path.read_text()) if path.exists() else {}


async def test_a_browser_login_of_a_new_user(tmp_path: Path, logins: Any) -> None:
    ui = Asked(True, 0)  # the notice is accepted, the browser chosen
    pages = []
    ui.on_open = lambda url: pages.append(asyncio.ensure_future(browse(url)))
    async with Server(Provider()) as server, composed(tmp_path, WITHOUT, ui=ui) as composition:
        logins(server.url)
        session = composition.session
        assert session.state.model.provider == "unknown"
        done: s.LoggedIn = await session.send(s.Login("anthropic", "subscription"))
        assert done.identity == "me@example.test"
        assert done.path == str(agent(tmp_path) / "auth.json")
        assert done.default_model in done.models
        assert done.expires is not None
        assert done.expires > time.time() * 1000
        assert stored(tmp_path)["anthropic"]["type"] == "oauth"
        assert session.state.model.key == f"anthropic/{done.default_model}"
        table = await session.send(s.GetModelTable())
        assert all(row.usable for row in table.models if row.provider == "anthropic")
        assert any(m.provider == "anthropic" for m in (await available(session)))
        assert (await pages[0]).status == 200
    assert ui.asked[0][0] == "confirm"  # the notice about the vendor's terms
    assert any("terms" in line.lower() for line in ui.seen)
    assert ui.opened[0] in ui.seen  # the address was shown as well
    assert ui.shown == {}  # and nothing stays
    assert ui.cancelled == [title for kind, title in ui.asked if kind == "input"]


async def available(session: Any) -> Any:
    return (await session.send(c.GetAvailableModels())).models


async def test_a_pasted_address_ends_a_login(tmp_path: Path, logins: Any) -> None:
    landed: list[str] = []

    async with Server(Provider()) as server, composed(tmp_path) as composition:
        logins(server.url)

        class Pasting(Asked):
            async def input(self, title: str, **kinds: Any) -> str | None:
                shown = await ask(ui.opened[-1])
                landed.append(shown)
                return f"  {shown}  "

        async def ask(url: str) -> str:
            from support.person import request

            return (await request(url)).headers["location"]

        ui = Pasting(True, 0, browser=False)
        composition.session.use_ui(ui)
        await composition.session.send(s.Login("anthropic", "subscription", "work"))
        assert list(stored(tmp_path)) == ["anthropic@work"]
        assert "code=" in landed[0]
        assert any("Open this address" in line for line in ui.seen)
        assert composition.session.state.model.key == "demo/demo"  # there was one: it stays
        providers = await composition.session.send(s.GetProviders())
        row = next(row for row in providers.providers if row.id == "anthropic")
        assert (row.account, row.configured, row.method) == ("work", True, "oauth")


async def test_a_device_code(tmp_path: Path, logins: Any) -> None:
    ui = Asked(0, 0, 0)
    async with Server(Provider()) as server, composed(tmp_path, ui=ui) as composition:
        logins(server.url)
        await composition.session.send(s.Login("xai", "subscription"))
        assert stored(tmp_path)["xai"]["type"] == "oauth"
    code = next(line for line in ui.seen if "type in this code" in line)
    assert "good until" in code
    assert ui.shown == {}


@pytest.mark.parametrize("answers", [(False,), (True, None), (True, 0, None)])
async def test_giving_up_changes_nothing(
    tmp_path: Path, logins: Any, answers: tuple[Any, ...]
) -> None:
    ui = Asked(*answers)
    async with Server(Provider()) as server, composed(tmp_path, WITHOUT, ui=ui) as composition:
        logins(server.url)
        with pytest.raises(AbortedError, match="nothing was changed"):
            await composition.session.send(s.Login("anthropic", "subscription"))
        assert stored(tmp_path) == {}
        assert composition.session.state.model.provider == "unknown"
    assert ui.shown == {}


async def test_a_cancelled_login_changes_nothing(tmp_path: Path, logins: Any) -> None:
    ui = Asked(True, 0)
    async with Server(Provider()) as server, composed(tmp_path, ui=ui) as composition:
        logins(server.url)
        login = asyncio.ensure_future(
            composition.session.send(s.Login("anthropic", "subscription"))
        )
        await until(lambda: ui.shown.get("login") and len(ui.asked) > 2)
        login.cancel()
        with pytest.raises(asyncio.CancelledError):
            await login
        assert stored(tmp_path) == {}
        assert ui.shown == {}
        assert len(ui.cancelled) == 1  # the box to paste into was closed


async def test_who_says_no_in_the_browser(tmp_path: Path, logins: Any) -> None:
    ui = Asked(0, 0, 0)
    provider = Provider()
    provider.decide = False
    async with Server(provider) as server, composed(tmp_path, ui=ui) as composition:
        logins(server.url)
        with pytest.raises(AuthError):
            await composition.session.send(s.Login("xai", "subscription"))
        assert stored(tmp_path) == {}
    assert ui.shown == {}


async def test_nobody_is_there(tmp_path: Path, logins: Any) -> None:
    async with Server(Provider()) as server, composed(tmp_path, ui=NoUser()) as composition:
        logins(server.url)
        for method in ("subscription", "api_key"):
            with pytest.raises(AbortedError):
                await composition.session.send(s.Login("anthropic", method))  # type: ignore[arg-type]
        assert stored(tmp_path) == {}


async def test_a_file_that_cannot_be_written_is_told_before_the_login(
    tmp_path: Path, logins: Any
) -> None:
    ui = Asked(True)
    agent(tmp_path).mkdir(parents=True)
    (agent(tmp_path) / "auth.json").write_text('{"anthropic": ')
    async with Server(Provider()) as server, composed(tmp_path, ui=ui) as composition:
        logins(server.url)
        with pytest.raises(ConfigError, match=r"auth\.json"):
            await composition.session.send(s.Login("anthropic", "subscription"))
    assert ui.opened == []
    assert (agent(tmp_path) / "auth.json").read_text() == '{"anthropic": '


# -- keys ------------------------------------------------------------------------------------------


async def test_a_key_of_a_new_user(tmp_path: Path) -> None:
    ui = Asked(f" {KEY}\n")
    async with composed(tmp_path, WITHOUT, ui=ui) as composition:
        done = await composition.session.send(s.Login("groq", "api_key"))
        assert stored(tmp_path) == {"groq": {"type": "api_key", "key": KEY}}
        assert ui.secret == [True]
        assert composition.session.state.model.key == f"groq/{done.default_model}"
        providers = await composition.session.send(s.GetProviders())
        row = next(row for row in providers.providers if row.id == "groq")
        assert row.configured
        assert row.masked.endswith("wxyz")
        assert KEY not in repr((providers, done, ui.seen, ui.notices))


@pytest.mark.parametrize("form", ["!pass show groq", "$MY_KEY", "keyring:groq/me"])
async def test_forms_of_keys_are_kept_as_they_are(tmp_path: Path, form: str) -> None:
    async with composed(tmp_path, ui=Asked(form)) as composition:
        await composition.session.send(s.Login("groq", "api_key"))
        assert stored(tmp_path)["groq"]["key"] == form


@pytest.mark.parametrize("typed", ["", "  ", None, "GROQ_API_KEY=abc", "two words"])
async def test_what_is_no_key_is_not_stored(tmp_path: Path, typed: str | None) -> None:
    async with composed(tmp_path, ui=Asked(typed)) as composition:
        with pytest.raises((AbortedError, ConfigError), match="nothing was"):
            await composition.session.send(s.Login("groq", "api_key"))
        assert stored(tmp_path) == {}


async def test_what_a_provider_needs_besides_is_asked(tmp_path: Path) -> None:
    ui = Asked(KEY, "acct-1")
    async with composed(tmp_path, ui=ui) as composition:
        await composition.session.send(s.Login("cloudflare-workers-ai", "api_key"))
        assert "CLOUDFLARE_ACCOUNT_ID" in ui.asked[1][1]
        assert stored(tmp_path)["cloudflare-workers-ai"]["env"] == {
            "CLOUDFLARE_ACCOUNT_ID": "acct-1"
        }


async def test_a_provider_without_keys_says_so(tmp_path: Path) -> None:
    async with composed(tmp_path, ui=Asked(KEY)) as composition:
        with pytest.raises(ConfigError, match="takes no API keys: /login openai-codex"):
            await composition.session.send(s.Login("openai-codex", "api_key"))
        with pytest.raises(ConfigError, match="takes an API key"):
            await composition.session.send(s.Login("groq", "subscription"))
        with pytest.raises(ConfigError, match="unknown provider"):
            await composition.session.send(s.Login("grok-or-so", "api_key"))
        with pytest.raises(ConfigError, match="account"):
            await composition.session.send(s.Login("groq", "api_key", "a/b"))


# -- looking, and logging out ----------------------------------------------------------------------


async def test_providers_and_how_they_are_signed_in_to(tmp_path: Path) -> None:
    agent(tmp_path).mkdir(parents=True)
    entry = {"type": "api_key", "key": KEY}
    data = {"groq": entry, "groq@work": entry, "gone-provider": entry}
    (agent(tmp_path) / "auth.json").write_text(json.dumps(data))
    async with composed(tmp_path, OPENAI_API_KEY=KEY) as composition:
        answer = await composition.session.send(s.GetProviders())
    rows = {row.id: row for row in answer.providers}
    assert rows["openai"].source == "OPENAI_API_KEY"
    assert rows["openai"].configured
    assert rows["anthropic"].methods == ("subscription", "api_key")
    assert rows["anthropic"].notice
    assert rows["openai-codex"].methods == ("subscription",)
    assert rows["groq"].methods == ("api_key",)
    assert rows["groq"].stored == ("groq", "groq@work")
    assert rows["gone-provider"].stored == ("gone-provider",)
    assert not rows["mistral"].configured
    assert rows["mistral"].variables == ("MISTRAL_API_KEY",)
    assert "demo" not in rows
    assert KEY not in repr(answer)


async def test_logging_out(tmp_path: Path) -> None:
    agent(tmp_path).mkdir(parents=True)
    entry = {"type": "api_key", "key": KEY}
    (agent(tmp_path) / "auth.json").write_text(json.dumps({"groq": entry, "gone": entry}))
    async with composed(tmp_path, Wishes(provider="groq")) as composition:
        session = composition.session
        await session.send(s.Logout("groq"))
        await session.send(s.Logout("gone"))
        assert stored(tmp_path) == {}
        assert session.state.model.provider == "groq"  # the model stays, the next prompt says why
        with pytest.raises(AuthError, match="GROQ_API_KEY"):
            await session.send(c.Prompt("hello"))
        with pytest.raises(ConfigError, match="nothing is stored as 'groq'"):
            await session.send(s.Logout("groq"))
