"""Kimi For Coding: a device code. `KIMI_CODE_OAUTH_HOST` names another host to log in at."""

from urllib.parse import urlsplit, urlunsplit

from pi.ai.auth.flows.device_code import DeviceFlow, DeviceParams
from pi.ai.auth.oauth.world import World
from pi.ai.errors import ConfigError

__all__ = ["KIMI_PARAMS", "KimiCoding"]

_HOSTS = ("KIMI_CODE_OAUTH_HOST", "KIMI_OAUTH_HOST")

KIMI_PARAMS = DeviceParams(
    client_id="17e5f671-d194-4dfb-9706-5516cb48c098",
    device_url="https://auth.kimi.com/api/oauth/device_authorization",
    token_url="https://auth.kimi.com/api/oauth/token",
)
"""Where and as whom to log in."""


class KimiCoding(DeviceFlow):
    """The login of a Kimi account."""

    id = "kimi-coding"
    who = "Kimi"

    def __init__(self, params: DeviceParams = KIMI_PARAMS, world: World | None = None) -> None:
        super().__init__(params, world)

    def url(self, url: str) -> str:
        host = self.world.env.first(*_HOSTS)
        if host is None:
            return url
        base = urlsplit(host.strip().rstrip("/"))
        if base.scheme not in ("http", "https") or not base.netloc:
            raise ConfigError(f"{' or '.join(_HOSTS)} must be an address such as {_origin(url)}")
        return urlunsplit((base.scheme, base.netloc, base.path + urlsplit(url).path, "", ""))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
