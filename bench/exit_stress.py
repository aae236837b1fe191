"""Programs that stream once and exit: does any of them crash, hang or print?

    python bench/exit_stress.py [runs, default 2000]

Six at a time, each in a fresh interpreter with all warnings shown, against a loopback server in
this process. The variants take turns: half of them close what they opened, half forget to. Ends
with status 1 if a run is not silent.
"""

import asyncio
import collections
import sys
import time

PARALLEL = 6

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b'11\r\ndata: {"a": 12}\n\n\r\n'

COMMON = """
import asyncio, sys
from pi.ai.request import Request
from pi.ai.wire.http import Transport
from pi.ai.wire.sse import SseParser
url = sys.argv[1]
async def ask(client):
    return await client.send(Request(url, {}, content=b"{}"))
"""

VARIANTS = {
    "closed: TLS that fails while certificates are read": """
async def main():
    try:
        await Transport().send(Request("https://127.0.0.1:1/", {}))
    except Exception:
        pass
asyncio.run(main())
""",
    "closed: read to the end, client closed": """
async def main():
    client = Transport()
    response = await ask(client)
    parser = SseParser()
    async for piece in response:
        parser.feed(piece)
    response.close()
    await client.aclose()
asyncio.run(main())
""",
    "closed: in the middle": """
async def main():
    response = await ask(Transport())
    await anext(response)
    response.close()
asyncio.run(main())
""",
    "closed: by cancelling": """
async def main():
    client = Transport()
    async def read():
        async for _ in await ask(client):
            pass
    task = asyncio.ensure_future(read())
    await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await client.aclose()
asyncio.run(main())
""",
    "forgotten: read to the end": """
async def main():
    async for _ in await ask(Transport()):
        pass
asyncio.run(main())
""",
    "forgotten: in the middle, kept in a global": """
async def main():
    global client, response
    client = Transport()
    response = await ask(client)
    await anext(response)
asyncio.run(main())
""",
    "forgotten: in a loop closed by hand": """
loop = asyncio.new_event_loop()
response = loop.run_until_complete(ask(Transport()))
loop.run_until_complete(anext(response))
loop.close()
""",
    "forgotten: in a daemon thread's loop": """
import threading
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
client = Transport()
response = asyncio.run_coroutine_threadsafe(ask(client), loop).result()
""",
}


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            await reader.readexactly(2)
            writer.write(HEAD)
            for _ in range(20):
                writer.write(CHUNK)
                await writer.drain()
                await asyncio.sleep(0.001)
            writer.write(b"0\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def run(name: str, url: str) -> str:
    """What was wrong with one run; empty if nothing was."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "always", "-c", COMMON + VARIANTS[name], url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    except TimeoutError:
        process.kill()
        return "hung for a minute"
    if process.returncode or output:
        return f"status {process.returncode}: {output.decode(errors='replace')[-400:]!r}"
    return ""


async def main(runs: int) -> int:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    names = list(VARIANTS)
    work = iter([names[i % len(names)] for i in range(runs)])
    faults: collections.Counter[str] = collections.Counter()
    start = time.perf_counter()

    async def worker() -> None:
        for name in work:
            fault = await run(name, url)
            if fault:
                faults[f"{name}: {fault}"] += 1

    await asyncio.gather(*(worker() for _ in range(PARALLEL)))
    server.close()
    took = time.perf_counter() - start
    print(f"{runs} runs, {sum(faults.values())} not silent, {took / runs * 1000:.0f} ms a run")
    for fault, count in faults.most_common(10):
        print(f"{count:5} x {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)))
