"""OpenRouter: PKCE in a browser that ends in a permanent API key.

https://openrouter.ai/docs/oauth. There is no client id and no state; the path that the browser
comes back to is random instead.
"""

from msgspec import Struct

from pi.ai.auth.base import ApiKey, Credential, LoginUI, OAuth
from pi.ai.auth.oauth.attempt import Handshake
from pi.ai.auth.oauth.flow import Flow
from pi.ai.auth.oauth.pkce import BrowserLogin, Loopback, random_text
from pi.ai.auth.oauth.tokens import missing, text
from pi.ai.auth.oauth.urls import with_query
from pi.ai.auth.oauth.world import World
from pi.ai.errors import AuthError

__all__ = ["OPENROUTER_PARAMS", "OpenRouter", "OpenRouterParams"]


class OpenRouterParams(Struct, frozen=True, kw_only=True):
    """Where to log in. `path` is the beginning of the path that the browser comes back to."""

    authorize_url: str = "https://openrouter.ai/auth"
    key_url: str = "https://openrouter.ai/api/v1/auth/keys"
    port: int = 0
    path: str = "/oauth/callback/"


OPENROUTER_PARAMS = OpenRouterParams()
"""The service itself."""


class OpenRouter(Flow):
    """The login that makes an API key."""

    id = "openrouter"
    who = "OpenRouter"

    def __init__(
        self, params: OpenRouterParams = OPENROUTER_PARAMS, world: World | None = None
    ) -> None:
        super().__init__(world)
        self.params = params

    async def sign_in(self, ui: LoginUI) -> Credential:
        login = BrowserLogin(self.world, ui, self.who, self._authorize, state=False)
        loopback = Loopback(port=self.params.port, path=self.params.path + random_text())
        return await login.by_callback(loopback, self._exchange)

    async def renew(self, credential: OAuth) -> OAuth:
        raise AuthError("the key that OpenRouter made cannot be renewed")

    def _authorize(self, handshake: Handshake) -> str:
        return with_query(
            self.params.authorize_url,
            {
                "callback_url": handshake.redirect_uri,
                "code_challenge": handshake.challenge,
                "code_challenge_method": "S256",
            },
        )

    async def _exchange(self, handshake: Handshake, code: str) -> ApiKey:
        answer = await self.service.json(
            self.params.key_url,
            {
                "code": code,
                "code_verifier": handshake.verifier,
                "code_challenge_method": "S256",
            },
        )
        key = text(answer.object(), "key")
        if not key:
            raise missing(answer, "key")
        return ApiKey(key.replace("$", "$$"))  # a stored key is a text in which $ means something
