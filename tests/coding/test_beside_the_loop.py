"""What takes long for a long session is done in a thread, so that keys are answered meanwhile."""

import asyncio
import threading
from pathlib import Path
from typing import Any

from pi.ai.faux import text
from pi.ai.messages import UserMessage
from pi.coding.api.commands import ExportHtml, ExportJsonl, GetSessionStats, Prompt, SwitchSession
from pi.coding.controller import Controller
from pi.coding.session.log import SessionLog
from pi.coding.session_host import SessionHost
from support.controller_session import talking

MAIN = threading.get_ident()


def read(path: str) -> str:
    return Path(path).read_text()


class Threads:
    """In which threads secrets were taken out of what is written."""

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def __call__(self, data: bytes) -> bytes:
        self.seen.add(threading.get_ident())
        return data


async def test_exports_are_written_in_a_thread_and_stand_where_the_session_does(
    tmp_path: Path,
) -> None:
    log = SessionLog.create(tmp_path, tmp_path, path=tmp_path / "s.jsonl")
    script = [[text("first answer")], [text("second answer")]]
    with talking(script, tmp_path, log=log, mask=(threads := Threads())) as talk:
        await talk.controller.send(Prompt("first question"))
        place = log.leaf
        await talk.controller.send(Prompt("second question"))
        assert place is not None
        log.move(place.id)
        threads.seen.clear()
        page = await talk.controller.send(ExportHtml(str(tmp_path / "page.html")))
        branch = await talk.controller.send(ExportJsonl(str(tmp_path / "branch.jsonl")))
    assert threads.seen
    assert MAIN not in threads.seen
    assert "second question" in read(page.path)
    kept = read(branch.path)
    assert "first answer" in kept
    assert "second question" not in kept


async def test_a_session_that_is_kept_nowhere_is_exported_too(tmp_path: Path) -> None:
    with talking([[text("an answer")]], tmp_path) as talk:
        await talk.controller.send(Prompt("hi"))
        page = await talk.controller.send(ExportHtml(str(tmp_path / "page.html")))
    assert "an answer" in read(page.path)


class Opener:
    """Opens sessions, and notes where; `make` puts a controller around one."""

    def __init__(self, make: Any) -> None:
        self.threads: list[int] = []
        self._make = make

    def open(self, path: str, cwd: str | None = None) -> SessionLog:
        self.threads.append(threading.get_ident())
        return SessionLog.open(path)

    def controller(self, log: SessionLog, like: Controller) -> Controller:
        return self._make(log, like)


async def test_a_session_is_opened_in_a_thread_and_read_again_if_it_is_the_same(
    tmp_path: Path,
) -> None:
    other = SessionLog.create(tmp_path, tmp_path, path=tmp_path / "other.jsonl")
    other.append_message(UserMessage("from the other"))
    log = SessionLog.create(tmp_path, tmp_path, path=tmp_path / "s.jsonl")
    with talking([[text("one")], [text("cut" * 99)]], tmp_path, log=log, pause=0.001) as talk:

        def make(log: SessionLog, like: Controller) -> Controller:
            return Controller(like.services, log, model=like.model, thinking="off")

        opener: Any = Opener(make)
        host = SessionHost(talk.controller, opener)
        await host.send(Prompt("first"))
        await host.submit(Prompt("second"))
        await host.send(SwitchSession(str(log.path)))  # its run goes on until it is opened
        assert opener.threads[0] != MAIN
        said = [str(message.content) for message in host.controller.log.state.messages]
        assert said[2] == "second"
        assert len(said) == 4, "the answer that was cut short is there"
        opener.threads.clear()
        await host.send(SwitchSession(str(other.path)))
        assert len(opener.threads) == 1
        assert opener.threads[0] != MAIN
        assert host.controller.log.state.messages[0].content == "from the other"


async def test_a_long_session_is_counted_while_it_goes_on(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, tmp_path, path=tmp_path / "s.jsonl")
    for number in range(2000):
        log.append_message(UserMessage(f"question {number}"))
    with talking([[text("one")]], tmp_path, log=log) as talk:
        counting = asyncio.ensure_future(talk.controller.send(GetSessionStats()))
        await talk.controller.send(Prompt("and another"))
        stats = await counting
        assert 2000 <= stats.user_messages <= 2001
        assert (await talk.controller.send(GetSessionStats())).user_messages == 2001
