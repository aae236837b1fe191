"""What a test's server has seen and what it is to say: plain data, no sockets.

A body is bytes, or a list of pieces that are done in turn:

    b"..."       bytes: one write, and one chunk where the framing is chunked
    0.05         a pause in seconds
    event.wait   an async function without arguments: go on when it returns
    CUT          end the connection in an orderly way (FIN), whatever was promised
    RESET        break the connection (RST)
    STALL        say nothing more until the client hangs up
"""

import json
import zlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal


class End(Enum):
    """Ways to leave a reply unfinished."""

    CUT = "cut"
    RESET = "reset"
    STALL = "stall"


CUT, RESET, STALL = End.CUT, End.RESET, End.STALL
Piece = bytes | float | End | Callable[[], Awaitable[object]]


@dataclass
class Seen:
    """A request as it came. Header names are lower case; `connection` counts from 0."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


@dataclass
class Reply:
    """An answer. `framing` None means `length` for bytes and `chunked` for pieces.

    `cut_at` and `reset_at` count bytes of the body as sent; `split` writes everything, head
    included, in pieces of so many bytes. `raw` replaces the head: the body follows it unframed.
    """

    body: bytes | Sequence[Piece] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/event-stream"})
    framing: Literal["length", "chunked", "close"] | None = None
    cut_at: int | None = None
    reset_at: int | None = None
    split: int | None = None
    gzip: bool = False
    keep_alive: bool = True
    raw: bytes | None = None


@dataclass
class Tunnel:
    """The answer of a proxy to CONNECT: 200, then bytes both ways to `port` on loopback."""

    port: int


Handler = Callable[[Seen], "Reply | Tunnel | Awaitable[Reply | Tunnel]"]
Script = Reply | Sequence[Reply] | Handler


def json_reply(value: object, status: int = 200, **more: Any) -> Reply:
    """A JSON answer of known length."""
    headers = {"content-type": "application/json"} | more.pop("headers", {})
    return Reply(json.dumps(value).encode(), status, headers, **more)


def sse(events: Iterable[object], *, newline: str = "\n", done: bool = False) -> bytes:
    """Server-sent events: text as it is, `(name, data)` with an `event` line, the rest as JSON."""
    blocks: list[str] = []
    for item in [*events, "[DONE]"] if done else events:
        name, data = item if isinstance(item, tuple) else (None, item)
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        lines = [f"event: {name}"] if name else []
        lines += [f"data: {line}" for line in text.split("\n")]
        blocks.append(newline.join([*lines, "", ""]))
    return "".join(blocks).encode()


def gzipped(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces compressed, each one decodable as soon as it has arrived."""
    packer = zlib.compressobj(wbits=31)
    flush = zlib.Z_SYNC_FLUSH
    done = [packer.compress(p) + packer.flush(flush) if isinstance(p, bytes) else p for p in pieces]
    return [*done, packer.flush()]


def stopped(pieces: Iterable[Piece], reply: Reply) -> Iterable[Piece]:
    """The pieces up to `cut_at` or `reset_at`, and then that end."""
    left = reply.cut_at if reply.cut_at is not None else reply.reset_at
    for piece in pieces:
        if left is not None and isinstance(piece, bytes) and len(piece) >= left:
            yield from (piece[:left], CUT if reply.cut_at is not None else RESET)
            return
        if left is not None and isinstance(piece, bytes):
            left -= len(piece)
        yield piece
