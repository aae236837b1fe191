"""How a credential becomes a signed request: by key, or by the rules of a cloud.

A cloud's rules stand in a file named for the mechanism and are found by the names in `auth.kinds`
of a provider's row. A provider without such a name sends its key in a header, and that is all.
"""

from collections.abc import Awaitable, Callable
from typing import cast

from msgspec import Struct

from pi.ai.auth.base import Access, header_signer
from pi.ai.auth.values import Environment
from pi.ai.model import Model
from pi.ai.registry import Lazy, Registry, lazy
from pi.ai.request import Request

__all__ = ["Ask", "Fetch", "Kind", "Reply", "kinds", "no_signer"]


class Reply(Struct, frozen=True):
    """A whole HTTP answer."""

    status: int
    headers: dict[str, str]
    content: bytes


Fetch = Callable[[Request], Awaitable[Reply]]
"""Sends a request. Raises `TransportError`."""


class Ask(Struct, frozen=True, kw_only=True):
    """Who wants access to what.

    key: the key that was found, None if the credential is to come from the surroundings. source:
    where it was found. fetch: for requests that a kind has to make itself.
    """

    model: Model
    env: Environment
    key: str | None
    source: str
    fetch: Fetch


class Kind:
    """A way of signing in. Subclasses are clouds."""

    name: str = "api_key"
    hidden: bool = False
    """Whether there may be a credential that `ambient` cannot see, such as a machine's role."""

    def ambient(self, env: Environment) -> str:
        """What of the surroundings holds a credential, in words; "" if nothing seems to.

        Looks at variables and files only: no network, no commands.
        """
        return ""

    def surroundings(self, env: Environment) -> tuple[tuple[str, str], ...]:
        """Where a request would look beside variables, and what is there; "" for nothing.

        For people; like `ambient` it only looks at variables and files, and shows no secret.
        """
        return ()

    def missing(self, env: Environment, *, keyed: bool, own_url: bool) -> tuple[str, ...]:
        """The variables that must be set besides, and are not.

        keyed: there is a key. own_url: the user gave a base URL in `models.json`.
        """
        return ()

    async def access(self, ask: Ask) -> Access:
        """The access. Raises `AuthError` or `ConfigError`."""
        if ask.key is None:
            return Access(ask.model, no_signer, source=ask.source)
        signer = header_signer(ask.model, ask.key)
        return Access(ask.model, signer, source=ask.source, secrets=(ask.key,))

    def forget(self) -> None:
        """Forget what was fetched and kept: a service refused it."""


def no_signer(request: Request) -> Request:
    """Leaves the request as it is."""
    return request


kinds: Registry[Kind] = Registry("kind of credential")
"""The shelf of kinds. A name of `auth.kinds` that is not on it needs no rules of its own."""

for _name, _path in {
    "aws": "pi.ai.auth.aws:Aws",
    "azure": "pi.ai.auth.azure:Azure",
    "google": "pi.ai.auth.google:Google",
}.items():
    kinds.add(_name, cast("Lazy[Kind]", lazy(_path, call=True)))
