"""The same questions line by line."""

import asyncio

from pi.coding.api.picking import Choice, PickAction, Picked, PickList
from pi.coding.modes.interactive.dialogs.numbered import Numbered

FRUIT = (
    Choice(key="a", label="apple", cells=("red",)),
    Choice(key="b", label="banana", why="it is not ripe"),
    Choice(key="c", label="cherry", mark="✓"),
)


class Person:
    """Writes these lines, one for each question, and reads what is said."""

    def __init__(self, *lines: str | None) -> None:
        self.lines = list(lines)
        self.heard: list[str] = []
        self.secrets: list[bool] = []
        self.dialogs = Numbered(self.ask_line, self.heard.append)

    async def ask_line(self, prompt: str, *, secret: bool = False) -> str | None:
        self.secrets.append(secret)
        return self.lines.pop(0)


async def test_a_number_takes_a_row() -> None:
    person = Person("9", "2", "3")
    assert await person.dialogs.pick(PickList(title="Fruit", choices=FRUIT)) == Picked("c")
    assert person.heard == [
        "Fruit",
        "1. apple  red",
        "2. banana (cannot be chosen now)",
        "3. ✓  cherry",
        "There is no number 9.",
        "it is not ripe",
    ]


async def test_many_that_cannot_be_chosen_are_counted_and_said_when_asked_for() -> None:
    locked = tuple(
        Choice(key=f"l{n}", label=f"locked {n}", why=f"To use it: key {n}") for n in range(40)
    )
    rows = (*locked[:20], Choice(key="f", label="free"), *locked[20:])
    picklist = PickList(title="Models", choices=rows, selected="f", despite="sign in")
    person = Person("a", "locked 7", "1")
    found = await person.dialogs.pick(picklist)
    assert person.heard[:3] == [
        "Models",
        "1. free",
        "40 more cannot be chosen now: a shows them too.",
    ]
    assert person.heard[3] == "1. locked 0"
    assert person.heard[-1] == "To use it: key 7"
    assert found == Picked("l7", query="locked 7")
    person = Person("locked", "q")
    await person.dialogs.pick(picklist)
    assert person.heard[3] == "1. locked 0"  # nothing else answers


async def test_text_filters() -> None:
    person = Person("cher", "1")
    found = await person.dialogs.pick(PickList(title="Fruit", choices=FRUIT))
    assert found == Picked("c", query="cher")
    assert person.heard[-1] == "1. ✓  cherry"


async def test_giving_up() -> None:
    for line in ("q", None):
        assert await Person(line).dialogs.pick(PickList(title="F", choices=FRUIT)) is None


async def test_pages() -> None:
    choices = tuple(Choice(key=str(n), label=f"row {n}") for n in range(45))
    person = Person("m", "45")
    assert await person.dialogs.pick(PickList(title="Rows", choices=choices)) == Picked("44")
    assert "25 more: m shows them." in person.heard
    assert "40. row 39" in person.heard


async def test_many() -> None:
    person = Person("1-3", "3", "")
    found = await person.dialogs.pick(PickList(title="Fruit", choices=FRUIT, many=True))
    assert found == Picked("", keys=("a",))
    assert person.heard[-2:] == ["Marked: apple, cherry", "Marked: apple"]


async def test_actions() -> None:
    actions = (PickAction("ctrl+d", "delete", "delete it"), PickAction("tab", "all", "all folders"))
    picklist = PickList(title="Fruit", choices=FRUIT, actions=actions)
    assert await Person("delete 2").dialogs.pick(picklist) == Picked("b", "ctrl+d")
    assert await Person("all").dialogs.pick(picklist) == Picked("", "tab")
    person = Person("delete 7", "q")
    assert await person.dialogs.pick(picklist) is None
    assert person.heard[-1] == "There is no number 7."


async def test_the_other_questions() -> None:
    assert await Person("2").dialogs.select("Which?", ["x", "y"]) == "y"
    assert await Person("yes").dialogs.confirm("Sure?", "really") is True
    assert await Person("").dialogs.confirm("Sure?", "") is False
    person = Person("key\x1b[2J")
    assert await person.dialogs.ask("Key", secret=True) == "key"
    assert person.secrets == [True]
    assert await Person(None).dialogs.ask("Key") is None
    assert await Person("a", "", "b", ".").dialogs.edit("Text") == "a\n\nb"
    assert await Person(".").dialogs.edit("Text", prefill="old") == "old"
    assert await Person("q").dialogs.edit("Text", prefill="old") is None


async def test_a_time_limit() -> None:
    heard: list[str] = []

    async def nobody(prompt: str, *, secret: bool = False) -> str | None:
        await asyncio.Event().wait()
        return None

    dialogs = Numbered(nobody, heard.append)
    assert await dialogs.ask("Quick", timeout=0.01) is None
    assert await dialogs.confirm("Quick", "", timeout=0.01) is False
    assert heard.count("No answer in time.") == 2


async def test_control_characters_stay_out() -> None:
    choice = Choice(key="e", label="a\x1b[2Jb\nc", why="\x1b]0;x\x07no")
    person = Person("1", "q")
    await person.dialogs.pick(PickList(title="T\x07", choices=(choice,)))
    assert person.heard == ["T", "1. ab c (cannot be chosen now)", "no"]
