"""The words of authentication: credentials as stored, access as used.

A signer is a pure function `Request -> Request` applied to the encoded request, last: bearer token,
`x-api-key`, SigV4 are all this. `Access` is everything a credential changes about a call.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.model import Model
from pi.ai.registry import Registry
from pi.ai.request import Request

__all__ = [
    "Access",
    "ApiKey",
    "Authorizer",
    "Credential",
    "LoginFlow",
    "OAuth",
    "Signer",
    "flows",
    "header_signer",
]

Signer = Callable[[Request], Request]


class ApiKey(Struct, frozen=True, tag="api_key", omit_defaults=True):
    """A stored key: a literal, `$NAME`, the name of an environment variable, or `!command`.

    `env` holds variables for this provider only; they win over the process environment.
    """

    key: str | None = None
    env: dict[str, str] = {}


class OAuth(Struct, frozen=True, tag="oauth"):
    """A login. `expires` is ms since the epoch; `extra` keeps a provider's own fields."""

    refresh: str
    access: str
    expires: int
    extra: dict[str, Any] = {}


Credential = ApiKey | OAuth


class Access(Struct, frozen=True):
    """What a credential makes of a call.

    model: the model with its base URL filled in and what the kind of credential changes about it
        (headers, compat). signer: applied to the encoded request. system_prefix: blocks that the
        service requires before the system prompt. source: where the credential came from, for
        people. secrets: what must never appear in any text that leaves the process.
    """

    model: Model
    signer: Signer
    system_prefix: tuple[str, ...] = ()
    source: str = ""
    secrets: tuple[str, ...] = ()


Authorizer = Callable[[Model], Awaitable[Access]]
"""Finds the access for a model. Raises `AuthError` or `ConfigError` that say what to do."""


class LoginFlow:
    """What is special about one kind of login, after somebody logged in.

    Flows stand in `flows` under the name that a provider's row gives in `auth.login`.
    """

    id: str = ""

    async def refresh(self, credential: OAuth) -> OAuth:
        """A newer login made from `credential`, by one request to the service.

        An empty `refresh` in the result means that the service sent none (the old one is kept);
        fields of `extra` that are left out are kept as well. The caller holds the lock, saves the
        result before it is used and bounds the time. Raises `AuthError` when the service says that
        the login is over, `RateLimitError` with `retry_after` when it says to wait, and
        `TransportError` or `OverloadedError` when trying later may help.
        """
        raise NotImplementedError

    def key(self, credential: OAuth) -> str:
        """What is sent as the key."""
        return credential.access

    def overlay(self, model: Model, credential: OAuth) -> Model:
        """`model` with what this login changes about it (base URL, headers)."""
        return model


flows: Registry[LoginFlow] = Registry("login flow")
"""The shelf of login flows."""


def header_signer(model: Model, key: str) -> Signer:
    """A signer that puts `key` into the header that the model's provider reads."""
    header = model.auth_header

    def sign(request: Request) -> Request:
        if any(name.lower() == header.name.lower() for name in request.headers):
            return request  # the user set this header on purpose
        headers = {**request.headers, header.name: header.prefix + key}
        return msgspec.structs.replace(request, headers=headers)

    return sign
