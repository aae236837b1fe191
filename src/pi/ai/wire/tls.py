"""TLS between a connection and the transport below it, by way of `ssl.MemoryBIO`.

asyncio's own layer keeps 256 KiB for every connection and cannot stand on another TLS layer, as a
proxy reached by https:// needs. This one keeps nothing, and closing it closes the socket.
"""

import asyncio
import ssl
from typing import Protocol

__all__ = ["Pipe", "TlsLayer"]

_RECORD = 16384
"""Most bytes of one TLS record."""


class Pipe(Protocol):
    """What a connection writes to: an asyncio transport, or a layer on top of one."""

    def write(self, data: bytes | memoryview, /) -> None: ...
    def abort(self) -> None: ...
    def is_closing(self) -> bool: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class TlsLayer(asyncio.Protocol):
    """A client's TLS session. `above` hears plain bytes, `below` carries the encrypted ones."""

    def __init__(
        self, context: ssl.SSLContext, hostname: str, above: asyncio.Protocol, below: Pipe
    ) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)
        self._shaken: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self.above = above
        self._below = below

    # -- the pipe ----------------------------------------------------------------------------------

    async def handshake(self) -> None:
        """Shake hands. Raises `ssl.SSLError`, or `OSError` if the connection is lost."""
        self._shaken = asyncio.get_running_loop().create_future()
        self._shake()
        await self._shaken

    def write(self, data: bytes | memoryview, /) -> None:
        """Encrypt and send."""
        view = memoryview(data)
        try:
            while view:
                view = view[self._session.write(view) :]
        except ssl.SSLError as error:
            self._fail(error)
            return
        self._flush()

    def abort(self) -> None:
        """Close the socket, without a farewell."""
        self._below.abort()

    def is_closing(self) -> bool:
        """Whether the socket is closed or about to be."""
        return self._below.is_closing()

    def pause_reading(self) -> None:
        """Read nothing more from the socket."""
        self._below.pause_reading()

    def resume_reading(self) -> None:
        """Read from the socket again."""
        self._below.resume_reading()

    # -- what the transport below calls ------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        incoming, session = self._incoming, self._session
        incoming.write(data)
        if self._shaken is None or not self._shaken.done():
            if self._shaken is not None:
                self._shake()
            return
        receive = self.above.data_received
        try:
            while incoming.pending or session.pending():
                plain = session.read(_RECORD)
                if not plain:
                    self._below.abort()  # an orderly end; there is nothing left to say
                    return
                receive(plain)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._fail(error)
            return
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        error = self._error or exc
        if self._shaken is not None and not self._shaken.done():
            self._shaken.set_exception(error or ConnectionResetError())
        self.above.connection_lost(error)

    def pause_writing(self) -> None:
        self.above.pause_writing()

    def resume_writing(self) -> None:
        self.above.resume_writing()

    # -- inside ------------------------------------------------------------------------------------

    def _shake(self) -> None:
        assert self._shaken is not None
        try:
            self._session.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        except (ssl.SSLError, OSError) as error:
            self._flush()  # the alert that tells the other side why
            self._fail(error)
        else:
            self._flush()
            if not self._shaken.done():
                self._shaken.set_result(None)
            if self._incoming.pending:
                self.data_received(b"")

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._below.write(self._outgoing.read())

    def _fail(self, error: Exception) -> None:
        self._error = error
        if self._shaken is not None and not self._shaken.done():
            self._shaken.set_exception(error)
        self._below.abort()
