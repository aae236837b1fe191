"""The same questions line by line: choices have numbers, text filters them, `q` gives up.

For terminals that only write lines, and for screen readers: nothing is drawn twice or elsewhere.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from pi.coding.api.picking import Choice, Picked, PickList
from pi.coding.modes.interactive.dialogs.cells import lines_of, one_line
from pi.coding.modes.interactive.dialogs.rows import Rows
from pi.coding.modes.interactive.dialogs.select import as_list

T = TypeVar("T")

__all__ = ["AskLine", "Numbered"]

_PAGE = 20
_FEW = 5
"""More rows than that which cannot be chosen are not said unless somebody asks for them."""


class AskLine(Protocol):
    """Reads a line. None: there will be none any more. `secret`: it is not shown."""

    def __call__(self, prompt: str, *, secret: bool = False) -> Awaitable[str | None]: ...


class Numbered:
    """Dialogs over something that reads a line (`ask_line`) and something that writes one (`say`).

    Times are in seconds; None waits as long as it takes.
    """

    def __init__(self, ask_line: AskLine, say: Callable[[str], None]) -> None:
        self.ask_line = ask_line
        self.say = say

    async def pick(self, picklist: PickList) -> Picked | None:
        """A row of a list; None if it was given up."""
        rows = Rows(picklist)
        if sum(bool(choice.why) for choice in picklist.choices) > _FEW:
            rows.brief(on=True)
            rows.select(picklist.selected)
        if picklist.selected:
            rows.top = rows.at // _PAGE * _PAGE
        self._say_lines(picklist.title, picklist.hint)
        self._tell(rows)
        while True:
            line = await self.ask_line(_prompt(rows))
            if line is None or line.strip().lower() == "q":
                return None
            answer = self._take(rows, line.strip())
            if answer is not None:
                return answer

    async def select(
        self, title: str, options: Sequence[str], *, timeout: float | None = None
    ) -> str | None:
        """One of the options."""
        picked = await self._in_time(self.pick(as_list(title, options)), timeout)
        return None if picked is None else options[int(picked.key)]

    async def confirm(self, title: str, message: str, *, timeout: float | None = None) -> bool:
        """Yes or no; no if nothing was answered."""
        self._say_lines(title, message)
        line = await self._in_time(self.ask_line("yes or no? "), timeout)
        return (line or "").strip().lower() in ("y", "yes")

    async def ask(
        self,
        title: str,
        *,
        placeholder: str = "",
        secret: bool = False,
        timeout: float | None = None,
    ) -> str | None:
        """A line of text; an empty one is an answer, and the end of the input is none."""
        self._say_lines(title, f"for example: {placeholder}" if placeholder else "")
        line = await self._in_time(self.ask_line("> ", secret=secret), timeout)
        return None if line is None else one_line(line)

    async def edit(self, title: str, *, prefill: str = "") -> str | None:
        """A text of many lines, up to a line with only a dot; `q` alone at first gives up."""
        self._say_lines(title, "End with a line that is only a dot. q as the first line gives up.")
        if prefill:
            self._say_lines("An empty answer keeps this text:", prefill)
        lines: list[str] = []
        while True:
            line = await self.ask_line("> ")
            if line is None or (not lines and line.strip().lower() == "q"):
                return None
            if line.strip() == ".":
                return "\n".join(lines) if lines else prefill
            lines += lines_of(line)

    # -- inside ---------------------------------------------------------------------------------

    async def _in_time(self, answer: Awaitable[T], timeout: float | None) -> T | None:
        try:
            async with asyncio.timeout(timeout):
                return await answer
        except TimeoutError:
            self.say("No answer in time.")
            return None

    def _say_lines(self, *texts: str) -> None:
        for text in texts:
            for line in lines_of(text) if text else ():
                self.say(line)

    def _tell(self, rows: Rows) -> None:
        """Say the rows from the current page on, and what can be done with them."""
        picklist = rows.picklist
        if not rows.shown:
            self.say("Nothing matches." if picklist.choices else picklist.empty)
        for number, choice in enumerate(rows.shown[rows.top : rows.top + _PAGE], rows.top + 1):
            self.say(_row(rows, number, choice))
        left = len(rows.shown) - rows.top - _PAGE
        if left > 0:
            self.say(f"{left:,} more: m shows them.")
        if rows.left_out:
            self.say(f"{rows.left_out:,} more cannot be chosen now: a shows them too.")
        for action in (action for action in picklist.actions if action.help):
            self.say(f"{action.name} NUMBER: {action.help}")

    def _take(self, rows: Rows, line: str) -> Picked | None:
        """What was answered, if that is an end; otherwise say what there is to say."""
        picklist = rows.picklist
        word, _, rest = line.partition(" ")
        action = next((act for act in picklist.actions if word in (act.name, act.key)), None)
        if action is not None and (not rest or rest.strip().isdecimal()):
            choice = _numbered(rows, rest)
            if choice is None and rest:
                self.say(f"There is no number {rest}.")
                return None
            return Picked(choice.key if choice else "", action.key, rows.query, rows.taken_keys())
        if line == "m":
            rows.top += _PAGE if rows.top + _PAGE < len(rows.shown) else 0
            self._tell(rows)
        elif line == "a" and rows.left_out:
            rows.brief(on=False)
            self._tell(rows)
        elif picklist.many and line == "":
            return Picked("", "", rows.query, rows.taken_keys())
        elif picklist.many and _numbers(line):
            self._mark(rows, _numbers(line))
        elif line.isdecimal():
            return self._choose(rows, line)
        else:
            rows.filter(line)
            rows.top = 0
            self._tell(rows)
        return None

    def _choose(self, rows: Rows, line: str) -> Picked | None:
        choice = _numbered(rows, line)
        if choice is None:
            self.say(f"There is no number {line}.")
        elif choice.why:
            self._say_lines(choice.why)
        if choice is not None and (not choice.why or rows.picklist.despite):
            return Picked(choice.key, "", rows.query, rows.taken_keys())
        return None

    def _mark(self, rows: Rows, numbers: list[int]) -> None:
        for number in numbers:
            if 0 < number <= len(rows.shown):
                rows.at = number - 1
                rows.toggle()
                self._say_lines(rows.shown[rows.at].why)
        names = [one_line(c.label) for c in rows.picklist.choices if c.key in rows.taken]
        self.say(f"Marked: {', '.join(names) or 'none'}")


def _prompt(rows: Rows) -> str:
    if rows.picklist.many:
        return "numbers to mark, text to filter, Enter when done, q to give up: "
    return "number, text to filter, q to give up: "


def _row(rows: Rows, number: int, choice: Choice) -> str:
    level = f"(level {choice.depth})" if choice.depth else ""
    words = [level, choice.mark, choice.label, *choice.cells]
    if rows.picklist.many and choice.key in rows.taken:
        words.insert(0, "marked:")
    text = "  ".join(one_line(word) for word in words if word)
    why = " (cannot be chosen now)" if choice.why and not rows.picklist.despite else ""
    return f"{number}. {text}{why}"


def _numbered(rows: Rows, word: str) -> Choice | None:
    number = int(word) if word.strip().isdecimal() else 0
    return rows.shown[number - 1] if 0 < number <= len(rows.shown) else None


def _numbers(line: str) -> list[int]:
    """`1 3 5-7` as numbers; nothing if it is something else."""
    found: list[int] = []
    for word in line.replace(",", " ").split():
        first, dash, last = word.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            return []
        end = int(last) if dash else int(first)
        found += range(int(first), min(end, int(first) + 999) + 1)
    return found
