"""All that an extension may touch. Our own slash commands and tools come in by the same door.

An extension is a file with a function `extension(pi)`, plain or async, that is called once before a
session begins (and again after `/reload`). What it registers stands in the same registries as what
is built in, under the extension's name, and is taken away again when it is reloaded. Handlers get
the event and a `Context`; plain and async functions are both taken.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from pi.agent.hooks import Hooks
from pi.agent.tools import Tool
from pi.ai.auth.base import LoginFlow
from pi.ai.messages import ImageContent
from pi.ai.model import Model, ThinkingLevel
from pi.ai.protocols.base import Protocol as WireProtocol
from pi.ai.registry import Lazy
from pi.coding.api.commands import Command
from pi.coding.api.front import Front
from pi.coding.api.setup import Completion
from pi.coding.api.ui import UserInterface
from pi.coding.extensions.words import Deliver, Mode

__all__ = ["Bus", "CommandHandler", "Complete", "Context", "Handler", "Mode", "Pi", "Renderer"]


class Context(Protocol):
    """The session that an event or a command is about, and the person in front of it.

    It holds as long as that session: after another one was opened its methods raise `ConfigError`,
    and `current()` gives the context of the one that is open now.
    """

    def current(self) -> "Context":
        """The context of the session that is open now."""
        ...

    @property
    def ui(self) -> UserInterface:
        """Asks and tells the user, in every mode; nobody answers where nobody is."""
        ...

    @property
    def front(self) -> Front | None:
        """The terminal, if a person sits in front of one."""
        ...

    @property
    def mode(self) -> Mode:
        """How the program runs."""
        ...

    @property
    def cwd(self) -> Path:
        """The session's working folder."""
        ...

    @property
    def model(self) -> Model:
        """The model for the next request."""
        ...

    @property
    def thinking(self) -> ThinkingLevel:
        """The thinking level for the next request."""
        ...

    @property
    def session_file(self) -> Path | None:
        """The session's file, which need not exist yet; None if it is kept in memory."""
        ...

    @property
    def idle(self) -> bool:
        """Whether nothing goes on."""
        ...

    @property
    def trusted(self) -> bool:
        """Whether the user trusts this project."""
        ...

    async def send(self, command: Command) -> Any:
        """Carry out any command of `pi.coding.api.commands`, as a mode could. Raises `PiError`.

        A `Prompt` is waited for in a command; in the handler of an event it is only begun.
        """
        ...

    async def say(
        self, text: str, images: Sequence[ImageContent] = (), *, deliver: Deliver = "now"
    ) -> None:
        """Say something as the user would; `now` begins a run, or queues a follow-up."""
        ...

    async def add_message(
        self,
        kind: str,
        content: str,
        *,
        display: bool = True,
        details: Any = None,
        deliver: Deliver = "next_turn",
    ) -> None:
        """Tell the model something in the extension's own name (a `custom_message` entry).

        While a run goes on it goes in before the next request (`now`, `steer`), when the model is
        done, which then goes on (`follow_up`), or after the run (`next_turn`). Otherwise it goes in
        at once, and with `now` or `follow_up` the model is asked to answer it.
        """
        ...

    def append_entry(self, kind: str, data: Any = None) -> str:
        """Remember something in the session; the model does not see it. Gives the entry's id."""
        ...

    def entries(self, kind: str) -> Sequence[Any]:
        """The data of this kind of entry on the active branch, in order."""
        ...

    @property
    def tools(self) -> Mapping[str, Tool]:
        """All tools there are."""
        ...

    @property
    def active_tools(self) -> Sequence[str]:
        """The names of those that the model is offered."""
        ...

    def set_active_tools(self, names: Sequence[str]) -> None:
        """Offer these from the next request on, also when the session is opened again.

        Raises `ConfigError` for an unknown name.
        """
        ...

    async def exec(
        self, *argv: str, timeout: float | None = None, cwd: Path | None = None
    ) -> tuple[int, str, str]:
        """Run a program: exit code, standard output, standard error. timeout: seconds.

        Raises `ConfigError` if it cannot be run or takes too long.
        """
        ...

    async def abort(self) -> None:
        """End the run."""
        ...

    async def wait_idle(self) -> None:
        """Wait until nothing goes on. Raises `ConfigError` where the run waits for the caller."""
        ...

    def shutdown(self) -> None:
        """End the program in order, soon."""
        ...


Handler = Callable[..., Any]
"""`handler(event, context)`, plain or async; what it may return depends on the event."""

CommandHandler = Callable[[str, Context], Awaitable[None] | None]
"""`handler(arguments, context)`: what follows the command's name, stripped."""

Complete = Callable[[str, Context], Awaitable[Sequence[Completion]] | Sequence[Completion]]
"""What an argument that begins so may go on with."""

Renderer = Callable[..., Sequence[str] | str]
"""Text in lines, drawn by the screen. `render(content, details, expanded)` for a message, with the
data of an entry as its content; `render_call(arguments, expanded)` for a tool call;
`render_result(text, details, is_error, expanded)` for its result."""


class Bus(Protocol):
    """What extensions say to one another. Names are free; `extension:what` keeps them apart."""

    def on(self, name: str, handler: Callable[[Any], Any] | None = None) -> Any:
        """Hear a name; without a handler it is a decorator. The handler is given the data."""
        ...

    def emit(self, name: str, data: Any = None) -> None:
        """Tell all who hear the name. Plain functions are called at once, async ones begun."""
        ...


class Pi(Protocol):
    """What `extension(pi)` is given."""

    @property
    def name(self) -> str:
        """The extension's name: that of its file."""
        ...

    @property
    def path(self) -> Path:
        """The extension's file."""
        ...

    @property
    def context(self) -> Context:
        """The context of the session that is open now, for tools. Raises `ConfigError` before."""
        ...

    @property
    def events(self) -> Bus:
        """What extensions say to one another."""
        ...

    def on(self, event: str, handler: Handler | None = None) -> Any:
        """Hear an event; without a handler it is a decorator. Raises `ConfigError` for a wrong
        name."""
        ...

    def register_hooks(self, make: Callable[[Context], Hooks]) -> None:
        """A policy on the loop's hooks, made for every session."""
        ...

    def register_tool(
        self,
        tool: Tool | Callable[..., Any] | Lazy[Tool],
        *,
        name: str = "",
        render_call: Renderer | None = None,
        render_result: Renderer | None = None,
        replace: bool = False,
    ) -> Any:
        """A tool: a `Tool`, or a function with types and a docstring. Gives back what it was given.

        A `Lazy` tool is made at first use and needs a `name`. `replace`: it may stand for a
        built-in one of that name.
        """
        ...

    def register_command(
        self,
        name: str,
        handler: CommandHandler,
        *,
        description: str = "",
        hint: str = "",
        complete: Complete | None = None,
    ) -> None:
        """A slash command. hint: its arguments, for people."""
        ...

    def register_flag(
        self, name: str, *, kind: type[bool] | type[str] = bool, default: Any = None, help: str = ""
    ) -> None:
        """An option of the command line, `--name`."""
        ...

    def flag(self, name: str) -> Any:
        """What the command line says about a flag of this extension. For handlers and commands:
        while the extension is loaded, the command line is not read yet."""
        ...

    def register_shortcut(
        self, key: str, handler: Callable[[Context], Awaitable[None] | None], *, help: str = ""
    ) -> None:
        """A key of the screen, written as in `keybindings.json`."""
        ...

    def register_renderer(self, kind: str, render: Renderer) -> None:
        """How messages and entries of this kind look."""
        ...

    def register_provider(
        self,
        name: str,
        *,
        base_url: str | None = None,
        api: str | None = None,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        auth_header: bool | None = None,
        models: Sequence[Mapping[str, Any]] | None = None,
        login: LoginFlow | str | None = None,
        display_name: str = "",
    ) -> None:
        """A provider, or another address for a built-in one. Models are as in `models.json`."""
        ...

    def unregister_provider(self, name: str) -> None:
        """Take it away; a built-in one of that name is there again."""
        ...

    def register_protocol(self, name: str, protocol: WireProtocol) -> None:
        """A wire, to be named as `api`."""
        ...

    def register_login(self, name: str, flow: LoginFlow) -> None:
        """A login flow, to be named by providers."""
        ...
