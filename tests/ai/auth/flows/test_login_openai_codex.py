"""ChatGPT Plus and Pro: the browser, OpenAI's own device code, the account in the token."""

import socket
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from pi.ai.auth.base import OAuth
from pi.ai.auth.flows.openai_codex import CodexParams, OpenAICodex
from pi.ai.auth.oauth.pkce import Loopback, challenge_of
from pi.ai.auth.oauth.world import World
from pi.ai.errors import AuthError, PiError, ProtocolError, TransportError
from pi.ai.model import Model
from support.identity import Identity
from support.person import Person, Time, landing
from support.server import Reply, Seen, Server, json_reply

NOW = 1_800_000_000.0
# its base64url has both - and _, and needs padding
ACCOUNT = "acc-\u00fb\u00ff?>\u00fe"
MODEL = Model(id="m", name="M", provider="openai-codex", api="a", base_url="https://x.test")


def token(account: str | None = ACCOUNT) -> str:
    claims: dict[str, Any] = {"https://api.openai.com/profile": {"email": "me@example.test"}}
    if account is not None:
        claims["https://api.openai.com/auth"] = {"chatgpt_account_id": account}
    parts = [urlsafe_b64encode(msgspec.json.encode(p)).decode().rstrip("=") for p in ({}, claims)]
    return ".".join([*parts, "c2ln"])


class ChatGPT:
    """OpenAI's provider: tokens that are JWTs, and a device login that ends in a code."""

    def __init__(self) -> None:
        self.account: str | None = ACCOUNT
        self.identity = Identity(
            client_id=CodexParams().client_id,
            redirects=("http://localhost:", "https://auth.test/deviceauth/callback"),
            lifetime=864000,
            make_token=lambda _: token(self.account),
        )
        self.polls: list[Reply] = []
        self.device = json_reply({"device_auth_id": "dev", "user_code": "AB-12", "interval": "5"})

    def __call__(self, seen: Seen) -> Reply:
        match seen.path.partition("?")[0]:
            case "/authorize":
                return self.identity.authorize(seen)
            case "/token":
                kind = seen.headers["content-type"]
                assert kind == "application/x-www-form-urlencoded"
                return self.identity.token(seen)
            case "/usercode":
                assert seen.json == {"client_id": CodexParams().client_id}
                return self.device
            case "/devicetoken":
                assert seen.json == {"device_auth_id": "dev", "user_code": "AB-12"}
                return self.polls.pop(0)
            case path:
                raise AssertionError(path)


@pytest.fixture
def chatgpt() -> ChatGPT:
    return ChatGPT()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def flow(chatgpt: ChatGPT, time: Time) -> AsyncIterator[OpenAICodex]:
    async with Server(chatgpt) as server:
        params = CodexParams(
            authorize_url=f"{server.url}/authorize",
            token_url=f"{server.url}/token",
            device_url=f"{server.url}/usercode",
            device_token_url=f"{server.url}/devicetoken",
            device_redirect="https://auth.test/deviceauth/callback",
            loopback=Loopback(port=0, path="/auth/callback"),
        )
        world = World(env={}, patience=3, now=lambda: NOW, clock=time, sleep=time.sleep)
        yield OpenAICodex(params, world)


async def test_in_the_browser(flow: OpenAICodex, chatgpt: ChatGPT) -> None:
    person = Person()
    login = await flow.login(person)
    assert isinstance(login, OAuth)
    assert login.extra == {"accountId": ACCOUNT, "email": "me@example.test"}
    assert login.expires == (NOW + 864000 - 300) * 1000
    assert person.query["originator"] == "pi"
    assert person.query["codex_cli_simplified_flow"] == "true"
    assert person.query["id_token_add_organizations"] == "true"
    assert chatgpt.identity.scopes == ["openid", "profile", "email", "offline_access"]
    sent = flow.overlay(MODEL, login).headers
    assert sent == {"chatgpt-account-id": ACCOUNT}
    assert flow.key(login) == login.access


async def test_a_busy_port_leaves_pasting(flow: OpenAICodex) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        flow.params = msgspec.structs.replace(
            flow.params, loopback=Loopback(port=port, path="/auth/callback")
        )
        person = Person(browser=False, pastes=[landing])
        assert await flow.login(person)
    assert str(port) in person.said[0]


async def test_an_account_without_a_plan_is_told_in_the_browser_too(
    flow: OpenAICodex, chatgpt: ChatGPT
) -> None:
    chatgpt.account = None
    person = Person()
    with pytest.raises(ProtocolError, match="does not name an account"):
        await flow.login(person)
    assert person.page is not None
    assert (await person.page).status == 502


async def test_a_refresh_keeps_up_with_the_account(flow: OpenAICodex, chatgpt: ChatGPT) -> None:
    login = await flow.login(Person())
    assert isinstance(login, OAuth)
    chatgpt.account = "other"
    renewed = await flow.refresh(login)
    assert renewed.extra["accountId"] == "other"
    assert renewed.refresh in chatgpt.identity.live
    with pytest.raises(AuthError, match="invalid_grant"):
        await flow.refresh(login)
    assert chatgpt.identity.reused == [login.refresh]


async def test_a_refreshed_token_that_cannot_be_read_is_not_thrown_away(
    flow: OpenAICodex, chatgpt: ChatGPT
) -> None:
    login = await flow.login(Person())
    assert isinstance(login, OAuth)
    chatgpt.account = None
    renewed = await flow.refresh(login)
    assert "accountId" not in renewed.extra  # so that the keeper keeps the old one
    assert renewed.refresh in chatgpt.identity.live


async def test_the_account_of_a_login_made_by_another_program(flow: OpenAICodex) -> None:
    headers = flow.overlay(MODEL, OAuth("r", token("from-the-token"), 0)).headers
    assert headers == {"chatgpt-account-id": "from-the-token"}
    with pytest.raises(AuthError, match="log in again"):
        flow.overlay(MODEL, OAuth("r", "no-jwt", 0))


def granted(chatgpt: ChatGPT) -> Reply:
    """What the device endpoint says at the end: a code, and the verifier that belongs to it."""
    verifier = "v" * 43
    url = (
        f"/authorize?response_type=code&client_id={CodexParams().client_id}"
        "&redirect_uri=https%3A%2F%2Fauth.test%2Fdeviceauth%2Fcallback"
        f"&code_challenge={challenge_of(verifier)}&code_challenge_method=S256"
    )
    chatgpt.identity.authorize(Seen("GET", url, {}, b"", 0))
    code = next(iter(chatgpt.identity.codes))
    return json_reply({"authorization_code": code, "code_verifier": verifier})


async def test_with_a_device_code(flow: OpenAICodex, chatgpt: ChatGPT, time: Time) -> None:
    chatgpt.polls = [
        json_reply({"error": "nothing yet"}, 403),
        json_reply({"error": {"code": "not_found"}}, 404),
        json_reply({"error": {"code": "deviceauth_authorization_pending"}}, 400),
        json_reply({"error": {"code": "slow_down"}}, 400),
        json_reply({}, 403),
        granted(chatgpt),
    ]
    person = Person(answers=["device"])
    login = await flow.login(person)
    assert isinstance(login, OAuth)
    assert login.extra["accountId"] == ACCOUNT
    assert person.codes == [("AB-12", "https://auth.openai.com/codex/device", 900)]
    assert not person.opened
    assert time.naps == [5, 5, 5, 5, 10, 10]


@pytest.mark.parametrize(
    ("device", "polls", "kind", "words"),
    [
        (Reply(b"", 404, {}), [], AuthError, "does not allow device codes"),
        (json_reply({"user_code": "x"}), [], ProtocolError, "no device_auth_id"),
        (json_reply({}), [], ProtocolError, "no device_auth_id and no user_code"),
        (None, [json_reply({"error": "expired"}, 400)], AuthError, "expired"),
        (None, [json_reply({"authorization_code": "c"})], ProtocolError, "no code_verifier"),
        (None, [json_reply({})], ProtocolError, "no authorization_code"),
        (None, [Reply(b"<html>", 200, {})] * 5, TransportError, "web page"),
    ],
)
async def test_device_codes_that_fail(
    flow: OpenAICodex,
    chatgpt: ChatGPT,
    device: Reply | None,
    polls: list[Reply],
    kind: type[PiError],
    words: str,
) -> None:
    chatgpt.device, chatgpt.polls = device or chatgpt.device, list(polls)
    with pytest.raises(kind, match=words):
        await flow.login(Person(answers=["device"]))


async def test_a_device_code_expires(flow: OpenAICodex, chatgpt: ChatGPT, time: Time) -> None:
    chatgpt.polls = [json_reply({}, 403)] * 200
    with pytest.raises(AuthError, match="expired"):
        await flow.login(Person(answers=["device"]))
    assert time() == 900


def test_the_service_itself() -> None:
    params = OpenAICodex().params
    assert params.loopback.redirect_uri(params.loopback.port) == (
        "http://localhost:1455/auth/callback"
    )
    assert not params.loopback.any_port
    assert {u.split("/")[2] for u in (params.authorize_url, params.token_url)} == {
        "auth.openai.com"
    }
