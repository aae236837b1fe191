"""The user of a login, with a browser of their own: what a `LoginUI` is, for tests.

The browser is a few lines over plain sockets. It follows redirects to wherever they go, so a login
runs over the loopback from the first request to the last.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urljoin, urlsplit


@dataclass
class Shown:
    """The page that a browser ended at."""

    status: int
    headers: dict[str, str]
    body: str
    url: str


async def request(url: str, method: str = "GET") -> Shown:
    """One request, without redirects."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection("127.0.0.1", parts.port)
    target = parts._replace(scheme="", netloc="", fragment="").geturl()
    head = f"{method} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    try:
        top = await reader.readuntil(b"\r\n\r\n")
        first, *lines = top.decode().strip().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return Shown(int(first.split()[1]), headers, body.decode(), url)


async def browse(url: str) -> Shown:
    """Open `url` and follow redirects."""
    while True:
        shown = await request(url)
        if "location" not in shown.headers:
            return shown
        url = urljoin(url, shown.headers["location"])


async def until(happened: Callable[[], object]) -> None:
    """Wait for something that has no event of its own."""
    while not happened():  # noqa: ASYNC110
        await asyncio.sleep(0.005)


async def landing(url: str) -> str:
    """The address that a browser is sent to at the end, which cannot be reached from there."""
    return urljoin(url, (await request(url)).headers["location"])


@dataclass
class Person:
    """A user. `browser`: whether opening an address does something.

    answers: to `choose` and `prompt`, in turn; a missing one takes the first choice or "".
    pastes: what is pasted, in turn; a function is called with the address that was opened.
    on_code: called with a device code that is shown.
    """

    browser: bool = True
    answers: list[str] = field(default_factory=list)
    pastes: list[str | Callable[[str], object]] = field(default_factory=list)
    on_code: Callable[[str], None] | None = None
    opened: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    codes: list[tuple[str, str, float | None]] = field(default_factory=list)
    paste_cancelled: bool = False
    page: asyncio.Task[Shown] | None = None

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the address that was opened."""
        parsed = parse_qs(urlsplit(self.opened[-1]).query)
        return {name: value[0] for name, value in parsed.items()}

    async def open_url(self, url: str, instructions: str) -> None:
        self.opened.append(url)
        if self.browser:
            self.page = asyncio.create_task(browse(url))

    async def show_code(
        self, user_code: str, verification_uri: str, expires_in: float | None
    ) -> None:
        self.codes.append((user_code, verification_uri, expires_in))
        if self.on_code is not None:
            self.on_code(user_code)

    async def prompt(
        self,
        message: str,
        *,
        placeholder: str = "",
        allow_empty: bool = False,
        secret: bool = False,
    ) -> str:
        self.asked.append(message)
        return self.answers.pop(0) if self.answers else ""

    async def paste(self, message: str) -> str:
        self.asked.append(message)
        try:
            if not self.pastes:
                await asyncio.Event().wait()
            pasted = self.pastes.pop(0)
            if isinstance(pasted, str):
                return pasted
            result = pasted(self.opened[-1])
            return result if isinstance(result, str) else await result  # type: ignore[misc]
        except asyncio.CancelledError:
            self.paste_cancelled = True
            raise

    async def choose(self, message: str, options: Mapping[str, str]) -> str:
        self.asked.append(message)
        return self.answers.pop(0) if self.answers else next(iter(options))

    def progress(self, text: str) -> None:
        self.said.append(text)


class Time:
    """A clock that goes on when somebody sleeps. `naps` are the sleeps, in seconds."""

    def __init__(self, start: float = 0.0) -> None:
        self.time = start
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)
