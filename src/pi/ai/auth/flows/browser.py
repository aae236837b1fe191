"""Services with a browser login as the standard has it (RFC 6749, 7636, 8252): what they share."""

from collections.abc import Mapping

from msgspec import Struct

from pi.ai.auth.base import Credential, LoginUI, OAuth
from pi.ai.auth.oauth.attempt import Handshake
from pi.ai.auth.oauth.flow import Flow
from pi.ai.auth.oauth.pkce import BrowserLogin, Loopback
from pi.ai.auth.oauth.tokens import Tokens, read_tokens
from pi.ai.auth.oauth.urls import with_query
from pi.ai.auth.oauth.world import World

__all__ = ["BrowserFlow", "BrowserParams"]


class BrowserParams(Struct, frozen=True, kw_only=True):
    """Where and as whom to log in. `extra`: further parameters of the address to open."""

    client_id: str
    authorize_url: str
    token_url: str
    scopes: str = ""
    loopback: Loopback = Loopback(port=0, path="/callback")
    extra: dict[str, str] = {}


class BrowserFlow(Flow):
    """A login in a browser with PKCE, with tokens that are refreshed.

    Subclasses set `who` and may override `credential`, which makes what is stored of the tokens.
    """

    def __init__(self, params: BrowserParams, world: World | None = None) -> None:
        super().__init__(world)
        self.params = params

    async def sign_in(self, ui: LoginUI) -> Credential:
        login = BrowserLogin(self.world, ui, self.who, self._authorize)
        tokens = await login.by_callback(self.params.loopback, self._exchange)
        return await self.credential(tokens)

    async def renew(self, credential: OAuth) -> OAuth:
        fields = {"grant_type": "refresh_token", "refresh_token": credential.refresh}
        return await self.renewed(await self._ask(fields, renewed=True))

    def _authorize(self, handshake: Handshake) -> str:
        fields = {
            "client_id": self.params.client_id,
            "response_type": "code",
            "redirect_uri": handshake.redirect_uri,
            "code_challenge": handshake.challenge,
            "code_challenge_method": "S256",
            "state": handshake.state,
        }
        if self.params.scopes:
            fields["scope"] = self.params.scopes
        return with_query(self.params.authorize_url, {**fields, **self.params.extra})

    async def _exchange(self, handshake: Handshake, code: str) -> Tokens:
        return await self._ask(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": handshake.redirect_uri,
                "code_verifier": handshake.verifier,
            }
        )

    async def _ask(self, fields: Mapping[str, str], *, renewed: bool = False) -> Tokens:
        fields = {**fields, "client_id": self.params.client_id}
        answer = await self.service.form(self.params.token_url, fields)
        return read_tokens(answer, now=self.world.now(), renewed=renewed)
