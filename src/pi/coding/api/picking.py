"""Lists to choose from, as data: what a picker shows and what comes back.

Whoever asks describes the list; a screen draws it, a linear terminal numbers it, a program at the
other end of a pipe is asked with a plain `select`. An action that changes the list (another scope,
a rename) closes it: the asker does what was asked and opens it again with the same `query`.
"""

from msgspec import Struct

__all__ = ["Choice", "PickAction", "PickList", "Picked"]


class Choice(Struct, frozen=True, kw_only=True):
    """One row.

    cells: short texts shown at the right, in columns. detail: lines shown while it is selected.
    why: it cannot be chosen, and this is why. mark: what stands before it, such as a check mark.
    depth: how far it is indented. search: what a filter looks at besides label and cells.
    """

    key: str
    label: str
    cells: tuple[str, ...] = ()
    detail: str = ""
    why: str = ""
    mark: str = ""
    depth: int = 0
    search: str = ""


class PickAction(Struct, frozen=True):
    """Something else to do with the selected row.

    key: the id of an action of the keymap, such as `app.session.rename`, or a key, written as in
    `keybindings.json`. name: one word, unique in the list; a terminal without keys goes by it.
    help: for people; with "" it is done but not shown.
    """

    key: str
    name: str
    help: str


class PickList(Struct, frozen=True, kw_only=True):
    """A list to choose from.

    selected: the key of the row to begin with. query: the filter to begin with. many: more than one
    row may be taken, beginning with `chosen`. empty: what is said when there are no rows. hint: a
    line under the title. despite: a row that cannot be chosen may be taken all the same, and this
    is what happens then, in a word. unasked: nobody has asked for the list just now, so it waits
    until nobody types, and takes nothing that is typed when it appears.
    """

    title: str
    choices: tuple[Choice, ...]
    hint: str = ""
    selected: str = ""
    query: str = ""
    actions: tuple[PickAction, ...] = ()
    many: bool = False
    chosen: tuple[str, ...] = ()
    empty: str = "there is nothing to choose from"
    despite: str = ""
    unasked: bool = False


class Picked(Struct, frozen=True):
    """What was chosen: a row, and with which action: its `key`, "" for Enter.

    keys: all rows that are taken, of a `many`.
    """

    key: str
    action: str = ""
    query: str = ""
    keys: tuple[str, ...] = ()
