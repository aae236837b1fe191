"""Tokens of Google's Application Default Credentials.

https://cloud.google.com/docs/authentication/application-default-credentials

The login of `gcloud auth application-default login` and the metadata server of Google's own
machines are one plain request each and are made here; service accounts, federation and
impersonation are google-auth's business, which then uses our transport.
"""

import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from pi.ai.auth.kinds import Fetch, Reply
from pi.ai.auth.values import Environment
from pi.ai.errors import AuthError, ConfigError, TransportError
from pi.ai.request import Request

__all__ = ["DefaultCredentials", "Token", "credentials_file"]

_MARGIN = 300.0
_TOKEN_URL = "https://oauth2.googleapis.com/token"
_METADATA = "169.254.169.254"
_METADATA_SECONDS = 3.0
_AGAIN = "run `gcloud auth application-default login`"


class Token(Struct, frozen=True, kw_only=True):
    """An access token. `expires` in seconds since the epoch; `source` for people."""

    access: str
    expires: float
    source: str
    project: str = ""
    quota_project: str = ""


def credentials_file(env: Environment) -> Path:
    """Where the credentials file is, if there is one."""
    named = env.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return Path(named).expanduser()
    folder = env.get("CLOUDSDK_CONFIG")
    if folder is None and os.name == "nt":
        folder = str(Path(env.get("APPDATA") or "~") / "gcloud")
    return Path(folder or "~/.config/gcloud").expanduser() / "application_default_credentials.json"


class DefaultCredentials:
    """Tokens, kept until five minutes before their end. One request for any number of callers."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._running: dict[str, Any] = {}

    async def token(self, env: Environment, fetch: Fetch) -> Token:
        """A token that is good for some minutes. Raises `AuthError` or `TransportError`."""
        import asyncio  # asking what is configured needs no event loop

        path = credentials_file(env)
        try:
            name = f"{path} {path.stat().st_mtime_ns}"
        except OSError:
            if env.get("GOOGLE_APPLICATION_CREDENTIALS"):
                raise ConfigError(
                    f"GOOGLE_APPLICATION_CREDENTIALS names {path}, which cannot be read"
                ) from None
            name, path = "metadata", None
        known = self._tokens.get(name)
        if known is not None and time.time() + _MARGIN < known.expires:
            return known
        task = self._running.get(name)
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            task = self._running[name] = asyncio.create_task(self._new(name, path, env, fetch))
        try:
            return await asyncio.shield(task)
        except TransportError:
            if known is not None and time.time() < known.expires:
                return known
            raise

    def forget(self) -> None:
        """Fetch a new token at the next call."""
        self._tokens.clear()

    async def _new(self, name: str, path: Path | None, env: Environment, fetch: Fetch) -> Token:
        try:
            if path is None:
                token = await _from_metadata(env.get("GCE_METADATA_HOST") or _METADATA, fetch)
            else:
                token = await _from_file(path, fetch)
        finally:
            self._running.pop(name, None)
        self._tokens[name] = token
        return token


def _parse(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"the Google credentials {path} cannot be read: {error}") from None


async def _from_file(path: Path, fetch: Fetch) -> Token:
    import asyncio  # asking what is configured needs no event loop

    info = _parse(path)
    if info.get("type") == "authorized_user":
        return await _from_user(info, path, fetch)
    from pi.ai.auth.google_library import from_library

    loop = asyncio.get_running_loop()
    made = await asyncio.to_thread(from_library, info, path, fetch, loop)
    return Token(source=str(path), **made)


async def _from_user(info: dict[str, Any], path: Path, fetch: Fetch) -> Token:
    form = {
        "grant_type": "refresh_token",
        "client_id": info.get("client_id", ""),
        "client_secret": info.get("client_secret", ""),
        "refresh_token": info.get("refresh_token", ""),
    }
    reply = await fetch(
        Request(
            info.get("token_uri") or _TOKEN_URL,
            {"Content-Type": "application/x-www-form-urlencoded"},
            content=urlencode(form).encode(),
        )
    )
    return _read(reply, str(path), f"; {_AGAIN}", quota_project=info.get("quota_project_id") or "")


async def _from_metadata(host: str, fetch: Fetch) -> Token:
    import asyncio  # asking what is configured needs no event loop

    base = f"http://{host}/computeMetadata/v1"
    headers = {"Metadata-Flavor": "Google"}
    account = f"{base}/instance/service-accounts/default/token"
    try:
        async with asyncio.timeout(_METADATA_SECONDS):
            reply = await fetch(Request(account, headers, method="GET"))
            project = await fetch(Request(f"{base}/project/project-id", headers, method="GET"))
    except (TimeoutError, TransportError):
        raise AuthError(
            "no Google credentials: set GOOGLE_CLOUD_API_KEY or GOOGLE_APPLICATION_CREDENTIALS,"
            f" or {_AGAIN}"
        ) from None
    name = project.content.decode("utf-8", "replace").strip() if project.status == 200 else ""
    return _read(reply, "metadata server", "", project=name)


class _TokenReply(Struct):
    access_token: str = ""
    expires_in: float = 3600.0
    error: str = ""
    error_description: str = ""


def _read(
    reply: Reply, source: str, advice: str, *, project: str = "", quota_project: str = ""
) -> Token:
    try:
        found = msgspec.json.decode(reply.content, type=_TokenReply)
    except msgspec.DecodeError:
        found = _TokenReply()
    if reply.status >= 500 or reply.status == 429:
        raise TransportError(f"Google's token service answered with status {reply.status}")
    if reply.status != 200 or not found.access_token:
        reason = found.error_description or found.error or f"status {reply.status}"
        raise AuthError(f"Google refused the credentials of {source}: {reason}{advice}")
    return Token(
        access=found.access_token,
        expires=time.time() + found.expires_in,
        source=source,
        project=project,
        quota_project=quota_project,
    )
