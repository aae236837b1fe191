"""Login flows of strangers: what they get wrong is one line, and costs nobody a login."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pi.ai.auth.base import OAuth
from pi.ai.auth.flows.browser import BrowserFlow, BrowserParams
from pi.ai.auth.flows.device_code import DeviceFlow, DeviceParams
from pi.ai.auth.mistakes import flow_called
from pi.ai.auth.oauth.flow import Flow
from pi.ai.auth.oauth.tokens import Tokens
from pi.ai.auth.refresh import TokenKeeper
from pi.ai.auth.store import CredentialStore
from pi.ai.errors import ConfigError, OverloadedError, PiError, TransportError
from support.server import Reply, Seen, Server, json_reply

OLD = OAuth("r0", "a0", 0, {"team": "blue"})


class Rotating:
    """A service that takes every refresh token once."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, seen: Seen) -> Reply:
        if f"refresh_token=r{self.count}" not in seen.body.decode():
            return json_reply({"error": "invalid_grant"}, status=400)
        self.count += 1
        token = {"access_token": f"a{self.count}", "refresh_token": f"r{self.count}"}
        return json_reply({**token, "expires_in": 3600})


def browser(url: str) -> BrowserFlow:
    return BrowserFlow(
        BrowserParams(client_id="pi", authorize_url=f"{url}/authorize", token_url=f"{url}/token")
    )


def device(url: str) -> DeviceFlow:
    return DeviceFlow(
        DeviceParams(
            client_id="pi", device_url=f"{url}/device", token_url=f"{url}/token", scopes=""
        )
    )


def keeper(tmp_path: Path, **options: Any) -> TokenKeeper:
    store = CredentialStore(tmp_path / "auth.json", stale=2)
    store.modify_sync(lambda entries: entries.put("corp", OLD))
    return TokenKeeper(store, **options)


def saved(tmp_path: Path) -> dict[str, Any]:
    return json.loads((tmp_path / "auth.json").read_text())["corp"]


@pytest.mark.parametrize("kind", [browser, device])
@pytest.mark.parametrize(
    ("mistake", "kind_of_error", "said"),
    [
        (OverloadedError("busy", status=503), OverloadedError, "busy"),
        (KeyError("token"), ConfigError, r"the login flow corp failed: KeyError: 'token' \(test_"),
    ],
)
async def test_what_a_refresh_brought_is_kept_when_the_rest_fails(
    tmp_path: Path, kind: Any, mistake: Exception, kind_of_error: type[PiError], said: str
) -> None:
    kept = keeper(tmp_path)
    async with Server(Rotating()) as server:
        flow: Flow = kind(server.url)
        real = flow.credential
        failures = [mistake]

        async def credential(tokens: Tokens) -> OAuth:
            if failures:
                raise failures.pop()
            return await real(tokens)

        flow.credential = credential  # type: ignore[method-assign]
        with pytest.raises(kind_of_error, match=said):
            await kept.fresh("corp", flow.refresh)
        assert saved(tmp_path) == {
            "type": "oauth",
            "refresh": "r1",
            "access": "a0",
            "expires": 0,
            "team": "blue",
        }
        fresh = await kept.fresh("corp", flow.refresh)
    assert (fresh.refresh, fresh.access) == ("r2", "a2")
    assert saved(tmp_path)["refresh"] == "r2"


async def test_it_is_kept_when_the_rest_takes_too_long(tmp_path: Path) -> None:
    kept = keeper(tmp_path, timeout=2)
    async with Server(Rotating()) as server:
        flow = browser(server.url)

        async def credential(tokens: Tokens) -> OAuth:
            await asyncio.Event().wait()
            raise AssertionError

        flow.credential = credential  # type: ignore[method-assign]
        with pytest.raises(TransportError, match="took longer than 2 s"):
            await kept.fresh("corp", flow.refresh)
    assert saved(tmp_path)["refresh"] == "r1"


async def test_a_device_login_stores_what_its_credential_says(tmp_path: Path) -> None:
    class Named(DeviceFlow):
        async def credential(self, tokens: Tokens) -> OAuth:
            return OAuth(tokens.refresh, tokens.access, tokens.expires, {"seat": "7"})

    async with Server(Rotating()) as server:
        flow = Named(device(server.url).params)
        fresh = await keeper(tmp_path).fresh("corp", flow.refresh)
    assert fresh.extra == {"team": "blue", "seat": "7"}


def test_the_line_of_the_flow_is_named_not_ours() -> None:
    mistake = r"^the login flow corp failed: TypeError: .* \(test_login_mistakes.py line \d+\)$"
    with pytest.raises(ConfigError, match=mistake), flow_called("corp"):
        BrowserParams()  # type: ignore[call-arg]
    with pytest.raises(OverloadedError, match=r"^busy$"), flow_called("corp"):
        raise OverloadedError("busy")
