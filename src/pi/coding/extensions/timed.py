"""Tools of extensions as a run calls them: one that takes long is told, with its line."""

from collections.abc import Iterator, Mapping
from inspect import isawaitable
from typing import Any

from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult
from pi.coding.extensions.calling import Astray, kept
from pi.coding.extensions.given import as_json
from pi.coding.extensions.shelf import OURS, Owner, Shelf
from pi.coding.extensions.waiting import Waits

__all__ = ["TimedTools"]


class TimedTools(Mapping[str, Tool]):
    """The tools by name; built-in ones, and those of a program that uses us, as they are."""

    def __init__(self, tools: Mapping[str, Tool], shelf: Shelf, waits: Waits) -> None:
        self._tools = tools
        self._rows = shelf.tools
        self._waits = waits

    def __getitem__(self, name: str) -> Tool:
        tool = self._tools[name]
        on_shelf = name in self._rows.registry and self._rows.registry.get(name) is tool
        owner = self._rows.owner(name) if on_shelf else OURS
        return tool if owner == OURS else _Timed(tool, owner, self._waits)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)


class _Timed(Tool):
    """One call of a tool."""

    def __init__(self, tool: Tool, owner: Owner, waits: Waits) -> None:
        self._tool = tool
        self._owner = owner
        self._waits = waits
        vars(self).update(
            name=tool.name,
            description=tool.description,
            parameters=tool.parameters,
            snippet=tool.snippet,
            guidelines=tool.guidelines,
            mode=tool.mode,
        )

    def prepare(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """As the tool does."""
        return self._tool.prepare(arguments)

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """As the tool does."""
        try:
            with kept():
                answer: Any = self._tool.execute(arguments, context)
            if isawaitable(answer):
                answer = await self._waits.until(self._owner, f"the tool {self.name}", answer)
        except Astray as error:
            raise ToolError(f"{self.name} failed: {error}") from error
        if not isinstance(answer, ToolResult):
            raise ToolError(f"{self.name} failed: it gave {answer!r}, and no ToolResult")
        as_json(answer.details, f"the details of {self.name}")
        return answer
