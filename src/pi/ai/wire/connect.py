"""From a host name to a connected socket.

asyncio could do both, but its lookups sit in an executor for which a program waits when it exits,
and its race of addresses drops a connected socket when it is cancelled at the wrong moment
(https://github.com/python/cpython/blob/3.13/Lib/asyncio/staggered.py). Here a slow name service
holds nobody up, and every socket has an owner at every moment.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

__all__ = ["Lookups", "in_thread", "open_socket"]

T = TypeVar("T")
Address = tuple[int, int, int, Any]
"""Family, type, protocol and socket address."""

Lookups = dict[tuple[str, int], "asyncio.Future[list[Address]]"]
"""The lookups under way in one event loop, so that many requests to a host ask once."""

_HAPPY_EYEBALLS = 0.25
"""Seconds until the next address is tried beside the last (RFC 8305, section 5)."""


async def open_socket(lookups: Lookups, host: str, port: int) -> socket.socket:
    """A connected socket. Raises `OSError`, of which `socket.gaierror` is one, or `UnicodeError`.

    If no address can be reached, the error is that of the first, or that one refused.
    """
    addresses = await _addresses(lookups, host, port)
    attempts: list[asyncio.Task[socket.socket]] = []
    winner: socket.socket | None = None
    try:
        for address in addresses:
            attempts.append(asyncio.ensure_future(_connect(address)))
            last = len(attempts) == len(addresses)
            winner = await _first(attempts, None if last else _HAPPY_EYEBALLS)
            if winner is not None:
                return winner
        errors = [error for task in attempts if (error := task.exception())]
        raise next((e for e in errors if isinstance(e, ConnectionRefusedError)), errors[0])
    finally:
        for task in attempts:
            if task.cancel() or task.cancelled() or task.exception() is not None:
                continue
            if task.result() is not winner:
                task.result().close()


def in_thread(work: Callable[[], T], *, daemon: bool) -> "asyncio.Future[T]":
    """Run `work` in a thread of its own. daemon: whether the program may exit before it is done."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    future.add_done_callback(_seen)

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        result = error = None
        try:
            result = work()
        except BaseException as caught:
            error = caught
        with suppress(RuntimeError):  # the loop has closed meanwhile
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="pi-wire", daemon=daemon).start()
    return future


def _seen(future: "asyncio.Future[Any]") -> None:
    """Keep asyncio from reporting a failure that nobody is left to hear."""
    if not future.cancelled():
        future.exception()


async def _addresses(lookups: Lookups, host: str, port: int) -> list[Address]:
    try:
        # as bytes: for text the codec of international names would be loaded
        return _lookup(host.encode(), port, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass  # a name
    key = (host, port)
    future = lookups.get(key)
    if future is None:
        future = lookups[key] = in_thread(lambda: _lookup(host, port, 0), daemon=True)
        future.add_done_callback(lambda _: lookups.pop(key, None))
    return await asyncio.shield(future)


def _lookup(host: str | bytes, port: int, flags: int) -> list[Address]:
    """The addresses of a host, families taking turns so that one broken family costs one try."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    first = [item for item in found if item[0] == found[0][0]]
    other = [item for item in found if item[0] != found[0][0]]
    mixed = [pair[i] for i in range(len(found)) for pair in (first, other) if i < len(pair)]
    return [(family, kind, protocol, address) for family, kind, protocol, _, address in mixed]


async def _connect(address: Address) -> socket.socket:
    family, kind, protocol, where = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock


async def _first(
    attempts: list[asyncio.Task[socket.socket]], patience: float | None
) -> socket.socket | None:
    """The socket of the first attempt that succeeds. None when it is time for the next attempt:
    after `patience` seconds, or when one has failed.
    """
    while pending := {task for task in attempts if not task.done()}:
        done, _ = await asyncio.wait(pending, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task.exception() is None:
                return task.result()
        if patience is not None:
            break
    return None
