"""Claude Pro and Max: PKCE in a browser, tokens for JSON.

The token endpoint wants the state that the browser was sent with. Any loopback port is accepted;
without a browser here, Anthropic's own page shows a code to copy.
"""

from typing import Any, cast

from msgspec import Struct

from pi.ai.auth.base import Credential, LoginUI, OAuth
from pi.ai.auth.oauth.attempt import Handshake
from pi.ai.auth.oauth.flow import Flow, stored
from pi.ai.auth.oauth.pkce import BrowserLogin, Loopback
from pi.ai.auth.oauth.tokens import Tokens, read_tokens, text
from pi.ai.auth.oauth.urls import with_query
from pi.ai.auth.oauth.world import World

__all__ = ["ANTHROPIC_PARAMS", "Anthropic", "AnthropicParams"]

_SCOPES = (
    "org:create_api_key user:profile user:inference user:sessions:claude_code user:mcp_servers"
    " user:file_upload"
)


class AnthropicParams(Struct, frozen=True, kw_only=True):
    """Where and as whom to log in. `code_redirect`: the page that shows a code to copy."""

    client_id: str = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"
    authorize_url: str = "https://claude.ai/oauth/authorize"
    token_url: str = "https://platform.claude.com/v1/oauth/token"
    code_redirect: str = "https://platform.claude.com/oauth/code/callback"
    scopes: str = _SCOPES
    loopback: Loopback = Loopback(port=53692, path="/callback", any_port=True)


ANTHROPIC_PARAMS = AnthropicParams()
"""The service itself."""


class Anthropic(Flow):
    """The login of a Claude subscription."""

    id = "anthropic"
    who = "Anthropic"

    def __init__(
        self, params: AnthropicParams = ANTHROPIC_PARAMS, world: World | None = None
    ) -> None:
        super().__init__(world)
        self.params = params

    async def sign_in(self, ui: LoginUI) -> Credential:
        ways = {
            "browser": "Browser on this machine",
            "code": "Copy a code (the browser is on another machine)",
        }
        way = await ui.choose("How to log in to Anthropic:", ways)
        login = BrowserLogin(self.world, ui, self.who, self._authorize)
        if way == "code":
            tokens = await login.by_code(self.params.code_redirect, self._exchange)
        else:
            tokens = await login.by_callback(self.params.loopback, self._exchange)
        return stored(tokens, email=_email(tokens.data))

    async def renew(self, credential: OAuth) -> OAuth:
        # no scope: a refresh that sends one is refused
        answer = await self.service.json(
            self.params.token_url,
            {
                "grant_type": "refresh_token",
                "client_id": self.params.client_id,
                "refresh_token": credential.refresh,
            },
        )
        return stored(read_tokens(answer, now=self.world.now(), renewed=True))

    def _authorize(self, handshake: Handshake) -> str:
        return with_query(
            self.params.authorize_url,
            {
                "code": "true",
                "client_id": self.params.client_id,
                "response_type": "code",
                "redirect_uri": handshake.redirect_uri,
                "scope": self.params.scopes,
                "code_challenge": handshake.challenge,
                "code_challenge_method": "S256",
                "state": handshake.state,
            },
        )

    async def _exchange(self, handshake: Handshake, code: str) -> Tokens:
        answer = await self.service.json(
            self.params.token_url,
            {
                "grant_type": "authorization_code",
                "client_id": self.params.client_id,
                "code": code,
                "state": handshake.state,
                "redirect_uri": handshake.redirect_uri,
                "code_verifier": handshake.verifier,
            },
        )
        return read_tokens(answer, now=self.world.now())


def _email(data: dict[str, Any]) -> str:
    account = data.get("account")
    if not isinstance(account, dict):
        return ""
    return text(cast("dict[str, Any]", account), "email_address")
