"""What a mode may ask. A command is data; `Session.send` carries it out and gives its answer.

This is the whole reach of every mode: a screen gets no more than a program at the end of a pipe.
The JSON form of a command is the established one, newest version; `pi.coding.api.answers` says
what each is answered with.
"""

from collections.abc import Callable
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from pi.ai.messages import AssistantMessage, ImageContent
from pi.ai.model import Model, ThinkingLevel
from pi.coding.api.base import CommandBase
from pi.coding.api.events import SessionEvent, SessionStart
from pi.coding.api.extending import ExtendingCommand
from pi.coding.api.setup import SetupCommand
from pi.coding.api.ui import UserInterface

__all__ = [
    "Abort",
    "AbortBash",
    "AbortExtensions",
    "AbortRetry",
    "Bash",
    "ClearQueue",
    "Clone",
    "Command",
    "Compact",
    "CycleModel",
    "CycleThinkingLevel",
    "Disposition",
    "ExportHtml",
    "ExportJsonl",
    "FollowUp",
    "Fork",
    "GetAvailableModels",
    "GetAvailableThinkingLevels",
    "GetCommands",
    "GetEntries",
    "GetForkMessages",
    "GetLastAssistantText",
    "GetMessages",
    "GetSessionStats",
    "GetState",
    "GetTree",
    "ImportSession",
    "NavigateTree",
    "NewSession",
    "Prompt",
    "QueueMode",
    "Session",
    "SetAutoCompaction",
    "SetAutoRetry",
    "SetFollowUpMode",
    "SetLabel",
    "SetModel",
    "SetName",
    "SetSteeringMode",
    "SetThinkingLevel",
    "State",
    "Steer",
    "SwitchSession",
]

QueueMode = Literal["all", "one-at-a-time"]

Disposition = Literal["started", "queued", "handled"]
"""What became of a prompt: a run began, it waits for one, or somebody dealt with it."""


# -- saying something -----------------------------------------------------------------------------


class Prompt(CommandBase, frozen=True):
    """Say something and wait until all is settled; the answer is the last assistant message.

    While a run goes on, `streaming` says whether the text steers it or waits for its end; without
    that it is an error. `Session.submit` does not wait.
    """

    text: str = field(name="message")
    images: tuple[ImageContent, ...] = ()
    streaming: Literal["steer", "followUp"] | None = field(default=None, name="streamingBehavior")


class Steer(CommandBase, frozen=True):
    """Say something before the next request of the run."""

    text: str = field(name="message")
    images: tuple[ImageContent, ...] = ()


class FollowUp(CommandBase, frozen=True):
    """Say something when the run would otherwise end."""

    text: str = field(name="message")
    images: tuple[ImageContent, ...] = ()


class Abort(CommandBase, frozen=True):
    """End the run, or the compaction; answers when it has ended. What was queued is dropped."""


class AbortExtensions(CommandBase, frozen=True):
    """Wait no longer for extensions; what waited for one fails, but for a run, which goes on.

    An `Abort` does it too, but leaves slash commands alone while a run goes on.
    """


class ClearQueue(CommandBase, frozen=True):
    """Take back what was queued."""


class SetSteeringMode(CommandBase, frozen=True):
    """How many steering messages go in at a time."""

    mode: QueueMode


class SetFollowUpMode(CommandBase, frozen=True):
    """How many follow-ups go in at a time."""

    mode: QueueMode


# -- model and thinking ----------------------------------------------------------------------------


class SetModel(CommandBase, frozen=True):
    """Go on with another model."""

    provider: str
    model_id: str


class CycleModel(CommandBase, frozen=True):
    """Go on with the next model: of the scope if there is one, else of all that can be used.

    `backward`: with the one before.
    """

    backward: bool = False


class GetAvailableModels(CommandBase, frozen=True):
    """The models of providers with credentials."""


class SetThinkingLevel(CommandBase, frozen=True):
    """Think more or less, as far as the model supports it."""

    level: ThinkingLevel


class CycleThinkingLevel(CommandBase, frozen=True):
    """The model's next thinking level."""


class GetAvailableThinkingLevels(CommandBase, frozen=True):
    """The thinking levels of the model."""


# -- policies --------------------------------------------------------------------------------------


class Compact(CommandBase, frozen=True):
    """Replace history by a summary now. A run that is going on is ended first."""

    custom_instructions: str | None = None


class SetAutoCompaction(CommandBase, frozen=True):
    """Whether history is compacted when the window is nearly full."""

    enabled: bool


class SetAutoRetry(CommandBase, frozen=True):
    """Whether an answer that failed for a passing reason is asked for again."""

    enabled: bool


class AbortRetry(CommandBase, frozen=True):
    """Do not wait for the next attempt: the run ends with the error."""


# -- the user's own commands -----------------------------------------------------------------------


class Bash(CommandBase, frozen=True):
    """Run a command of the user; the model hears of it with the next prompt, unless excluded."""

    command: str
    exclude_from_context: bool = False


class AbortBash(CommandBase, frozen=True):
    """End the user's command."""


class GetCommands(CommandBase, frozen=True):
    """The slash commands that a prompt may begin with: templates, skills, those of extensions."""


# -- looking ---------------------------------------------------------------------------------------


class GetState(CommandBase, frozen=True):
    """How things stand."""


class GetMessages(CommandBase, frozen=True):
    """The conversation since the last compaction."""


class GetEntries(CommandBase, frozen=True):
    """All entries of the session in the order of the file, or those after the entry `since`."""

    since: str | None = None


class GetTree(CommandBase, frozen=True):
    """All entries of the session, each with those that follow it."""


class GetSessionStats(CommandBase, frozen=True):
    """What the session has used and cost so far."""


class GetForkMessages(CommandBase, frozen=True):
    """The prompts of the active branch."""


class GetLastAssistantText(CommandBase, frozen=True):
    """The text of the last answer."""


class ExportHtml(CommandBase, frozen=True):
    """Write the session as one page; without a path, into the working folder."""

    output_path: str | None = None


class ExportJsonl(CommandBase, frozen=True):
    """Write the active branch as a session file; without a path, into the working folder."""

    output_path: str | None = None


# -- changing the session --------------------------------------------------------------------------


class SetName(CommandBase, frozen=True, tag="set_session_name"):
    """Name the session; an empty name clears it."""

    name: str


class SetLabel(CommandBase, frozen=True):
    """Put a bookmark on an entry; an empty label takes it away."""

    entry_id: str
    label: str = ""


class NavigateTree(CommandBase, frozen=True):
    """Go on from another entry of the session, or with None from before all of them.

    From a prompt it is the place before it, and its text is answered. `summarize`: what happened
    on the branch that is left is told to the model in a summary.
    """

    entry_id: str | None
    summarize: bool = False
    custom_instructions: str | None = None


class NewSession(CommandBase, frozen=True):
    """Begin another session. `parent_session`: path of a session that it belongs to."""

    parent_session: str | None = None


class SwitchSession(CommandBase, frozen=True):
    """Go on with the session in a file. `cwd_override`: in that folder instead of its own."""

    session_path: str
    cwd_override: str | None = None


class ImportSession(CommandBase, frozen=True):
    """Copy a session file into the folder of this project's sessions and go on with the copy.

    `cwd_override`: the copy belongs to that folder, whichever one the file says.
    """

    path: str
    cwd_override: str | None = None


class Fork(CommandBase, frozen=True):
    """Go on in a new session with the branch up to before a prompt, whose text is answered."""

    entry_id: str


class Clone(CommandBase, frozen=True):
    """Go on in a new session with a copy of the active branch."""


Command = (
    Prompt
    | Steer
    | FollowUp
    | Abort
    | AbortExtensions
    | ClearQueue
    | SetSteeringMode
    | SetFollowUpMode
    | SetModel
    | CycleModel
    | GetAvailableModels
    | SetThinkingLevel
    | CycleThinkingLevel
    | GetAvailableThinkingLevels
    | Compact
    | SetAutoCompaction
    | SetAutoRetry
    | AbortRetry
    | Bash
    | AbortBash
    | GetCommands
    | GetState
    | GetMessages
    | GetEntries
    | GetTree
    | GetSessionStats
    | GetForkMessages
    | GetLastAssistantText
    | ExportHtml
    | ExportJsonl
    | SetName
    | SetLabel
    | NavigateTree
    | NewSession
    | SwitchSession
    | ImportSession
    | Fork
    | Clone
    | SetupCommand
    | ExtendingCommand
)


# -- the session -----------------------------------------------------------------------------------


class State(Struct, frozen=True):
    """How things stand, for modes in this process. `GetState` is the same over a pipe.

    held: something else than a run waits for an extension; an abort ends that.
    """

    model: Model
    thinking_level: ThinkingLevel
    streaming: bool
    session: SessionStart
    session_file: str | None
    name: str | None
    message_count: int
    pending: int
    last_answer: AssistantMessage | None
    held: bool = False


class Session(Protocol):
    """What a mode is given."""

    async def send(self, command: Command) -> Any:
        """Carry out a command and give its answer. Raises `PiError` if it can't be done."""
        ...

    async def submit(self, prompt: Prompt) -> Disposition:
        """As `send` of a prompt, but only until it was taken. Raises `PiError` if it was not."""
        ...

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Hear all events, in order; gives a function that ends it."""
        ...

    def use_ui(self, ui: UserInterface) -> None:
        """Ask and tell the user there from now on."""
        ...

    @property
    def state(self) -> State:
        """How things stand now."""
        ...
