"""Device codes: the pace of asking, on a clock of the test, against oauthlib's device server."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from pi.ai.auth.oauth.device import (
    GRANT_TYPE,
    DeviceCode,
    Pace,
    Pending,
    ask_token,
    poll,
    read_device_code,
)
from pi.ai.auth.oauth.service import Answer, Service
from pi.ai.auth.oauth.tokens import read_tokens
from pi.ai.auth.oauth.world import World
from pi.ai.errors import (
    AuthError,
    OverloadedError,
    PiError,
    ProtocolError,
    RateLimitError,
    TransportError,
)
from support.identity import CLIENT, Identity
from support.person import Time
from support.server import Reply, Server, json_reply

Outcome = Pending | str | Exception
COPILOT = Pace(usual=1.2, slowed=1.4)


class Script:
    """Answers in turn; the last one is repeated. `times` is when it was asked."""

    def __init__(self, time: Time, *outcomes: Outcome) -> None:
        self.time, self.outcomes, self.times = time, list(outcomes), list[float]()

    async def __call__(self) -> Pending | str:
        self.times.append(round(self.time(), 6))
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def time() -> Time:
    return Time(1000)


@pytest.fixture
def world(time: Time) -> World:
    return World(env={}, clock=time, sleep=time.sleep)


def code(interval: float = 5, expires_in: float = 900) -> DeviceCode:
    return DeviceCode(
        device_code="d", user_code="U", url="u", interval=interval, expires_in=expires_in
    )


@pytest.mark.parametrize(
    ("outcomes", "pace", "times"),
    [
        # nobody is asked before the first interval is over
        (["done"], Pace(), [5]),
        ([Pending(), Pending(), "done"], Pace(), [5, 10, 15]),
        ([Pending(), "done"], COPILOT, [6, 12]),
        # slow_down lasts: five seconds more, or what the service says
        ([Pending(True), Pending(), "done"], Pace(), [5, 15, 25]),
        ([Pending(True), Pending(True), "done"], Pace(), [5, 15, 30]),
        ([Pending(True, 20), Pending(), "done"], Pace(), [5, 25, 45]),
        ([Pending(), Pending(True), "done"], COPILOT, [6, 12, 26]),
        ([Pending(True), "done"], COPILOT, [6, 20]),
    ],
)
async def test_the_pace(
    world: World, time: Time, outcomes: list[Outcome], pace: Pace, times: list[float]
) -> None:
    script = Script(time, *outcomes)
    assert await poll(world, script, code(), "Acme", pace) == "done"
    assert script.times == [1000 + t for t in times]


@pytest.mark.parametrize(("interval", "first"), [(0.2, 1), (1, 1), (8, 8)])
async def test_never_more_than_once_a_second(
    world: World, time: Time, interval: float, first: float
) -> None:
    script = Script(time, "done")
    await poll(world, script, code(interval), "Acme")
    assert script.times == [1000 + first]


async def test_one_last_question_when_the_code_expires(world: World, time: Time) -> None:
    script = Script(time, Pending())
    with pytest.raises(AuthError, match="expired before it was used") as error:
        await poll(world, script, code(expires_in=12), "Acme")
    assert script.times == [1005, 1010, 1012]
    assert "clock" not in str(error.value)


async def test_a_hint_at_the_clock_after_slow_down(world: World, time: Time) -> None:
    script = Script(time, Pending(True), Pending())
    with pytest.raises(AuthError, match="the clock of this machine"):
        await poll(world, script, code(expires_in=30), "Acme")


async def test_a_passing_failure_ends_nothing(world: World, time: Time) -> None:
    faults = [TransportError("x"), OverloadedError("x"), RateLimitError("x", retry_after=60)]
    script = Script(time, *faults, "done")
    assert await poll(world, script, code(), "Acme") == "done"
    assert script.times == [1005, 1010, 1015, 1075]


async def test_failures_are_counted_in_a_row(world: World, time: Time) -> None:
    outcomes = [TransportError("x"), TransportError("x"), TransportError("x"), Pending()] * 3
    assert await poll(world, Script(time, *outcomes, "done"), code(), "Acme") == "done"


async def test_a_lasting_failure_does(world: World, time: Time) -> None:
    script = Script(time, TransportError("nobody there"))
    with pytest.raises(TransportError, match="nobody there"):
        await poll(world, script, code(), "Acme")
    assert len(script.times) == 5


async def test_it_can_be_cancelled_while_it_waits(time: Time) -> None:
    script = Script(time, Pending())
    polling = asyncio.create_task(poll(World(env={}), script, code(), "Acme"))
    await asyncio.sleep(0.01)
    polling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await polling
    assert not script.times


# -- against oauthlib ------------------------------------------------------------------------------


class Setup:
    """A device login at a plain identity provider."""

    def __init__(self, identity: Identity, server: Server, time: Time) -> None:
        self.identity, self.server, self.time = identity, server, time
        self.world = World(env={}, clock=time, sleep=time.sleep)
        self.service = Service(self.world, "Acme")
        self.at_poll: dict[int, Callable[[str], None]] = {}

    async def run(self, interval: float | None = None) -> str:
        try:
            answer = await self.service.form(f"{self.server.url}/device", {"client_id": CLIENT})
            got = read_device_code(answer)
            assert got.url == f"https://idp.test/device?user_code={got.user_code}"
            if interval is not None:
                got = code(interval).__class__(
                    device_code=got.device_code, user_code="", url="", interval=interval
                )
            fields = {
                "grant_type": GRANT_TYPE,
                "client_id": CLIENT,
                "device_code": got.device_code,
            }
            user_code = answer.fields["user_code"]

            async def ask() -> Answer | Pending:
                self.at_poll.get(len(self.identity.polls), lambda _: None)(user_code)
                return await ask_token(self.service, f"{self.server.url}/token", fields)

            answered = await poll(self.world, ask, got, "Acme")
            return read_tokens(answered, now=0).access
        finally:
            await self.world.aclose()


@pytest.fixture
async def setup(time: Time) -> AsyncIterator[Setup]:
    identity = Identity(clock=lambda: time() - 1000)
    async with Server(identity.handler) as server:
        yield Setup(identity, server, time)


async def test_a_whole_login(setup: Setup) -> None:
    setup.at_poll[2] = lambda user_code: setup.identity.decide(user_code, True)
    assert await setup.run() == setup.identity.accesses[0]
    assert setup.identity.polls == [5, 10, 15]


async def test_who_asks_too_often_is_slowed_down_and_obeys(setup: Setup) -> None:
    """The server counts the seconds itself; two seconds are too fast for it, seven are not."""
    setup.at_poll[3] = lambda user_code: setup.identity.decide(user_code, True)
    assert await setup.run(interval=2) == setup.identity.accesses[0]
    assert setup.identity.polls == [2, 4, 11, 18]


async def test_a_denied_code(setup: Setup) -> None:
    setup.at_poll[1] = lambda user_code: setup.identity.decide(user_code, False)
    with pytest.raises(AuthError, match=r"the login to Acme was denied \(.*access_denied"):
        await setup.run()


async def test_an_expired_code(setup: Setup) -> None:
    setup.identity.device_lifetime = 12
    with pytest.raises(AuthError, match="expired before it was used"):
        await setup.run()
    assert setup.identity.polls == [5, 10, 15]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (json_reply({"error": "incorrect_device_code"}), AuthError, "incorrect_device_code"),
        (json_reply({"error": "unsupported_grant_type"}, 400), AuthError, "unsupported"),
        (Reply(b"<html>", 502, {}), OverloadedError, "502"),
        (Reply(b"<html>", 403, {}), TransportError, "web page"),
        (json_reply([], 200), TransportError, "cannot be read"),
    ],
)
async def test_other_answers(world: World, reply: Reply, kind: type[PiError], words: str) -> None:
    async with Server(reply) as server:
        with pytest.raises(kind, match=words):
            await ask_token(Service(world, "Acme"), server.url, {"device_code": "d"})
        await world.aclose()


def answer(**fields: object) -> Answer:
    return Answer("Acme", 200, {}, fields, "")


def test_reading_a_device_code() -> None:
    got = read_device_code(
        answer(
            device_code="d",
            user_code="AB-CD\x1b[2J",
            verification_uri="https://acme.test/de vice\x07",
            interval="7",
            expires_in=60.0,
        )
    )
    assert got == DeviceCode(
        device_code="d",
        user_code="AB-CD [2J",
        url="https://acme.test/de%20vice%07",
        interval=7,
        expires_in=60,
    )


def test_what_may_be_missing() -> None:
    got = read_device_code(answer(device_code="d", user_code="u", verification_url="http://a.b"))
    assert (got.interval, got.expires_in, got.url) == (5, 900, "http://a.b")


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ProtocolError, match="no device_code and no verification_uri"):
        read_device_code(answer(user_code="u"))


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/hosts", "vscode://a/b", "calc.exe", "http:/x"]
)
def test_an_address_that_would_start_something_else(url: str) -> None:
    with pytest.raises(ProtocolError, match="not http or https"):
        read_device_code(answer(device_code="d", user_code="u", verification_uri=url))
