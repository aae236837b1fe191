"""Every provider on every wire that it uses: what is sent to it, and that its answer arrives.

One table of rows, each written out by hand (`table.py` says what a row is); no case knows a
provider.
"""

from typing import Any

import pytest

import pi.ai.auth.flows  # noqa: F401  (the logins, as the program has them)
from pi.ai.catalog import Catalog
from pi.ai.messages import AssistantMessage, ThinkingContent, Usage
from pi.ai.options import Options
from providers import rows_chat, rows_messages, rows_openai, rows_others
from providers.calling import ANSWER, Caller
from providers.table import Row, differences, thinking_in

ROWS = [*rows_chat.ROWS, *rows_openai.ROWS, *rows_messages.ROWS, *rows_others.ROWS]
COMMON = {"host", "content-type", "accept", "accept-encoding", "content-length", "user-agent"}
NO_CACHE_WRITES = {
    "mistral-conversations",
    "google-generative-ai",
    "google-vertex",
    "google-gemini-cli",
}
"""Wires that do not tell tokens written to the cache from fresh ones."""

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def options(row: Row, **more: Any) -> Options:
    fields: dict[str, Any] = {"thinking": row.level, "session_id": "session-1", "max_tokens": 3000}
    return Options(**(fields | more))


async def ask(row: Row, *asked: Options) -> tuple[Caller, list[AssistantMessage]]:
    stored = {row.provider: row.login} if row.login else {}
    caller = Caller(row.env, stored)
    answers = await caller.call(row.provider, row.model, *asked)
    for answer in answers:
        assert answer.stop_reason == "toolUse", answer.error_message
    return caller, answers


def test_the_table_has_every_provider_on_every_wire() -> None:
    catalog = Catalog()
    offered = {
        (provider, catalog._draft(row, model_id).api)  # type: ignore[union-attr]
        for provider, row in catalog.providers.items()
        for model_id in catalog.ids(provider)
    }
    assert offered == {(row.provider, row.api) for row in ROWS}
    assert len({provider for provider, _ in offered}) == 44


@every_row
async def test_what_is_sent(row: Row) -> None:
    caller, _ = await ask(row, options(row), options(row, thinking=None))
    url, seen, body = caller.seen(0)
    assert (seen.method, url) == ("POST", row.url)
    assert "test-" not in url
    session = dict.fromkeys(row.session, "session-1")
    sent = dict([row.auth]) | row.headers | row.headers_on | session
    assert {name: seen.headers.get(name) for name in sent} == sent
    assert set(seen.headers) <= sent.keys() | COMMON, "nothing else is sent"
    assert differences(body, row.body) == {}
    inner = body if "contents" not in body.get("request", {}) else body["request"]
    assert "model" not in inner or body["model"] == row.model
    assert thinking_in(body) == row.on
    _, seen, body = caller.seen(1)
    assert thinking_in(body) == row.off
    assert set(seen.headers) - COMMON == (dict([row.auth]) | row.headers | session).keys() - COMMON


@every_row
async def test_caching(row: Row) -> None:
    long = options(row, cache_retention="long", thinking=None)
    none = options(row, cache_retention="none", thinking=None)
    caller, _ = await ask(row, long, none)
    _, _, body = caller.seen(0)
    assert differences(body, row.long) == {}
    _, seen, body = caller.seen(1)
    assert "session-1" not in [*seen.headers.values(), *map(str, body.values())]
    for word in (b"cache_control", b"cachePoint", b"prompt_cache_key", b"prompt_cache_retention"):
        assert word not in seen.body


@every_row
async def test_what_comes_back(row: Row) -> None:
    _, (answer,) = await ask(row, options(row))
    thinking = [b.thinking.strip() for b in answer.content if isinstance(b, ThinkingContent)]
    assert (answer.text, thinking) == (ANSWER.text, [ANSWER.thinking])
    assert [(c.name, c.arguments) for c in answer.tool_calls] == [("read", {"path": "ß.txt"})]
    assert (answer.provider, answer.api, answer.model) == (row.provider, row.api, row.model)
    usage, cost = answer.usage, answer.usage.cost
    written = 0 if row.api in NO_CACHE_WRITES else 20
    told = Usage(120 - written, 40, 30, written, 190)
    for name in ("input", "output", "cache_read", "cache_write", "total_tokens"):
        assert getattr(usage, name) == getattr(told, name), name
    tokens = (told.input, told.output, told.cache_read, told.cache_write)
    dollars = [n * price / 1e6 for n, price in zip(tokens, row.prices, strict=True)]
    paid = (cost.input, cost.output, cost.cache_read, cost.cache_write)
    assert paid == pytest.approx(dollars, rel=1e-9)
    assert cost.total == pytest.approx(sum(dollars), rel=1e-9)
