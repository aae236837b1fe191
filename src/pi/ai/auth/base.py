"""The words of authentication: credentials as stored, access as used.

A signer is a pure function `Request -> Request` applied to the encoded request, last: bearer token,
`x-api-key`, SigV4 are all this. `Access` is everything a credential changes about a call.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

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
    "LoginUI",
    "OAuth",
    "Signer",
    "UnfinishedRefresh",
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


class UnfinishedRefresh(Exception):
    """A refresh that the service has granted, and that failed afterwards.

    refresh: the refresh token that counts from now on; the one before may be spent. error: why.
    """

    def __init__(self, refresh: str, error: BaseException) -> None:
        super().__init__()
        self.refresh = refresh
        self.error = error


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


class LoginUI(Protocol):
    """What a login asks of whoever sits in front of the program.

    Every question may raise `AbortedError` when the user wants no login after all; it ends the
    login. Cancelling the task of `login` does the same. Texts are one line, addresses are http or
    https and free of control characters.
    """

    async def open_url(self, url: str, instructions: str) -> None:
        """Show `url`, and open a browser if there is one. Returns at once, browser or not."""
        ...

    async def show_code(
        self, user_code: str, verification_uri: str, expires_in: float | None
    ) -> None:
        """Show the code to type in at `verification_uri` within `expires_in` seconds. Returns."""
        ...

    async def prompt(
        self,
        message: str,
        *,
        placeholder: str = "",
        allow_empty: bool = False,
        secret: bool = False,
    ) -> str:
        """Ask for a line of text. `secret`: it is not shown while it is typed."""
        ...

    async def paste(self, message: str) -> str:
        """Ask for the address or code at the end of a browser login.

        It is asked while the browser may still come back by itself, and cancelled when it does.
        "" if nobody can paste here (no terminal): then only the browser can finish the login.
        """
        ...

    async def choose(self, message: str, options: Mapping[str, str]) -> str:
        """Ask for one of `options` (name to label, the usual one first). Returns the name."""
        ...

    def progress(self, text: str) -> None:
        """Say what is going on."""
        ...


class LoginFlow:
    """What is special about one kind of login: how to make one, and how to use it.

    Flows stand in `flows` under the name that a provider's row gives in `auth.login`.
    """

    id: str = ""

    async def login(self, ui: LoginUI) -> Credential:
        """Log in, which takes as long as the user takes, and return what is to be stored.

        Nothing is stored here, and no socket is open when this returns or raises. Raises
        `AuthError` if the service or the user said no or the time is over, `ConfigError` if
        something must be set first, `AbortedError` if the user gave up, and `RateLimitError`,
        `OverloadedError` or `TransportError` if trying later may help.
        """
        raise NotImplementedError

    async def refresh(self, credential: OAuth) -> OAuth:
        """A newer login made from `credential`, by one request to the service.

        An empty `refresh` in the result means that the service sent none (the old one is kept);
        fields of `extra` that are left out are kept as well. The caller holds the lock, saves the
        result before it is used and bounds the time. Raises `UnfinishedRefresh` when a new refresh
        token came and something failed afterwards. Raises `AuthError` when the service says that
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

    def offers(self, model: Model, credential: OAuth) -> bool:
        """Whether the account may use `model`, as far as the login knows."""
        return True


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
