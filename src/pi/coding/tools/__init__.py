"""The built-in tools. A tool is imported when somebody asks for it, not before.

`extension` registers them as an extension would, obeying the given settings. `tool_shelf` is a
shelf with nothing else on it, `builtin_tools` one with the defaults.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pi.agent.tools import Tool
from pi.ai.registry import Lazy, Registry

__all__ = ["ALL_TOOLS", "DEFAULT_TOOLS", "Registrar", "builtin_tools", "extension", "tool_shelf"]

DEFAULT_TOOLS = ("read", "bash", "edit", "write")
"""Active unless somebody says otherwise, in the order in which a model sees them."""

ALL_TOOLS = (*DEFAULT_TOOLS, "grep", "find", "ls")
"""Every built-in tool."""


class Registrar(Protocol):
    """The part of `pi.coding.extensions.surface.Pi` that tools need."""

    def register_tool(self, tool: Lazy[Tool], *, name: str) -> None:
        """Take a tool that is made at first use."""
        ...


def extension(
    pi: Registrar,
    *,
    shell_path: str | Path | None = None,
    command_prefix: str | None = None,
    resize_images: bool = True,
    log_filter: Callable[[], Any] | None = None,
    mask: Callable[[bytes], bytes] | None = None,
) -> None:
    """Register the built-in tools, each made at first use.

    shell_path, command_prefix, log_filter: see `pi.coding.tools.bash.Bash`.
    resize_images: see `pi.coding.tools.read.Read`. mask: see `pi.coding.tools.write.Write`.
    """

    def read() -> Tool:
        from pi.coding.tools.read import Read

        return Read(resize_images=resize_images)

    def bash() -> Tool:
        from pi.coding.tools.bash import Bash

        return Bash(shell_path, command_prefix, log_filter=log_filter)

    def edit() -> Tool:
        from pi.coding.tools.edit import Edit

        return Edit()

    def write() -> Tool:
        from pi.coding.tools.write import Write

        return Write(mask)

    def grep() -> Tool:
        from pi.coding.tools.grep import Grep

        return Grep()

    def find() -> Tool:
        from pi.coding.tools.find import Find

        return Find()

    def ls() -> Tool:
        from pi.coding.tools.ls import Ls

        return Ls()

    for name, make in zip(ALL_TOOLS, (read, bash, edit, write, grep, find, ls), strict=True):
        pi.register_tool(Lazy(make), name=name)


class _Alone:
    """A shelf of tools that takes registrations."""

    def __init__(self) -> None:
        self.shelf: Registry[Tool] = Registry("tool")

    def register_tool(self, tool: Lazy[Tool], *, name: str) -> None:
        """Put it there."""
        self.shelf.add(name, tool)


def tool_shelf(**settings: Any) -> Registry[Tool]:
    """The built-in tools alone, with the settings of `extension`."""
    alone = _Alone()
    extension(alone, **settings)
    return alone.shelf


builtin_tools = tool_shelf()
"""The built-in tools with default settings."""
