"""The server: reads commands, has the session carry them out, writes answers and events.

Commands are carried out one after the other, so that each sees what those before it have done; what
may take long (a command of the user, a summary, a login, a look at all sessions) runs beside the
others. Every line gets one answer, with the id
that it came with. When the input ends, what was asked is answered, what goes on is ended in order.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from pi.ai.errors import PiError
from pi.coding.api import commands as c
from pi.coding.api.answers import ANSWERS, Taken
from pi.coding.api.events import BashExecutionUpdate, SessionEvent
from pi.coding.api.setup import DeleteSession, ListSessions, Login
from pi.coding.api.ui_records import UiResponse
from pi.coding.modes.outlet import json_line
from pi.coding.modes.rpc.ui import RpcUI

__all__ = ["Response", "Server", "run_rpc"]

_AHEAD = 64
"""Commands that may wait; a client that sends more has to."""


class Response(Struct, frozen=True, tag_field="type", tag="response", kw_only=True):
    """The answer to one command. `id` is the command's, whatever JSON that was."""

    id: msgspec.Raw | UnsetType = UNSET
    command: str
    success: bool
    data: Any = UNSET
    error: str | UnsetType = UNSET


class _Head(Struct):
    """What is needed of a line to answer it, even if it is no command."""

    type: Any = None
    id: msgspec.Raw | UnsetType = UNSET


_head = msgspec.json.Decoder(_Head)
_command: "msgspec.json.Decoder[c.Command]" = msgspec.json.Decoder(c.Command)
_response = msgspec.json.Decoder(UiResponse)
_BEGINNING = 4096
"""Bytes of a line in which its type stands, if it may overtake others."""

_ANSWER = "extension_ui_response"
_LONG = (c.Bash, c.Compact, Login, ListSessions, DeleteSession)
_NAMES = {command.__struct_config__.tag: command for command in ANSWERS}


async def run_rpc(
    session: c.Session, lines: AsyncIterator[bytes | None], write: Callable[[bytes], None]
) -> int:
    """Serve until the input ends; gives the exit code. `write` takes a line, may take its time."""
    await Server(session, write).serve(lines)
    return 0


class Server:
    """One client at the other end of a pipe."""

    def __init__(self, session: c.Session, write: Callable[[bytes], None]) -> None:
        self._session = session
        self._write = write
        self._ui = RpcUI(self._tell)
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(_AHEAD)
        self._beside: set[asyncio.Task[None]] = set()
        self._logins: set[asyncio.Task[None]] = set()
        self._bash_id: msgspec.Raw | UnsetType = UNSET
        self._bash_runs = False

    async def serve(self, lines: AsyncIterator[bytes | None]) -> None:
        """Until the input ends, or somebody cancels."""
        unsubscribe = self._session.subscribe(self._event)
        self._session.use_ui(self._ui)
        worker = asyncio.ensure_future(self._work())
        try:
            async for line in lines:
                if line is None:
                    self._refuse("the line is too long")
                elif line.strip() and not self._is_answer(line):
                    if b'"abort' in line[:_BEGINNING]:
                        await self._let_go(line)
                    await self._waiting.put(line)
            await self._waiting.put(None)
            await worker
        finally:
            self._ui.close()
            worker.cancel()
            await self._session.send(c.Abort())
            await self._session.send(c.AbortBash())
            self._give_up_logins()
            if self._beside:
                await asyncio.wait(self._beside)
            unsubscribe()

    # -- commands -------------------------------------------------------------------------------

    async def _work(self) -> None:
        while (line := await self._waiting.get()) is not None:
            command, head = self._read(line)
            if command is None:
                continue
            if isinstance(command, _LONG) or _is_summary(command):
                task = asyncio.ensure_future(self._answer(command, head))
                self._beside.add(task)
                task.add_done_callback(self._beside.discard)
                if isinstance(command, Login):
                    self._logins.add(task)
                    task.add_done_callback(self._logins.discard)
                await asyncio.sleep(0)  # it begins before the next command does
            else:
                if isinstance(command, c.Abort):
                    self._give_up_logins()
                await self._answer(command, head)

    async def _let_go(self, line: bytes) -> None:
        """Have the command that an abort would stand behind not wait for an extension any longer.

        The rest of an abort waits for its turn, so that it ends what came before it.
        """
        try:
            kind = _head.decode(line).type
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return
        if kind in ("abort", "abort_extensions") and self._session.state.held:
            await self._session.send(c.AbortExtensions())

    def _give_up_logins(self) -> None:
        """A login may wait for somebody in a browser, without a question that could be answered."""
        for task in tuple(self._logins):
            task.cancel()

    def _read(self, line: bytes) -> tuple[c.Command | None, _Head]:
        """The command of a line; None if there is none, which is answered already."""
        head = _Head()
        try:
            head = _head.decode(line)
            if not isinstance(head.type, str):
                self._refuse("a command is an object with a `type`, which is a text", head)
            elif head.type not in _NAMES:
                self._refuse(f"unknown command {head.type!r}{_near(head.type)}", head)
            else:
                return _command.decode(line), head
        except msgspec.ValidationError as error:
            self._refuse(f"{_at(str(error))}", head)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            return self._mended(line, head, error)
        return None, head

    def _mended(self, line: bytes, head: _Head, error: Exception) -> tuple[c.Command | None, _Head]:
        """The command of a line with half surrogate pairs, which JavaScript writes."""
        import json  # only for lines that are not as they should be

        try:
            text = json.dumps(json.loads(line), ensure_ascii=False)
        except (ValueError, RecursionError):
            self._refuse(f"this is no JSON: {error}", head)
            return None, head
        mended = text.encode("utf-8", "replace")
        if mended == line:
            self._refuse(f"this cannot be read: {error}", head)
            return None, head
        return self._read(mended)

    def _refuse(self, error: str, head: _Head | None = None) -> None:
        name = head.type if head is not None and isinstance(head.type, str) else "parse"
        self._tell(
            Response(id=head.id if head else UNSET, command=name, success=False, error=error)
        )

    async def _answer(self, command: c.Command, head: _Head) -> None:
        runs = isinstance(command, c.Bash) and not self._bash_runs
        if runs:
            self._bash_runs = True
            self._bash_id = head.id if head.id is UNSET else head.id.copy()
        try:
            data = await self._carry_out(command)
        except PiError as error:
            self._refuse(error.message, head)
        except asyncio.CancelledError:
            if isinstance(command, Login):
                self._refuse("nothing was changed: the login was given up", head)
            raise
        except Exception as error:
            import traceback  # a mistake of ours

            traceback.print_exc(file=sys.stderr)
            self._refuse(f"internal error: {type(error).__name__}: {error}", head)
        else:
            if ANSWERS[type(command)] is None:
                data = UNSET
            self._tell(Response(id=head.id, command=head.type, success=True, data=data))
        finally:
            if runs:
                self._bash_runs, self._bash_id = False, UNSET

    async def _carry_out(self, command: c.Command) -> Any:
        if isinstance(command, c.Prompt):
            return Taken(await self._session.submit(command))
        return await self._session.send(command)

    # -- what goes out --------------------------------------------------------------------------

    def _is_answer(self, line: bytes) -> bool:
        """Whether a line answers a dialog; that does not wait behind commands."""
        if b"extension_ui_response" not in line[:_BEGINNING]:
            return False
        try:
            head = _head.decode(line)
        except (msgspec.DecodeError, RecursionError):
            return False
        if head.type != _ANSWER:
            return False  # a prompt may speak of it
        try:
            problem = self._ui.answered(_response.decode(line))
        except (msgspec.DecodeError, RecursionError) as error:
            problem = _at(str(error))
            self._ui.cancel(b"" if head.id is UNSET else bytes(head.id))
        if problem:
            self._refuse(f"{problem}; the dialog counts as cancelled", head)
        return True

    def _event(self, event: SessionEvent) -> None:
        if isinstance(event, BashExecutionUpdate) and self._bash_id is not UNSET:
            event = BashExecutionUpdate(event.delta, self._bash_id)
        self._tell(event)

    def _tell(self, value: Any) -> None:
        self._write(json_line(value))


def _is_summary(command: c.Command) -> bool:
    return isinstance(command, c.NavigateTree) and command.summarize


def _near(name: str) -> str:
    from difflib import get_close_matches  # costs 3 ms, needed only for this message

    near = get_close_matches(name, map(str, _NAMES), n=2)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def _at(error: str) -> str:
    """The library's words about a wrong value, without its name for the line."""
    return error.replace(" - at `$.", ": `").replace("Object missing", "missing")
