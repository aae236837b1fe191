"""Sessions on disk: listed, searched, renamed, removed."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from pi.ai.errors import ConfigError
from pi.ai.messages import AssistantMessage, TextContent, Usage, UserMessage
from pi.coding.api import commands as c
from pi.coding.api import setup as s
from pi.coding.api.errors import FolderGone
from pi.coding.api.events import SessionInfoChanged
from pi.coding.session.errors import SessionError
from pi.coding.session.log import SessionLog
from pi.coding.session.store import SessionStore
from pi.coding.wishes import Wishes
from support.setup_session import agent, composed


def write(home: Path, cwd: Path, question: str, answer: str, at: int) -> Path:
    """A session of `cwd` with one question; `at` is its time in ms."""
    cwd.mkdir(parents=True, exist_ok=True)
    log = SessionStore(agent(home) / "sessions", cwd).create()
    log.append_message(UserMessage(question, at))
    said = AssistantMessage((TextContent(answer),), "faux", "p", "m", Usage(), "stop", at + 1)
    log.append_message(said)
    assert log.path is not None
    return log.path


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Two sessions of the project, the second one younger, and one of another project."""
    project = tmp_path / "project"
    return [
        write(tmp_path, project, "Why is the sky blue?", "Rayleigh scattering.", 1000),
        write(tmp_path, project, "Sort these files", "They are sorted by size.", 2000),
        write(
            tmp_path, tmp_path / "elsewhere", "Another place", "The sky is blue here, too.", 3000
        ),
    ]


async def test_the_list(tmp_path: Path, three: list[Path]) -> None:
    async with composed(tmp_path) as composition:
        found = (await composition.session.send(s.ListSessions())).sessions
        assert [row.title for row in found] == ["Sort these files", "Why is the sky blue?"]
        assert found[0].path == str(three[1])
        assert (found[0].message_count, found[0].modified, found[0].current) == (2, 2001, False)
        found = (await composition.session.send(s.ListSessions(everywhere=True))).sessions
        assert next(row.title for row in found) == "Another place"
        assert len(found) == 3
        await composition.session.send(c.SwitchSession(str(three[0])))
        found = (await composition.session.send(s.ListSessions())).sessions
        assert [row.current for row in found] == [False, True]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("sky", [2, 0]),
        ("SKY rayleigh", [0]),
        ('"sky is blue"', [2]),
        ('"is the sky" why', [0]),
        ("re:sort(ed|s) by", [1]),
        ("nothing of that", []),
        ("elsewhere", [2]),
    ],
)
async def test_what_was_said_is_found(
    tmp_path: Path, three: list[Path], query: str, places: list[int]
) -> None:
    async with composed(tmp_path) as composition:
        command = s.ListSessions(everywhere=True, query=query)
        found = (await composition.session.send(command)).sessions
        assert [row.path for row in found] == [str(three[place]) for place in places]


async def test_a_pattern_that_is_none(tmp_path: Path, three: list[Path]) -> None:
    async with composed(tmp_path) as composition:
        with pytest.raises(ConfigError, match="no regular expression"):
            await composition.session.send(s.ListSessions(query="re:("))


async def test_a_name_of_a_session_that_is_not_open(tmp_path: Path, three: list[Path]) -> None:
    async with composed(tmp_path) as composition:
        await composition.session.send(s.RenameSession(str(three[0]), "blue  skies"))
        found = (await composition.session.send(s.ListSessions())).sessions
        assert [row.title for row in found] == ["Sort these files", "blue skies"]
        await composition.session.send(s.RenameSession(str(three[0]), ""))
        found = (await composition.session.send(s.ListSessions())).sessions
        assert found[1].title == "Why is the sky blue?"
    assert SessionLog.open(three[0]).notes == []


async def test_a_name_of_the_session_that_is_open(tmp_path: Path, three: list[Path]) -> None:
    async with composed(tmp_path) as composition:
        session = composition.session
        await session.send(c.SwitchSession(str(three[0])))
        told: list[object] = []
        session.subscribe(told.append)
        await session.send(s.RenameSession(str(three[0]), "mine"))
        assert session.state.name == "mine"
        assert told == [SessionInfoChanged("mine")]
        await session.send(c.Prompt("hello"))
    again = SessionLog.open(three[0])
    assert again.state.name == "mine"
    assert again.notes == []  # nobody else has written to it


async def test_removing(tmp_path: Path, three: list[Path]) -> None:
    async with composed(tmp_path, PATH="") as composition:
        session = composition.session
        await session.send(c.SwitchSession(str(three[0])))
        (tmp_path / "link").symlink_to(three[0].parent)
        for path in (three[0], tmp_path / "link" / three[0].name):
            with pytest.raises(SessionError, match="is open"):
                await session.send(s.DeleteSession(str(path)))
        await session.send(s.DeleteSession(str(three[1])))
        assert [path.exists() for path in three] == [True, False, True]
        with pytest.raises(SessionError, match="no session file"):
            await session.send(s.DeleteSession(str(three[1])))
        other = tmp_path / "project" / "letter.txt"
        other.write_text("Dear all")
        with pytest.raises(SessionError, match="left alone"):
            await session.send(s.DeleteSession(str(other)))
        assert other.exists()


async def test_removing_into_the_trash(
    tmp_path: Path, three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    trash = tmp_path / "bin" / "trash"
    trash.parent.mkdir()
    trash.write_text(f'#!/bin/sh\nmv "$1" {tmp_path}/trashed\n')
    trash.chmod(0o755)
    monkeypatch.setenv("PATH", f"{trash.parent}:{os.environ['PATH']}")
    async with composed(tmp_path) as composition:
        deleted = await composition.session.send(s.DeleteSession(str(three[1])))
    assert deleted.trash
    assert (tmp_path / "trashed").exists()


# -- what is remembered for lists ------------------------------------------------------------------


async def listed(home: Path) -> list[str]:
    async with composed(home) as composition:
        found = await composition.session.send(s.ListSessions(everywhere=True))
        return [row.title for row in found.sessions]


async def test_a_change_is_seen_in_spite_of_what_is_remembered(
    tmp_path: Path, three: list[Path]
) -> None:
    memory = agent(tmp_path) / "cache" / "sessions.json"
    assert await listed(tmp_path) == ["Another place", "Sort these files", "Why is the sky blue?"]
    assert memory.stat().st_mode & 0o777 == 0o600
    SessionLog.open(three[0]).append_name("named by another program")
    three[1].unlink()
    assert await listed(tmp_path) == ["Another place", "named by another program"]


async def test_what_is_remembered_is_believed_only_for_the_same_file(
    tmp_path: Path, three: list[Path]
) -> None:
    await listed(tmp_path)
    memory = agent(tmp_path) / "cache" / "sessions.json"
    memory.write_text(memory.read_text().replace("Sort these files", "REMEMBERED"))
    assert "REMEMBERED" in await listed(tmp_path)  # it was not read again
    os.utime(three[1], (1, 1))
    assert "Sort these files" in await listed(tmp_path)


@pytest.mark.parametrize("content", ["", "{", '{"version": 99, "rows": []}', '{"rows": {"a": 1}}'])
async def test_a_broken_memory_is_nobodys_concern(
    tmp_path: Path, three: list[Path], content: str
) -> None:
    (agent(tmp_path) / "cache").mkdir()
    (agent(tmp_path) / "cache" / "sessions.json").write_text(content)
    assert len(await listed(tmp_path)) == 3
    assert len(await listed(tmp_path)) == 3


async def test_a_memory_that_cannot_be_written(tmp_path: Path, three: list[Path]) -> None:
    (agent(tmp_path) / "cache").write_text("a file where the folder should be")
    assert len(await listed(tmp_path)) == 3


async def test_a_session_is_opened_in_its_own_folder(tmp_path: Path, three: list[Path]) -> None:
    wishes = Wishes(model="demo", session=str(three[2]), mode="print")
    async with composed(tmp_path, wishes) as composition:
        assert composition.controller.services.cwd == tmp_path / "elsewhere"


async def test_an_import_from_a_folder_that_is_gone_leaves_no_copy(
    tmp_path: Path, three: list[Path]
) -> None:
    source = tmp_path / "mail.jsonl"
    source.write_bytes(three[2].read_bytes())
    (tmp_path / "elsewhere").rmdir()
    sessions = agent(tmp_path) / "sessions"
    before = sorted(sessions.rglob("*"))
    async with composed(tmp_path) as composition:
        with pytest.raises(FolderGone, match="elsewhere"):
            await composition.session.send(c.ImportSession(str(source)))
        assert sorted(sessions.rglob("*")) == before
        project = str(tmp_path / "project")
        await composition.session.send(c.ImportSession(str(source), project))
        assert composition.controller.services.cwd == tmp_path / "project"
    assert len(sorted(sessions.rglob("*.jsonl"))) == 4


async def test_a_session_whose_folder_is_gone_is_opened_as_wished(
    tmp_path: Path, three: list[Path]
) -> None:
    (tmp_path / "elsewhere").rmdir()
    wishes = Wishes(model="demo", session=str(three[2]), mode="print")
    with pytest.raises(FolderGone, match="elsewhere"):
        async with composed(tmp_path, wishes):
            pass
    project = tmp_path / "project"
    before = three[2].read_bytes()
    async with composed(tmp_path, replace(wishes, lost_folder="fork")) as composition:
        assert composition.controller.services.cwd == project
        assert composition.session.state.session_file != str(three[2])
        await composition.session.send(c.Prompt("in the copy"))
    assert three[2].read_bytes() == before
    async with composed(tmp_path, replace(wishes, lost_folder="here")) as composition:
        assert composition.controller.services.cwd == project
        await composition.session.send(c.Prompt("hello"))
    after = three[2].read_bytes()
    assert after.startswith(before)
    assert b"hello" in after[len(before) :]
