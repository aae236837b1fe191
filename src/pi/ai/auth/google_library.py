"""Google credentials that take more than one plain request, by way of google-auth.

The library is loaded when a credentials file needs it (150 ms); its requests are sent by our own
transport, so that proxies and certificates are the same as everywhere.
"""

import asyncio
from calendar import timegm
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec import Struct

from pi.ai.auth.kinds import Fetch, Reply
from pi.ai.errors import AuthError, ConfigError, PiError, TransportError
from pi.ai.request import Request

__all__ = ["from_library"]

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"

_LOADERS = {
    "service_account": (
        "google.oauth2.service_account",
        "from_service_account_info",
    ),
    "impersonated_service_account": (
        "google.auth.impersonated_credentials",
        "from_impersonated_service_account_info",
    ),
    "external_account_authorized_user": (
        "google.auth.external_account_authorized_user",
        "from_info",
    ),
    "external_account aws": ("google.auth.aws", "from_info"),
    "external_account executable": ("google.auth.pluggable", "from_info"),
    "external_account": ("google.auth.identity_pool", "from_info"),
}
"""Type of a credentials file to the module and method that read it."""


def from_library(
    info: dict[str, Any], path: Path, fetch: Fetch, loop: asyncio.AbstractEventLoop
) -> dict[str, Any]:
    """Let google-auth make a token from the content of `path`: the fields of a `Token`.

    To be run in a thread, because the library blocks; `loop` is where `fetch` runs. Raises
    `AuthError`, `ConfigError` or `TransportError`.
    """
    kind = _kind_of(info)
    if kind not in _LOADERS:
        raise ConfigError(f"{path} holds Google credentials of the unknown type {kind!r}")
    module, method = _LOADERS[kind]
    try:
        library: Any = import_module(module)
        errors: Any = import_module("google.auth.exceptions")
    except ImportError as error:
        raise ConfigError(
            f"Google credentials of type {kind!r} need google-auth ({error}):"
            " pip install 'pi-for-python[vertex]'"
        ) from None
    try:
        credentials = getattr(library.Credentials, method)(info)
        if getattr(credentials, "requires_scopes", False):
            credentials = credentials.with_scopes([_SCOPE])
        credentials.refresh(_Bridge(fetch, loop))
    except errors.GoogleAuthError as error:
        cause = _cause(error)
        if cause is not None:
            raise cause from None
        raise AuthError(f"Google refused the credentials of {path}: {error.args[0]}") from error
    except (ValueError, KeyError) as error:
        raise ConfigError(f"the Google credentials {path} are malformed: {error}") from None
    return {
        "access": credentials.token,
        "expires": timegm(credentials.expiry.utctimetuple()),
        "project": info.get("project_id") or "",
        "quota_project": getattr(credentials, "quota_project_id", None) or "",
    }


def _cause(error: BaseException) -> PiError | None:
    """Our own error, if that is what made the library fail."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, PiError):
            return at
        at = at.__cause__ or at.__context__
    return None


def _kind_of(info: dict[str, Any]) -> str:
    kind = str(info.get("type"))
    if kind != "external_account":
        return kind
    if info.get("subject_token_type") == "urn:ietf:params:aws:token-type:aws4_request":
        return f"{kind} aws"
    source: Any = info.get("credential_source") or {}
    return f"{kind} executable" if "executable" in source else kind


class _Answer(Struct, frozen=True):
    """An answer with the names that google-auth reads."""

    status: int
    headers: dict[str, str]
    data: bytes


class _Bridge:
    """A google-auth transport that sends through the event loop's own."""

    def __init__(self, fetch: Fetch, loop: asyncio.AbstractEventLoop) -> None:
        self._fetch = fetch
        self._loop = loop

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: object,
    ) -> _Answer:
        """Send one request and wait for its answer."""
        content = body.encode() if isinstance(body, str) else body or b""
        request = Request(url, dict(headers or {}), content=content, method=method)
        errors: Any = import_module("google.auth.exceptions")

        async def send() -> Reply:
            return await self._fetch(request)

        try:
            reply = asyncio.run_coroutine_threadsafe(send(), self._loop).result(timeout or 30.0)
        except PiError as error:
            raise errors.TransportError("no answer") from error
        except TimeoutError:
            late = TransportError(f"{url} did not answer in time")
            raise errors.TransportError("no answer") from late
        return _Answer(reply.status, reply.headers, reply.content)
