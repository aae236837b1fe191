"""The shelf of built-in tools. A tool is imported when somebody asks for it, not before.

`tool_shelf` makes a shelf whose tools obey the given settings; `builtin_tools` is one with the
defaults. Tools of extensions are put beside ours by the same `add`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pi.agent.tools import Tool
from pi.ai.registry import Lazy, Registry

__all__ = ["ALL_TOOLS", "DEFAULT_TOOLS", "builtin_tools", "tool_shelf"]

DEFAULT_TOOLS = ("read", "bash", "edit", "write")
"""Active unless somebody says otherwise, in the order in which a model sees them."""

ALL_TOOLS = (*DEFAULT_TOOLS, "grep", "find", "ls")
"""Every built-in tool."""


def tool_shelf(
    *,
    shell_path: str | Path | None = None,
    command_prefix: str | None = None,
    resize_images: bool = True,
    log_filter: Callable[[], Any] | None = None,
    mask: Callable[[bytes], bytes] | None = None,
) -> Registry[Tool]:
    """The built-in tools with settings, each made at first use.

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

    shelf: Registry[Tool] = Registry("tool")
    for name, make in zip(ALL_TOOLS, (read, bash, edit, write, grep, find, ls), strict=True):
        shelf.add(name, Lazy(make))
    return shelf


builtin_tools = tool_shelf()
"""The built-in tools with default settings."""
