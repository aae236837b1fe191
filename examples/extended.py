"""An extension that is a function of your program: it adds a tool, and watches all tool calls."""

import asyncio
import sys

import pi
from pi.extensions import Block, Context, Pi
from pi.extensions import ToolCallEvent as Call

seen: list[str] = []


def house(pi: Pi) -> None:
    """What every session of this program brings along."""

    def rooms() -> list[str]:
        """The rooms of this house."""
        return ["kitchen", "cellar"]

    pi.register_tool(rooms)

    @pi.on("tool_call")
    def watch(event: Call, context: Context) -> Block | None:
        seen.append(event.name)
        if event.name == "write":
            return Block("This house is not rebuilt.")
        return None


async def main(model: str) -> None:
    # A path works as well, to a file or a folder as in ~/.pi/agent/extensions.
    async with pi.Session(model, extensions=[house]) as session:
        answer = await session.prompt("Show me")
        print(answer.text)
        print("tool calls:", ", ".join(seen) or "none")


asyncio.run(main(*sys.argv[1:2] or ["demo/demo"]))
