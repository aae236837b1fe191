"""xAI and Kimi: the standard's device code at oauthlib's server, and the flows' own parameters."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from pi.ai.auth.base import OAuth
from pi.ai.auth.flows import BUILT_IN, flows
from pi.ai.auth.flows.device_code import DeviceFlow
from pi.ai.auth.flows.kimi_coding import KIMI_PARAMS, KimiCoding
from pi.ai.auth.flows.xai import XAI, XAI_PARAMS
from pi.ai.auth.oauth.flow import Flow
from pi.ai.auth.oauth.world import World
from pi.ai.errors import AuthError, ConfigError
from support.identity import Identity
from support.person import Person, Time
from support.server import Reply, Seen, Server

NOW = 1_800_000_000.0
FLOWS = {"xai": (XAI, XAI_PARAMS), "kimi": (KimiCoding, KIMI_PARAMS)}


class Bench:
    """A flow, its provider, and a user who decides when the code is shown."""

    def __init__(self, name: str, server: Server, identity: Identity, time: Time) -> None:
        make, params = FLOWS[name]
        here = msgspec.structs.replace(
            params, device_url=f"{server.url}/device", token_url=f"{server.url}/token"
        )
        make_flow: Any = make
        world = World(env={}, now=lambda: NOW, clock=time, sleep=time.sleep)
        self.flow: DeviceFlow = make_flow(here, world)
        self.server, self.identity, self.time = server, identity, time
        self.answer: bool | None = True
        self.person = Person(on_code=self.decide)

    def decide(self, user_code: str) -> None:
        if self.answer is not None:
            self.identity.decide(user_code, self.answer)

    def sent(self, number: int) -> dict[str, str]:
        return dict(parse_qsl(self.server.requests[number].body.decode()))


@pytest.fixture(params=sorted(FLOWS))
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    time = Time()
    identity = Identity(client_id=FLOWS[request.param][1].client_id, clock=time)
    async with Server(identity.handler) as server:
        yield Bench(request.param, server, identity, time)


async def test_a_login_and_its_refresh(bench: Bench) -> None:
    login = await bench.flow.login(bench.person)
    assert isinstance(login, OAuth)
    assert login.access == bench.identity.accesses[0]
    assert login.expires == (NOW + 3300) * 1000
    code, url, expires_in = bench.person.codes[0]
    assert url == f"https://idp.test/device?user_code={code}"
    assert expires_in == 900
    assert bench.identity.polls == [5]
    renewed = await bench.flow.refresh(login)
    assert renewed.access == bench.identity.accesses[1]
    assert renewed.refresh in bench.identity.live
    assert "scope" not in bench.sent(2)
    with pytest.raises(AuthError, match="invalid_grant"):
        await bench.flow.refresh(login)


async def test_denied(bench: Bench) -> None:
    bench.answer = False
    with pytest.raises(AuthError, match="was denied"):
        await bench.flow.login(bench.person)


async def test_not_used_in_time(bench: Bench) -> None:
    bench.answer = None
    with pytest.raises(AuthError, match="expired"):
        await bench.flow.login(bench.person)
    assert bench.time() <= 900


@pytest.mark.parametrize("bench", ["xai"], indirect=True)
async def test_what_xai_is_asked(bench: Bench) -> None:
    await bench.flow.login(bench.person)
    sent = bench.sent(0)
    assert sent["referrer"] == "pi"
    assert "api:access" in sent["scope"].split()


@pytest.mark.parametrize("variable", ["KIMI_CODE_OAUTH_HOST", "KIMI_OAUTH_HOST"])
async def test_kimi_at_another_host(variable: str) -> None:
    identity, time = Identity(client_id=KIMI_PARAMS.client_id), Time()

    def at_kimi(seen: Seen) -> Reply:
        assert seen.path.startswith("/api/oauth/")
        if seen.path.endswith("/device_authorization"):
            assert seen.body == f"client_id={KIMI_PARAMS.client_id}".encode()
            return identity.device(seen)
        return identity.token(seen)

    async with Server(at_kimi) as server:
        world = World(env={variable: f"{server.url}/"}, clock=time, sleep=time.sleep)
        person = Person(on_code=lambda code: identity.decide(code, True))
        assert await KimiCoding(world=world).login(person)


async def test_a_host_that_is_no_address() -> None:
    world = World(env={"KIMI_OAUTH_HOST": "auth.kimi.com"})
    with pytest.raises(ConfigError, match=r"such as https://auth\.kimi\.com"):
        await KimiCoding(world=world).login(Person())


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_flow_stands_on_the_shelf(name: str) -> None:
    flow = flows.get(name)
    assert isinstance(flow, Flow)
    assert flow.id == name
    assert flow.who
    assert flow.service.who == flow.who
