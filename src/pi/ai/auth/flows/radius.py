"""Radius: a browser on this machine, whose address the gateway tells, or a device code.

Learnt from the established program (pi-ai 1.6.0); nothing is published about it.
"""

from msgspec import Struct

from pi.ai.auth.base import Credential, LoginUI
from pi.ai.auth.flows.device_code import DeviceFlow, DeviceParams
from pi.ai.auth.oauth.attempt import Handshake
from pi.ai.auth.oauth.flow import stored
from pi.ai.auth.oauth.pkce import BrowserLogin, Loopback
from pi.ai.auth.oauth.tokens import Tokens, missing, read_tokens, text
from pi.ai.auth.oauth.urls import trusted_url, with_query
from pi.ai.auth.oauth.world import World

__all__ = ["RADIUS_PARAMS", "Radius", "RadiusParams"]


class RadiusParams(Struct, frozen=True, kw_only=True):
    """Where and as whom to log in. discovery: where the gateway tells its browser address."""

    discovery_url: str = "https://radius.pi.dev/v1/oauth"
    device_url: str = "https://radius.pi.dev/v1/oauth/device"
    token_url: str = "https://radius.pi.dev/v1/oauth/token"
    client_id: str = "pi-gateway"
    scopes: str = "gateway offline_access"
    loopback: Loopback = Loopback(port=1456, path="/oauth/callback", host="127.0.0.1")


RADIUS_PARAMS = RadiusParams()
"""The gateway itself."""


class Radius(DeviceFlow):
    """The login of a Radius account."""

    id = "radius"
    who = "Radius"

    def __init__(self, params: RadiusParams = RADIUS_PARAMS, world: World | None = None) -> None:
        device = DeviceParams(
            client_id=params.client_id,
            device_url=params.device_url,
            token_url=params.token_url,
            scopes=params.scopes,
        )
        super().__init__(device, world)
        self.gateway = params
        self._page = ""

    async def sign_in(self, ui: LoginUI) -> Credential:
        ways = {
            "browser": "Browser on this machine",
            "device": "Device code (the browser is on another machine)",
        }
        if await ui.choose("How to log in to Radius:", ways) == "device":
            return await super().sign_in(ui)
        answer = await self.service.get(self.gateway.discovery_url)
        page = text(answer.object(), "authorizationEndpoint")
        if not page:
            raise missing(answer, "authorizationEndpoint")
        self._page = trusted_url(page, self.who)
        login = BrowserLogin(self.world, ui, self.who, self._authorize)
        return stored(await login.by_callback(self.gateway.loopback, self._exchange))

    def _authorize(self, handshake: Handshake) -> str:
        return with_query(
            self._page,
            {
                "response_type": "code",
                "client_id": self.gateway.client_id,
                "redirect_uri": handshake.redirect_uri,
                "scope": self.gateway.scopes,
                "code_challenge": handshake.challenge,
                "code_challenge_method": "S256",
                "handoff": "url",
                "state": handshake.state,
            },
        )

    async def _exchange(self, handshake: Handshake, code: str) -> Tokens:
        answer = await self.service.form(
            self.gateway.token_url,
            {
                "grant_type": "authorization_code",
                "client_id": self.gateway.client_id,
                "redirect_uri": handshake.redirect_uri,
                "code": code,
                "code_verifier": handshake.verifier,
            },
        )
        return read_tokens(answer, now=self.world.now())
