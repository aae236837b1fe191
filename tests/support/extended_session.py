"""A composed session with extensions, whose model plays a script, for tests."""

import sys
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from pi.ai.faux import Script, scripted
from pi.coding.api import commands as c
from pi.coding.api.events import SessionEvent
from pi.coding.compose import Composition, compose
from pi.coding.home import open_home
from pi.coding.wishes import Extras, Wishes


class Talk:
    """A composed session, and what it has told."""

    def __init__(self, composition: Composition, folder: Path) -> None:
        self.composition = composition
        self.session = composition.session
        self.folder = folder
        self.events: list[SessionEvent] = []
        self.session.subscribe(self.events.append)

    async def say(self, words: str) -> Any:
        """Prompt, and wait."""
        return await self.session.send(c.Prompt(words))

    def told(self, kind: type) -> list[Any]:
        """The events of that type."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def heard(self) -> list[Any]:
        """What extensions have written down in `heard` of their module."""
        return HEARD


HEARD: list[Any] = []


@asynccontextmanager
async def talking(tmp_path: Path, script: Script, *sources: str, save: bool = False):
    """A session with these extensions, whose model plays the script."""
    HEARD.clear()
    module = ModuleType("extension_ears")
    module.HEARD = HEARD  # type: ignore[attr-defined]
    sys.modules["extension_ears"] = module
    folder = tmp_path / ".pi" / "agent" / "extensions"
    folder.mkdir(parents=True)
    (tmp_path / "project").mkdir()
    head = "from pi.extensions import *\nimport asyncio\nfrom extension_ears import HEARD\n"
    for number, source in enumerate(sources):
        (folder / f"e{number}.py").write_text(head + source)
    home = open_home({"HOME": str(tmp_path)}, tmp_path / "project")
    client, model = scripted(script)
    wishes = Wishes(find_extensions=True, no_session=not save)
    extras = Extras(models=(model,))
    composition = await compose(home, wishes, extras, client=client, model=model)
    assert composition.notes == ()
    async with composition:
        yield Talk(composition, folder)
