"""A hook that looks at every tool call before it is carried out."""

import asyncio
import sys
from typing import Any

import pi


class Guard(pi.Hooks):
    """Lets nothing be written outside of the working folder, and asks before commands."""

    def __init__(self, ask: Any) -> None:
        self._ask = ask
        self.refused: list[str] = []

    async def before_tool(self, call: pi.ToolCall, arguments: dict[str, Any]) -> pi.Block | None:
        if call.name in ("write", "edit") and arguments["path"].startswith(("/", "~", "..")):
            self.refused.append(call.name)
            return pi.Block("Only files in this folder may be changed.")
        if call.name == "bash" and not self._ask(arguments["command"]):
            self.refused.append(call.name)
            return pi.Block("The user does not want this command to be run.")
        return None


def only_looking(command: str) -> bool:
    """Stands for a person who says yes or no."""
    return command.split()[0] in ("ls", "pwd", "cat", "git")


async def main(model: str) -> None:
    guard = Guard(only_looking)
    async with pi.Session(model, hooks=[guard]) as session:
        answer = await session.prompt("Show me")
        print(answer.text)
        print("refused:", ", ".join(guard.refused) or "nothing")


asyncio.run(main(*sys.argv[1:2] or ["demo/demo"]))
