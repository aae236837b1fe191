"""What happens while the model works: text as it comes, tools as they run."""

import asyncio
import sys

import pi
from pi.agent.events import MessageUpdate, ToolExecutionEnd, ToolExecutionStart
from pi.ai.events import TextDelta


async def main(model: str) -> None:
    async with pi.Session(model) as session:
        async for event in session.stream("Show me"):
            match event:
                case MessageUpdate(assistant_message_event=TextDelta(delta=text)):
                    print(text, end="", flush=True)
                case ToolExecutionStart(tool_name=name, args=arguments):
                    print(f"\n  > {name} {arguments}")
                case ToolExecutionEnd(is_error=True):
                    print("  (it failed)")
                case _:
                    pass
        print()


asyncio.run(main(*sys.argv[1:2] or ["demo/demo"]))
