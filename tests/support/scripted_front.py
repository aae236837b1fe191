"""A person in front of a terminal, as data, and the context in which their commands run."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from pi.ai.errors import ConfigError
from pi.ai.faux import Script, faux_client, faux_model
from pi.ai.model import Model, ThinkingLevel
from pi.coding.api.commands import Command, Session
from pi.coding.api.front import Hotkey
from pi.coding.api.picking import Choice, Picked, PickList
from pi.coding.api.ui import NoticeLevel, NoUser
from pi.coding.compose import Extras, Wishes, compose
from pi.coding.home import open_home
from pi.coding.session_host import SessionHost
from pi.coding.slash import BUILT_IN, register_all


class Person(NoUser):
    """A `Front`. answers: what is done at each question, in order.

    At a list: a key takes that row, `("name", "key")` is an action, a function gets the list.
    At a question: the answer, or a function that gets the title. None gives up.
    """

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.lists: list[PickList] = []
        self.asked: list[str] = []
        self.notices: list[tuple[str, str]] = []
        self.shown: list[str] = []
        self.text = ""
        self.clipboard = ""
        self.replays = 0
        self.reloads = 0
        self.ended = False
        self.opened: list[str] = []
        self.errands: list[str] = []
        self.can_copy = True
        self.used = "dark"

    def _next(self, about: str) -> Any:
        assert self.answers, f"nobody said what to answer to {about!r}"
        return self.answers.pop(0)

    async def pick(self, picklist: PickList) -> Picked | None:
        self.lists.append(picklist)
        answer = self._next(picklist.title)
        if callable(answer):
            answer = answer(picklist)
        if isinstance(answer, tuple):
            action = next((act for act in picklist.actions if act.name == answer[0]), None)
            assert action, f"{answer[0]!r} is not in {[act.name for act in picklist.actions]}"
            return Picked(answer[1], action.key, picklist.query, picklist.chosen)
        if isinstance(answer, str):
            row = next((choice for choice in picklist.choices if choice.key == answer), None)
            assert row, f"{answer!r} is not in {[c.key for c in picklist.choices]}"
            cannot = row.why and not picklist.despite
            assert not cannot, f"{answer!r} cannot be taken: {row.why}"
            return Picked(answer, "", picklist.query, picklist.chosen)
        return answer

    async def _answer(self, title: str) -> Any:
        self.asked.append(title)
        answer = self._next(title)
        return answer(title) if callable(answer) else answer

    async def select(
        self, title: str, options: Sequence[str], *, timeout: float | None = None
    ) -> str | None:
        return await self._answer(title)

    async def confirm(self, title: str, message: str, *, timeout: float | None = None) -> bool:
        self.asked.append(message)
        return await self._answer(title) is True

    async def input(
        self,
        title: str,
        *,
        placeholder: str = "",
        secret: bool = False,
        timeout: float | None = None,
    ) -> str | None:
        return await self._answer(title)

    async def editor(self, title: str, *, prefill: str = "") -> str | None:
        return await self._answer(title)

    def notify(self, message: str, level: NoticeLevel = "info") -> None:
        self.notices.append((level, message))

    def set_editor_text(self, text: str) -> None:
        self.text = text

    def open_url(self, url: str) -> bool:
        self.opened.append(url)
        return True

    def show(self, markdown: str) -> None:
        self.shown.append(markdown)

    def give_back(self, text: str) -> None:
        self.text = f"{text}\n\n{self.text}" if self.text else text

    @contextmanager
    def busy(self, text: str, stop: Callable[[], object]) -> Iterator[None]:
        self.errands.append(text)
        yield

    def quit(self) -> None:
        self.ended = True

    def copy(self, text: str) -> str:
        self.clipboard = text
        return "OSC 52" if self.can_copy else ""

    def hotkeys(self) -> Sequence[Hotkey]:
        return [
            Hotkey("app.exit", ("Ctrl+D",), "quit, when the editor is empty"),
            Hotkey("tui.input.submit", ("Enter",), "send the text"),
        ]

    @property
    def theme(self) -> str:
        return self.used

    def themes(self) -> Sequence[str]:
        return ["dark", "light", "system"]

    def use_theme(self, name: str) -> None:
        if name not in self.themes():
            raise ConfigError(f"there is no theme {name!r}")
        self.used = name

    async def replay(self) -> None:
        self.replays += 1

    def reload(self) -> None:
        self.reloads += 1

    # -- for tests ----------------------------------------------------------------------------

    @property
    def last(self) -> str:
        """What was said last."""
        return self.notices[-1][1] if self.notices else ""


class Commands:
    """The registry that slash commands come into, and what runs them: a small `Pi`."""

    def __init__(self, session: Session, person: Person, cwd: Path, *, front: bool = True) -> None:
        self.context = Sitting(session, person, cwd, front=front)
        self.rows: dict[str, tuple[Any, dict[str, Any]]] = {}
        self.patience = 10
        register_all(self)  # type: ignore[arg-type]
        assert self.rows.keys() == BUILT_IN.keys()

    def register_command(self, name: str, handler: Any, **about: Any) -> None:
        self.rows[name] = (handler, about)

    async def run(self, line: str) -> None:
        """Run what was typed, with the slash."""
        name, _, arguments = line.removeprefix("/").partition(" ")
        async with asyncio.timeout(self.patience):
            await self.rows[name][0](arguments.strip(), self.context)

    async def complete(self, name: str, prefix: str) -> list[str]:
        """The texts that its argument may go on with."""
        complete = self.rows[name][1]["complete"]
        return [found.text for found in await complete(prefix, self.context)]


class Sitting:
    """A `Context` of whatever session is open, as far as slash commands need one."""

    mode = "interactive"

    def __init__(self, session: Session, person: Person, cwd: Path, *, front: bool) -> None:
        self._session = session
        self.ui = person
        self.front = person if front else None
        self.cwd = cwd
        self.sent: list[Command] = []
        self.shut = False

    @property
    def model(self) -> Model:
        return self._session.state.model

    @property
    def thinking(self) -> ThinkingLevel:
        return self._session.state.thinking_level

    @property
    def idle(self) -> bool:
        return not self._session.state.streaming

    async def send(self, command: Command) -> Any:
        self.sent.append(command)
        return await self._session.send(command)

    def shutdown(self) -> None:
        self.shut = True


def row(picklist: PickList, key: str) -> Choice:
    """A row of a list."""
    return next(choice for choice in picklist.choices if choice.key == key)


MODELS = (
    faux_model("faux", name="Faux One"),
    faux_model("other", name="Faux Two"),
)


@asynccontextmanager
async def seated(
    home: Path, *answers: Any, script: Script = (), front: bool = True, **env: str
) -> AsyncIterator[tuple[Commands, Person, SessionHost]]:
    """A person at a composed session whose model plays the script.

    The session is in `home/project`, the user's folder is `home/.pi/agent`.
    """
    project = home / "project"
    project.mkdir(parents=True, exist_ok=True)
    agent = str(home / ".pi" / "agent")
    opened = open_home({"HOME": str(home), **env, "PI_CODING_AGENT_DIR": agent}, project)
    composing = compose(
        opened, Wishes(), Extras(models=MODELS), client=faux_client(script), model=MODELS[0]
    )
    async with await composing as composition:
        person = Person(*answers)
        composition.session.use_ui(person)
        yield (
            Commands(composition.session, person, project, front=front),
            person,
            composition.session,
        )
        assert not person.answers, f"these were never asked for: {person.answers}"
