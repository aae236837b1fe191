"""The server that browsers come back to, over plain sockets."""

import asyncio
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import pytest

from pi.ai.auth.oauth.callback import CallbackServer
from pi.ai.auth.oauth.page import Page
from support.person import request

Query = dict[str, list[str]]


class Visits:
    """What came in."""

    def __init__(self) -> None:
        self.queries: list[Query] = []
        self.page = Page(200, "Fine.")

    async def __call__(self, query: Query) -> Page:
        self.queries.append(query)
        return self.page


@pytest.fixture
def visits() -> Visits:
    return Visits()


@pytest.fixture
async def server(visits: Visits) -> AsyncIterator[CallbackServer]:
    server = CallbackServer("/callback", visits)
    await server.start("127.0.0.1", 0)
    yield server
    await server.close()


def url(server: CallbackServer, target: str) -> str:
    return f"http://127.0.0.1:{server.port}{target}"


async def test_a_visit(server: CallbackServer, visits: Visits) -> None:
    shown = await request(url(server, "/callback?code=a%20b&state=c"))
    assert shown.status == 200
    assert visits.queries == [{"code": ["a b"], "state": ["c"]}]
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["connection"] == "close"
    assert shown.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "target", ["/", "/favicon.ico", "/callback/", "/Callback?code=a", "/callback2", "//callback"]
)
async def test_only_the_exact_path(server: CallbackServer, visits: Visits, target: str) -> None:
    assert (await request(url(server, target))).status == 404
    assert not visits.queries


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "DELETE"])
async def test_only_get(server: CallbackServer, visits: Visits, method: str) -> None:
    shown = await request(url(server, "/callback?code=a"), method)
    assert shown.status == 405
    assert shown.headers["allow"] == "GET"
    assert not visits.queries


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /callback?" + b"a=1&" * 60 + b" HTTP/1.1\r\n\r\n",
        b"GET http://[::1/callback HTTP/1.1\r\n\r\n",
        b"GET /callback?code=a HTTP/1.1\r\nx: " + b"x" * 40_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_answer(server: CallbackServer, visits: Visits, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    assert not visits.queries


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n", b"GET /callback?code=a", b"\x16\x03\x01\x02"])
async def test_half_a_request_is_no_visit(
    server: CallbackServer, visits: Visits, sent: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    writer.write_eof()
    await reader.read()
    writer.close()
    assert not visits.queries


async def test_closing_does_not_wait_for_spare_connections(visits: Visits) -> None:
    """Browsers open connections that they never use."""
    server = CallbackServer("/callback", visits)
    await server.start("127.0.0.1", 0)
    spare = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
    assert (await request(url(server, "/callback?code=a"))).status == 200
    async with asyncio.timeout(0.5):
        await server.close()
        for reader, writer in spare:
            assert await reader.read() == b""
            writer.close()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", server.port)


async def test_closing_ends_a_visit(visits: Visits) -> None:
    started = asyncio.Event()

    async def never(query: Query) -> Page:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    server = CallbackServer("/callback", never)
    await server.start("127.0.0.1", 0)
    visit = asyncio.create_task(request(url(server, "/callback?code=a")))
    await started.wait()
    async with asyncio.timeout(0.5):
        await server.close()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await visit


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


async def test_nothing_that_a_stranger_says_becomes_html(
    server: CallbackServer, visits: Visits
) -> None:
    evil = """<script>alert("x")</script> & 'quoted' \ud83d\ude00"""
    visits.page = Page(400, evil, evil)
    shown = await request(url(server, "/callback"))
    page = _Texts()
    page.feed(shown.body)
    assert "script" not in page.tags
    said = [text for text in page.texts if "alert" in text]
    assert [re.sub(r" \S*$", "", text) for text in said] == [evil[:-3]] * 2
    assert "script" not in shown.headers["content-security-policy"]


def test_a_page_says_what_happened() -> None:
    assert "Login completed" in Page(200, "x").html()
    for status in (400, 404, 405, 409, 502):
        assert "Login not completed" in Page(status, "x").html()
        assert Page(status, "x").response().startswith(f"HTTP/1.1 {status} ".encode())
