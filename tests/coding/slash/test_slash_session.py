"""Slash commands about the session that is open: a person at a composed session."""

from pathlib import Path

from pi.ai.faux import text, tool
from pi.coding.api.commands import NewSession, Prompt
from pi.coding.api.picking import Picked
from pi.coding.api.setup import ListSessions
from pi.coding.session.listing import read_header
from pi.coding.session.log import SessionLog
from support.scripted_front import row, seated


async def said(host, *prompts: str) -> None:
    for prompt in prompts:
        await host.send(Prompt(prompt))


SCRIPT = [[text(f"answer {n}")] for n in range(6)]


async def test_new_goes_on_elsewhere(tmp_path: Path) -> None:
    async with seated(tmp_path, script=SCRIPT) as (commands, person, host):
        await said(host, "hello")
        before = host.state.session_file
        await commands.run("/new")
        assert host.state.session_file != before
        assert person.replays == 1
        assert "/resume" in person.last


async def test_name(tmp_path: Path) -> None:
    async with seated(tmp_path, "asked for", None) as (commands, person, host):
        await commands.run("/name my \x1b[31mwork")
        assert host.state.name == "my work"
        await commands.run("/name")
        assert host.state.name == "asked for"
        await commands.run("/name")
        assert host.state.name == "asked for"
        await commands.run('/name ""')
        assert host.state.name is None
        assert "'my work'" in person.asked[0]


async def test_session_and_cost(tmp_path: Path) -> None:
    async with seated(tmp_path, script=SCRIPT) as (commands, person, host):
        await commands.run("/cost")
        assert person.notices == [
            ("error", "/cost: nothing was asked yet, so nothing has cost anything")
        ]
        await said(host, "first | prompt", "second")
        await commands.run("/session")
        await commands.run("/cost")
        session, cost = person.shown
        assert host.state.session.id in session
        assert "2 prompts, 2 answers" in session
        assert "| faux/faux | 2 |" in cost
        assert "| 1 | first \\| prompt | 1 |" in cost
        assert "| 2 | second |" in cost


async def test_cost_shows_the_last_prompts(tmp_path: Path) -> None:
    script = [[text("ok")] for _ in range(23)]
    async with seated(tmp_path, script=script) as (commands, person, host):
        await said(host, *(f"prompt {n}" for n in range(23)))
        await commands.run("/cost")
        await commands.run("/cost all")
        assert "| 3 | prompt 2 |" not in person.shown[0]
        assert "| 4 | prompt 3 |" in person.shown[0]
        assert "/cost all" in person.shown[0]
        assert "| 1 | prompt 0 |" in person.shown[1]


async def test_copy(tmp_path: Path) -> None:
    async with seated(tmp_path, script=[[text("copy me")]]) as (commands, person, host):
        await commands.run("/copy")
        assert "no answer" in person.last
        await said(host, "hello")
        await commands.run("/copy")
        assert person.clipboard == "copy me"
        assert "OSC 52" in person.last
        person.can_copy = False
        await commands.run("/copy")
        assert person.notices[-1][0] == "error"


async def test_export(tmp_path: Path) -> None:
    async with seated(tmp_path, True, False, script=SCRIPT) as (commands, person, host):
        await said(host, "hello")
        await commands.run("/export")
        assert len(list((tmp_path / "project").glob("*.html"))) == 1
        page = tmp_path / "project" / "my page.html"
        await commands.run('/export "my page.html"')
        assert "hello" in page.read_text()
        await commands.run("/export branch.jsonl")
        assert (tmp_path / "project" / "branch.jsonl").read_text().startswith('{"type":"session"')
        page.write_text("mine")
        await commands.run("/export my page.html")
        assert page.read_text() != "mine"
        page.write_text("mine")
        await commands.run("/export my page.html")
        assert page.read_text() == "mine"
        assert person.last == "Nothing was written"
        await commands.run("/export nosuch/page.html")
        assert "there is no folder" in person.last
        assert "nosuch" in person.last
        assert not (tmp_path / "project" / "nosuch").exists()
        await commands.run("/export notes.txt")
        assert "should end with .html" in person.last
        (tmp_path / "project" / "x.html").mkdir()
        await commands.run("/export x.html")
        assert "is a folder" in person.last


async def test_import(tmp_path: Path) -> None:
    async with seated(tmp_path, script=SCRIPT) as (commands, person, host):
        await said(host, "hello")
        await commands.run("/export branch.jsonl")
        await commands.run("/new")
        await commands.run("/import branch.jsonl")
        assert host.state.message_count == 2
        assert person.replays == 2
        await commands.run("/import")
        assert "which file" in person.last
        await commands.run("/import nothing.jsonl")
        assert person.notices[-1][0] == "error"
        assert host.state.message_count == 2


async def test_fork(tmp_path: Path) -> None:
    async with seated(tmp_path, None, script=SCRIPT) as (commands, person, host):
        await commands.run("/fork")
        assert "no prompt yet" in person.last
        await said(host, "one", "two")
        before = host.state.session_file
        await commands.run("/fork")
        assert host.state.session_file == before
        picklist = person.lists[0]
        assert [choice.label for choice in picklist.choices] == ["one", "two"]
        assert picklist.selected == picklist.choices[1].key
        person.answers.append(picklist.choices[1].key)
        await commands.run("/fork")
        assert host.state.session_file != before
        assert host.state.message_count == 2
        assert person.text == "two"
        assert person.replays == 1


async def test_clone(tmp_path: Path) -> None:
    async with seated(tmp_path, script=SCRIPT) as (commands, person, host):
        await commands.run("/clone")
        assert person.notices[-1][0] == "error"
        await said(host, "one")
        before = host.state.session_file
        await commands.run("/clone")
        assert host.state.session_file != before
        assert host.state.message_count == 2


async def test_compact_says_when_there_is_nothing(tmp_path: Path) -> None:
    async with seated(tmp_path) as (commands, person, _):
        await commands.run("/compact the tests")
        assert person.notices[-1][0] == "error"
        assert person.last.startswith("/compact: ")


async def test_resume(tmp_path: Path) -> None:
    async with seated(tmp_path, script=SCRIPT) as (commands, person, host):
        await said(host, "the first session")
        first = host.state.session_file
        await host.send(NewSession())
        await said(host, "another session")
        assert first
        person.answers.append(first)
        await commands.run("/resume")
        assert host.state.session_file == first
        assert person.replays == 1
        picklist = person.lists[0]
        assert {c.label for c in picklist.choices} == {"the first session", "another session"}
        assert picklist.selected == first
        person.answers.append(first)
        await commands.run("/resume")
        assert "open" in person.last
        assert person.replays == 1


async def test_resume_renames_deletes_searches(tmp_path: Path) -> None:
    async with seated(tmp_path, script=SCRIPT) as (commands, person, host):
        await said(host, "the first session")
        first = host.state.session_file
        await host.send(NewSession())
        await said(host, "another session")
        current = host.state.session_file
        assert first
        assert current
        person.answers += [
            ("rename", first),
            "Old work",
            ("named", first),
            ("named", first),
            ("scope", first),
            ("sort", first),
            ("delete", current),
            ("delete", first),
            False,
            ("delete", first),
            True,
            None,
        ]
        await commands.run("/resume")
        lists = person.lists
        assert row(lists[1], first).label == "Old work"
        assert [choice.key for choice in lists[2].choices] == [first]
        assert len(lists[3].choices) == 2
        assert lists[4].title == "Sessions of all folders"
        assert any("not deleted" in text for _, text in person.notices)
        assert [choice.key for choice in lists[-1].choices] == [current]
        assert first not in [entry.path for entry in (await host.send(ListSessions())).sessions]
        assert host.state.session_file == current


async def test_resume_finds_what_was_said(tmp_path: Path) -> None:
    script = [[text("the secret word is xylophone")], [text("nothing")]]
    async with seated(tmp_path, script=script) as (commands, person, host):
        await said(host, "first")
        first = host.state.session_file
        await host.send(NewSession())
        await said(host, "second")
        person.answers += [("said", ""), first]
        await commands.run("/resume xylophone")
        assert [choice.key for choice in person.lists[1].choices] == [first]
        assert "xylophone" in person.lists[1].choices[0].search
        assert host.state.session_file == first


async def test_a_session_whose_folder_is_gone_goes_on_here_or_in_a_copy(tmp_path: Path) -> None:
    async with seated(tmp_path, script=SCRIPT) as (commands, person, host):
        await said(host, "hello")
        here, gone = str(tmp_path / "project"), str(tmp_path / "gone")
        other = moved(host.state.session_file or "", here, gone)
        before = host.state.session_file
        person.answers += [("scope", ""), other, None]
        await commands.run("/resume")
        assert host.state.session_file == before
        assert gone in person.lists[-1].hint
        assert row(person.lists[1], other).cells[2] == "gone"

        person.answers += [("scope", ""), other, "here"]
        await commands.run("/resume")
        assert host.state.session_file == other
        assert host.controller.log.header.cwd == here
        assert host.controller.services.cwd == Path(here)
        await said(host, "and here")
        header = read_header(Path(other))
        assert header is not None
        assert header.cwd == gone

        await host.send(NewSession())
        person.answers += [("scope", ""), other, "fork"]
        await commands.run("/resume")
        copy = SessionLog.open(host.state.session_file or "")
        assert (copy.header.cwd, copy.header.parent_session) == (here, other)
        assert [type(m).__name__ for m in copy.state.messages].count("UserMessage") == 2


async def test_import_of_a_session_whose_folder_is_gone(tmp_path: Path) -> None:
    async with seated(tmp_path, script=SCRIPT) as (commands, person, host):
        await said(host, "hello")
        before = host.state.session_file
        here, gone = str(tmp_path / "project"), str(tmp_path / "gone")
        other = moved(before or "", here, gone)
        person.answers += [None, "fork"]
        await commands.run(f"/import {other}")
        assert host.state.session_file == before
        await commands.run(f"/import {other}")
        assert SessionLog.open(host.state.session_file or "").header.cwd == here


def moved(session_file: str, before: str, after: str) -> str:
    """A copy of a session as if it had been made in another folder."""
    path = Path(session_file)
    other = path.parent.with_name("--gone--") / path.name
    other.parent.mkdir()
    other.write_text(path.read_text().replace(before, after))
    return str(other)


async def test_tree(tmp_path: Path) -> None:
    script = [
        [text("looking"), tool("ls", {"path": "."})],
        [tool("ls", {"path": "src"})],
        [text("done")],
        [text("second answer")],
        [text("a summary of it")],
    ]
    (tmp_path / "project" / "src").mkdir(parents=True)
    async with seated(tmp_path, None, script=script) as (commands, person, host):
        await commands.run("/tree")
        assert "nothing was said" in person.last
        await said(host, "first", "second")
        await commands.run("/tree")
        labels = [choice.label for choice in person.lists[0].choices]
        assert labels == [
            "user: first",
            "assistant: looking [ls: .]",
            "assistant: [ls: src]",
            "assistant: done",
            "user: second",
            "assistant: second answer",
        ]
        keys = [choice.key for choice in person.lists[0].choices]
        assert person.lists[0].selected == keys[-1]
        assert person.lists[0].choices[-1].mark == "●"
        # there already; then back before the second prompt, without a summary
        person.answers += [keys[-1], keys[4], None, None]
        await commands.run("/tree")
        assert "already" in person.last
        await commands.run("/tree")
        assert person.replays == 0
        person.answers += [keys[4], "no"]
        await commands.run("/tree")
        assert person.text == "second"
        assert person.replays == 1
        assert host.state.message_count == 6
        await said(host, "third")
        person.answers += [None]
        await commands.run("/tree")
        shown = person.lists[-1].choices
        assert [c.depth for c in shown] == [0, 0, 0, 0, 1, 1, 1, 1]
        assert [c.mark for c in shown] == ["•", "•", "•", "•", "", "", "•", "●"]


async def test_tree_filters_folds_and_labels(tmp_path: Path) -> None:
    script = [[tool("ls", {"path": "."})], [text("done")], [text("again")]]
    async with seated(tmp_path, script=script) as (commands, person, host):
        await said(host, "first", "second")
        entries: list[str] = []

        def keep(picklist):
            entries.extend(choice.key for choice in picklist.choices)

        person.answers += [keep]
        await commands.run("/tree")
        first = entries[0]
        person.answers += [
            ("user-only", first),
            ("no-tools", first),
            ("all", first),
            ("default", first),
            ("fold", first),
            ("unfold", first),
            ("label", first),
            "good \x1b[1mstart",
            ("times", first),
            ("labeled-only", first),
            ("filter", first),
            None,
        ]
        await commands.run("/tree")
        sizes = [len(picklist.choices) for picklist in person.lists[1:]]
        everything = sizes[3]
        assert everything > 5
        assert sizes[:10] == [5, 2, 4, everything, 5, 1, 5, 5, 5, 1]
        assert sizes[10] == everything + 1  # with the entry of the label
        assert person.lists[6].choices[0].label == "user: first …"
        assert person.lists[8].choices[0].label == "[good start] user: first"
        assert person.lists[9].choices[0].label.startswith("20")


async def test_tree_with_a_summary(tmp_path: Path) -> None:
    script = [[text("one")], [text("two")], [text("what happened there")]]
    async with seated(tmp_path, script=script) as (commands, person, host):
        await said(host, "first", "second")
        person.answers += [lambda p: Picked(p.choices[2].key), "ask", _typing(person)]
        await commands.run("/tree")
        assert person.text == "second\n\ntyped meanwhile"
        assert person.asked == ["What should the summary look at?"]
        person.answers += [None]
        await commands.run("/tree")
        assert "branch_summary: " in person.lists[-1].choices[-1].label


def _typing(person):
    """Answers with instructions; then something is typed while the summary is made."""

    def answer(title: str) -> str:
        person.text = "typed meanwhile"
        return "look at the tests"

    return answer
