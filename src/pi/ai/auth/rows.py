"""What signing in needs to know of the catalog: shapes, not types.

The catalog's own structs have these fields (`pi.ai.catalog.schema` says what they mean). Neither
package imports the other; whoever wires them together passes the one to the other.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from pi.ai.model import AuthHeader

__all__ = ["AuthRow", "Catalog", "ProviderRow", "UserProvider", "VariantRow"]


class VariantRow(Protocol):
    """What one kind of credential changes about requests."""

    @property
    def when(self) -> str: ...
    @property
    def key_contains(self) -> str: ...
    @property
    def auth_header(self) -> AuthHeader | None: ...
    @property
    def headers(self) -> dict[str, str]: ...
    @property
    def compat(self) -> dict[str, Any]: ...
    @property
    def system_prefix(self) -> tuple[str, ...]: ...


class AuthRow(Protocol):
    """How a provider is signed in to."""

    @property
    def kinds(self) -> tuple[str, ...]: ...
    @property
    def env(self) -> tuple[str, ...]: ...
    @property
    def required_env(self) -> tuple[str, ...]: ...
    @property
    def optional_env(self) -> tuple[str, ...]: ...
    @property
    def login(self) -> str: ...
    @property
    def variants(self) -> tuple[VariantRow, ...]: ...


class ProviderRow(Protocol):
    """One provider."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...
    @property
    def auth(self) -> AuthRow: ...


class UserProvider(Protocol):
    """What the user's `models.json` says of a provider, values as they are written there."""

    @property
    def api_key(self) -> str | None: ...
    @property
    def headers(self) -> dict[str, str]: ...
    @property
    def model_headers(self) -> dict[str, dict[str, str]]: ...
    @property
    def auth_header(self) -> bool: ...
    @property
    def origin(self) -> str: ...
    def headers_for(self, model_id: str, /) -> dict[str, str]: ...


class Catalog(Protocol):
    """Where provider rows come from. An unknown provider is a `ConfigError`."""

    @property
    def providers(self) -> Mapping[str, ProviderRow]: ...
    def provider(self, id: str, /) -> ProviderRow: ...
    def user_provider(self, id: str, /) -> UserProvider | None: ...
