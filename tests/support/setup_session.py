"""A composed session with a home of its own, and a user who answers as a test says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pi.coding.api.ui import NoticeLevel, NoUser, WidgetPlacement
from pi.coding.compose import Composition, Wishes, compose
from pi.coding.home import open_home


class Asked(NoUser):
    """A user. answers: what is answered, in order; a function is called with the title.

    When there are no answers left, questions wait. `shown` is what the widgets say now, `seen`
    everything they ever said.
    """

    def __init__(self, *answers: Any, browser: bool = True) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []
        self.secret: list[bool] = []
        self.opened: list[str] = []
        self.shown: dict[str, Sequence[str]] = {}
        self.seen: list[str] = []
        self.notices: list[str] = []
        self.cancelled: list[str] = []
        self.on_open: Callable[[str], Any] | None = None
        self._browser = browser

    async def _answer(self, kind: str, title: str) -> Any:
        self.asked.append((kind, title))
        if not self.answers:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled.append(title)
                raise
        answer = self.answers.pop(0)
        return answer(title) if callable(answer) else answer

    async def select(
        self, title: str, options: Sequence[str], *, timeout: float | None = None
    ) -> str | None:
        answer = await self._answer("select", title)
        return options[answer] if isinstance(answer, int) else answer

    async def confirm(self, title: str, message: str, *, timeout: float | None = None) -> bool:
        self.seen.append(message)
        return await self._answer("confirm", title) is True

    async def input(
        self,
        title: str,
        *,
        placeholder: str = "",
        secret: bool = False,
        timeout: float | None = None,
    ) -> str | None:
        self.secret.append(secret)
        return await self._answer("input", title)

    def open_url(self, url: str) -> bool:
        self.opened.append(url)
        if self.on_open is not None:
            self.on_open(url)
        return self._browser

    def notify(self, message: str, level: NoticeLevel = "info") -> None:
        self.notices.append(message)

    def set_widget(
        self,
        key: str,
        lines: Sequence[str] | None,
        placement: WidgetPlacement = "aboveEditor",
    ) -> None:
        if lines is None:
            self.shown.pop(key, None)
        else:
            self.shown[key] = lines
            self.seen += lines


@asynccontextmanager
async def composed(
    home: Path, wishes: Wishes | None = None, *, ui: NoUser | None = None, **env: str
) -> AsyncIterator[Composition]:
    """A session in `home/project`; the user's folder is `home/.pi/agent`."""
    project = home / "project"
    project.mkdir(parents=True, exist_ok=True)
    opened = open_home({"HOME": str(home), **env, "PI_CODING_AGENT_DIR": str(agent(home))}, project)
    made = await compose(opened, wishes or Wishes(model="demo"))
    async with asyncio.timeout(30), made as composition:
        if ui is not None:
            composition.session.use_ui(ui)
        yield composition


def agent(home: Path) -> Path:
    """The user's folder."""
    return home / ".pi" / "agent"
