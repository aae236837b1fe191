"""The process at the other end: started, written to, read from, ended in order.

Lines come in as answers to requests, as events, or as questions to the user; each kind goes to
where somebody waits for it. When the process ends, whoever waits is told why.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from pi.ai.errors import PiError, TransportError
from pi.ai.messages import ErrorKind
from pi.coding.api.events import SessionEvent
from pi.coding.api.ui_records import UiRequest
from pi.coding.modes.rpc.lines import LineSplitter

__all__ = ["Process", "RpcError", "UnknownEvent"]

_STDERR_KEPT = 20_000
_PATIENCE = 5.0
_CHUNK = 1 << 16
_ID = re.compile(rb'\{(?:"type":"response",)?"id":"([^"\\]*)"')


class RpcError(PiError):
    """The process could not do what it was asked; the message is its own."""

    kind: ErrorKind = "config"


class UnknownEvent(Struct, frozen=True):
    """An event that this version does not know. `data` is all of it, `type` included."""

    type: str
    data: dict[str, Any]


class _Line(Struct):
    type: Any = None
    id: Any = None
    success: bool = False
    data: msgspec.Raw | UnsetType = UNSET
    error: str = ""


_line = msgspec.json.Decoder(_Line)
_event: "msgspec.json.Decoder[SessionEvent]" = msgspec.json.Decoder(SessionEvent)
_request: "msgspec.json.Decoder[UiRequest]" = msgspec.json.Decoder(UiRequest)
_encode = msgspec.json.Encoder().encode


class Process:
    """One process. on_event, on_question: called with what comes in without being asked for."""

    def __init__(
        self,
        on_event: Callable[[SessionEvent | UnknownEvent], None],
        on_question: Callable[[UiRequest], None],
    ) -> None:
        self._on_event = on_event
        self._on_question = on_question
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._errors = bytearray()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: list[asyncio.Task[None]] = []
        self._count = 0

    async def start(
        self, command: Sequence[str], cwd: str | Path | None, env: Mapping[str, str] | None
    ) -> None:
        """Start the program. Raises `TransportError` if there is none."""
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=cwd, env=env
            )
        except OSError as error:
            raise TransportError(f"{command[0]} cannot be started: {error.strerror}") from None
        self._process = process
        self._reading = [
            asyncio.ensure_future(self._read_lines(process)),
            asyncio.ensure_future(self._read_errors(process)),
        ]

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def stderr(self) -> str:
        """The last of what the process wrote to its standard error."""
        return self._errors.decode("utf-8", "replace")

    async def request(self, command: Struct) -> msgspec.Raw | UnsetType:
        """Send a command and wait for its answer's data. Raises `RpcError`, `TransportError`."""
        self._count += 1
        request_id = f"py-{self._count}"
        fields = msgspec.to_builtins(command)
        answer = self._waiting[request_id] = asyncio.get_running_loop().create_future()
        try:
            await self.write({**fields, "id": request_id})
            return await answer
        finally:
            self._waiting.pop(request_id, None)

    async def write(self, value: Any) -> None:
        """Send a line; waits while the process takes in no more."""
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            raise TransportError(self._why_gone())
        try:
            process.stdin.write(_encode(value) + b"\n")
            await process.stdin.drain()
        except (OSError, RuntimeError):
            raise TransportError(self._why_gone()) from None

    async def stop(self) -> int | None:
        """End the process: by the end of its input, by a signal, by force. Gives its exit code."""
        process = self._process
        if process is None:
            return None
        if process.stdin is not None:
            process.stdin.close()
            with suppress(OSError, RuntimeError):
                await process.stdin.wait_closed()
        for end in (None, process.terminate, process.kill):
            if end is not None:
                with suppress(ProcessLookupError):
                    end()
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await asyncio.wait(self._reading)
                    await process.wait()
                    break
        self._process = None
        return process.returncode

    # -- what comes in --------------------------------------------------------------------------

    async def _read_lines(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        splitter = LineSplitter()
        while data := await process.stdout.read(_CHUNK):
            for line in splitter.feed(data):
                if line:
                    self._take(line)
        await process.wait()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(TransportError(self._why_gone()))
        self._on_event(UnknownEvent("end", {"type": "end", "code": process.returncode}))

    async def _read_errors(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while data := await process.stderr.read(_CHUNK):
            self._errors += data
            del self._errors[:-_STDERR_KEPT]

    def _take(self, line: bytes) -> None:
        try:
            head = _line.decode(line)
        except RecursionError:
            self._too_deep(line)
            return
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # no line of ours: somebody printed
        if head.type == "response":
            waiting = self._waiting.get(head.id) if isinstance(head.id, str) else None
            if waiting is None or waiting.done():
                return
            if head.success:
                waiting.set_result(head.data)
            else:
                waiting.set_exception(RpcError(head.error))
        elif head.type == "extension_ui_request":
            with suppress(msgspec.ValidationError):
                self._on_question(_request.decode(line))
        elif isinstance(head.type, str):
            self._on_event(_decoded(line, head.type))

    def _too_deep(self, line: bytes) -> None:
        match = _ID.match(line)
        waiting = self._waiting.get(match[1].decode()) if match else None
        if waiting is not None and not waiting.done():
            text = "the answer is nested too deeply: the command get_entries gives the same, flat"
            waiting.set_exception(RpcError(text))

    def _why_gone(self) -> str:
        process = self._process
        if process is None:
            return "pi does not run: use `async with`"
        last = self.stderr.strip().splitlines()[-3:]
        return "\n".join([f"pi has ended with code {process.returncode}", *last])


def _decoded(line: bytes, kind: str) -> SessionEvent | UnknownEvent:
    try:
        return _event.decode(line)
    except (msgspec.ValidationError, RecursionError):
        return UnknownEvent(kind, msgspec.json.decode(line))
