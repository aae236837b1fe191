"""Prompt templates: where they are found, and what arguments become."""

from pathlib import Path

import pytest

from pi.coding.resources.prompt_templates import (
    expand_template,
    fill,
    find_templates,
    split_arguments,
)
from pi.coding.resources.sources import Place, places_in


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  a  b\tc\n", ["a", "b", "c"]),
        ('"a b" c', ["a b", "c"]),
        ("'a b'c d", ["a bc", "d"]),
        ("don't stop", ["don't", "stop"]),
        ('say "x y"', ["say", "x y"]),
        ('x="a b"', ['x="a', 'b"']),
        ('"open a', ['"open', "a"]),
        ("'", ["'"]),
        (r'"the \"fast\" path"', ['the "fast" path']),
        (r"'a\'b' \n", ["a'b", r"\n"]),
        (r'"C:\dir"', [r"C:\dir"]),
        ("\"\" ''", ["", ""]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert split_arguments(text) == words


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("$1-$2-$3-$0", "a-b c--"),
        ("$@|$ARGUMENTS", "a b c|a b c"),
        ("${@:2}|${@:1:1}|${@:0}|${@:9}", "b c|a|a b c|"),
        ("${1:-x}|${3:-some default}|${@:-none}", "a|some default|a b c"),
        ("$10 $x ${x} $$ $", " $x ${x} $$ $"),
        ("${3:-$1}", "$1"),
    ],
)
def test_variables(body: str, text: str) -> None:
    assert fill(body, ["a", "b c"]) == text


def test_arguments_are_not_looked_at_again() -> None:
    assert fill("$1 $2 $@", ["$2", "$@"]) == "$2 $@ $2 $@"
    assert fill("${1:-d} ${@:-d}", [""]) == "d d"


def test_a_template(tmp_path: Path) -> None:
    head = "---\ndescription: looks\nargument-hint: [focus]\n---\n"
    path = put(tmp_path / "review.md", head + "Review ${1:-all}.\n")
    (template,) = find_templates([Place(tmp_path, "user")]).templates
    assert (template.name, template.description, template.hint) == ("review", "looks", "[focus]")
    assert (template.body, template.path) == ("Review ${1:-all}.", path)
    assert expand_template("/review", [template]) == "Review all."
    assert expand_template('/review "the tests"\n', [template]) == "Review the tests."
    assert expand_template("/review\nthe\ntests", [template]) == "Review the."
    for other in ("/reviews", "review", " /review", "/"):
        assert expand_template(other, [template]) is None


def test_description_is_the_first_line_by_default(tmp_path: Path) -> None:
    put(tmp_path / "a.md", "\n\nshort\nmore")
    put(tmp_path / "b.md", "x" * 61)
    put(tmp_path / "c.md", "")
    templates = find_templates([Place(tmp_path, "user")]).templates
    assert [t.description for t in templates] == ["short", "x" * 59 + "…", ""]


def test_places(tmp_path: Path) -> None:
    agent, project = tmp_path / "agent", tmp_path / "project"
    flag = put(tmp_path / "flag" / "x.md", "flag")
    ours = put(project / ".pi" / "prompts" / "x.md", "project")
    put(project / ".pi" / "prompts" / "sub" / "deep.md", "deep")
    put(agent / "prompts" / "x.md", "user")
    put(agent / "prompts" / "y.md", "y")
    put(agent / "prompts" / "notes.txt", "no")
    put(tmp_path / "more" / "z.md", "z")
    bad = put(tmp_path / "more" / "bad.md", "---\nnonsense\n---\n")
    entries = (str(tmp_path / "more"), "-prompts/y.md")

    def look(trusted: bool, flags: tuple[Path, ...]) -> dict[str, str]:
        places = places_in("prompts", agent, project, trusted=trusted, entries=entries, flags=flags)
        return {t.name: t.body for t in find_templates(places, entries).templates}

    assert look(True, (flag,)) == {"x": "flag", "z": "z"}
    assert look(True, ()) == {"x": "project", "z": "z"}
    assert look(False, ()) == {"x": "user", "z": "z"}
    places = places_in(
        "prompts", agent, project, trusted=True, entries=entries, flags=(tmp_path / "nowhere",)
    )
    assert find_templates(places, entries).notes == (
        f"prompt template {tmp_path / 'nowhere'} does not exist",
        f"prompt template {bad} is not loaded: line 2: expected 'key: value', found 'nonsense'",
        f"prompt template /x of {agent / 'prompts' / 'x.md'} is not used: {ours} has that name",
    )
