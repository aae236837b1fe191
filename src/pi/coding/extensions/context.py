"""The `Context` of one session, as handlers and commands get it."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from msgspec import UNSET, Struct

from pi.agent.tools import Tool
from pi.ai.errors import ConfigError
from pi.ai.messages import ImageContent
from pi.ai.model import Model, ThinkingLevel
from pi.coding.api import commands as c
from pi.coding.api.events import Notice
from pi.coding.api.front import Front
from pi.coding.api.ui import NoticeLevel, NoUser, UserInterface
from pi.coding.extensions.asking import handling
from pi.coding.extensions.given import as_json, check_texts
from pi.coding.extensions.inside import Inside
from pi.coding.extensions.notes import Notes
from pi.coding.extensions.offer import Offer
from pi.coding.extensions.program import Program
from pi.coding.extensions.quiet import TOOLS
from pi.coding.extensions.results import Note
from pi.coding.extensions.waiting import uncounted
from pi.coding.extensions.words import Deliver, Mode
from pi.coding.session.entries import Custom

__all__ = ["SessionContext"]


class _Voice(NoUser):
    """Nobody is there to be asked, but what is said is heard."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    def notify(self, message: str, level: NoticeLevel = "info") -> None:
        self._inside.tell(Notice(level, message))


class SessionContext:
    """Holds as long as its session: see `pi.coding.extensions.surface.Context`."""

    def __init__(self, program: Program, inside: Inside, offer: Offer, notes: Notes) -> None:
        self._program = program
        self._session = inside
        self._offer = offer
        self._notes = notes
        self._stale = False
        self._ui: UserInterface | None = None

    def end(self) -> None:
        """The session is over."""
        self._stale = True

    @property
    def _inside(self) -> Inside:
        self._check()
        return self._session

    def _check(self) -> None:
        if self._stale:
            raise ConfigError(
                "this context belongs to a session that is over: use the context that the next"
                " event or command brings, or `context.current()`"
            )

    def current(self) -> "SessionContext":
        """The context of the session that is open now."""
        return cast("SessionContext", self._program.context or self)

    @property
    def ui(self) -> UserInterface:
        """Asks and tells the user."""
        ui = self._inside.ui
        if type(ui) is NoUser:
            ui = _Voice(self._inside)
        return self._program.watched(ui)

    @property
    def front(self) -> Front | None:
        """The terminal, if a person sits in front of one."""
        ui = self._inside.ui
        return cast("Front", self._program.watched(ui)) if hasattr(ui, "hotkeys") else None

    @property
    def mode(self) -> Mode:
        """How the program runs."""
        return self._program.mode

    @property
    def cwd(self) -> Path:
        """The session's working folder."""
        return self._inside.cwd

    @property
    def model(self) -> Model:
        """The model for the next request."""
        return self._inside.model

    @property
    def thinking(self) -> ThinkingLevel:
        """The thinking level for the next request."""
        return self._inside.thinking

    @property
    def idle(self) -> bool:
        """Whether nothing goes on."""
        inside = self._inside
        return not inside.busy and not inside.compacting

    @property
    def trusted(self) -> bool:
        """Whether the user trusts this project."""
        return self._program.trusted

    @property
    def session_file(self) -> Path | None:
        """The session's file; None if it is kept in memory."""
        return self._inside.log.path

    async def send(self, command: c.Command) -> Any:
        """Carry out any command, as a mode could."""
        inside = self._inside
        if not isinstance(command, Struct):
            raise ConfigError(
                "send takes a command of `pi.extensions.commands`, such as commands.GetState(),"
                f" not {command!r}"
            )
        session = self._program.session or inside
        if isinstance(command, c.Prompt) and handling():
            await inside.say(command.text, command.images)  # the run waits for who asks here
            return None
        with uncounted():
            return await session.send(command)

    async def say(
        self, text: str, images: Sequence[ImageContent] = (), *, deliver: Deliver = "now"
    ) -> None:
        """Say something as the user would."""
        inside = self._inside
        check_texts("say", text=text, deliver=deliver)
        if deliver == "next_turn":
            from pi.ai.messages import TextContent, UserMessage

            content = (TextContent(text), *images) if images else text
            inside.inbox.steering.append(UserMessage(content))
            inside.queue_changed()
        elif deliver == "now" or not inside.busy:
            await inside.say(text, tuple(images))
        else:
            kind = c.Steer if deliver == "steer" else c.FollowUp
            await inside.send(kind(text, tuple(images)))

    async def add_message(
        self,
        kind: str,
        content: str,
        *,
        display: bool = True,
        details: Any = None,
        deliver: Deliver = "next_turn",
    ) -> None:
        """Tell the model something in the extension's own name."""
        inside = self._inside
        check_texts("add_message", kind=kind, content=content, deliver=deliver)
        note = Note(content, kind, display, as_json(details, f"the details of {kind!r}"))
        if inside.busy:
            self._notes.queue(note, "steer" if deliver == "now" else deliver)
            return
        self._notes.record(note)
        if deliver in ("now", "follow_up"):
            inside.begin()

    def append_entry(self, kind: str, data: Any = None) -> str:
        """Remember something in the session; the model does not see it."""
        self._check()
        check_texts("append_entry", kind=kind)
        if not kind or kind.startswith("pi."):
            raise ConfigError(
                f"an entry cannot be of the kind {kind!r}: `pi.` is the program's own"
            )
        data = as_json(data, f"the data of {kind!r}")
        return self._notes.append(Custom(kind, UNSET if data is None else data))

    def entries(self, kind: str) -> Sequence[Any]:
        """The data of this kind of entry on the active branch, in order."""
        self._check()
        return self._notes.entries(kind)

    @property
    def tools(self) -> Mapping[str, Tool]:
        """All tools there are."""
        self._check()
        return self._offer.all

    @property
    def active_tools(self) -> Sequence[str]:
        """The names of those that the model is offered."""
        self._check()
        return tuple(self._offer)

    def set_active_tools(self, names: Sequence[str]) -> None:
        """Offer these from the next request on."""
        self._check()
        if isinstance(names, str):
            raise ConfigError(f"set_active_tools takes a list of names: [{names!r}]")
        self._offer.choose(names)
        self._notes.append(Custom(TOOLS, list(self._offer.chosen or ())))

    async def exec(
        self, *argv: str, timeout: float | None = None, cwd: Path | None = None
    ) -> tuple[int, str, str]:
        """Run a program. Exit code, standard output, standard error."""
        if not argv or not all(isinstance(word, str | os.PathLike) for word in argv):
            raise ConfigError(
                "exec takes a program and its arguments, each by itself: exec('ls', '-l'),"
                f" not exec({', '.join(map(repr, argv))})"
            )
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=cwd or self.cwd,
                env={**os.environ, "PI_CODING_AGENT": "true"},
            )
        except OSError as error:
            raise ConfigError(f"{argv[0]} cannot be run: {error.strerror or error}") from None
        try:
            async with asyncio.timeout(timeout):
                out, err = await process.communicate()
        except TimeoutError:
            raise ConfigError(f"{argv[0]} took longer than {timeout:g} s and was ended") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        code = process.returncode if process.returncode is not None else -1
        return code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")

    async def abort(self) -> None:
        """End the run."""
        await self._inside.abort()

    async def wait_idle(self) -> None:
        """Wait until nothing goes on."""
        inside = self._inside
        if not self.idle and handling():
            raise ConfigError(
                "a handler of an event cannot wait for the run that waits for it: do it in"
                " agent_settled, in a command, or in a task of its own"
            )
        with uncounted():
            await inside.settled()

    def shutdown(self) -> None:
        """End the program in order, soon."""
        front = self.front
        if front is not None:
            front.quit()
        else:
            self._program.shutdown()
