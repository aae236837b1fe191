"""Tools of extensions as a run calls them: one that takes long is told, with its line."""

from collections.abc import Iterator, Mapping
from inspect import isawaitable
from typing import Any

import msgspec

from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult
from pi.ai.errors import ConfigError
from pi.coding.extensions.asking import Asker
from pi.coding.extensions.calling import kept
from pi.coding.extensions.given import wrong_field
from pi.coding.extensions.load import place_of
from pi.coding.extensions.shelf import OURS, Owner, Shelf
from pi.coding.extensions.waiting import Waits

__all__ = ["TimedTools"]


class TimedTools(Mapping[str, Tool]):
    """The tools by name; built-in ones, and those of a program that uses us, as they are."""

    def __init__(self, tools: Mapping[str, Tool], shelf: Shelf, waits: Waits, asker: Asker) -> None:
        self._tools = tools
        self._rows = shelf.tools
        self._waits = waits
        self._asker = asker

    def __getitem__(self, name: str) -> Tool:
        tool = self._tools[name]
        on_shelf = name in self._rows.registry and self._rows.registry.get(name) is tool
        owner = self._rows.owner(name) if on_shelf else OURS
        return tool if owner == OURS else _Timed(tool, owner, self._waits, self._asker)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)


class _Timed(Tool):
    """One call of a tool."""

    def __init__(self, tool: Tool, owner: Owner, waits: Waits, asker: Asker) -> None:
        self._tool = tool
        self._owner = owner
        self._waits = waits
        self._asker = asker
        vars(self).update(
            name=tool.name,
            description=tool.description,
            parameters=tool.parameters,
            snippet=tool.snippet,
            guidelines=tool.guidelines,
            mode=tool.mode,
        )

    def prepare(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """As the tool does; the arguments as they are if it fails."""
        what = f"prepare of the tool {self.name}"
        try:
            with kept():
                prepared: Any = self._tool.prepare(dict(arguments))
            if isinstance(prepared, dict):
                return prepared
            raise ConfigError(f"{what} gave {prepared!r}, and no arguments (a dict)")
        except Exception as error:
            self._asker.failed(self._owner, what, error)
            return arguments

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """As the tool does. Raises `ToolError` with the line for whatever else goes wrong in it."""

        def update(partial: ToolResult) -> None:
            _check(partial, "context.update takes a ToolResult")
            context.update(partial)

        try:
            with kept():
                own = msgspec.structs.replace(context, update=update)
                answer: Any = self._tool.execute(arguments, own)
            if isawaitable(answer):
                answer = await self._waits.until(self._owner, f"the tool {self.name}", answer)
            _check(answer, "execute gives a ToolResult")
        except ToolError:
            raise
        except Exception as error:
            words = place_of(error, self._owner.path)
            raise ToolError(f"{self.name} failed: {words}") from error
        return answer


def _check(result: Any, what: str) -> None:
    if not isinstance(result, ToolResult):
        raise ConfigError(f"{what}, not {result!r}")
    wrong = wrong_field(result)
    if wrong:
        raise ConfigError(f"{what}, but {wrong}")
