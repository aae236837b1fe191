"""The agent in a process of its own: if it falls over, this program does not."""

import asyncio
import sys

import pi
from pi.agent.events import ToolExecutionStart


async def main(model: str) -> None:
    async with pi.rpc.Client(["--model", model, "--no-session"]) as client:
        async for event in client.stream("Show me"):
            if isinstance(event, ToolExecutionStart):
                print(f"> {event.tool_name}")
        print(await client.last_text())

        result = await client.bash("echo The model will hear of this with the next prompt")
        print(result.output, f"({result.exit_code})")
        try:
            await client.set_model("nobody", "nothing")
        except pi.rpc.RpcError as error:
            print("refused:", error)


asyncio.run(main(*sys.argv[1:2] or ["demo/demo"]))
