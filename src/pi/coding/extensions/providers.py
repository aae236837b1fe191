"""What `register_provider`, `register_protocol` and `register_login` come to.

`apply` makes a registration count, `remove` takes all of an owner's back.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from pi.ai.auth.base import LoginFlow
from pi.ai.catalog.schema import ModelFacts, ProviderRow
from pi.ai.errors import ConfigError
from pi.ai.protocols import protocols
from pi.ai.protocols.base import Protocol as WireProtocol
from pi.coding.extensions.shelf import Owner, ProviderHome, ProviderRegistration

__all__ = ["add_login", "add_protocol", "apply", "remove", "remove_provider"]


def apply(home: ProviderHome, owner: Owner, registration: ProviderRegistration) -> None:
    """Make a provider known. Raises `ConfigError`."""
    catalog = home.catalog
    known = catalog.find_provider(registration.name)
    changes: dict[str, Any] = {}
    if registration.base_url is not None:
        changes["base_url"] = registration.base_url
    if registration.api is not None:
        changes["api"] = registration.api
    if registration.headers is not None:
        changes["headers"] = dict(registration.headers)
    if registration.display_name:
        changes["name"] = registration.display_name
    try:
        row = (
            ProviderRow(**{"id": registration.name, "name": registration.name, **changes})
            if known is None
            else msgspec.structs.replace(known, **changes)
        )
        models = registration.models
        facts = None if models is None else [_facts(row, model) for model in models]
    except (TypeError, ValueError) as error:
        raise ConfigError(f"register_provider({registration.name!r}): {error}") from None
    catalog.add_provider(row, facts, owner=owner.words)


def remove_provider(home: ProviderHome, owner: Owner, name: str) -> None:
    """Take a provider back."""
    home.catalog.remove_provider(name)


def add_protocol(owner: Owner, name: str, protocol: WireProtocol) -> None:
    """Make a wire known. Raises `ConfigError` if there is one of that name."""
    protocols.add(name, protocol, owner=owner.words)


def add_login(home: ProviderHome, owner: Owner, name: str, flow: LoginFlow) -> None:
    """Make a login flow known."""
    raise ConfigError("register_login is not built yet in this version")


def remove(home: ProviderHome, owner: Owner) -> None:
    """Take back all that an owner has made known."""
    for name in [name for name in protocols if protocols.owner(name) == owner.words]:
        protocols.remove(name)


def _facts(row: ProviderRow, model: Mapping[str, Any]) -> ModelFacts:
    return msgspec.convert(dict(model), ModelFacts)
