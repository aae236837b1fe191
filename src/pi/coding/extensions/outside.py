"""Where providers, wires and logins of extensions go: to the user's catalog, when there is one."""

from pi.ai.auth.base import LoginFlow
from pi.ai.errors import ConfigError
from pi.ai.protocols.base import Protocol as WireProtocol
from pi.coding.extensions.recorder import Outside
from pi.coding.extensions.shelf import Owner, ProviderHome, ProviderRegistration

__all__ = ["HomeOutside"]


class HomeOutside(Outside):
    """Where providers of extensions go. Loaded when there is one."""

    def __init__(self, home: ProviderHome) -> None:
        super().__init__()
        self._home = home
        self._used = False
        self._registered: dict[str, ProviderRegistration] = {}

    def provider(self, owner: Owner, registration: ProviderRegistration) -> None:
        """Make a provider known."""
        from pi.coding.extensions.providers import apply, unknown_apis

        self._used = True
        if not self.loading:
            for problem in unknown_apis(registration):
                raise ConfigError(problem)
        apply(self._home, owner, registration)
        self._registered[registration.name] = registration

    def unsettled(self) -> list[str]:
        """What is wrong with what was registered, now that all are loaded; a line each."""
        if not self._registered:
            return []
        from pi.coding.extensions.providers import unknown_apis

        found = self._registered.values()
        return [f"{item.place}: {line}" for item in found for line in unknown_apis(item)]

    def remove_provider(self, owner: Owner, name: str) -> None:
        """Take it away."""
        from pi.coding.extensions.providers import remove_provider

        remove_provider(self._home, owner, name)

    def protocol(self, owner: Owner, name: str, protocol: WireProtocol) -> None:
        """Make a wire known."""
        from pi.coding.extensions.providers import add_protocol

        self._used = True
        add_protocol(owner, name, protocol)

    def login(self, owner: Owner, name: str, flow: LoginFlow) -> None:
        """Make a login flow known."""
        from pi.coding.extensions.providers import add_login

        self._used = True
        add_login(self._home, owner, name, flow)

    def forget(self, owner: Owner) -> None:
        """Take away all that an owner has made known."""
        self._registered = {
            name: item
            for name, item in self._registered.items()
            if not item.place.startswith(owner.own)
        }
        if self._used:
            from pi.coding.extensions.providers import remove

            remove(self._home, owner)
