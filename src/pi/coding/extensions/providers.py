"""What `register_provider`, `register_protocol` and `register_login` come to.

A registration is said to the catalog in the words of `models.json`, so it can say whatever that
file can, is checked by the same rules, and what the user's own file says comes after it.
"""

from typing import Any

from pi.ai.auth.base import LoginFlow
from pi.ai.auth.flows import flows
from pi.ai.errors import ConfigError
from pi.ai.protocols import protocols
from pi.ai.protocols.base import Protocol as WireProtocol
from pi.ai.registry import Registry
from pi.coding.extensions.given import near
from pi.coding.extensions.shelf import NameTaken, Owner, ProviderHome, ProviderRegistration

__all__ = ["add_login", "add_protocol", "apply", "remove", "remove_provider", "unknown_apis"]

_WORDS = {
    "base_url": "baseUrl",
    "api": "api",
    "api_key": "apiKey",
    "headers": "headers",
    "auth_header": "authHeader",
    "models": "models",
    "display_name": "name",
}
"""Fields of a registration to keys of `models.json`."""


def apply(home: ProviderHome, owner: Owner, registration: ProviderRegistration) -> None:
    """Make a provider known. Raises `ConfigError` saying what is wrong with the registration."""
    name = registration.name
    data: dict[str, Any] = {}
    for field, key in _WORDS.items():
        value = getattr(registration, field)
        if value is not None and value != "":
            data[key] = [dict(model) for model in value] if field == "models" else value
    login = registration.login
    if isinstance(login, LoginFlow):
        flow, login = login, name
        _put_login(owner, name, flow)
    elif login is not None and login not in flows:
        hint = near(login, flows)
        raise ConfigError(
            f"provider {name!r} names the login flow {login!r}, which is not registered{hint}"
        )
    known = home.catalog.find_provider(name)
    if known is None and not data.get("models"):
        raise ConfigError(f"provider {name!r} is new: give base_url, api and models")
    if not data and not login:
        raise ConfigError(f"provider {name!r} is registered with nothing: it changes nothing")
    home.catalog.lay(name, data, owner=owner.words, login=login)


def unknown_apis(registration: ProviderRegistration) -> list[str]:
    """What is wrong with the wires that a registration names, a line each."""
    models = registration.models or ()
    names = [registration.api, *(model.get("api") for model in models)]
    return [
        f"provider {registration.name!r}: there is no api {api!r}{near(api, protocols)}"
        for api in dict.fromkeys(filter(None, names))
        if api not in protocols
    ]


def remove_provider(home: ProviderHome, owner: Owner, name: str) -> None:
    """Take a provider back; nothing happens if the owner has registered none of that name."""
    row = home.catalog.find_provider(name)
    home.catalog.lift(row.id if row else name, owner=owner.words)
    if name in flows and flows.owner(name) == owner.words:
        flows.remove(name)


def add_protocol(owner: Owner, name: str, protocol: WireProtocol) -> None:
    """Make a wire known. Raises `ConfigError` if there is one of that name."""
    _is_one(f"protocol {name!r}", protocol, WireProtocol, "WireProtocol")
    if name in protocols and protocols.owner(name) == owner.words:
        protocols.remove(name)
    _is_free(protocols, name)
    protocols.add(name, protocol, owner=owner.words)


def add_login(home: ProviderHome, owner: Owner, name: str, flow: LoginFlow) -> None:
    """Make a login flow known. Raises `ConfigError` if there is one of that name."""
    _is_one(f"login flow {name!r}", flow, LoginFlow, "LoginFlow")
    _put_login(owner, name, flow)


def remove(home: ProviderHome, owner: Owner) -> None:
    """Take back all that an owner has made known."""
    for name in home.catalog.laid(owner.words):
        home.catalog.lift(name, owner=owner.words)
    for registry in (protocols, flows):
        for name in [name for name in registry if registry.owner(name) == owner.words]:
            registry.remove(name)


def _put_login(owner: Owner, name: str, flow: LoginFlow) -> None:
    if name in flows and flows.owner(name) == owner.words:
        flows.remove(name)  # registered anew
    _is_free(flows, name)
    flows.add(name, flow, owner=owner.words)


def _is_free(registry: Registry[Any], name: str) -> None:
    if name in registry:
        raise NameTaken(f"{registry.kind} {name!r} is taken by {registry.owner(name)}")


def _is_one(what: str, value: Any, kind: type, name: str) -> None:
    if isinstance(value, type) and issubclass(value, kind):
        raise ConfigError(f"{what}: it takes a {name}, not its class: {value.__name__}()")
    if not isinstance(value, kind):
        raise ConfigError(f"{what}: it takes a `pi.extensions.{name}`, not {value!r}")
