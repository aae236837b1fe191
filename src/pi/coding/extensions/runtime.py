"""All extensions of a program: found, loaded, taken away and loaded anew.

The runtime outlives sessions; each of them gets a bridge. An extension that cannot be loaded is
named with file and line and left out, with all that it had registered before it failed.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from msgspec import Struct

from pi.ai.registry import Registry
from pi.coding.extensions.find import Found
from pi.coding.extensions.inside import Inside
from pi.coding.extensions.offer import Offer
from pi.coding.extensions.program import Program
from pi.coding.extensions.quiet import QuietBridge
from pi.coding.extensions.recorder import Outside, Recorder
from pi.coding.extensions.shelf import OURS, Owner, Shelf
from pi.coding.extensions.words import Mode
from pi.coding.resources.sources import Brought

__all__ = ["LoadedExtension", "Runtime"]

T = TypeVar("T")


class LoadedExtension(Struct, frozen=True):
    """An extension, and why it is not in use if it is not."""

    owner: Owner
    found: Found
    problem: str = ""


class Runtime:
    """Extensions, and what they have registered.

    notes: what people should know about them. given: those of a program that uses us as a library,
    which come last and are loaded again with the others.
    """

    def __init__(self, outside: Outside | None = None, mode: Mode = "sdk") -> None:
        self.shelf = Shelf()
        self.program = Program(self.shelf, mode)
        self.outside = outside or Outside()
        self.outside.note = self._note
        self.outside.failed = self._failed
        self.outside.context = lambda: self.program.context
        self.loaded: list[LoadedExtension] = []
        self.notes: list[str] = []
        self.given: tuple[Found, ...] = ()
        self.discovered: list[Any] = []
        self._discovered = False

    def install(self, extension: Callable[[Any], Any]) -> None:
        """Have a part of our own register itself, by the same door; again, if it did before."""
        extension(Recorder(self.shelf, OURS, self.outside))

    async def load(self, found: Sequence[Found], *, patience: float | None = None) -> None:
        """Load extensions one after the other. patience: seconds for each; None as usual."""
        if not found:
            return
        self.outside.loop = asyncio.get_running_loop()
        from pi.coding.extensions.load import PATIENCE, Broken, load_extension  # for who has any

        self.outside.loading = True
        for item in found:
            owner = Owner(item.name, item.path, item.scope)
            recorder = Recorder(self.shelf, owner, self.outside)
            try:
                await load_extension(item, recorder, patience=patience or PATIENCE)
            except Broken as error:
                recorder.close()
                self._drop(owner, item)
                self.loaded.append(LoadedExtension(owner, item, str(error)))
                self._note(f"the extension {item.name} is not used: {error}")
            else:
                self.loaded.append(LoadedExtension(owner, item))
        self.outside.loading = False
        self.notes += self.outside.unsettled()

    def unload(self) -> None:
        """Take all extensions away, with all that they have registered."""
        for item in reversed(self.loaded):
            self._drop(item.owner, item.found)
        self.loaded.clear()
        self.notes.clear()

    async def ask_trust(self, cwd: Path, held_back: tuple[str, ...]) -> bool:
        """Whether an extension says that the project is trusted; the first that answers counts."""
        answers = await self._ask("project_trust", bool, cwd, held_back)
        return answers[0] if answers else False

    async def discover(self, cwd: Path) -> None:
        """Ask where there are more resources."""
        reason: Literal["startup", "reload"] = "reload" if self._discovered else "startup"
        self._discovered = True
        if not self.shelf.hears("resources_discover"):
            self.discovered = []
            return
        from pi.coding.extensions.results import Discovered

        self.discovered = await self._ask("resources_discover", Discovered, cwd, reason)

    def with_discovered(
        self, brought: Mapping[str, Sequence[Brought]]
    ) -> dict[str, Sequence[Brought]]:
        """The files of packages, and what extensions have found."""
        if not self.discovered:
            return dict(brought)
        return {
            kind: [
                *files,
                *(
                    Brought(Path(path), "extension", "user")
                    for found in self.discovered
                    for path in getattr(found, kind, ())
                ),
            ]
            for kind, files in ({"skills": (), "prompts": (), "themes": ()} | dict(brought)).items()
        }

    async def _ask(self, name: str, kind: type[T], *fields: Any) -> list[T]:
        """The answers of that kind to what is asked before there is a session."""
        answers: list[T] = []
        if not self.shelf.hears(name):
            return answers
        from pi.coding.extensions.early import answer_of  # for who hears it

        for row in tuple(self.shelf.handlers.get(name, ())):
            answer = await answer_of(row, name, kind, fields, self.program.slow, self._note)
            if answer is not None:
                answers.append(answer)
        return answers

    def bridge(self, inside: Inside, offer: Offer, *, keep_tools: bool = False) -> QuietBridge:
        """The extensions for one session."""
        if not self.loaded and self.shelf.only_tools:
            return QuietBridge(self.program, inside, offer, keep_tools=keep_tools)
        from pi.coding.extensions.bridge import Bridge

        return Bridge(self.program, inside, offer, keep_tools=keep_tools)

    @property
    def tools(self) -> Registry[Any]:
        """All tools that are registered."""
        return self.shelf.tools.registry

    def _drop(self, owner: Owner, found: Found) -> None:
        from pi.coding.extensions.load import forget

        self.shelf.drop(owner)
        self.outside.forget(owner)
        forget(found)

    def _failed(self, owner: Owner, what: str, error: BaseException) -> None:
        if self.program.failed is not None:
            self.program.failed(owner, what, error)
            return
        from pi.coding.extensions.asking import words_of

        self._note(f"{words_of(error, owner)} (at {what})")

    def _note(self, text: str) -> None:
        self.notes.append(text)
