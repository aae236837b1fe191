"""`pi models update` at its wire: real sockets, real files, what services and networks do wrong."""

import asyncio
import json
import multiprocessing
import os
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from upstream_lists import ROWS, entry, models_dev, part

from pi.ai.catalog import Catalog, packaged
from pi.ai.catalog.downloads import Downloads
from pi.ai.catalog.update.fetch import fetch
from pi.ai.catalog.update.refresh import Outcome, Way, refresh
from pi.ai.catalog.update.row import SourceRow
from pi.ai.errors import AuthError, ConfigError, PiError, TransportError
from pi.ai.request import Request
from pi.ai.wire.http import Transport
from support.server import CUT, STALL, Reply, Seen, Server, json_reply

GROQ = next(iter(packaged.facts("groq").values()))
LATER = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
NEW = entry(GROQ, id="lab/new-1", name="New 1", cost={"input": 1, "output": 2})


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    made = Transport(env={})
    yield made
    await made.aclose()


async def nobody(row: SourceRow) -> Way | None:
    """No provider has a list of its own."""
    return None


class Lists:
    """Own lists on one server: provider to answer."""

    def __init__(self, url: str, *names: str, error: PiError | None = None) -> None:
        self.url, self.names, self.error = url, names, error

    async def __call__(self, row: SourceRow) -> Way | None:
        if row.id not in self.names:
            return None
        if self.error is not None:
            raise self.error
        headers = {"Authorization": "Bearer test-key"}
        return Way(Request(f"{self.url}/{row.id}", headers, method="GET"), row.live_list)


def there(folder: Path) -> list[str]:
    """The names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())


async def update(
    server: Server, folder: Path, transport: Transport, *providers: str, asked: Any = nobody
) -> list[Outcome]:
    """One update with models.dev on that server."""
    return await refresh(
        folder,
        providers,
        asked,
        transport=transport,
        models_dev=f"{server.url}/api.json",
        now=LATER,
    )


def big(*more: dict[str, Any], etag: str = '"1"', **options: Any) -> Reply:
    """models.dev with one provider and `more` models of it."""
    return json_reply(models_dev(groq=part("groq", *more)), headers={"etag": etag}, **options)


# -- what is learned -------------------------------------------------------------------------------


async def test_new_models_and_prices_arrive(tmp_path: Path, transport: Transport) -> None:
    dearer = entry(GROQ, cost={"input": GROQ.cost.input * 2, "output": GROQ.cost.output * 2})
    async with Server(big(NEW, dearer)) as server:
        (outcome,) = await update(server, tmp_path, transport, "groq")
    assert outcome.state == "updated"
    assert outcome.added == ("lab/new-1",)
    assert outcome.changed[0].startswith(f"{GROQ.id}: price ")
    catalog = Catalog(downloads=tmp_path)
    new = catalog.model("groq", "lab/new-1")
    assert (new.name, new.cost.input, new.unverified) == ("New 1", 1.0, True)
    assert new.base_url == catalog.model("groq", GROQ.id).base_url
    assert catalog.model("groq", GROQ.id).cost.input == pytest.approx(GROQ.cost.input * 2)
    assert catalog.find("groq/lab/new-1") is new
    rows = {row.key: row for row in catalog.index()}
    assert rows["groq/lab/new-1"].input_price == 1.0
    assert rows[f"groq/{GROQ.id}"].input_price == pytest.approx(GROQ.cost.input * 2)
    assert len(rows) == len(packaged.index().rows) + 1


async def test_the_file_says_where_and_when(tmp_path: Path, transport: Transport) -> None:
    async with Server(big(NEW)) as server:
        await update(server, tmp_path, transport, "groq")
    assert there(tmp_path) == ["groq.json"]
    file = json.loads((tmp_path / "groq.json").read_bytes())
    (lesson,) = file.pop("lists")
    assert file == {"format": 1, "provider": "groq"}
    (model,) = lesson.pop("models")
    assert lesson == {
        "by": "models.dev",
        "url": f"{server.url}/api.json",
        "date": "2030-01-01T12:00:00Z",
        "etag": '"1"',
        "listed": len(packaged.facts("groq")) + 1,
    }
    assert model["id"] == "lab/new-1"
    assert model["like"] in packaged.facts("groq")


async def test_what_is_as_packaged_changes_nothing(tmp_path: Path, transport: Transport) -> None:
    keys = {row.models_dev[0]: name for name, row in reversed(ROWS.items()) if row.models_dev}
    names = [*keys.values()]
    everything = models_dev(**{name.replace("-", "_"): part(name) for name in names})
    async with Server(json_reply(everything)) as server:
        outcomes = await update(server, tmp_path, transport, *names)
    known = {outcome.provider: outcome for outcome in outcomes}
    assert known.keys() == {*names}
    told = {o.provider: (o.problem, o.added, o.changed, o.held) for o in outcomes}
    assert {name: what for name, what in told.items() if any(what)} == {}
    assert Catalog(downloads=tmp_path).index() == list(packaged.index().rows)


async def test_an_etag_saves_the_second_download(tmp_path: Path, transport: Transport) -> None:
    def answer(seen: Seen) -> Reply:
        same = seen.headers.get("if-none-match") == '"1"'
        return Reply(b"", 304) if same else big(NEW)

    async with Server(answer) as server:
        await update(server, tmp_path, transport, "groq")
        before = (tmp_path / "groq.json").read_bytes()
        (outcome,) = await update(server, tmp_path, transport, "groq")
        assert [seen.headers.get("if-none-match") for seen in server.requests] == [None, '"1"']
    assert outcome.state == "unchanged"
    assert (tmp_path / "groq.json").read_bytes() == before


async def test_a_provider_that_is_new_here_needs_it_all(
    tmp_path: Path, transport: Transport
) -> None:
    both = json_reply(
        models_dev(groq=part("groq"), cerebras=part("cerebras")), headers={"etag": '"1"'}
    )
    async with Server(both) as server:
        await update(server, tmp_path, transport, "groq")
        await update(server, tmp_path, transport, "groq", "cerebras")
        assert "if-none-match" not in server.requests[1].headers
    assert Downloads(tmp_path).providers == {"groq", "cerebras"}


async def test_compressed_and_elsewhere(tmp_path: Path, transport: Transport) -> None:
    def answer(seen: Seen) -> Reply:
        if seen.path == "/api.json":
            return Reply(b"", 302, {"location": "/there/api.json"})
        assert "gzip" in seen.headers["accept-encoding"]
        return big(NEW, gzip=True, split=1000)

    async with Server(answer) as server:
        (outcome,) = await update(server, tmp_path, transport, "groq")
    assert outcome.added == ("lab/new-1",)


async def test_nothing_secret_of_an_address_is_kept(tmp_path: Path, transport: Transport) -> None:
    async with Server(big(NEW)) as server:
        url = server.url.replace("//", "//me:test-key@") + "/api.json?token=test-key"
        await refresh(tmp_path, ["groq"], nobody, transport=transport, models_dev=url, now=LATER)
        assert server.requests[0].path == "/api.json?token=test-key"
    assert "test-key" not in (tmp_path / "groq.json").read_text()


async def test_a_model_that_vanished_stays(tmp_path: Path, transport: Transport) -> None:
    listed = part("groq")
    del listed["models"][GROQ.id]
    async with Server(json_reply(models_dev(groq=listed))) as server:
        (outcome,) = await update(server, tmp_path, transport, "groq")
    assert outcome.gone == (GROQ.id,)
    assert GROQ.id in Catalog(downloads=tmp_path).ids("groq")


async def test_what_was_learned_and_is_gone_again_goes(
    tmp_path: Path, transport: Transport
) -> None:
    async with Server([big(NEW), big()]) as server:
        await update(server, tmp_path, transport, "groq")
        (outcome,) = await update(server, tmp_path, transport, "groq")
    assert outcome.state == "updated"
    assert outcome.gone == ("lab/new-1",)
    assert "lab/new-1" not in Catalog(downloads=tmp_path).ids("groq")


# -- what is not believed --------------------------------------------------------------------------


def wrecked(**changes: Any) -> dict[str, Any]:
    """models.dev with all models of a provider changed."""
    return models_dev(
        groq={"models": {name: entry(f, **changes) for name, f in packaged.facts("groq").items()}}
    )


GARBAGE: dict[str, Reply] = {
    "html": Reply(b"<!doctype html><title>Sign in</title>", headers={"content-type": "text/html"}),
    "empty": Reply(b""),
    "half": Reply(json.dumps(models_dev(groq=part("groq"))).encode()[:-2000]),
    "cut": Reply(json.dumps(models_dev(groq=part("groq"))).encode(), cut_at=1000),
    "list": json_reply([1, 2]),
    "null": json_reply(None),
    "no such provider": json_reply({"lab": part("groq")}),
    "provider is text": json_reply({"groq": "gone"}),
    "no models": json_reply({"groq": {"models": {}}}),
    "models are text": json_reply({"groq": {"models": {"a": "b"}}}),
    "lost most": json_reply({"groq": {"models": {"lab/new-1": NEW}}}),
    "deep": Reply(b'{"groq":' + b"[" * 200_000),
    "not utf-8": Reply(b'{"groq": {"models": {"\xff": {}}}}'),
    "moved without end": Reply(b"", 302, {"location": "/api.json"}),
    "no": json_reply({"message": "no"}, 403),
    "missing": json_reply({}, 404),
    "broken": json_reply({}, 500),
    "strange etag": Reply(b"", 304),
}


@pytest.mark.parametrize("name", GARBAGE)
async def test_a_broken_list_replaces_nothing(
    tmp_path: Path, transport: Transport, name: str
) -> None:
    async with Server([big(NEW, etag=""), *[GARBAGE[name]] * 7]) as server:
        await update(server, tmp_path, transport, "groq")
        before = (tmp_path / "groq.json").read_bytes()
        (outcome,) = await update(server, tmp_path, transport, "groq")
    assert outcome.state in ("kept", "failed")
    assert outcome.problem
    assert "\n" not in outcome.problem
    assert (tmp_path / "groq.json").read_bytes() == before
    assert Catalog(downloads=tmp_path).model("groq", "lab/new-1").name == "New 1"


@pytest.mark.parametrize("name", GARBAGE)
async def test_a_broken_list_makes_no_file(tmp_path: Path, transport: Transport, name: str) -> None:
    folder = tmp_path / "models"
    async with Server([GARBAGE[name]] * 7) as server:
        await update(server, folder, transport, "groq")
    assert not folder.exists()
    assert Catalog(downloads=folder).index() == list(packaged.index().rows)


@pytest.mark.parametrize(
    "changes",
    [
        {"limit": {"context": 0, "output": 0}},
        {"limit": {"context": -5, "output": "many"}},
        {"limit": []},
        {"limit": {"context": 10**30, "output": 10**30}},
        {"cost": {"input": -1, "output": -2}},
        {"cost": {"input": "free", "output": None}},
        {"cost": 7},
        {"cost": {"input": 1e9, "output": 1e9}},
        {"modalities": "text"},
        {"name": ["x"]},
    ],
)
async def test_nonsense_about_models_changes_nothing(
    tmp_path: Path, transport: Transport, changes: dict[str, Any]
) -> None:
    async with Server(json_reply(wrecked(**changes))) as server:
        (outcome,) = await update(server, tmp_path, transport, "groq")
    assert not outcome.changed
    for name, facts in packaged.facts("groq").items():
        model = Catalog(downloads=tmp_path).model("groq", name)
        assert (model.cost, model.context_window) == (facts.cost, facts.context_window)


async def test_a_price_that_leaps_is_held_and_said(tmp_path: Path, transport: Transport) -> None:
    leap = entry(GROQ, cost={"input": GROQ.cost.input * 4, "output": GROQ.cost.output * 4})
    async with Server(big(leap, NEW)) as server:
        (outcome,) = await update(server, tmp_path, transport, "groq")
    (text,) = outcome.held
    assert text.startswith(f"{GROQ.id}: price ")
    assert outcome.added == ("lab/new-1",)
    assert Catalog(downloads=tmp_path).model("groq", GROQ.id).cost == GROQ.cost


async def test_an_endless_answer_is_not_read_to_its_end(transport: Transport) -> None:
    sent = 0

    async def count() -> None:
        nonlocal sent
        sent += 1
        await asyncio.sleep(0.001)  # lets the server notice that nobody listens any more

    body = [part for _ in range(50) for part in (b"1," * 500_000, count)]
    async with Server(Reply(body)) as server:
        request = Request(f"{server.url}/api.json", {}, method="GET")
        with pytest.raises(PiError, match="more than 3,000,000 bytes"):
            await fetch(transport, request, limit=3_000_000)
        await server.wait_hang_up()
    assert sent < 20


async def test_fifty_megabytes_in_a_small_packet(transport: Transport) -> None:
    async with Server(Reply([b" " * 1_000_000] * 50, gzip=True)) as server:
        request = Request(f"{server.url}/api.json", {}, method="GET")
        with pytest.raises(PiError, match="more than 2,000,000 bytes"):
            await fetch(transport, request, limit=2_000_000)


async def test_a_server_that_falls_silent(transport: Transport) -> None:
    async with Server(Reply([b"{", STALL])) as server:
        request = Request(f"{server.url}/api.json", {}, method="GET")
        with pytest.raises(TransportError, match=r"not done within 0\.1 s"):
            await fetch(transport, request, seconds=0.1)


async def test_offline_keeps_the_last(tmp_path: Path, transport: Transport) -> None:
    async with Server(big(NEW)) as server:
        await update(server, tmp_path, transport, "groq")
        before = (tmp_path / "groq.json").read_bytes()
    (outcome,) = await update(server, tmp_path, transport, "groq")
    assert outcome.state == "failed"
    assert "cannot connect to 127.0.0.1" in outcome.problem
    assert (tmp_path / "groq.json").read_bytes() == before


# -- lists of the providers ------------------------------------------------------------------------


async def test_a_providers_own_list_adds_ids(tmp_path: Path, transport: Transport) -> None:
    """It takes nothing away, and of what is known only prices count."""
    retired = next(iter(packaged.index().retired["groq"]))
    items = [
        {"id": "openai/gpt-oss-999b", "object": "model", "context_window": 8192},
        {"id": GROQ.id, "context_window": 4096},
        {"id": "whisper-large-v9"},
        {"id": retired},
    ]

    def answer(seen: Seen) -> Reply:
        return big() if seen.path == "/api.json" else json_reply({"data": items})

    async with Server(answer) as server:
        lists = Lists(server.url, "groq")
        first, second = await update(server, tmp_path, transport, "groq", asked=lists)
        (asked,) = [seen for seen in server.requests if seen.path == "/groq"]
        assert asked.headers["authorization"] == "Bearer test-key"
    assert first.state == "unchanged"
    assert second.added == ("openai/gpt-oss-999b",)
    assert second.source == ROWS["groq"].live_list
    catalog = Catalog(downloads=tmp_path)
    new = catalog.model("groq", "openai/gpt-oss-999b")
    assert (new.unverified, new.cost_basis, new.context_window) == (True, "unknown", 8192)
    assert new.thinking == catalog.model("groq", "openai/gpt-oss-120b").thinking
    assert catalog.model("groq", GROQ.id).context_window == GROQ.context_window
    assert {*catalog.ids("groq")} == {*packaged.facts("groq"), "openai/gpt-oss-999b"}


@pytest.mark.parametrize("reply", [GARBAGE["html"], GARBAGE["no"], GARBAGE["list"]])
async def test_a_list_that_fails_leaves_the_others(
    tmp_path: Path, transport: Transport, reply: Reply
) -> None:
    good = json_reply({"data": [{"id": "lab/own-1"}]})
    replies = {"/api.json": [big(), big(NEW)], "/groq": [good, reply]}

    async with Server(lambda seen: replies[seen.path].pop(0)) as server:
        lists = Lists(server.url, "groq")
        await update(server, tmp_path, transport, "groq", asked=lists)
        first, second = await update(server, tmp_path, transport, "groq", asked=lists)
    assert first.added == ("lab/new-1",)
    assert second.state in ("failed", "kept")
    assert {"lab/own-1", "lab/new-1"} <= {*Catalog(downloads=tmp_path).ids("groq")}


async def test_a_stale_login_of_one_provider_stops_nobody(
    tmp_path: Path, transport: Transport
) -> None:
    async with Server(big(NEW)) as server:
        lists = Lists(server.url, "groq", error=AuthError("the login is over: log in again"))
        first, second = await update(server, tmp_path, transport, "groq", asked=lists)
    assert first.added == ("lab/new-1",)
    assert (second.state, second.problem) == ("failed", "the login is over: log in again")


def complete(*more: dict[str, Any]) -> Reply:
    """The list of a provider that says everything, in its own format."""
    items = [
        {
            "id": facts.id,
            "name": facts.name,
            "architecture": {"input_modalities": [*facts.input], "output_modalities": ["text"]},
            "pricing": {
                "prompt": f"{facts.cost.input / 1e6:.12f}",
                "completion": f"{facts.cost.output / 1e6:.12f}",
            },
            "top_provider": {
                "context_length": facts.context_window,
                "max_completion_tokens": facts.max_output_tokens,
            },
            "supported_parameters": ["tools"],
        }
        for facts in packaged.facts("openrouter").values()
    ]
    return json_reply({"data": [*items, *more]})


ROUTED = {
    "id": "lab/new-1",
    "name": "Lab: New 1",
    "context_length": 300_000,
    "pricing": {"prompt": "0.000001", "completion": "0.000002"},
    "supported_parameters": ["tools", "reasoning"],
}


async def test_a_list_that_says_everything_wins(tmp_path: Path, transport: Transport) -> None:
    theirs = json_reply(models_dev(openrouter=part("openrouter", NEW | {"id": "lab/theirs"})))

    async with Server(
        lambda seen: theirs if seen.path == "/api.json" else complete(ROUTED)
    ) as server:
        lists = Lists(server.url, "openrouter")
        (outcome,) = await update(server, tmp_path, transport, "openrouter", asked=lists)
    assert outcome.added == ("lab/new-1",)
    assert outcome.changed == ()
    model = Catalog(downloads=tmp_path).model("openrouter", "lab/new-1")
    assert (model.context_window, model.cost.input, model.reasoning) == (300_000, 1.0, True)


async def test_models_dev_stands_in_for_it(tmp_path: Path, transport: Transport) -> None:
    theirs = json_reply(models_dev(openrouter=part("openrouter", NEW)))
    async with Server(
        lambda seen: theirs if seen.path == "/api.json" else GARBAGE["broken"]
    ) as server:
        lists = Lists(server.url, "openrouter")
        first, second = await update(server, tmp_path, transport, "openrouter", asked=lists)
    assert first.added == ("lab/new-1",)
    assert second.state == "failed"


async def test_later_layers_win(tmp_path: Path, transport: Transport) -> None:
    """Packaged < models.dev < the provider < models.json."""
    name = "lab/new-1"
    own = {"id": name, "pricing": {"prompt": "0.000002", "completion": "0.000004"}}

    async with Server(
        lambda seen: big(NEW) if seen.path == "/api.json" else json_reply({"data": [own]})
    ) as server:
        lists = Lists(server.url, "groq")
        await update(server, tmp_path / "models", transport, "groq", asked=lists)
    user = tmp_path / "models.json"
    change = {"providers": {"groq": {"modelOverrides": {name: {"cost": {"output": 9}}}}}}
    user.write_text(json.dumps(change))
    cost = Catalog(user, tmp_path / "models").model("groq", name).cost
    assert (cost.input, cost.output) == (2.0, 9.0)
    plain = Catalog(downloads=tmp_path / "models").model("groq", name).cost
    assert (plain.input, plain.output) == (2.0, 4.0)


# -- many at once, and places that cannot be written -----------------------------------------------


async def test_two_updates_at_once(tmp_path: Path) -> None:
    """Whoever reads meanwhile sees a whole file."""
    first, second = big(NEW), big(NEW | {"id": "lab/new-2"})
    seen: list[set[str]] = []
    done = asyncio.Event()

    async def watch() -> None:
        while not done.is_set():
            downloads = Downloads(tmp_path)
            if "groq" in downloads.providers:
                seen.append({*downloads.changed("groq")})
                assert downloads.problems == []
            await asyncio.sleep(0)

    async with Server(first) as one, Server(second) as two:

        async def often(server: Server) -> None:
            transport = Transport(env={})
            for _ in range(5):
                await update(server, tmp_path, transport, "groq")
            await transport.aclose()

        watcher = asyncio.create_task(watch())
        await asyncio.gather(often(one), often(two))
        done.set()
        await watcher
    assert seen
    assert all(names in ({"lab/new-1"}, {"lab/new-2"}) for names in seen)
    assert there(tmp_path) == ["groq.json"]


def _update_in_a_process(url: str, folder: str) -> None:
    async def run() -> None:
        transport = Transport(env={})
        await refresh(
            Path(folder), ["groq"], nobody, transport=transport, models_dev=url, now=LATER
        )
        await transport.aclose()

    asyncio.run(run())


async def test_two_processes_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    async with Server(big(NEW)) as server:
        url = f"{server.url}/api.json"
        workers = [
            context.Process(target=_update_in_a_process, args=(url, str(tmp_path)))
            for _ in range(2)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            await asyncio.to_thread(worker.join)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert Downloads(tmp_path).changed("groq") == ["lab/new-1"]
    assert there(tmp_path) == ["groq.json"]


async def test_a_folder_that_cannot_be_one(tmp_path: Path, transport: Transport) -> None:
    folder = tmp_path / "models"
    folder.write_text("mine")
    async with Server(big(NEW)) as server:
        with pytest.raises(ConfigError, match=r"models.groq\.json cannot be written: "):
            await update(server, folder, transport, "groq")
    assert folder.read_text() == "mine"
    assert Catalog(downloads=folder).index() == list(packaged.index().rows)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
async def test_a_folder_that_is_read_only(tmp_path: Path, transport: Transport) -> None:
    os.chmod(tmp_path, 0o500)  # noqa: PTH101
    try:
        async with Server(big(NEW)) as server:
            with pytest.raises(ConfigError, match="cannot be written: Permission denied"):
                await update(server, tmp_path, transport, "groq")
    finally:
        os.chmod(tmp_path, 0o700)  # noqa: PTH101


async def test_leftovers_of_killed_updates_are_removed(
    tmp_path: Path, transport: Transport
) -> None:
    old, fresh = tmp_path / ".groq.1.a.tmp", tmp_path / ".groq.2.b.tmp"
    for path in (old, fresh):
        path.write_bytes(b"{")
    os.utime(old, (1, 1))
    async with Server(big(NEW)) as server:
        await update(server, tmp_path, transport, "groq")
    assert there(tmp_path) == [fresh.name, "groq.json"]


# -- anything at any place -------------------------------------------------------------------------


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [place for key, item in value.items() for place in _places(item, (*path, key))]
    if isinstance(value, list):
        found += [place for at, item in enumerate(value) for place in _places(item, (*path, at))]
    return found


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    out = dict(value) if isinstance(value, dict) else list(value)
    out[path[0]] = _replaced(value[path[0]], path[1:], new)
    return out


STRANGE = [None, True, 0, -1, 1e300, "", "x", "0", [], [None], {}, {"a": {"b": []}}]


async def test_strange_values_at_every_place(tmp_path: Path, transport: Transport) -> None:
    """The list is changed at each of its places in turn; the catalog stays sound all the while."""
    one = {"groq": {"models": {GROQ.id: entry(GROQ, reasoning_options=[{"type": "toggle"}])}}}
    others = {name: entry(f) for name, f in packaged.facts("groq").items() if name != GROQ.id}
    chance = random.Random(7)
    places = _places(one)
    replies = iter([_replaced(one, place, chance.choice(STRANGE)) for place in places])

    def answer(seen: Seen) -> Reply:
        value = next(replies)
        with_others = isinstance(value, dict) and isinstance(value.get("groq"), dict)
        if with_others and isinstance(value["groq"].get("models"), dict):
            value["groq"]["models"] |= others
        return json_reply(value)

    async with Server(answer) as server:
        for place in places:
            (outcome,) = await update(server, tmp_path, transport, "groq")
            assert outcome.state in ("updated", "unchanged", "kept", "failed"), place
            catalog = Catalog(downloads=tmp_path)
            for name in packaged.facts("groq"):
                model = catalog.model("groq", name)
                assert 0 < model.max_output_tokens <= model.context_window
                assert min(model.cost.input, model.cost.output) >= 0
                assert model.base_url == "https://api.groq.com/openai/v1"
            assert catalog.notes == []


async def test_a_cut_is_never_an_end(tmp_path: Path, transport: Transport) -> None:
    body = json.dumps(models_dev(groq=part("groq", NEW))).encode()
    async with Server([Reply([body[:-1], CUT], framing="chunked"), big(NEW)]) as server:
        (cut,) = await update(server, tmp_path, transport, "groq")
        (whole,) = await update(server, tmp_path, transport, "groq")
    assert (cut.state, whole.state) == ("failed", "updated")
