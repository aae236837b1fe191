"""Opening a connection: name, socket, proxy, TLS. A failure is one line: who failed, and why."""

import asyncio
import os
import socket
import ssl
from collections.abc import Mapping

from pi.ai.errors import ConfigError, PiError, TransportError
from pi.ai.wire.connect import in_thread, open_socket
from pi.ai.wire.connection import Connection
from pi.ai.wire.pool import Pool
from pi.ai.wire.proxy import Proxy, is_loopback
from pi.ai.wire.target import Origin
from pi.ai.wire.tls import TlsLayer
from pi.ai.wire.trust import client_context, explain, kept_context

__all__ = ["dial"]


async def dial(
    pool: Pool,
    origin: Origin,
    proxy: Proxy | None,
    *,
    timeout: float,
    env: Mapping[str, str],
    user_agent: str,
) -> Connection:
    """A connection that is ready for requests to `origin`.

    timeout: seconds for all of it. Raises `TransportError`, and `ConfigError` for what the user has
    to set right: the proxy's password, the certificates.
    """
    label = origin.label if proxy is None else f"{origin.label} through {proxy.label}"
    connection = Connection(pool, label)
    deadline = asyncio.timeout(timeout)
    context: asyncio.Future[ssl.SSLContext] | None = None
    try:
        async with deadline:
            first = origin if proxy is None else proxy.origin
            name = first.label if proxy is None else proxy.label
            secure = "https" in (origin.scheme, first.scheme)
            if secure:
                context = _trusted(env)
            await _connect(connection, first, name)
            if first.scheme == "https" and context is not None:
                await _secure(connection, await context, first, name)
            if proxy is not None and origin.scheme == "https" and context is not None:
                await _tunnel(connection, origin, proxy, user_agent)
                await _secure(connection, await context, origin, label)
    except BaseException as error:
        connection.abort()
        if context is not None:
            context.cancel()
        if isinstance(error, TimeoutError) and deadline.expired():
            message = f"cannot connect to {label}: no connection within {timeout:g} s"
            raise TransportError(message) from None
        raise
    return connection


def _trusted(env: Mapping[str, str]) -> asyncio.Future[ssl.SSLContext]:
    """The TLS context; the first time it is made while the socket connects."""
    context = kept_context(env)
    if context is None:
        # An exit waits for this one: OpenSSL must not be taken down while it reads certificates.
        return in_thread(lambda: client_context(env), daemon=False)
    ready: asyncio.Future[ssl.SSLContext] = asyncio.get_running_loop().create_future()
    ready.set_result(context)
    return ready


async def _connect(connection: Connection, origin: Origin, name: str) -> None:
    try:
        sock = await open_socket(connection.pool.lookups, origin.host, origin.port)
        try:
            await connection.loop.create_connection(lambda: connection, sock=sock)
        except BaseException:
            sock.close()
            raise
    except UnicodeError:
        raise ConfigError(f"{name} is not a valid host name") from None
    except OSError as error:
        raise TransportError(_unreachable(error, origin, name)) from None


async def _tunnel(connection: Connection, origin: Origin, proxy: Proxy, user_agent: str) -> None:
    """Have the proxy connect to `origin`."""
    lines = [f"CONNECT {origin.label} HTTP/1.1", f"Host: {origin.label}"]
    lines.append(f"User-Agent: {user_agent}")
    if proxy.authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    label, connection.label = connection.label, proxy.label
    answer = await connection.request(
        "\r\n".join((*lines, "", "")).encode("latin-1"), bodiless=True
    )
    connection.label = label
    if not 200 <= answer.status < 300:
        raise proxy_refusal(proxy, answer.status, answer.reason.decode("latin-1"), origin)


def proxy_refusal(proxy: Proxy, status: int, reason: str, origin: Origin) -> PiError:
    """The error of a proxy that does not do as asked."""
    if status == 407:
        what = "refuses the user name and password" if proxy.authorization else "wants a password"
        return ConfigError(
            f"{proxy.label} {what} (407); write it as http://user:password@host:port"
        )
    reason = f"{status} {reason}".strip()
    return TransportError(f"{proxy.label} did not connect to {origin.label}: {reason[:200]}")


async def _secure(
    connection: Connection, context: ssl.SSLContext, origin: Origin, name: str
) -> None:
    """Put TLS with `origin` on top of what the connection has."""
    below = connection.pipe
    if below is None:
        raise TransportError(f"cannot connect to {name}: it closed the connection")
    try:
        layer = TlsLayer(context, origin.host.partition("%")[0], connection, below)
    except ValueError:
        raise ConfigError(f"{name} is not a valid host name") from None
    connection.cover(layer)
    try:
        await layer.handshake()
    except ssl.SSLError as error:
        raise TransportError(f"cannot connect to {name}: {explain(error, origin.host)}") from None
    except OSError:
        message = f"cannot connect to {name}: it closed the connection in the TLS handshake"
        raise TransportError(message) from None


def _unreachable(error: OSError, origin: Origin, name: str) -> str:
    if isinstance(error, socket.gaierror):
        again = error.errno == getattr(socket, "EAI_AGAIN", None)
        why = "the name service does not answer" if again else "no such host name is known"
        return f"cannot connect to {name}: {why}; are you online?"
    if isinstance(error, ConnectionRefusedError):
        why = "connection refused"
        if is_loopback(origin.host):
            why += " (is the server running?)"
    elif isinstance(error, TimeoutError):
        why = "connection timed out"
    else:
        why = os.strerror(error.errno) if error.errno else str(error) or "no reason given"
    return f"cannot connect to {name}: {why[:1].lower()}{why[1:]}"
