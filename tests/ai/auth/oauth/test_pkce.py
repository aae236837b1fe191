"""The numbers of PKCE, and the whole browser login against oauthlib's authorization server."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from pi.ai.auth.oauth.attempt import Handshake
from pi.ai.auth.oauth.pkce import BrowserLogin, Loopback, challenge_of, random_text
from pi.ai.auth.oauth.service import Service
from pi.ai.auth.oauth.tokens import Tokens, read_tokens
from pi.ai.auth.oauth.urls import with_query
from pi.ai.auth.oauth.world import World
from pi.ai.errors import AbortedError, AuthError, OverloadedError
from support.identity import CLIENT, Identity
from support.person import Person, landing, request, until
from support.server import Seen, Server, json_reply


def test_the_challenge_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_random_texts() -> None:
    texts = {random_text() for _ in range(50)}
    assert len(texts) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", text) for text in texts)


class Login:
    """A login to a plain identity provider. `slow`: the exchange waits for it."""

    def __init__(self, identity: Identity, server: Server, world: World) -> None:
        self.identity, self.server, self.world = identity, server, world
        self.service = Service(world, "Acme")
        self.slow: asyncio.Event | None = None
        self.redeemed: list[Handshake] = []

    def authorize(self, handshake: Handshake) -> str:
        return with_query(
            f"{self.server.url}/authorize",
            {
                "response_type": "code",
                "client_id": CLIENT,
                "redirect_uri": handshake.redirect_uri,
                "state": handshake.state,
                "code_challenge": handshake.challenge,
                "code_challenge_method": "S256",
            },
        )

    async def exchange(self, handshake: Handshake, code: str) -> Tokens:
        self.redeemed.append(handshake)
        if self.slow is not None:
            await self.slow.wait()
        fields = {
            "grant_type": "authorization_code",
            "client_id": CLIENT,
            "code": code,
            "redirect_uri": handshake.redirect_uri,
            "code_verifier": handshake.verifier,
        }
        answer = await self.service.form(f"{self.server.url}/token", fields)
        return read_tokens(answer, now=0)

    async def run(self, person: Person, loopback: Loopback) -> Tokens:
        login = BrowserLogin(self.world, person, "Acme", self.authorize)
        try:
            return await login.by_callback(loopback, self.exchange)
        finally:
            await self.world.aclose()


@pytest.fixture
async def login() -> AsyncIterator[Login]:
    identity = Identity()
    async with Server(identity.handler) as server:
        yield Login(identity, server, World(env={}, patience=3))


ANY = Loopback(port=0, path="/callback")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def port_of(person: Person) -> int:
    return int(person.query["redirect_uri"].split(":")[2].partition("/")[0])


async def test_the_browser_comes_back(login: Login) -> None:
    person = Person()
    tokens = await login.run(person, ANY)
    assert tokens.access == login.identity.accesses[0]
    assert tokens.refresh in login.identity.live
    assert person.page is not None
    shown = await person.page
    assert shown.status == 200
    assert "Acme accepted the login" in shown.body
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert person.paste_cancelled
    assert not listens(port_of(person))


async def test_verifier_and_state_are_different_secrets(login: Login) -> None:
    person = Person()
    await login.run(person, ANY)
    sent = login.redeemed[0]
    assert person.query["state"] == sent.state != sent.verifier
    assert person.query["code_challenge"] == challenge_of(sent.verifier)
    assert sent.verifier not in person.opened[0]


@pytest.mark.parametrize(
    "shape", ["{url}", " {url}\n", "?{query}", "{query}", "{code}#{state}", "{code}"]
)
async def test_pasting_finishes_as_well(login: Login, shape: str) -> None:
    async def paste(url: str) -> str:
        back = await landing(url)
        query = back.partition("?")[2]
        code = query.partition("code=")[2].partition("&")[0]
        state = person.query["state"]
        return shape.format(url=back, query=query, code=code, state=state)

    person = Person(browser=False, pastes=[paste])
    tokens = await login.run(person, ANY)
    assert tokens.access == login.identity.accesses[0]
    assert not listens(port_of(person))


async def test_a_denial_ends_the_login_with_the_words_of_the_service(login: Login) -> None:
    login.identity.deny = True
    person = Person()
    with pytest.raises(AuthError, match=r"^Acme did not allow the login: .*access_denied") as error:
        await login.run(person, ANY)
    assert "\n" not in str(error.value)
    assert person.page is not None
    shown = await person.page
    assert shown.status == 400
    assert "access_denied" in shown.body
    assert not login.redeemed


async def test_a_pasted_denial_ends_it_too(login: Login) -> None:
    login.identity.deny = True
    person = Person(browser=False, pastes=[landing])
    with pytest.raises(AuthError, match="access_denied"):
        await login.run(person, ANY)


async def test_what_cannot_be_used_is_asked_for_again(login: Login) -> None:
    wrong = "http://localhost:1/callback?code=c&state=of-another-login"
    person = Person(browser=False, pastes=[wrong, "http://localhost:1/callback", landing])
    tokens = await login.run(person, ANY)
    assert tokens.access
    assert "state mismatch" in person.said[0]
    assert "no code" in person.said[1]


async def test_three_bad_pastes_are_enough(login: Login) -> None:
    person = Person(browser=False, pastes=["a b", "a b", "a b", "a b"])
    with pytest.raises(AuthError, match="neither an address nor a code"):
        await login.run(person, ANY)
    assert len(person.pastes) == 1


async def test_a_bare_word_is_a_code_that_the_service_refuses(login: Login) -> None:
    person = Person(browser=False, pastes=["rubbish"])
    with pytest.raises(AuthError, match=r"^Acme refused \(status 400: .*invalid_grant"):
        await login.run(person, ANY)


async def test_a_failed_exchange_is_shown_in_the_browser() -> None:
    identity = Identity()

    def handler(seen: Seen) -> Any:
        if seen.path == "/token":
            return json_reply({"error": "server_error"}, 503)
        return identity.handler(seen)

    async with Server(handler) as server:
        person = Person()
        with pytest.raises(OverloadedError, match="503"):
            await Login(identity, server, World(env={}, patience=3)).run(person, ANY)
        assert person.page is not None
        shown = await person.page
    assert shown.status == 502
    assert "was not completed" in shown.body
    assert "server_error" in shown.body


async def test_a_foreign_state_ends_nothing(login: Login) -> None:
    person = Person(browser=False)
    running = asyncio.create_task(login.run(person, ANY))
    await until(lambda: person.opened)
    back = await landing(person.opened[0])
    state = person.query["state"]
    for wrong in ("stolen", "", f"{state}&state=twice"):
        shown = await request(back.replace(state, wrong))
        assert shown.status == 400
        assert "state mismatch" in shown.body
    denied = await request(back.partition("?")[0] + "?error=access_denied&state=stolen")
    assert "state mismatch" in denied.body
    assert (await request(back.partition("?")[0] + f"?state={state}")).status == 400
    assert not running.done()
    assert (await request(back)).status == 200
    assert (await running).access


async def test_a_callback_is_good_once(login: Login) -> None:
    login.slow = asyncio.Event()
    person = Person(browser=False)
    running = asyncio.create_task(login.run(person, ANY))
    await until(lambda: person.opened)
    back = await landing(person.opened[0])
    first = asyncio.create_task(request(back))
    await until(lambda: login.redeemed)
    assert (await request(back)).status == 409
    login.slow.set()
    assert (await first).status == 200
    assert (await running).access
    assert len(login.redeemed) == 1


async def test_a_paste_after_the_callback_is_not_redeemed(login: Login) -> None:
    login.slow = asyncio.Event()

    async def paste(url: str) -> str:
        await until(lambda: login.redeemed)
        assert login.slow is not None
        asyncio.get_running_loop().call_later(0.05, login.slow.set)
        return "another-code"

    assert (await login.run(Person(pastes=[paste]), ANY)).access
    assert len(login.redeemed) == 1


async def test_a_busy_port_is_replaced_where_the_service_allows_it(login: Login) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        busy = other.getsockname()[1]
        person = Person()
        tokens = await login.run(person, Loopback(port=busy, path="/callback", any_port=True))
    assert tokens.access
    assert port_of(person) != busy
    assert login.redeemed[0].redirect_uri == person.query["redirect_uri"]


async def test_a_busy_port_leaves_pasting(login: Login) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        busy = other.getsockname()[1]
        person = Person(browser=False, pastes=[landing])
        tokens = await login.run(person, Loopback(port=busy, path="/callback"))
    assert tokens.access
    assert port_of(person) == busy
    assert str(busy) in person.said[0]
    assert "Paste" in person.said[0]


async def test_nobody_can_paste_and_nobody_listens(login: Login) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        busy = other.getsockname()[1]
        with pytest.raises(AuthError, match="nothing was pasted"):
            await login.run(
                Person(browser=False, pastes=[""]), Loopback(port=busy, path="/callback")
            )


async def test_without_a_terminal_the_browser_alone_finishes(login: Login) -> None:
    assert (await login.run(Person(pastes=[""]), ANY)).access


async def test_the_host_variable(login: Login) -> None:
    login.world = World(env={"PI_OAUTH_CALLBACK_HOST": "0.0.0.0"}, patience=3)
    person = Person()
    assert (await login.run(person, ANY)).access
    assert person.query["redirect_uri"].startswith("http://localhost:")


async def test_a_host_that_is_not_here_leaves_pasting(login: Login) -> None:
    login.world = World(env={"PI_OAUTH_CALLBACK_HOST": "192.0.2.1"}, patience=3)
    port = free_port()
    person = Person(browser=False, pastes=[landing])
    assert (await login.run(person, Loopback(port=port, path="/callback"))).access
    assert "192.0.2.1" in person.said[0]


async def test_time_runs_out(login: Login) -> None:
    login.world.patience = 0.1
    person = Person(browser=False)
    with pytest.raises(AuthError, match="nobody finished the login to Acme"):
        await login.run(person, ANY)
    assert person.paste_cancelled
    assert not listens(port_of(person))


async def test_a_code_in_the_last_moment_is_still_exchanged(login: Login) -> None:
    login.world.patience, login.slow = 0.2, asyncio.Event()
    asyncio.get_running_loop().call_later(0.4, login.slow.set)
    assert (await login.run(Person(), ANY)).access


@pytest.mark.parametrize("moment", ["waiting", "exchanging"])
async def test_cancelling_leaves_nothing(login: Login, moment: str) -> None:
    before = asyncio.all_tasks()
    login.slow = asyncio.Event()
    person = Person(browser=moment == "exchanging")
    running = asyncio.create_task(login.run(person, ANY))
    await until(lambda: person.opened if moment == "waiting" else login.redeemed)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not listens(port_of(person))
    if person.page:
        await asyncio.wait({person.page})
        assert person.page.exception() or person.page.result()
    left = {task for task in asyncio.all_tasks() - before if "login" in task.get_name()}
    assert not left


async def test_the_user_gives_up(login: Login) -> None:
    def give_up(url: str) -> str:
        raise AbortedError("the login was cancelled")

    person = Person(browser=False, pastes=[give_up])
    with pytest.raises(AbortedError):
        await login.run(person, ANY)
    assert not listens(port_of(person))


async def test_a_page_with_a_code_needs_no_server() -> None:
    identity = Identity(redirects=("https://acme.test/code",))
    async with Server(identity.handler) as server:
        login = Login(identity, server, World(env={}, patience=3))

        async def paste(url: str) -> str:
            query = dict(parse_qsl(urlsplit(await landing(url)).query))
            return f"{query['code']}#{query['state']}"

        person = Person(browser=False, pastes=[paste])
        engine = BrowserLogin(login.world, person, "Acme", login.authorize)
        tokens = await engine.by_code("https://acme.test/code", login.exchange)
    assert tokens.access == identity.accesses[0]
    assert login.redeemed[0].redirect_uri == "https://acme.test/code"
