"""ChatGPT Plus and Pro: PKCE in a browser on one fixed port, or a device code of OpenAI's own make.

The access token is a JWT that names the account; requests carry that id in a header besides.
"""

from typing import Any, cast

from msgspec import Struct

from pi.ai.auth.base import Credential, LoginUI, OAuth
from pi.ai.auth.oauth.attempt import Handshake
from pi.ai.auth.oauth.device import DeviceCode, Pending, poll
from pi.ai.auth.oauth.flow import Flow, stored
from pi.ai.auth.oauth.pkce import BrowserLogin, Loopback
from pi.ai.auth.oauth.service import one_line
from pi.ai.auth.oauth.tokens import Tokens, jwt_claims, missing, number, read_tokens, text
from pi.ai.auth.oauth.urls import with_query
from pi.ai.auth.oauth.world import World
from pi.ai.auth.overlay import with_headers
from pi.ai.errors import AuthError, ProtocolError
from pi.ai.model import Model

__all__ = ["CODEX_PARAMS", "CodexParams", "OpenAICodex"]

_AUTH_CLAIM = "https://api.openai.com/auth"
_PROFILE_CLAIM = "https://api.openai.com/profile"


class CodexParams(Struct, frozen=True, kw_only=True):
    """Where and as whom to log in."""

    client_id: str = "app_EMoamEEZ73f0CkXaXp7hrann"
    authorize_url: str = "https://auth.openai.com/oauth/authorize"
    token_url: str = "https://auth.openai.com/oauth/token"
    scopes: str = "openid profile email offline_access"
    originator: str = "pi"
    loopback: Loopback = Loopback(port=1455, path="/auth/callback")
    device_url: str = "https://auth.openai.com/api/accounts/deviceauth/usercode"
    device_token_url: str = "https://auth.openai.com/api/accounts/deviceauth/token"
    device_page: str = "https://auth.openai.com/codex/device"
    device_redirect: str = "https://auth.openai.com/deviceauth/callback"
    device_seconds: float = 900.0


CODEX_PARAMS = CodexParams()
"""The service itself."""


class OpenAICodex(Flow):
    """The login of a ChatGPT subscription."""

    id = "openai-codex"
    who = "OpenAI"

    def __init__(self, params: CodexParams = CODEX_PARAMS, world: World | None = None) -> None:
        super().__init__(world)
        self.params = params

    async def sign_in(self, ui: LoginUI) -> Credential:
        ways = {
            "browser": "Browser on this machine",
            "device": "Device code (the browser is on another machine)",
        }
        if await ui.choose("How to log in to ChatGPT:", ways) == "device":
            return self._stored(await self._by_device(ui))
        login = BrowserLogin(self.world, ui, self.who, self._authorize)
        return self._stored(await login.by_callback(self.params.loopback, self._exchange))

    async def renew(self, credential: OAuth) -> OAuth:
        answer = await self.service.form(
            self.params.token_url,
            {
                "grant_type": "refresh_token",
                "refresh_token": credential.refresh,
                "client_id": self.params.client_id,
            },
        )
        return self._stored(read_tokens(answer, now=self.world.now(), renewed=True), known=True)

    def overlay(self, model: Model, credential: OAuth) -> Model:
        account = credential.extra.get("accountId") or _account(credential.access)
        if not isinstance(account, str) or not account:
            raise AuthError("the ChatGPT login does not name its account: log in again")
        return with_headers(model, {"chatgpt-account-id": account})

    def _stored(self, tokens: Tokens, *, known: bool = False) -> OAuth:
        account = _account(tokens.access)
        if not account and not known:
            raise ProtocolError(
                f"the token of OpenAI does not name an account ({_AUTH_CLAIM} has no"
                " chatgpt_account_id): is there a ChatGPT plan on it?"
            )
        return stored(tokens, accountId=account, email=_email(tokens.access))

    # -- in a browser ------------------------------------------------------------------------------

    def _authorize(self, handshake: Handshake) -> str:
        return with_query(
            self.params.authorize_url,
            {
                "response_type": "code",
                "client_id": self.params.client_id,
                "redirect_uri": handshake.redirect_uri,
                "scope": self.params.scopes,
                "code_challenge": handshake.challenge,
                "code_challenge_method": "S256",
                "state": handshake.state,
                "id_token_add_organizations": "true",
                "codex_cli_simplified_flow": "true",
                "originator": self.params.originator,
            },
        )

    async def _exchange(self, handshake: Handshake, code: str) -> Tokens:
        tokens = await self._redeem(code, handshake.verifier, handshake.redirect_uri)
        self._stored(tokens)  # so that the browser is told of an account without a plan
        return tokens

    async def _redeem(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        answer = await self.service.form(
            self.params.token_url,
            {
                "grant_type": "authorization_code",
                "client_id": self.params.client_id,
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": redirect_uri,
            },
        )
        return read_tokens(answer, now=self.world.now())

    # -- with a device code ------------------------------------------------------------------------

    async def _by_device(self, ui: LoginUI) -> Tokens:
        answer = await self.service.json(
            self.params.device_url, {"client_id": self.params.client_id}
        )
        if answer.status == 404:
            raise AuthError(
                "OpenAI does not allow device codes for this account: allow them in ChatGPT's"
                " security settings, or log in with the browser",
                status=404,
            )
        data = answer.object()
        device, user_code = text(data, "device_auth_id"), one_line(text(data, "user_code"))
        absent = [] if device else ["device_auth_id"]
        absent += [] if user_code else ["user_code"]
        if absent:
            raise missing(answer, *absent)
        code = DeviceCode(
            device_code=device,
            user_code=user_code,
            url=self.params.device_page,
            interval=number(data, "interval") or 5.0,
            expires_in=self.params.device_seconds,
        )
        await ui.show_code(code.user_code, code.url, code.expires_in)
        granted, verifier = await poll(self.world, lambda: self._ask(code), code, self.who)
        return await self._redeem(granted, verifier, self.params.device_redirect)

    async def _ask(self, code: DeviceCode) -> tuple[str, str] | Pending:
        """Ask once: the code and verifier that OpenAI made, or not yet."""
        answer = await self.service.json(
            self.params.device_token_url,
            {"device_auth_id": code.device_code, "user_code": code.user_code},
        )
        if answer.code == "slow_down":
            return Pending(True, number(answer.fields, "interval"))
        if answer.status in (403, 404) or answer.code == "deviceauth_authorization_pending":
            return Pending()
        data = answer.object()
        granted, verifier = text(data, "authorization_code"), text(data, "code_verifier")
        if not granted or not verifier:
            raise missing(answer, "authorization_code" if not granted else "code_verifier")
        return granted, verifier


def _claim(token: str, claim: str, name: str) -> str:
    try:
        value = jwt_claims(token).get(claim)
    except ValueError:
        return ""
    return text(cast("dict[str, Any]", value), name) if isinstance(value, dict) else ""


def _account(token: str) -> str:
    return _claim(token, _AUTH_CLAIM, "chatgpt_account_id")


def _email(token: str) -> str:
    return _claim(token, _PROFILE_CLAIM, "email")
