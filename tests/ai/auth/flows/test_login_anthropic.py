"""Claude Pro and Max, from the first address to a refreshed token, over sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import pytest

from pi.ai.auth.base import OAuth
from pi.ai.auth.flows.anthropic import Anthropic, AnthropicParams
from pi.ai.auth.oauth.pkce import Loopback
from pi.ai.auth.oauth.world import World
from pi.ai.auth.refresh import TokenKeeper
from pi.ai.auth.store import CredentialStore
from pi.ai.errors import AuthError
from support.identity import Identity
from support.person import Person, landing
from support.server import Reply, Seen, Server, json_reply

NOW = 1_800_000_000.0


class Claude:
    """Anthropic's peculiarities over a plain provider: JSON, and the state wanted back."""

    def __init__(self) -> None:
        self.identity = Identity(
            client_id=AnthropicParams().client_id,
            redirects=("http://localhost:", "https://platform.test/code"),
            lifetime=28800,
        )
        self.answer: Reply | None = None

    def __call__(self, seen: Seen) -> Reply:
        if seen.path.startswith("/authorize"):
            return self.identity.authorize(seen)
        assert seen.path == "/token"
        assert seen.headers["content-type"] == "application/json"
        if self.answer is not None:
            return self.answer
        fields = dict(seen.json)
        if "scope" in fields:
            return json_reply({"error": "invalid_scope"}, 400)
        made = self.identity.codes.get(fields.get("code"))
        if made is not None and fields.pop("state", None) != made.state:
            return json_reply({"error": "invalid_request", "message": "Invalid state"}, 400)
        reply = self.identity.token(seen, urlencode(fields))
        if reply.status == 200 and made is not None:
            data = msgspec.json.decode(bytes(reply.body))
            account = {"email_address": "me@example.test", "uuid": "u"}
            return json_reply({**data, "account": account})
        return reply


@pytest.fixture
def claude() -> Claude:
    return Claude()


@pytest.fixture
async def flow(claude: Claude) -> AsyncIterator[Anthropic]:
    async with Server(claude) as server:
        params = AnthropicParams(
            authorize_url=f"{server.url}/authorize",
            token_url=f"{server.url}/token",
            code_redirect="https://platform.test/code",
            loopback=Loopback(port=0, path="/callback", any_port=True),
        )
        yield Anthropic(params, World(env={}, patience=3, now=lambda: NOW))
        await asyncio.sleep(0)  # the server sees in the next turn what was closed in this one
        await asyncio.sleep(0.01)
        assert server.open_connections == 0


async def test_in_the_browser(flow: Anthropic, claude: Claude) -> None:
    person = Person()
    login = await flow.login(person)
    assert isinstance(login, OAuth)
    assert login.access == claude.identity.accesses[0]
    assert list(claude.identity.live) == [login.refresh]
    assert login.expires == (NOW + 28800 - 300) * 1000
    assert login.extra == {"email": "me@example.test"}
    assert person.query["code"] == "true"
    assert person.query["state"] not in (person.query["code_challenge"], "")
    assert "user:inference" in claude.identity.scopes


async def test_with_a_copied_code(flow: Anthropic, claude: Claude) -> None:
    async def paste(url: str) -> str:
        query = dict(parse_qsl(urlsplit(await landing(url)).query))
        return f"{query['code']}#{query['state']}"

    person = Person(browser=False, answers=["code"], pastes=[paste])
    login = await flow.login(person)
    assert isinstance(login, OAuth)
    assert login.access == claude.identity.accesses[0]
    assert person.query["redirect_uri"] == "https://platform.test/code"


async def test_a_pasted_code_of_another_login(flow: Anthropic) -> None:
    person = Person(browser=False, answers=["code"], pastes=["c#s"] * 3)
    with pytest.raises(AuthError, match="state mismatch"):
        await flow.login(person)


async def test_another_loopback_port_will_do(flow: Anthropic) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        busy = Loopback(port=other.getsockname()[1], path="/callback", any_port=True)
        flow.params = msgspec.structs.replace(flow.params, loopback=busy)
        assert await flow.login(Person())
    assert AnthropicParams().loopback.any_port


async def test_refreshing_through_the_store_never_reuses_a_token(
    flow: Anthropic, claude: Claude, tmp_path: Path
) -> None:
    """Rotation, the keeper and the file together; the provider punishes reuse."""
    store = CredentialStore(tmp_path / "auth.json")
    await store.put("anthropic", await flow.login(Person()))
    now = [NOW]
    keeper = TokenKeeper(store, now=lambda: now[0])
    flow.world.now = lambda: now[0]
    seen: set[str] = set()
    for _ in range(4):
        now[0] += 28800
        logins = await asyncio.gather(*(keeper.fresh("anthropic", flow.refresh) for _ in range(5)))
        assert len({login.access for login in logins}) == 1
        seen.add(logins[0].access)
    assert len(seen) == 4
    assert claude.identity.reused == []
    stored = CredentialStore(tmp_path / "auth.json").get("anthropic")
    assert isinstance(stored, OAuth)
    assert stored.refresh in claude.identity.live
    assert stored.extra == {"email": "me@example.test"}


async def test_a_refresh_without_a_new_refresh_token(flow: Anthropic, claude: Claude) -> None:
    claude.answer = json_reply({"access_token": "new", "expires_in": 28800})
    renewed = await flow.refresh(OAuth("old", "a", 0))
    assert renewed == OAuth("", "new", int((NOW + 28500) * 1000))  # the keeper keeps "old"


async def test_a_refused_refresh_has_the_words_and_not_the_token(
    flow: Anthropic, claude: Claude
) -> None:
    claude.answer = json_reply(
        {"error": "invalid_grant", "error_description": "Refresh token not found: the-old-token"},
        400,
    )
    with pytest.raises(AuthError) as error:
        await flow.refresh(OAuth("the-old-token", "a", 0))
    assert str(error.value) == (
        "Anthropic refused (status 400: Refresh token not found: [masked] (invalid_grant))"
    )


def test_the_service_itself() -> None:
    params = Anthropic().params
    assert params.authorize_url == "https://claude.ai/oauth/authorize"
    assert params.token_url == "https://platform.claude.com/v1/oauth/token"
    assert params.loopback.redirect_uri(53692) == "http://localhost:53692/callback"
    assert params.loopback.port == 53692
