"""OpenRouter: a browser login that ends in a permanent key."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from pi.ai.auth.base import ApiKey, OAuth
from pi.ai.auth.flows.openrouter import OpenRouter, OpenRouterParams
from pi.ai.auth.oauth.pkce import challenge_of
from pi.ai.auth.oauth.world import World
from pi.ai.auth.values import Environment, Values
from pi.ai.errors import AuthError, ProtocolError
from support.person import Person, landing, request
from support.server import Reply, Seen, Server, json_reply


class Router:
    """Knows no client and no state; a code is good once, with the verifier of its challenge."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}
        self.key: object = "sk-or-v1-test-key"

    def __call__(self, seen: Seen) -> Reply:
        if seen.path.startswith("/auth?"):
            query = parse_qs(urlsplit(seen.path).query)
            assert query.keys() == {"callback_url", "code_challenge", "code_challenge_method"}
            self.codes[f"code-{len(self.codes)}"] = query["code_challenge"][0]
            location = f"{query['callback_url'][0]}?code={list(self.codes)[-1]}"
            return Reply(b"", 302, {"location": location})
        body = seen.json
        challenge = self.codes.pop(body["code"], "")
        if body["code_challenge_method"] != "S256" or challenge != challenge_of(
            body["code_verifier"]
        ):
            return json_reply({"error": {"code": 403, "message": "Invalid code"}}, 403)
        return json_reply({"key": self.key, "user_id": "u"})


@pytest.fixture
def router() -> Router:
    return Router()


@pytest.fixture
async def flow(router: Router) -> AsyncIterator[OpenRouter]:
    async with Server(router) as server:
        params = OpenRouterParams(
            authorize_url=f"{server.url}/auth", key_url=f"{server.url}/api/v1/auth/keys"
        )
        yield OpenRouter(params, World(env={}, patience=3))


async def test_in_the_browser(flow: OpenRouter) -> None:
    person = Person()
    assert await flow.login(person) == ApiKey("sk-or-v1-test-key")
    back = urlsplit(person.query["callback_url"])
    assert back.hostname == "localhost"
    assert len(back.path.removeprefix("/oauth/callback/")) == 43


async def test_the_path_is_the_secret(flow: OpenRouter, router: Router) -> None:
    async def visit_then_paste(url: str) -> str:
        back = await landing(url)
        elsewhere = back.rpartition("/")[0] + "/guessed?code=code-0"
        assert (await request(elsewhere)).status == 404
        return back

    assert await flow.login(Person(browser=False, pastes=[visit_then_paste]))


async def test_a_code_that_is_not_good(flow: OpenRouter) -> None:
    with pytest.raises(AuthError, match="Invalid code"):
        await flow.login(Person(browser=False, pastes=["wrong"]))


@pytest.mark.parametrize("key", [None, "", 7])
async def test_an_answer_without_a_key(flow: OpenRouter, router: Router, key: object) -> None:
    router.key = key
    with pytest.raises(ProtocolError, match="no key"):
        await flow.login(Person())


async def test_a_key_is_stored_so_that_it_is_read_back_as_it_is(
    flow: OpenRouter, router: Router
) -> None:
    router.key = "sk-or-v1-$HOME-$x"
    stored = await flow.login(Person())
    assert isinstance(stored, ApiKey)
    assert stored.key is not None
    found = await Values().resolve(stored.key, Environment({"HOME": "/h", "x": "y"}), what="key")
    assert found.text == "sk-or-v1-$HOME-$x"


async def test_a_key_stored_as_a_login_by_another_program_works(flow: OpenRouter) -> None:
    stored = OAuth("", "sk-or-v1-test-key", 2**53 - 1)
    assert flow.key(stored) == "sk-or-v1-test-key"
    with pytest.raises(AuthError, match="cannot be renewed"):
        await flow.refresh(stored)
