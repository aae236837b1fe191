"""A process that uses one login over and over, as a program in a loop would. Not a test.

Arguments: the credential file, the port of the identity provider, the number of rounds, the time
after which a lock counts as abandoned. Prints one line per round: the access token it got.
"""

import asyncio
import sys
import time
from contextlib import suppress

import msgspec

from pi.ai.auth.base import OAuth
from pi.ai.auth.refresh import TokenKeeper
from pi.ai.auth.store import CredentialStore
from pi.ai.errors import AuthError, TransportError


class Answer(msgspec.Struct):
    """What the identity provider sends."""

    access_token: str = ""
    refresh_token: str = ""
    expires_in: float = 0
    error: str = ""


async def ask(port: int, token: str) -> Answer:
    """One refresh over a real socket."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /token HTTP/1.0\r\nContent-Length: {len(token)}\r\n\r\n"
        writer.write((head + token).encode())
        body = (await reader.read()).partition(b"\r\n\r\n")[2]
        writer.close()
    except OSError as error:
        raise TransportError(str(error)) from error
    if not body:
        raise TransportError("no answer")
    return msgspec.json.decode(body, type=Answer)


async def main() -> None:
    """Use the token, find it rejected, get another; `rounds` times."""
    path, port, rounds, stale = sys.argv[1], *map(float, sys.argv[2:])

    async def refresh(credential: OAuth) -> OAuth:
        answer = await ask(int(port), credential.refresh)
        if answer.error:
            raise AuthError(answer.error)
        expires = int((time.time() + answer.expires_in) * 1000)
        return OAuth(answer.refresh_token, answer.access_token, expires)

    kept = TokenKeeper(CredentialStore(path, stale=stale, patience=60))
    last = ""
    try:
        for _ in range(int(rounds)):
            last = (await kept.fresh("p", refresh, rejected=last)).access
            print(last, flush=True)
    finally:
        await kept.finish()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
