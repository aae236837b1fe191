"""Refreshing logins in one process: once, saved first, finished always, nothing lost."""

# ruff: noqa: ASYNC240 (a test may wait for its disk)

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pi.ai.auth.base import ApiKey, OAuth
from pi.ai.auth.refresh import TokenKeeper
from pi.ai.auth.store import CredentialStore
from pi.ai.errors import (
    AuthError,
    ConfigError,
    OverloadedError,
    PiError,
    RateLimitError,
    TransportError,
)

NOW = 1_800_000_000.0
Refresh = Callable[[OAuth], Awaitable[OAuth]]


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> float:
        return self.time


class Service:
    """An identity provider in memory. `answer` may be set to an error to raise."""

    def __init__(self, clock: Clock, *, lifetime: float = 3600, delay: float = 0) -> None:
        self.clock = clock
        self.lifetime = lifetime
        self.delay = delay
        self.spent: list[str] = []
        self.error: Exception | None = None

    async def refresh(self, credential: OAuth) -> OAuth:
        self.spent.append(credential.refresh)
        await asyncio.sleep(self.delay)
        if self.error is not None:
            raise self.error
        number = len(self.spent)
        return OAuth(f"r{number}", f"a{number}", ms(self.clock.time + self.lifetime))


def ms(seconds: float) -> int:
    return int(seconds * 1000)


def login(expires_in: float, **extra: Any) -> OAuth:
    return OAuth("r0", "a0", ms(NOW + expires_in), extra)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> Service:
    return Service(clock)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "auth.json"


def keeper(path: Path, clock: Clock, current: OAuth | None = None, **options: Any) -> TokenKeeper:
    store = CredentialStore(path, stale=2)
    if current is not None:
        store.modify_sync(lambda entries: entries.put("p", current))
    return TokenKeeper(store, now=clock, **options)


def saved(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())["p"]


async def test_a_young_token_is_used_as_it_is(path: Path, clock: Clock, service: Service) -> None:
    kept = keeper(path, clock, login(301))
    before = path.stat().st_mtime_ns
    assert await kept.fresh("p", service.refresh) == login(301)
    assert service.spent == []
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("expires_in", [299, 0, -10_000])
async def test_a_token_is_refreshed_five_minutes_before_its_end(
    path: Path, clock: Clock, service: Service, expires_in: float
) -> None:
    kept = keeper(path, clock, login(expires_in))
    fresh = await kept.fresh("p", service.refresh)
    assert (fresh.access, fresh.refresh) == ("a1", "r1")
    assert saved(path)["refresh"] == "r1"
    assert await kept.fresh("p", service.refresh) == fresh
    assert service.spent == ["r0"]


async def test_extra_fields_and_a_refresh_token_that_does_not_come_back_are_kept(
    path: Path, clock: Clock
) -> None:
    async def refresh(_: OAuth) -> OAuth:
        return OAuth("", "a1", ms(NOW + 3600), {"plan": "pro"})

    kept = keeper(path, clock, login(0, accountId="acc", plan="free"))
    await kept.fresh("p", refresh)
    assert saved(path) == {
        "type": "oauth",
        "refresh": "r0",
        "access": "a1",
        "expires": ms(NOW + 3600),
        "accountId": "acc",
        "plan": "pro",
    }


async def test_any_number_of_callers_cause_one_refresh(path: Path, clock: Clock) -> None:
    service = Service(clock, delay=0.02)
    kept = keeper(path, clock, login(0))
    results = await asyncio.gather(*(kept.fresh("p", service.refresh) for _ in range(100)))
    assert {result.access for result in results} == {"a1"}
    assert service.spent == ["r0"]


async def test_it_is_on_disk_under_the_lock_before_anybody_has_it(path: Path, clock: Clock) -> None:
    seen: list[bool] = []

    async def refresh(_: OAuth) -> OAuth:
        seen.append((path.parent / "auth.json.lock").is_dir())
        return OAuth("r1", "a1", ms(NOW + 3600))

    kept = keeper(path, clock, login(0))
    fresh = await kept.fresh("p", refresh)
    assert seen == [True]
    assert saved(path)["access"] == fresh.access
    assert not (path.parent / "auth.json.lock").exists()


async def test_a_newer_token_of_another_process_is_adopted(
    path: Path, clock: Clock, service: Service
) -> None:
    """The other process refreshes while ours waits for the lock."""
    kept = keeper(path, clock, login(0))
    other = CredentialStore(path)
    async with other.locked() as entries:
        waiting = asyncio.create_task(kept.fresh("p", service.refresh))
        await asyncio.sleep(0.03)
        entries.put("p", OAuth("theirs", "their-access", ms(NOW + 900)))
        entries.commit()
    assert (await waiting).access == "their-access"
    assert service.spent == []


async def test_a_refresh_is_finished_though_its_caller_is_cancelled(
    path: Path, clock: Clock
) -> None:
    service = Service(clock, delay=0.05)
    kept = keeper(path, clock, login(0))
    caller = asyncio.create_task(kept.fresh("p", service.refresh))
    await asyncio.sleep(0.02)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert saved(path)["access"] == "a0"
    await kept.finish()
    assert saved(path)["access"] == "a1"


async def test_the_failure_of_a_refresh_that_nobody_waits_for_is_no_noise(
    path: Path, clock: Clock
) -> None:
    service = Service(clock, delay=0.02)
    service.error = AuthError("invalid_grant")
    kept = keeper(path, clock, login(0))
    caller = asyncio.create_task(kept.fresh("p", service.refresh))
    await asyncio.sleep(0.01)
    caller.cancel()
    await kept.finish()  # "exception was never retrieved" would be a warning, and so an error
    assert "invalid_grant" in kept.trouble("p")


async def test_a_refused_login_is_kept_and_not_tried_again(
    path: Path, clock: Clock, service: Service
) -> None:
    service.error = AuthError("invalid_grant: token is expired", status=400)
    kept = keeper(path, clock, login(-1))
    before = path.read_bytes()
    for _ in range(3):
        with pytest.raises(AuthError, match=r"invalid_grant.*log in again"):
            await kept.fresh("p", service.refresh)
    assert service.spent == ["r0"]
    assert path.read_bytes() == before
    assert "log in again" in kept.trouble("p")
    # after a new login everything is well, without a restart
    await CredentialStore(path).put("p", OAuth("n", "new", ms(NOW + 3600)))
    assert (await kept.fresh("p", service.refresh)).access == "new"


async def test_a_refused_early_refresh_does_not_end_a_token_that_still_works(
    path: Path, clock: Clock, service: Service
) -> None:
    service.error = AuthError("invalid_grant")
    kept = keeper(path, clock, login(200))
    for _ in range(3):
        assert (await kept.fresh("p", service.refresh)).access == "a0"
    assert service.spent == ["r0"]
    clock.time += 200
    with pytest.raises(AuthError):
        await kept.fresh("p", service.refresh)


async def test_a_login_that_another_program_replaced_meanwhile_is_adopted(
    path: Path, clock: Clock
) -> None:
    """Some program refreshed without taking the lock, so that ours was refused."""

    async def refresh(_: OAuth) -> OAuth:
        entry = {"type": "oauth", "refresh": "x", "access": "y", "expires": ms(NOW + 900)}
        path.write_text(json.dumps({"p": entry}))
        raise AuthError("refresh token was already used")

    kept = keeper(path, clock, login(0))
    assert (await kept.fresh("p", refresh)).access == "y"
    assert kept.trouble("p") == ""


async def test_too_many_requests_are_remembered_and_said(
    path: Path, clock: Clock, service: Service
) -> None:
    service.error = RateLimitError("slow down", retry_after=90)
    kept = keeper(path, clock, login(0))
    until = time.strftime("%H:%M:%S", time.localtime(NOW + 90))
    for _ in range(3):
        with pytest.raises(RateLimitError, match=f"before {until}: slow down") as caught:
            await kept.fresh("p", service.refresh)
        assert caught.value.retry_after == 90
    assert service.spent == ["r0"]
    clock.time += 90
    service.error = None
    assert (await kept.fresh("p", service.refresh)).access == "a2"


async def test_without_a_hint_the_pauses_grow(path: Path, clock: Clock, service: Service) -> None:
    service.error = RateLimitError("slow down")
    kept = keeper(path, clock, login(0))
    pauses: list[float | None] = []
    for _ in range(3):
        with pytest.raises(RateLimitError) as caught:
            await kept.fresh("p", service.refresh)
        pauses.append(caught.value.retry_after)
        clock.time += caught.value.retry_after or 0
    assert pauses == [30, 60, 120]


@pytest.mark.parametrize("error", [TransportError("no route"), OverloadedError("503")])
async def test_a_passing_failure_is_tried_again_at_the_next_call(
    path: Path, clock: Clock, service: Service, error: PiError
) -> None:
    service.error = error
    kept = keeper(path, clock, login(0))
    for _ in range(2):
        with pytest.raises(type(error), match="refreshing the login p failed: "):
            await kept.fresh("p", service.refresh)
    assert len(service.spent) == 2
    service.error = None
    assert (await kept.fresh("p", service.refresh)).access == "a3"


async def test_a_passing_failure_does_not_slow_down_a_token_that_still_works(
    path: Path, clock: Clock, service: Service
) -> None:
    service.error = TransportError("no route")
    kept = keeper(path, clock, login(200))
    for _ in range(5):
        assert (await kept.fresh("p", service.refresh)).access == "a0"
    assert len(service.spent) == 1
    clock.time += 31
    await kept.fresh("p", service.refresh)
    assert len(service.spent) == 2


async def test_a_stalled_service_is_given_up_and_the_lock_released(
    path: Path, clock: Clock
) -> None:
    service = Service(clock, delay=60)
    kept = keeper(path, clock, login(0), timeout=0.05)
    with pytest.raises(TransportError, match=r"longer than 0\.05 s"):
        await kept.fresh("p", service.refresh)
    assert not (path.parent / "auth.json.lock").exists()


async def test_a_token_that_cannot_be_saved_is_kept_in_memory_and_saved_later(
    path: Path, clock: Clock, service: Service
) -> None:
    kept = keeper(path, clock, login(0))

    async def refresh(credential: OAuth) -> OAuth:
        fresh = await service.refresh(credential)
        path.unlink()
        path.mkdir()  # nothing can be written there now
        return fresh

    with pytest.raises(ConfigError, match="kept in memory"):
        await kept.fresh("p", refresh)
    with pytest.raises(ConfigError):
        await kept.fresh("p", refresh)
    path.rmdir()
    path.write_text(json.dumps({"p": {**msgspec.to_builtins(login(0)), "type": "oauth"}}))
    assert (await kept.fresh("p", refresh)).access == "a1"
    assert saved(path)["refresh"] == "r1"
    assert service.spent == ["r0"]


async def test_a_lock_lost_while_the_machine_slept_does_not_lose_the_token(
    path: Path, clock: Clock, service: Service
) -> None:
    kept = keeper(path, clock, login(0))

    async def refresh(credential: OAuth) -> OAuth:
        lock = path.parent / "auth.json.lock"
        lock.rmdir()  # another process held it to be abandoned, took it and is done already
        return await service.refresh(credential)

    assert (await kept.fresh("p", refresh)).access == "a1"
    assert saved(path)["refresh"] == "r1"


async def test_after_a_lost_lock_a_later_login_outranks_ours(
    path: Path, clock: Clock, service: Service
) -> None:
    kept = keeper(path, clock, login(0))

    async def refresh(credential: OAuth) -> OAuth:
        (path.parent / "auth.json.lock").rmdir()
        await CredentialStore(path).put("p", OAuth("later", "later-access", ms(NOW + 999)))
        return await service.refresh(credential)

    assert (await kept.fresh("p", refresh)).access == "later-access"
    assert saved(path)["refresh"] == "later"


async def test_a_rejected_token_is_refreshed_however_young(
    path: Path, clock: Clock, service: Service
) -> None:
    kept = keeper(path, clock, login(3600))
    fresh = await kept.fresh("p", service.refresh, rejected="a0")
    assert fresh.access == "a1"
    assert (await kept.fresh("p", service.refresh, rejected="a0")).access == "a1"
    assert service.spent == ["r0"]


async def test_short_lived_tokens_are_not_refreshed_at_each_call(path: Path, clock: Clock) -> None:
    service = Service(clock, lifetime=120)
    kept = keeper(path, clock, login(0))
    for _ in range(5):
        await kept.fresh("p", service.refresh)
    assert len(service.spent) == 1
    clock.time += 91
    await kept.fresh("p", service.refresh)
    assert len(service.spent) == 2


async def test_a_login_that_is_gone_is_said(path: Path, clock: Clock, service: Service) -> None:
    kept = keeper(path, clock, login(0))
    await kept.store.put("p", ApiKey("test-key"))
    with pytest.raises(AuthError, match=r"the login p is gone from .*auth\.json"):
        await kept.fresh("p", service.refresh)


async def test_two_keepers_of_one_process_refresh_once(path: Path, clock: Clock) -> None:
    service = Service(clock, delay=0.02)
    one, two = keeper(path, clock, login(0)), keeper(path, clock)
    results = await asyncio.gather(one.fresh("p", service.refresh), two.fresh("p", service.refresh))
    assert {result.access for result in results} == {"a1"}


def test_one_keeper_serves_many_event_loops(path: Path, clock: Clock, service: Service) -> None:
    kept = keeper(path, clock, login(0))
    assert asyncio.run(kept.fresh("p", service.refresh)).access == "a1"
    clock.time += 3600
    assert asyncio.run(kept.fresh("p", service.refresh)).access == "a2"
