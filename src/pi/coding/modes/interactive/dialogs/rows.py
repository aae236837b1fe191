"""The rows of a list while somebody types: which are left, selected, taken."""

from pi.ai.catalog.fuzzy import search
from pi.coding.api.picking import Choice, PickList

__all__ = ["Rows"]


class Rows:
    """A list under the fingers. `shown`: the rows that answer the query. `at`: the selected one.

    left_out: how many that cannot be chosen answer it too, if only the others are shown.
    """

    def __init__(self, picklist: PickList) -> None:
        self.picklist = picklist
        self.query = ""
        self.shown: list[Choice] = list(picklist.choices)
        self.at = 0
        self.top = 0
        self.taken = dict.fromkeys(picklist.chosen)
        self._texts = {choice.key: _text(choice) for choice in picklist.choices}
        self._is_tree = any(choice.depth for choice in picklist.choices)
        self.left_out = 0
        self._brief = False
        self.filter(picklist.query)
        self.select(picklist.selected)

    @property
    def current(self) -> Choice | None:
        """The selected row."""
        return self.shown[self.at] if self.shown else None

    def select(self, key: str) -> None:
        """Go to a row, if it is shown."""
        for at, choice in enumerate(self.shown):
            if choice.key == key:
                self.at = at
                return

    def filter(self, query: str) -> None:
        """Show what answers the query, the best first; a tree keeps its order."""
        choices = self.picklist.choices
        if query.strip():
            found = search(query, choices, key=lambda choice: self._texts[choice.key])
            if self._is_tree:
                keys = {choice.key for choice in found}
                found = [choice for choice in choices if choice.key in keys]
            else:
                found.sort(key=lambda choice: bool(choice.why))
            self.shown = found
        else:
            self.shown = list(choices)
        self._leave_out()
        if query != self.query:
            self.at = self.top = 0
        self.query = query
        self.at = max(0, min(self.at, len(self.shown) - 1))

    def brief(self, *, on: bool) -> None:
        """Show what cannot be chosen only if nothing else answers the query; or show it all."""
        self._brief = on
        self.filter(self.query)

    def _leave_out(self) -> None:
        useful = [choice for choice in self.shown if not choice.why] if self._brief else []
        self.left_out = len(self.shown) - len(useful) if useful else 0
        self.shown = useful or self.shown

    def move(self, step: int, *, around: bool = False) -> None:
        """Go up or down; `around`: from one end to the other."""
        count = len(self.shown)
        if count:
            at = self.at + step
            self.at = at % count if around else max(0, min(at, count - 1))

    def window(self, height: int) -> list[Choice]:
        """The rows to be seen, with the selected one among them."""
        height = max(1, height)
        self.top = max(0, min(self.top, len(self.shown) - height))
        if self.at < self.top:
            self.top = self.at
        elif self.at >= self.top + height:
            self.top = self.at - height + 1
        return self.shown[self.top : self.top + height]

    def toggle(self) -> None:
        """Take the selected row, or put it back."""
        choice = self.current
        if choice is None or choice.why:
            return
        if choice.key in self.taken:
            del self.taken[choice.key]
        else:
            self.taken[choice.key] = None

    def taken_keys(self) -> tuple[str, ...]:
        """What was taken, in the order of the list."""
        return tuple(c.key for c in self.picklist.choices if c.key in self.taken)


def _text(choice: Choice) -> str:
    """What a filter looks at."""
    return " ".join((choice.label, *choice.cells, choice.search)).lower()
