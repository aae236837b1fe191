"""A provider on loopback, in a process of its own (`python -m bench.provider`; prints its port).

The first part of a request's path says what is answered, `/<wire>/<what>/<count>/<ms>`: so many
deltas of text, or of a tool call's arguments, all at once or so many milliseconds apart. Everything
is made before it is sent, so the server's own work does not hold anybody up.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from bench.common import ROOT

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
DELTA = 20
"""Characters in a delta of arguments."""


def arguments(size: int) -> str:
    """Arguments of a call that writes a file of about `size` characters."""
    line = 'def f(x):\n    return "é" + x\n'
    return json.dumps({"path": "a.py", "content": line * (size // len(line))}, ensure_ascii=False)


def _pieces(text: str) -> list[str]:
    return [text[i : i + DELTA] for i in range(0, len(text), DELTA)]


def _openai(what: str, count: int) -> Iterator[object]:
    def chunk(delta: object, finish: str | None = None) -> object:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {
            "id": "chatcmpl-BqkPz1xCXUpYzEXhFgqTUBeY2vWGH",
            "object": "chat.completion.chunk",
            "created": 1783000000,
            "model": "gpt-bench-2026-01-01",
            "service_tier": "default",
            "system_fingerprint": "fp_62a23a81ef",
            "choices": [choice],
            "usage": None,
        }

    if what == "text":
        yield from (chunk({"content": f" word{n}"}) for n in range(count))
    else:
        call = {"index": 0, "id": "call_1", "type": "function"}
        yield chunk({"tool_calls": [call | {"function": {"name": "write", "arguments": ""}}]})
        for piece in _pieces(arguments(count)):
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    yield chunk({}, "stop" if what == "text" else "tool_calls")
    yield {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}}


def _anthropic(what: str, count: int) -> Iterator[dict[str, object]]:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    usage = {"input_tokens": 9, "output_tokens": 1}
    yield {"type": "message_start", "message": message | {"usage": usage, "stop_reason": None}}
    block: dict[str, object] = {"type": "text", "text": ""}
    if what == "tool":
        block = {"type": "tool_use", "id": "toolu_1", "name": "write", "input": {}}
    yield {"type": "content_block_start", "index": 0, "content_block": block}
    if what == "text":
        deltas = [{"type": "text_delta", "text": f" word{n}"} for n in range(count)]
    else:
        pieces = _pieces(arguments(count))
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    for delta in deltas:
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    reason = "end_turn" if what == "text" else "tool_use"
    yield {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}
    yield {"type": "message_stop"}


@cache
def frames(wire: str, what: str, count: int) -> list[bytes]:
    """The answer as chunks of a chunked body, the last one included."""
    found: list[str] = []
    if wire == "openai":
        found = [f"data: {json.dumps(event)}\n\n" for event in _openai(what, count)]
        found.append("data: [DONE]\n\n")
    else:
        events = _anthropic(what, count)
        found = [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events]
    return [b"%x\r\n%b\r\n" % (len(f), f) for f in map(str.encode, found)] + [b"0\r\n\r\n"]


class _Answer(asyncio.Protocol):
    """One connection. A request is taken as complete when its body has the promised length."""

    waiting: dict[float, list["_Answer"]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, blank, body = self.buffer.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
        if not blank or len(body) < sum(length):
            return
        self.buffer = b""
        _, wire, what, count, ms, *_ = head.split(b" ")[1].decode().split("/")
        pieces = frames(wire, what, int(count))
        self.transport.write(HEAD)
        if ms == "0":
            self.transport.write(b"".join(pieces))
            return
        self.left = iter(pieces)
        pause = int(ms) / 1e3
        if pause not in self.waiting:
            self.waiting[pause] = []
            loop = asyncio.get_running_loop()
            loop.call_later(pause, self.beat, pause, loop.time() + pause)
        self.waiting[pause].append(self)

    @classmethod
    def beat(cls, pause: float, when: float) -> None:
        """One piece to everybody who waits; one timer serves all."""
        left: list[_Answer] = []
        for answer in cls.waiting[pause]:
            piece = next(answer.left, None)
            if piece is not None:
                answer.transport.write(piece)
                left.append(answer)
        cls.waiting[pause] = left
        asyncio.get_running_loop().call_at(when + pause, cls.beat, pause, when + pause)


@contextmanager
def provider() -> Iterator[str]:
    """The URL of a provider that runs as long as the block."""
    command = [sys.executable, "-m", "bench.provider"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.communicate()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Answer, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
