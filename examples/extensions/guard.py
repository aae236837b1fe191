"""Looks at every tool call: blocks some, changes others. A mistake in here blocks the call."""

from typing import Any

from pi.extensions import Block, Context, Pi, ToolCallEvent


def extension(pi: Pi) -> None:
    @pi.on("tool_call")
    async def guard(event: ToolCallEvent, context: Context) -> Block | dict[str, Any] | None:
        if event.name in ("write", "edit") and ".env" in event.arguments["path"]:
            return Block("files with secrets are not to be changed")
        if event.name != "bash":
            return None
        command = event.arguments["command"]
        if "rm -rf" in command and not await context.ui.confirm("Allow?", command):
            return Block("the user did not allow it")
        return {**event.arguments, "command": f"set -o pipefail; {command}"}
