"""Say something while the model works, and stop it."""

import asyncio
import sys

import pi
from pi.agent.events import ToolExecutionStart


async def main(model: str) -> None:
    async with pi.Session(model) as session:
        working = asyncio.Event()
        session.subscribe(lambda event: isinstance(event, ToolExecutionStart) and working.set())

        running = asyncio.create_task(session.prompt("Show me"))
        await working.wait()
        await session.steer("Be brief, please.")  # heard before the next request
        answer = await running
        print("with steering:", answer.stop_reason)

        working.clear()
        running = asyncio.create_task(session.prompt("Show me again"))
        await working.wait()
        await session.abort()
        try:
            await running
        except pi.AbortedError as error:
            print("after an abort:", error)
        print(len(session.messages), "messages are kept")


asyncio.run(main(*sys.argv[1:2] or ["demo/demo"]))
