"""The system prompt, which speaks of the tools that are active."""

import time
from collections.abc import Mapping
from pathlib import Path

from pi.agent.tools import Tool
from pi.coding.resources.found import Resources

__all__ = ["ToolPrompt"]


class ToolPrompt:
    """Gives the blocks of the system prompt, made anew when other tools are active."""

    def __init__(self, resources: Resources, tools: Mapping[str, Tool], cwd: Path) -> None:
        self._resources = resources
        self._tools = tools
        self._cwd = cwd
        self._date = time.strftime("%Y-%m-%d")
        self._made: tuple[tuple[Tool, ...], tuple[str, ...]] = ((), ())

    def __call__(self) -> tuple[str, ...]:
        tools = tuple(self._tools.values())
        if self._made[0] != tools or not self._made[1]:
            self._made = (tools, self._resources.system_prompt(tools, self._cwd, self._date))
        return self._made[1]
