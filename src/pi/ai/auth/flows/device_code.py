"""Services with a device code as the standard has it (RFC 8628): what they share."""

from collections.abc import Mapping

from msgspec import Struct

from pi.ai.auth.base import Credential, LoginUI, OAuth
from pi.ai.auth.oauth.device import GRANT_TYPE, ask_token, poll, read_device_code
from pi.ai.auth.oauth.flow import Flow
from pi.ai.auth.oauth.tokens import read_tokens
from pi.ai.auth.oauth.world import World

__all__ = ["DeviceFlow", "DeviceParams"]


class DeviceParams(Struct, frozen=True, kw_only=True):
    """Where and as whom to log in. `extra`: further fields of the first request."""

    client_id: str
    device_url: str
    token_url: str
    scopes: str = ""
    extra: dict[str, str] = {}


class DeviceFlow(Flow):
    """A login by device code, with tokens that are refreshed."""

    def __init__(self, params: DeviceParams, world: World | None = None) -> None:
        super().__init__(world)
        self.params = params

    async def sign_in(self, ui: LoginUI) -> Credential:
        fields = {"client_id": self.params.client_id}
        if self.params.scopes:
            fields["scope"] = self.params.scopes
        answer = await self.service.form(
            self.url(self.params.device_url), {**fields, **self.params.extra}
        )
        code = read_device_code(answer)
        await ui.show_code(code.user_code, code.url, code.expires_in)
        asked = self._fields(grant_type=GRANT_TYPE, device_code=code.device_code)
        url = self.url(self.params.token_url)
        given = await poll(self.world, lambda: ask_token(self.service, url, asked), code, self.who)
        return await self.credential(read_tokens(given, now=self.world.now()))

    async def renew(self, credential: OAuth) -> OAuth:
        fields = self._fields(grant_type="refresh_token", refresh_token=credential.refresh)
        answer = await self.service.form(self.url(self.params.token_url), fields)
        return await self.renewed(read_tokens(answer, now=self.world.now(), renewed=True))

    def url(self, url: str) -> str:
        """The address to use for one of the parameters."""
        return url

    def _fields(self, **fields: str) -> Mapping[str, str]:
        return {**fields, "client_id": self.params.client_id}
