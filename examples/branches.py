"""A session on disk: what it has cost, a second way from its beginning, and a page to read."""

import asyncio
import sys
import tempfile
from pathlib import Path

import pi
from pi.coding.api.commands import GetForkMessages


async def main(model: str) -> None:
    folder = Path(tempfile.mkdtemp())
    file = folder / "session.jsonl"
    async with pi.Session(model, save=file, cwd=folder, name="Two ways") as session:
        await session.prompt("Show me")
        first = (await session.send(GetForkMessages())).messages[0]

        await session.navigate(first.entry_id)  # before the first prompt, in the same file
        await session.prompt("Show me in another way")

        for used in (await session.stats()).models:
            cost = f"${used.usage.cost.total:.4f}"
            print(f"{used.provider}/{used.model}: {used.answers} answers, {cost}")
        page = await session.export(folder / "session.html")
        print(f"{page.stat().st_size:,} bytes of {page.name}")

        text = await session.fork(first.entry_id)  # in a file of its own
        print(f"a new session, from before {text!r}: {len(session.messages)} messages")

    async with pi.Session(model, save=file, cwd=folder) as session:
        print(f"and the first one goes on: {session.state.name}, {len(session.messages)} messages")


asyncio.run(main(*sys.argv[1:2] or ["demo/demo"]))
