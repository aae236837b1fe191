"""How the session host finds the handlers of setup commands: all at once, when one is needed."""

from typing import Any

from msgspec import Struct

from pi.coding.api.setup import SETUP_ANSWERS
from pi.coding.composer import Composer
from pi.coding.session_host import HostHandler, SessionHost
from pi.coding.setup.desk import SetupDesk

__all__ = ["setup_handlers"]


def setup_handlers(composer: Composer) -> dict[type[Struct], HostHandler]:
    """The handlers of all setup commands, loaded when the first one is asked for."""

    async def carry_out(host: SessionHost, command: Any) -> Any:
        from pi.coding.setup.table import HANDLERS  # a start needs none of them

        return await HANDLERS[type(command)](SetupDesk(host, composer), command)

    return dict.fromkeys(SETUP_ANSWERS, carry_out)
