"""One model call, without tools and without a session."""

import asyncio
import sys

import pi
from pi.ai.events import TextDelta
from pi.ai.faux import faux_client, faux_model, text


async def main() -> None:
    if len(sys.argv) > 1:
        client, model = pi.Client(), sys.argv[1]  # with your credentials
    else:
        script = [[text("Paris.")], [text("Two, and a half.")]]
        client, model = faux_client(script), faux_model()

    async with client:
        answer = await client.complete(model, "The capital of France?")
        print(answer.text, answer.usage.total_tokens, "tokens")

        async with client.stream(model, "How many legs has a stool?") as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    print(event.delta, end="", flush=True)
        print()


asyncio.run(main())
