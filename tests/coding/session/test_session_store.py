"""Finding, listing and copying sessions."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from session_data import HEADER, answer, assistant, entry, lines, message, read, user, write

from pi.ai.messages import UserMessage
from pi.coding.session.entries import Compaction, MessageEntry
from pi.coding.session.errors import SessionError
from pi.coding.session.fork import fork_branch, import_file
from pi.coding.session.listing import read_header, read_info, texts
from pi.coding.session.log import SessionLog
from pi.coding.session.names import file_name, folder_name
from pi.coding.session.stats import count
from pi.coding.session.store import SessionStore, delete_session, same_file


def session(folder: Path, session_id: str, *, cwd: str = "/p", when: int = 1, **more: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(f"2025-01-01T00:00:0{when}.000Z", session_id)
    said = user(f"prompt of {session_id}") | {"timestamp": when}
    return write(path, HEADER | {"id": session_id, "cwd": cwd} | more, message("a", None, said))


def test_a_row_of_the_list(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s.jsonl",
        HEADER | {"parentSession": "/other.jsonl"},
        entry("model_change", "m", None, provider="p", modelId="m"),
        message("a", "m", user("first\x1b[31m\nprompt") | {"timestamp": 5}),
        message("b", "a", assistant("x" * 1000) | {"timestamp": 77}),
        entry("session_info", "c", "b", name="old"),
        json.dumps(entry("session_info", "d", "c", name="new\nname")).encode(),
    )
    info = read_info(path)
    assert info is not None
    assert (info.id, info.cwd, info.name) == (HEADER["id"], "/project", "new name")
    assert info.first_message == "first prompt"
    assert (info.message_count, info.modified, info.created) == (2, 77, 1738324800000)
    assert info.parent_session == "/other.jsonl"
    assert info.title == "new name"
    assert list(texts(path)) == ["first\x1b[31m\nprompt", "x" * 1000]


def test_rows_of_strange_files(tmp_path: Path) -> None:
    assert read_info(tmp_path / "nothing") is None
    assert read_info(write(tmp_path / "a", b"text")) is None
    assert read_header(write(tmp_path / "b", message("a", None, user("x")))) is None
    empty = read_info(write(tmp_path / "c", b"?", HEADER))
    assert empty is not None
    assert empty.title == "(no messages)"
    assert empty.modified == empty.created
    long = read_info(write(tmp_path / "d", HEADER | {"parentSession": "/x" * 9000, "cwd": "/p"}))
    assert long is not None
    assert long.cwd == "/p"
    spaced = "\n".join(json.dumps(item) for item in (HEADER, message("a", None, user("hi"))))
    (tmp_path / "e").write_text(spaced)
    other_hand = read_info(tmp_path / "e")
    assert other_hand is not None
    assert (other_hand.first_message, other_hand.message_count) == ("hi", 1)


def test_expanded_skills_are_listed_as_typed(tmp_path: Path) -> None:
    said = user('<skill name="pdf" location="/s/SKILL.md">\nlong\ntext\n</skill>\n\nreport.pdf')
    info = read_info(write(tmp_path / "s", HEADER, message("a", None, said)))
    assert info is not None
    assert info.first_message == "/skill:pdf report.pdf"


def test_list_is_of_this_project_and_by_last_message(tmp_path: Path) -> None:
    # both projects have the same folder name
    store = SessionStore(tmp_path, "/a/b")
    folder = tmp_path / "--a-b--"
    assert store.folder == folder
    assert store.sessions() == []
    old = session(folder, "old", cwd="/a/b", when=1)
    new = session(folder, "new", cwd="/a/b", when=3)
    session(folder, "other", cwd="/a-b", when=5)
    unsaid = session(folder, "unsaid", cwd="", when=2)
    (folder / ".hidden.jsonl").write_bytes(lines(HEADER))
    (folder / "broken.jsonl").write_bytes(b"?")
    with old.open("ab") as file:  # naming an old session does not make it the last used
        file.write(lines(entry("session_info", "n", "a", name="named")))
    assert [info.path for info in store.sessions()] == [new, unsaid, old]
    assert store.most_recent() == new
    assert [info.id for info in store.all_sessions()] == ["other", "new", "unsaid", "old"]
    assert SessionStore(tmp_path, "/nowhere").most_recent() is None


def test_most_recent_is_by_message_not_by_file(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, "/p")
    old = session(store.folder, "old", when=1)
    new = session(store.folder, "new", when=2)
    for path, seconds in ((old, 5000), (new, 2000)):
        os.utime(path, (seconds, seconds))
    assert store.most_recent() == new


def test_flat_folder_holds_all_projects(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "unused", "/p", flat=tmp_path / "flat")
    ours = session(tmp_path / "flat", "ours")
    session(tmp_path / "flat", "theirs", cwd="/q", when=5)
    session(tmp_path / "flat", "unsaid", cwd="", when=6)
    assert [info.path for info in store.sessions()] == [ours]
    assert store.most_recent() == ours
    assert len(store.all_sessions()) == 3
    log = store.create()
    assert log.path is not None
    assert log.path.parent == tmp_path / "flat"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_symbolic_links_are_followed_once(tmp_path: Path) -> None:
    real = session(tmp_path / "elsewhere", "x", cwd=str(tmp_path / "project"))
    root = tmp_path / "sessions"
    root.mkdir()
    (root / "one").symlink_to(real.parent)
    (root / "two").symlink_to(real.parent)
    (tmp_path / "project").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "project")
    assert [info.id for info in SessionStore(root, "/").all_sessions()] == ["x"]
    linked = SessionStore(root, tmp_path / "link")
    linked.folder.symlink_to(real.parent)
    assert [info.id for info in linked.sessions()] == ["x"]
    assert same_file(root / "one" / real.name, real)


def test_find_by_id_and_path(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, "/p")
    here = session(store.folder, "abc1")
    there = session(tmp_path / "--q--", "abc2", cwd="/q")
    far = session(tmp_path / "--q--", "abd", cwd="/q", when=2)
    whole = session(tmp_path / "--q--", "ab", cwd="/q", when=3)
    assert store.find("abc") == here
    assert store.find("abc1") == here
    assert store.find("abc2") == there
    assert store.find("abd") == far
    assert store.find("ab") == here
    assert SessionStore(tmp_path, "/r").find("ab") == whole
    assert store.find(str(far)) == far
    assert store.find("x.jsonl") == Path(os.path.abspath("/p")) / "x.jsonl"  # noqa: PTH100
    assert store.find("~/x.jsonl") == Path.home() / "x.jsonl"
    with pytest.raises(SessionError, match="no session has an id that begins with 'zzz'"):
        store.find("zzz")
    with pytest.raises(SessionError) as caught:
        SessionStore(tmp_path, "/r").find("abc")
    assert str(caught.value).splitlines() == [
        "2 sessions have an id that begins with 'abc'; give more of it:",
        "  abc2  prompt of abc2",
        "  abc1  prompt of abc1",
    ]


def test_open_by_reference(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, "/p")
    path = session(store.folder, "abc")
    assert store.open("abc").path == path
    new = store.open(str(tmp_path / "new.jsonl"))
    new.append_message(UserMessage("x"))
    assert new.path == tmp_path / "new.jsonl"
    assert new.path.exists()
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(SessionError, match="no session file"):
        store.open(str(tmp_path / "note.txt"))


def test_open_or_create_by_the_callers_id(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, "/p")
    log = store.open_or_create("build-7.x")
    assert log.header.id == "build-7.x"
    log.append_message(UserMessage("x"))
    assert store.open_or_create("build-7.x").path == log.path
    assert store.open_or_create("build-7").path != log.path
    assert SessionStore(tmp_path, "/q").open_or_create("build-7.x").path != log.path
    for wrong in ("", "-a", "a-", "a b", "../a", "a/b", "ä", "a\n"):
        with pytest.raises(SessionError, match="is not possible"):
            store.open_or_create(wrong)


def grown(tmp_path: Path) -> tuple[SessionLog, list[str]]:
    log = SessionLog.create(tmp_path, "/p")
    ids = [
        log.append_message(UserMessage("1")).id,
        log.append_message(answer("2")).id,
    ]
    log.append_label(ids[0], "first")
    ids += [log.append_message(UserMessage("3")).id]
    ids += [log.append(Compaction("S", ids[1], 1)).id]
    ids += [log.append_message(UserMessage("4")).id]
    log.move(ids[2])
    log.append_message(UserMessage("other branch"))
    log.append_label(ids[2], "third")
    return log, ids


def test_fork_of_a_branch_means_the_same(tmp_path: Path) -> None:
    log, ids = grown(tmp_path)
    assert log.path is not None
    before = log.path.read_bytes()
    log.move(ids[4])
    new = fork_branch(log, tmp_path / "forks", leaf=log.tree.get(ids[4]))
    assert new.path is not None
    assert new.state.messages == log.state.messages
    assert new.state.labels == {ids[0]: "first", ids[2]: "third"}
    assert new.header.parent_session == str(log.path)
    assert new.header.id != log.header.id
    assert [item["type"] for item in read(new.path)].count("session") == 1
    assert new.notes == []
    new.append_message(UserMessage("on"))
    assert log.path.read_bytes().startswith(before)
    assert len(read(new.path)) == len(new.tree.nodes) + 1
    assert os.name == "nt" or new.path.stat().st_mode & 0o777 == 0o600


def test_fork_before_everything_is_an_empty_session(tmp_path: Path) -> None:
    log, _ = grown(tmp_path)
    new = fork_branch(log, tmp_path / "forks", leaf=None)
    assert not (tmp_path / "forks").exists()
    new.append_message(UserMessage("on"))
    assert new.path is not None
    assert [item["type"] for item in read(new.path)] == ["session", "message"]
    assert new.header.parent_session == str(log.path)


def test_fork_of_a_session_in_memory_stays_there(tmp_path: Path) -> None:
    log = SessionLog.memory("/p")
    node = log.append_message(UserMessage("1"))
    log.append_message(answer("2"))
    new = fork_branch(log, tmp_path, leaf=node)
    new.append_message(UserMessage("3"))
    assert [str(m.content) for m in new.state.messages] == ["1", "3"]
    assert len(log.state.messages) == 2
    assert new.path is None
    assert list(tmp_path.iterdir()) == []
    assert len(list(new.raw(new.tree.nodes))) == 2


def test_fork_of_a_file_has_all_branches(tmp_path: Path) -> None:
    log, _ = grown(tmp_path / "--q--")
    store = SessionStore(tmp_path, "/p")
    new = store.fork(log.header.id, session_id="copy")
    assert new.header.id == "copy"
    assert new.header.cwd == os.path.abspath("/p")  # noqa: PTH100
    assert list(new.raw(new.tree.nodes)) == list(log.raw(log.tree.nodes))
    assert new.state.messages == log.state.messages
    with pytest.raises(SessionError, match="no entries"):
        store.fork(str(write(tmp_path / "empty.jsonl", HEADER)))


def test_fork_of_damaged_and_old_files(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, "/p")
    orphan = write(tmp_path / "o.jsonl", HEADER, b"?", message("b", "a", user("1")))
    log = SessionLog.open(orphan)
    new = fork_branch(log, store.folder, leaf=log.leaf)
    assert new.path is not None
    assert read(new.path)[1]["parentId"] is None
    assert new.notes == []
    old = [
        {"type": "session", "id": "old", "timestamp": "t", "cwd": "/p"},
        {"type": "message", "timestamp": "t", "message": user("1")},
        {"type": "message", "timestamp": "t", "message": user("2")},
        {"type": "compaction", "timestamp": "t", "summary": "S", "firstKeptEntryIndex": 2},
    ]
    source = write(tmp_path / "v1.jsonl", *old)
    before = source.read_bytes()
    for copy in (
        store.fork(str(source)),
        fork_branch(SessionLog.open(source), store.folder, leaf=SessionLog.open(source).leaf),
    ):
        assert [str(m.content) for m in copy.state.messages[1:]] == ["2"]
        copy.append_message(UserMessage("3"))
        assert copy.path is not None
        assert len(SessionLog.open(copy.path).state.messages) == 3
    assert source.read_bytes() == before


def test_import_never_overwrites(tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    source = session(tmp_path / "mail", "abc")
    first = import_file(source, folder)
    second = import_file(source, folder)
    assert first.name == source.name
    assert second != first
    assert first.read_bytes() == second.read_bytes() == source.read_bytes()
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(SessionError):
        import_file(tmp_path / "note.txt", folder)
    assert len(list(folder.iterdir())) == 2


@pytest.mark.skipif(os.name == "nt", reason="needs limits on file size")
def test_fork_that_fails_leaves_nothing(tmp_path: Path) -> None:
    import resource

    log = SessionLog.create(tmp_path / "a", "/p")
    log.append_message(UserMessage("x" * 9000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, hard))
    try:
        with pytest.raises(SessionError, match="cannot be written"):
            fork_branch(log, tmp_path / "b", leaf=log.leaf)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / "b").iterdir()) == []


def test_delete(tmp_path: Path) -> None:
    path = session(tmp_path, "abc")
    delete_session(path)
    assert not path.exists()
    with pytest.raises(SessionError, match="cannot be removed"):
        delete_session(path)


def test_totals_count_all_branches_and_all_spending(tmp_path: Path) -> None:
    usage = assistant("")["usage"] | {"reasoning": 1}
    broken = assistant("x") | {"content": None, "usage": usage | {"input": 2.0}}
    path = write(
        tmp_path / "s.jsonl",
        HEADER,
        message("a", None, user("1")),
        message("b", "a", assistant("2")),
        message("c", "a", broken),
        message("d", "c", {"role": "toolResult", "content": [], "usage": usage}),
        entry("compaction", "e", "d", summary="S", firstKeptEntryId="a", usage=usage),
        entry("branch_summary", "f", "b", fromId="e", summary="S", usage=usage),
        entry("usage", "g", "f", kind="cache_warm", provider="p", model="m", usage=usage),
    )
    found = count(SessionLog.open(path))
    assert (found.assistant, found.user) == (2, 1)
    assert found.usage.input == 7
    assert found.usage.output == 12
    assert found.usage.reasoning == 5
    assert found.usage.cost.total == 3.0


@pytest.mark.parametrize(
    ("cwd", "name"),
    [
        ("/home/me/my project", "--home-me-my project--"),
        ("C:\\Users\\me", "--C--Users-me--"),
        ("/", "----"),
        ("/a:b", "--a-b--"),
    ],
)
def test_folder_names(cwd: str, name: str) -> None:
    assert folder_name(cwd) == name


def test_folder_names_of_long_paths_fit_and_differ() -> None:
    names = {folder_name("/" + "ä" * 400 + end) for end in "xy"}
    assert len(names) == 2
    assert max(len(name.encode()) for name in names) <= 255


def test_entries_of_a_branch_can_be_read(tmp_path: Path) -> None:
    log, ids = grown(tmp_path)
    entries = {node.id: said for node, said in log.entries()}
    assert isinstance(entries[ids[0]], MessageEntry)
    assert set(entries) == {node.id for node in log.branch}
