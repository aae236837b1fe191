"""Radius: the browser's address is asked of the gateway, or a device code, at oauthlib's server."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from pi.ai.auth.base import OAuth
from pi.ai.auth.flows.radius import RADIUS_PARAMS, Radius, RadiusParams
from pi.ai.auth.oauth.pkce import Loopback
from pi.ai.auth.oauth.world import World
from pi.ai.errors import ProtocolError
from support.identity import Identity
from support.person import Person, Time
from support.server import Reply, Seen, Server, json_reply

NOW = 1_800_000_000.0


class Gateway:
    """The identity provider, and where its browser address is told."""

    def __init__(self, time: Time) -> None:
        self.identity = Identity(
            client_id=RADIUS_PARAMS.client_id, redirects=("http://127.0.0.1:",), clock=time
        )
        self.told: dict[str, str] = {}

    def __call__(self, seen: Seen) -> Reply:
        return json_reply(self.told) if seen.path == "/v1/oauth" else self.identity.handler(seen)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def gateway(time: Time) -> Gateway:
    return Gateway(time)


@pytest.fixture
async def server(gateway: Gateway) -> AsyncIterator[Server]:
    async with Server(gateway) as server:
        gateway.told = {"authorizationEndpoint": f"{server.url}/authorize"}
        yield server


@pytest.fixture
def flow(server: Server, time: Time) -> Radius:
    params = RadiusParams(
        discovery_url=f"{server.url}/v1/oauth",
        device_url=f"{server.url}/device",
        token_url=f"{server.url}/token",
        loopback=Loopback(port=0, path="/oauth/callback", host="127.0.0.1"),
    )
    return Radius(params, World(env={}, now=lambda: NOW, clock=time, sleep=time.sleep, patience=3))


async def test_in_the_browser(flow: Radius, gateway: Gateway, server: Server) -> None:
    person = Person()
    login = await flow.login(person)
    assert isinstance(login, OAuth)
    assert login.access == gateway.identity.accesses[0]
    assert flow.key(login) == login.access
    asked = person.query
    back = urlsplit(asked["redirect_uri"])
    assert (back.hostname, back.path) == ("127.0.0.1", "/oauth/callback")
    assert asked["handoff"] == "url"
    assert asked["scope"] == "gateway offline_access"
    renewed = await flow.refresh(login)
    assert renewed.access == gateway.identity.accesses[1]
    sent = dict(parse_qsl(server.requests[-1].body.decode()))
    assert sent["client_id"] == "pi-gateway"


async def test_with_a_device_code(flow: Radius, gateway: Gateway) -> None:
    person = Person(answers=["device"], on_code=lambda code: gateway.identity.decide(code, True))
    login = await flow.login(person)
    assert isinstance(login, OAuth)
    assert login.access == gateway.identity.accesses[0]
    assert not person.opened


async def test_a_gateway_that_tells_no_address(flow: Radius, gateway: Gateway) -> None:
    gateway.told = {}
    with pytest.raises(ProtocolError, match="authorizationEndpoint"):
        await flow.login(Person())


async def test_an_address_that_no_browser_should_open(flow: Radius, gateway: Gateway) -> None:
    gateway.told = {"authorizationEndpoint": "file:///etc/passwd"}
    person = Person()
    with pytest.raises(ProtocolError):
        await flow.login(person)
    assert not person.opened


def test_where_the_service_is() -> None:
    assert RADIUS_PARAMS.loopback.redirect_uri(1456) == "http://127.0.0.1:1456/oauth/callback"
    assert RADIUS_PARAMS.token_url == "https://radius.pi.dev/v1/oauth/token"
