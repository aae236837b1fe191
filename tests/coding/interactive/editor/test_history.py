"""Prompts that are kept."""

import json
import subprocess
import sys
from pathlib import Path

from pi.coding.modes.interactive.editor.history import Entry, History, history_file


def written(file: Path) -> list[str]:
    """The texts in the file."""
    return [json.loads(line)["text"] for line in file.read_text().splitlines()]


def test_prompts_outlive_the_process_and_are_for_the_user_alone(tmp_path: Path) -> None:
    file = history_file(tmp_path / "agent", tmp_path / "my project")
    history = History(file)
    history.add("one")
    history.add("two\nlines", [(0, 3)])
    history.add("two\nlines")
    history.add("   ")
    history.flush()
    assert History(file).entries == [Entry("one"), Entry("two\nlines", ((0, 3),))]
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_projects_of_one_name_do_not_share(tmp_path: Path) -> None:
    assert history_file(tmp_path, Path("/a/x")) != history_file(tmp_path, Path("/b/x"))


def test_what_is_masked_is_masked_in_the_file_only(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    history = History(file, mask=lambda text: text.replace("hunter2", "***"))
    history.add("key hunter2", [(0, 3)])
    history.flush()
    assert history.entries[-1].text == "key hunter2"
    assert "hunter2" not in file.read_text()
    assert History(file).entries == [Entry("key ***")]


def test_a_file_with_damage_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    file.write_bytes(b'{"text":"a"}\nrubbish\n{"other":1}\n\xff\xfe\n{"text":"b"}\n{"text":"cu')
    history = History(file)
    assert [entry.text for entry in history.entries] == ["a", "b"]
    history.add("c")
    history.flush()
    assert [entry.text for entry in History(file).entries] == ["a", "b", "c"]


def test_it_stays_bounded(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    history = History(file, limit=10)
    for number in range(60):
        history.add(f"a prompt of some length, so that there is something to cut: {number}")
    history.flush()
    assert len(written(file)) <= 21
    assert written(file)[-1].endswith(": 59")
    assert len(history.entries) == 10
    assert len(list(tmp_path.iterdir())) == 1


def test_several_processes_append_and_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    code = (
        "import sys; from pathlib import Path\n"
        "from pi.coding.modes.interactive.editor.history import History\n"
        "history = History(Path(sys.argv[1]), limit=400)\n"
        "for n in range(100): history.add(f'{sys.argv[2]} {n} ' + 'x' * 300)\n"
        "history.flush()"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(file), name]) for name in ("a", "b", "c")
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    texts = written(file)
    assert sorted(texts) == sorted(f"{name} {n} " + "x" * 300 for name in "abc" for n in range(100))


def test_a_file_that_cannot_be_written_is_told_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    history = History(tmp_path / "taken" / "h.jsonl")
    history.add("a")
    history.flush()
    assert [entry.text for entry in history.entries] == ["a"]
    assert str(tmp_path / "taken" / "h.jsonl") in history.problem


def test_prompts_of_a_resumed_session_come_before(tmp_path: Path) -> None:
    history = History()
    history.add("now")
    history.extend(["earlier", "now", "", "earlier"])
    assert [entry.text for entry in history.entries] == ["earlier", "now"]


def test_a_search_finds_words_in_any_order_the_newest_first() -> None:
    history = History()
    for text in ("Fix tests", "write", "the tests to fix", "Fix tests"):
        history.add(text)
    assert [entry.text for entry in history.find("fix TESTS")] == ["Fix tests", "the tests to fix"]
