"""What all login flows share: a world of their own, and that no socket outlives a login."""

from pi.ai.auth.base import Credential, LoginFlow, LoginUI, OAuth, UnfinishedRefresh
from pi.ai.auth.oauth.service import Service
from pi.ai.auth.oauth.tokens import Tokens
from pi.ai.auth.oauth.world import World

__all__ = ["Flow", "stored"]


class Flow(LoginFlow):
    """A login flow. Subclasses implement `sign_in` and `renew`. `who`: the service, for people."""

    who: str = ""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.service = Service(self.world, self.who)

    async def login(self, ui: LoginUI) -> Credential:
        try:
            return await self.sign_in(ui)
        finally:
            await self.world.aclose()

    async def refresh(self, credential: OAuth) -> OAuth:
        try:
            return await self.renew(credential)
        finally:
            await self.world.aclose()

    async def sign_in(self, ui: LoginUI) -> Credential:
        """The work of `login`."""
        raise NotImplementedError

    async def renew(self, credential: OAuth) -> OAuth:
        """The work of `refresh`."""
        raise NotImplementedError

    async def credential(self, tokens: Tokens) -> OAuth:
        """What is stored of new tokens."""
        return stored(tokens)

    async def renewed(self, tokens: Tokens) -> OAuth:
        """`credential` at a refresh: a new refresh token is not lost if that fails."""
        try:
            return await self.credential(tokens)
        except BaseException as error:
            if not tokens.refresh:
                raise
            raise UnfinishedRefresh(tokens.refresh, error) from error


def stored(tokens: Tokens, **extra: str) -> OAuth:
    """Tokens as they are stored; empty fields of `extra` are left out."""
    kept = {name: value for name, value in extra.items() if value}
    return OAuth(tokens.refresh, tokens.access, tokens.expires, kept)
