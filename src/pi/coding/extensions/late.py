"""What stands for a tool that could not be made when it was first used."""

from typing import Any

from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult

__all__ = ["LostTool"]


class LostTool(Tool):
    """Says why it is not there whenever it is called. words: why."""

    def __init__(self, name: str, words: str) -> None:
        self.description = "Cannot be used: it could not be made."
        self._words = words
        vars(self).update(name=name, parameters={"type": "object", "properties": {}})

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Raise."""
        raise ToolError(self._words)
