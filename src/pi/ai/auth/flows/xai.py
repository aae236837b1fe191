"""xAI (Grok): a device code."""

from pi.ai.auth.flows.device_code import DeviceFlow, DeviceParams
from pi.ai.auth.oauth.world import World

__all__ = ["XAI", "XAI_PARAMS"]

XAI_PARAMS = DeviceParams(
    client_id="b1a00492-073a-47ea-816f-4c329264a828",
    device_url="https://auth.x.ai/oauth2/device/code",
    token_url="https://auth.x.ai/oauth2/token",
    scopes="openid profile email offline_access grok-cli:access api:access",
    extra={"referrer": "pi"},
)
"""Where and as whom to log in."""


class XAI(DeviceFlow):
    """The login of an xAI account."""

    id = "xai"
    who = "xAI"

    def __init__(self, params: DeviceParams = XAI_PARAMS, world: World | None = None) -> None:
        super().__init__(params, world)
