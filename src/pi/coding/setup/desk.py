"""What a setup handler works with."""

from msgspec import Struct

from pi.ai.model import Model
from pi.coding.api.ui import UserInterface
from pi.coding.composer import Composer
from pi.coding.controller import Controller
from pi.coding.home import Home
from pi.coding.session_host import SessionHost

__all__ = ["NO_MODEL", "SetupDesk"]

NO_MODEL = Model(id="unknown", name="no model yet", provider="unknown", api="unknown", base_url="")
"""What stands for the model as long as none can be used."""


class SetupDesk(Struct, frozen=True):
    """The session host, and what puts its controllers together."""

    host: SessionHost
    composer: Composer

    @property
    def home(self) -> Home:
        """What belongs to the user, with the settings as they are now."""
        return self.composer.home

    @property
    def controller(self) -> Controller:
        """The controller that works now."""
        return self.host.controller

    @property
    def ui(self) -> UserInterface:
        """Where the user is asked and told."""
        return self.host.ui
