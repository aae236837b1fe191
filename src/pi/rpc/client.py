"""A session in another process, as pleasant to use as one in this process.

Every method is one command of the protocol; `send` takes any command there is. What is answered is
decoded into the types of `pi.coding.api.answers`.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from msgspec import UNSET

from pi.agent.events import MessageEnd
from pi.ai.errors import AbortedError, ErrorInfo, TransportError, to_exception
from pi.ai.messages import AssistantMessage, ImageContent
from pi.ai.model import ThinkingLevel
from pi.coding.api import commands as c
from pi.coding.api.answers import (
    ANSWERS,
    BashResult,
    ModelInfo,
    Queued,
    SessionState,
    SessionStats,
    Taken,
)
from pi.coding.api.events import AgentSettled, BashExecutionUpdate, CompactionResult, SessionEvent
from pi.coding.api.ui import NoUser, UserInterface
from pi.coding.api.ui_records import (
    UiConfirm,
    UiEditor,
    UiEditorText,
    UiInput,
    UiNotify,
    UiRequest,
    UiResponse,
    UiSelect,
    UiStatus,
    UiTitle,
    UiWidget,
)
from pi.rpc.process import Process, UnknownEvent

__all__ = ["AsyncClient", "Listener"]

Listener = Callable[[SessionEvent | UnknownEvent], None]


class AsyncClient:
    """A `pi --mode rpc` process. It runs from `async with` to its end.

    args: further arguments of the command line. cwd, env: of the process. command: how to start
    `pi`; by default this Python with this package. ui: who answers the dialogs of extensions.

    Methods raise `RpcError` with the words of the process, `TransportError` if it has ended.
    """

    def __init__(
        self,
        args: Sequence[str] = (),
        *,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = (),
        ui: UserInterface | None = None,
    ) -> None:
        own = (sys.executable, "-m", "pi.coding.cli.main")
        self._command = (*(command or own), "--mode", "rpc", *args)
        self._cwd = cwd
        self._env = env
        self._ui = ui or NoUser()
        self._process = Process(self._heard, self._asked)
        self._listeners: list[Listener] = []
        self._dialogs: set[asyncio.Task[None]] = set()

    # -- talking --------------------------------------------------------------------------------

    async def prompt(self, text: str, *images: ImageContent) -> AssistantMessage | None:
        """Say something and wait until all is settled; gives the last answer, if there was one.

        Raises `PiError` by kind if the answer failed, `AbortedError` if somebody aborted the run.
        """
        answer: AssistantMessage | None = None
        async for event in self.stream(text, *images):
            if isinstance(event, AgentSettled) and event.aborted:
                raise AbortedError("the run was aborted")
            if isinstance(event, MessageEnd) and isinstance(event.message, AssistantMessage):
                answer = event.message
        if answer is not None and answer.stop_reason == "error":
            message = answer.error_message or "unknown error"
            raise to_exception(ErrorInfo(answer.error_kind or "protocol", message))
        return answer

    async def stream(
        self, text: str, *images: ImageContent
    ) -> AsyncGenerator[SessionEvent | UnknownEvent, None]:
        """Say something and hear what happens, until all is settled. Leaving early aborts."""
        events: asyncio.Queue[SessionEvent | UnknownEvent] = asyncio.Queue()
        unsubscribe = self.subscribe(events.put_nowait)
        settled = False
        try:
            settled = await self.submit(c.Prompt(text, images)) == "handled"
            while not settled:
                event = await events.get()
                if isinstance(event, UnknownEvent) and event.type == "end":
                    raise TransportError(f"pi has ended with code {event.data['code']}")
                yield event
                settled = isinstance(event, AgentSettled)
        finally:
            unsubscribe()
            if not settled and self._process.running:
                await self.send(c.Abort())

    async def submit(self, prompt: c.Prompt) -> c.Disposition:
        """Have a prompt taken, without waiting for its run."""
        taken: Taken = await self.send(prompt)
        return taken.disposition

    async def steer(self, text: str, *images: ImageContent) -> None:
        """Say something before the next request of the run."""
        await self.send(c.Steer(text, images))

    async def follow_up(self, text: str, *images: ImageContent) -> None:
        """Say something when the run would otherwise end."""
        await self.send(c.FollowUp(text, images))

    async def abort(self) -> None:
        """End the run and wait for its end."""
        await self.send(c.Abort())

    async def clear_queue(self) -> Queued:
        """Take back what was queued."""
        return await self.send(c.ClearQueue())

    async def bash(
        self,
        command: str,
        *,
        exclude_from_context: bool = False,
        listen: Callable[[str], None] | None = None,
    ) -> BashResult:
        """Run a command; `listen` hears its output as it comes."""

        def heard(event: SessionEvent | UnknownEvent) -> None:
            if listen is not None and isinstance(event, BashExecutionUpdate):
                listen(event.delta)

        unsubscribe = self.subscribe(heard)
        try:
            return await self.send(c.Bash(command, exclude_from_context))
        finally:
            unsubscribe()

    async def send(self, command: c.Command) -> Any:
        """Any command; gives its answer, decoded. A prompt is answered when it was taken."""
        data = await self._process.request(command)
        kind = ANSWERS[type(command)]
        if kind is None or data is UNSET:
            return None
        return msgspec.json.decode(data, type=kind)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear all events, in order; gives a function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # -- the session ----------------------------------------------------------------------------

    async def state(self) -> SessionState:
        """How things stand."""
        return await self.send(c.GetState())

    async def stats(self) -> SessionStats:
        """Tokens and cost."""
        return await self.send(c.GetSessionStats())

    async def messages(self) -> list[Any]:
        """The conversation, as JSON data."""
        return list((await self.send(c.GetMessages())).messages)

    async def entries(self, since: str | None = None) -> list[dict[str, Any]]:
        """The entries of the session, as JSON data."""
        found = await self.send(c.GetEntries(since))
        return [msgspec.json.decode(entry) for entry in found.entries]

    async def last_text(self) -> str | None:
        """The text of the last answer."""
        return (await self.send(c.GetLastAssistantText())).text

    async def set_model(self, provider: str, model_id: str) -> ModelInfo:
        """Go on with another model."""
        return await self.send(c.SetModel(provider, model_id))

    async def set_thinking(self, level: ThinkingLevel) -> None:
        """Think more or less."""
        await self.send(c.SetThinkingLevel(level))

    async def compact(self, instructions: str | None = None) -> CompactionResult:
        """Replace history by a summary now."""
        return await self.send(c.Compact(instructions))

    async def export(self, path: str | Path | None = None) -> Path:
        """Write the session: as one page, or the active branch if the name ends in `.jsonl`."""
        text = None if path is None else str(path)
        kind = c.ExportJsonl if text and text.endswith(".jsonl") else c.ExportHtml
        return Path((await self.send(kind(text))).path)

    # -- the process ----------------------------------------------------------------------------

    @property
    def stderr(self) -> str:
        """The last of what the process wrote to its standard error."""
        return self._process.stderr

    async def open(self) -> Self:
        """Start the process, and wait until it answers."""
        await self._process.start(self._command, self._cwd, self._env)
        try:
            await self.state()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def aclose(self) -> int | None:
        """End the process in order; gives its exit code."""
        for dialog in self._dialogs:
            dialog.cancel()
        return await self._process.stop()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        state = "running" if self._process.running else "not running"
        return f"<pi.rpc.Client {' '.join(self._command)} ({state})>"

    # -- what comes in --------------------------------------------------------------------------

    def _heard(self, event: SessionEvent | UnknownEvent) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def _asked(self, request: UiRequest) -> None:
        dialog = asyncio.ensure_future(self._answer(request))
        self._dialogs.add(dialog)
        dialog.add_done_callback(self._dialogs.discard)

    async def _answer(self, request: UiRequest) -> None:
        """Have the user interface do what the process asks of it."""
        ui, value = self._ui, None
        match request:
            case UiSelect():
                value = await ui.select(request.title, request.options)
            case UiInput():
                value = await ui.input(request.title, placeholder=request.placeholder or "")
            case UiEditor():
                value = await ui.editor(request.title, prefill=request.prefill or "")
            case UiConfirm():
                yes = await ui.confirm(request.title, request.message)
                await self._process.write(UiResponse(request.id, confirmed=yes))
                return
            case _:
                _told(ui, request)
                return
        cancelled = UiResponse(request.id, cancelled=True)
        await self._process.write(cancelled if value is None else UiResponse(request.id, value))


def _told(ui: UserInterface, request: UiRequest) -> None:
    match request:
        case UiNotify():
            ui.notify(request.message, request.notify_type)
        case UiStatus():
            ui.set_status(request.status_key, request.status_text or None)
        case UiWidget():
            lines = request.widget_lines
            placement = request.widget_placement
            ui.set_widget(request.widget_key, None if lines is UNSET else lines, placement)
        case UiTitle():
            ui.set_title(request.title)
        case UiEditorText():
            ui.set_editor_text(request.text)
        case _:  # a dialog, which was answered
            pass
