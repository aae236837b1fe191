"""`pi` whose logins know other addresses: those of a test's identity provider. Not a test.

Arguments: the provider's address, then the command line. Waits are a fiftieth of what they say. The
fields of Anthropic's token request travel as JSON; everything else is the standard's.
"""

import asyncio
import sys
from typing import Any

import msgspec

from pi.ai.auth.flows import flows
from pi.ai.auth.flows.anthropic import ANTHROPIC_PARAMS, Anthropic
from pi.ai.auth.flows.github_copilot import COPILOT_PARAMS, GitHubCopilot
from pi.ai.auth.flows.xai import XAI, XAI_PARAMS
from pi.ai.auth.oauth.pkce import Loopback
from pi.ai.auth.oauth.world import World
from pi.coding.cli.main import main


async def nap(seconds: float) -> None:
    """Sleep, but not for long."""
    await asyncio.sleep(seconds / 50)


def use(url: str) -> None:
    """Have the logins talk to `url`."""
    anthropic = msgspec.structs.replace(
        ANTHROPIC_PARAMS,
        authorize_url=f"{url}/authorize",
        token_url=f"{url}/token",
        code_redirect="https://platform.test/code",
        loopback=Loopback(port=0, path="/callback", any_port=True),
    )
    xai = msgspec.structs.replace(XAI_PARAMS, device_url=f"{url}/device", token_url=f"{url}/token")
    copilot = msgspec.structs.replace(
        COPILOT_PARAMS,
        device_url=url + "/{domain}/device",
        token_url=url + "/{domain}/token",
        copilot_url=url + "/{domain}/copilot",
        base_url=url + "/{host}",
    )
    made: dict[str, Any] = {
        "anthropic": Anthropic(anthropic),
        "xai": XAI(xai, World(sleep=nap)),
        "github-copilot": GitHubCopilot(copilot, World(sleep=nap)),
    }
    for name, flow in made.items():
        flows.remove(name)
        flows.add(name, flow)


if __name__ == "__main__":
    use(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
