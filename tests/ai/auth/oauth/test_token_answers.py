"""Reading tokens and errors of identity providers."""

import asyncio
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import msgspec
import pytest

from pi.ai.auth.oauth.service import Answer, Service
from pi.ai.auth.oauth.tokens import expiry, jwt_claims, read_tokens
from pi.ai.auth.oauth.urls import trusted_url
from pi.ai.auth.oauth.world import World
from pi.ai.errors import (
    AuthError,
    OverloadedError,
    PiError,
    ProtocolError,
    RateLimitError,
    TransportError,
)
from support.server import STALL, Reply, Server, json_reply


def answer(data: Any, status: int = 200) -> Answer:
    return Answer("Acme", status, {}, data, msgspec.json.encode(data).decode())


def jwt(claims: dict[str, Any], encode: Any = urlsafe_b64encode, *, pad: bool = False) -> str:
    parts = [encode(msgspec.json.encode(part)).decode() for part in ({"alg": "none"}, claims)]
    return ".".join([*(part if pad else part.rstrip("=") for part in parts), "c2ln"])


def test_tokens() -> None:
    data = {"access_token": "a", "refresh_token": "r", "expires_in": 28800, "more": 1}
    tokens = read_tokens(answer(data), now=0)
    assert (tokens.access, tokens.refresh, tokens.expires) == ("a", "r", 28_500_000)
    assert tokens.data == data


@pytest.mark.parametrize(
    ("seconds", "expires"),
    [(28800, 28_500_000), (864000, 863_700_000), ("3600", 3_300_000), (599.5, 299_750), (0, 0)],
)
def test_five_minutes_are_taken_off(seconds: Any, expires: int) -> None:
    data = {"access_token": "a", "refresh_token": "r", "expires_in": seconds}
    assert read_tokens(answer(data), now=0).expires == expires


def test_an_expiry_in_the_past_is_now() -> None:
    assert expiry(1000, -5) == 1_000_000


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ({}, "no access_token and no refresh_token and no expires_in"),
        ({"access_token": "a", "expires_in": 1}, "no refresh_token"),
        ({"access_token": "", "refresh_token": "r", "expires_in": 1}, "no access_token"),
        ({"access_token": "a", "refresh_token": "r"}, "no expires_in"),
        ({"access_token": "a", "refresh_token": "r", "expires_in": "soon"}, "no expires_in"),
        ({"access_token": "a", "refresh_token": "r", "expires_in": True}, "no expires_in"),
        ({"access_token": ["a"], "refresh_token": "r", "expires_in": 1}, "no access_token"),
    ],
)
def test_missing_fields_are_named(data: dict[str, Any], names: str) -> None:
    with pytest.raises(ProtocolError) as error:
        read_tokens(answer(data), now=0)
    assert str(error.value) == f"the answer of Acme has {names}"


def test_a_refresh_may_leave_out_what_is_known() -> None:
    """The old refresh token may be spent: what came must not be thrown away."""
    tokens = read_tokens(answer({"access_token": "a"}), now=0, renewed=True)
    assert (tokens.access, tokens.refresh, tokens.expires) == ("a", "", 3_300_000)


def test_a_lifetime_that_only_the_token_tells() -> None:
    token = jwt({"exp": 5000})
    data = {"access_token": token, "refresh_token": "r"}
    assert read_tokens(answer(data), now=1000).expires == 4_700_000


@pytest.mark.parametrize("encode", [urlsafe_b64encode, b64encode])
@pytest.mark.parametrize("pad", [True, False])
@pytest.mark.parametrize("name", ["", "a", "ab", "abc", "???>>>", "\u00fc\u00ff\u0142"])
def test_claims_in_every_alphabet(encode: Any, pad: bool, name: str) -> None:
    assert jwt_claims(jwt({"name": name}, encode, pad=pad)) == {"name": name}


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c.d", "a.%%%.c", "a.W10.c", "a.\u00e9.c"])
def test_what_is_no_jwt(token: str) -> None:
    with pytest.raises(ValueError):
        jwt_claims(token)


# -- over sockets ----------------------------------------------------------------------------------

PAGE = b"<!DOCTYPE html><html><title>Just a moment</title><body>secret-inside</body></html>"
SENT = {"refresh_token": "the-old-refresh-token", "client_secret": "the-client-secret"}


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            json_reply({"error": "invalid_grant", "error_description": "gone\nfor good"}, 400),
            AuthError,
            "Acme refused (status 400: gone for good (invalid_grant))",
        ),
        (json_reply({"error": "invalid_client"}, 401), AuthError, "(status 401: invalid_client)"),
        (
            json_reply({"error": {"message": "used twice", "code": "reused"}}, 401),
            AuthError,
            "(status 401: used twice (reused))",
        ),
        (json_reply({"detail": "no"}, 403), AuthError, "(status 403: no)"),
        (Reply(b"no such token", 400, {}), AuthError, "(status 400: no such token)"),
        (Reply(b"", 400, {}), AuthError, "Acme refused (status 400)"),
        (
            json_reply({"error": "slow_down"}, 429, headers={"retry-after": "17"}),
            RateLimitError,
            "too many requests (status 429: slow_down)",
        ),
        (Reply(PAGE, 429, {}), RateLimitError, "(status 429)"),
        (Reply(PAGE, 503, {}), OverloadedError, "Acme failed on its side (status 503)"),
        (json_reply({"message": "db"}, 500), OverloadedError, "(status 500: db)"),
        (Reply(PAGE, 403, {}), TransportError, "a web page instead of data (status 403)"),
        (Reply(PAGE, 200, {}), TransportError, "a web page instead of data (status 200)"),
        (Reply(b"", 200, {}), TransportError, "cannot be read (status 200)"),
        (json_reply(["x"], 200), TransportError, "cannot be read (status 200)"),
        (Reply(b"", 307, {"location": "/x"}), TransportError, "cannot be read (status 307)"),
        (json_reply({"error": "x" * 2000}, 400), AuthError, "x" * 300 + "…)"),
    ],
)
async def test_errors_are_one_line(reply: Reply, kind: type[PiError], words: str) -> None:
    world = World(env={})
    async with Server(reply) as server:
        said = await Service(world, "Acme").form(server.url, SENT)
        await world.aclose()
    with pytest.raises(kind) as error:
        said.object()
    assert words in str(error.value)
    assert str(error.value).isprintable()
    assert "secret-inside" not in str(error.value)
    if reply.headers.get("retry-after"):
        assert error.value.retry_after == 17


async def test_nothing_secret_is_repeated() -> None:
    """A service may quote what it was sent."""
    world = World(env={})

    def echo(seen: Any) -> Reply:
        said = f"{seen.body.decode()} {seen.headers['authorization']}"
        return json_reply({"error": "bad", "error_description": said}, 400)

    async with Server(echo) as server:
        service = Service(world, "Acme")
        bearer = {"Authorization": "Bearer the-access-token"}
        said = str((await service.form(server.url, SENT, bearer)).error())
        said += str((await service.json(server.url, SENT, bearer)).error())
        await world.aclose()
    assert said.count("[masked]") == 6
    assert "the-old" not in said
    assert "the-client" not in said
    assert "the-access" not in said


@pytest.mark.parametrize("reply", [Reply([STALL], raw=b""), Reply([b"{", STALL])])
async def test_every_request_is_bounded(reply: Reply) -> None:
    world = World(env={}, timeout=0.1)
    async with Server(reply) as server:
        with pytest.raises(TransportError, match=r"127\.0\.0\.1 did not answer within 0\.1 s"):
            await Service(world, "Acme").get(server.url)
        await server.wait_hang_up()


async def test_a_request_can_be_cancelled() -> None:
    world = World(env={})
    async with Server(Reply([STALL], raw=b"")) as server:
        asking = asyncio.create_task(Service(world, "Acme").get(server.url))
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await server.wait_hang_up()


async def test_the_proxy_of_the_environment_is_used() -> None:
    async with Server(json_reply({"by": "proxy"})) as proxy:
        world = World(env={"http_proxy": proxy.url})
        said = await Service(world, "Acme").get("http://idp.test/token")
        await world.aclose()
    assert said.object() == {"by": "proxy"}
    assert proxy.requests[0].path == "http://idp.test/token"


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://a.test/x?y=z#w", "https://a.test/x?y=z#w"),
        (" https://a.test/%2Fx ", "https://a.test/%2Fx"),
        ("http://a.test/\x1b]8;;\x07", "http://a.test/%1B]8;;%07"),
        ('https://a.test/"; rm', "https://a.test/%22;%20rm"),
        ("https://a.test/\u202e", "https://a.test/%E2%80%AE"),
    ],
)
def test_addresses_are_made_harmless(url: str, clean: str) -> None:
    assert trusted_url(url, "Acme") == clean
