"""All actions that keys have, as data: the established ids, their defaults and a word on each.

Where an action holds is the first word of its group: keys of one place may mean something else in
another. `main` is the editor and what the screen does while it is shown.
"""

from typing import NamedTuple

__all__ = ["ACTIONS", "OLD_NAMES", "Action"]


class Action(NamedTuple):
    """places: where it holds (main, list, sessions, tree, models, thinking)."""

    id: str
    keys: tuple[str, ...]
    help: str
    places: tuple[str, ...] = ("main",)


def _keys(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_LISTS = ("list", "sessions", "tree", "models", "thinking")

ACTIONS: tuple[Action, ...] = (
    Action("tui.input.submit", _keys("enter"), "send the text"),
    Action("tui.input.newLine", _keys("shift+enter ctrl+j"), "begin a new line"),
    Action("tui.input.tab", _keys("tab"), "complete a path, or take what is selected"),
    Action("tui.input.copy", _keys("ctrl+c"), "copy a selection"),
    Action("tui.editor.cursorUp", _keys("up"), "a line up, or the prompt before"),
    Action("tui.editor.cursorDown", _keys("down"), "a line down, or the prompt after"),
    Action("tui.editor.historyPrevious", (), "the prompt before"),
    Action("tui.editor.historyNext", (), "the prompt after"),
    Action("tui.editor.cursorLeft", _keys("left ctrl+b"), "a character to the left"),
    Action("tui.editor.cursorRight", _keys("right ctrl+f"), "a character to the right"),
    Action("tui.editor.cursorWordLeft", _keys("alt+left ctrl+left alt+b"), "a word to the left"),
    Action(
        "tui.editor.cursorWordRight", _keys("alt+right ctrl+right alt+f"), "a word to the right"
    ),
    Action("tui.editor.cursorLineStart", _keys("home ctrl+a"), "to the start of the line"),
    Action("tui.editor.cursorLineEnd", _keys("end ctrl+e"), "to the end of the line"),
    Action("tui.editor.jumpForward", _keys("ctrl+]"), "to the next occurrence of a character"),
    Action("tui.editor.jumpBackward", _keys("ctrl+alt+]"), "back to a character"),
    Action("tui.editor.pageUp", _keys("pageUp ctrl+pageUp"), "a page up in the text"),
    Action("tui.editor.pageDown", _keys("pageDown ctrl+pageDown"), "a page down in the text"),
    Action("tui.editor.deleteCharBackward", _keys("backspace"), "delete the character before"),
    Action("tui.editor.deleteCharForward", _keys("delete ctrl+d"), "delete the character after"),
    Action("tui.editor.deleteWordBackward", _keys("ctrl+w alt+backspace"), "cut the word before"),
    Action("tui.editor.deleteWordForward", _keys("alt+d alt+delete"), "cut the word after"),
    Action("tui.editor.deleteToLineStart", _keys("ctrl+u"), "cut to the start of the line"),
    Action("tui.editor.deleteToLineEnd", _keys("ctrl+k"), "cut to the end of the line"),
    Action("tui.editor.yank", _keys("ctrl+y"), "put back what was cut"),
    Action("tui.editor.yankPop", _keys("alt+y"), "put back what was cut before that"),
    Action("tui.editor.undo", _keys("ctrl+-"), "undo"),
    Action("app.history.search", _keys("ctrl+r"), "search in earlier prompts"),
    Action("app.interrupt", _keys("escape"), "stop what goes on"),
    Action("app.clear", _keys("ctrl+c"), "clear the editor; twice: quit"),
    Action("app.exit", _keys("ctrl+d"), "quit, when the editor is empty"),
    Action("app.suspend", _keys("ctrl+z"), "suspend"),
    Action("app.editor.external", _keys("ctrl+g"), "write in an external editor"),
    Action(
        "app.clipboard.pasteImage", _keys("ctrl+v"), "paste an image, or text, of the clipboard"
    ),
    Action("app.session.new", (), "a new session"),
    Action("app.session.tree", (), "the tree of the session"),
    Action("app.session.fork", (), "fork the session"),
    Action("app.session.resume", (), "another session"),
    Action("app.model.select", _keys("ctrl+l"), "choose a model"),
    Action("app.model.cycleForward", _keys("ctrl+p"), "the next model"),
    Action("app.model.cycleBackward", _keys("ctrl+shift+p"), "the model before"),
    Action("app.thinking.cycle", _keys("shift+tab"), "the next thinking level"),
    Action("app.thinking.toggle", _keys("ctrl+t"), "show or hide thinking"),
    Action(
        "app.tools.expand",
        _keys("ctrl+o"),
        "the last output whole, and what follows; again: the one before it; later: short",
    ),
    Action("app.message.copy", _keys("ctrl+x"), "copy the last answer", ("main", "tree")),
    Action("app.message.followUp", _keys("alt+enter"), "send it when the work is done"),
    Action("app.message.dequeue", _keys("alt+up"), "take back what is queued"),
    Action("tui.select.up", _keys("up"), "a row up", _LISTS),
    Action("tui.select.down", _keys("down"), "a row down", _LISTS),
    Action("tui.select.pageUp", _keys("pageUp"), "a page up", _LISTS),
    Action("tui.select.pageDown", _keys("pageDown"), "a page down", _LISTS),
    Action("tui.select.confirm", _keys("enter"), "take it", _LISTS),
    Action("tui.select.cancel", _keys("escape ctrl+c"), "close the list", _LISTS),
    Action("app.session.togglePath", _keys("ctrl+p"), "show paths", ("sessions",)),
    Action("app.session.toggleSort", _keys("ctrl+s"), "sort otherwise", ("sessions",)),
    Action("app.session.toggleNamedFilter", _keys("ctrl+n"), "only named ones", ("sessions",)),
    Action("app.session.rename", _keys("ctrl+r"), "name the session", ("sessions",)),
    Action("app.session.delete", _keys("ctrl+d"), "delete the session", ("sessions",)),
    Action("app.session.deleteNoninvasive", _keys("ctrl+backspace"), "delete it", ("sessions",)),
    Action("app.tree.foldOrUp", _keys("ctrl+left alt+left"), "fold, or a branch up", ("tree",)),
    Action("app.tree.unfoldOrDown", _keys("ctrl+right alt+right"), "unfold, or down", ("tree",)),
    Action("app.tree.editLabel", _keys("shift+l"), "label the entry", ("tree",)),
    Action("app.tree.toggleLabelTimestamp", _keys("shift+t"), "times of labels", ("tree",)),
    Action("app.tree.filter.default", _keys("ctrl+d"), "the usual entries", ("tree",)),
    Action("app.tree.filter.noTools", _keys("ctrl+t"), "without tool results", ("tree",)),
    Action("app.tree.filter.userOnly", _keys("ctrl+u"), "only prompts", ("tree",)),
    Action("app.tree.filter.labeledOnly", _keys("ctrl+l"), "only labelled ones", ("tree",)),
    Action("app.tree.filter.all", _keys("ctrl+a"), "all entries", ("tree",)),
    Action("app.tree.filter.cycleForward", _keys("ctrl+o"), "the next filter", ("tree",)),
    Action("app.tree.filter.cycleBackward", _keys("ctrl+shift+o"), "the filter before", ("tree",)),
    Action("app.models.save", _keys("ctrl+s"), "keep it in the settings", ("models",)),
    Action("app.models.enableAll", _keys("ctrl+a"), "all models", ("models",)),
    Action("app.models.clearAll", _keys("ctrl+x"), "no model", ("models",)),
    Action("app.models.toggleProvider", _keys("ctrl+p"), "all of the provider", ("models",)),
    Action("app.models.reorderUp", _keys("alt+up"), "earlier in the order", ("models",)),
    Action("app.models.reorderDown", _keys("alt+down"), "later in the order", ("models",)),
    Action("app.thinking.save", _keys("ctrl+s"), "keep it in the settings", ("thinking",)),
)

_OLD = {
    "tui.editor.": "cursorUp cursorDown cursorLeft cursorRight cursorWordLeft cursorWordRight"
    " cursorLineStart cursorLineEnd jumpForward jumpBackward pageUp pageDown deleteCharBackward"
    " deleteCharForward deleteWordBackward deleteWordForward deleteToLineStart deleteToLineEnd"
    " yank yankPop undo",
    "tui.input.": "newLine submit tab copy",
    "app.": "interrupt clear exit suspend",
}

OLD_NAMES: dict[str, str] = {
    **{name: prefix + name for prefix, names in _OLD.items() for name in names.split()},
    "selectUp": "tui.select.up",
    "selectDown": "tui.select.down",
    "selectPageUp": "tui.select.pageUp",
    "selectPageDown": "tui.select.pageDown",
    "selectConfirm": "tui.select.confirm",
    "selectCancel": "tui.select.cancel",
    "cycleThinkingLevel": "app.thinking.cycle",
    "cycleModelForward": "app.model.cycleForward",
    "cycleModelBackward": "app.model.cycleBackward",
    "selectModel": "app.model.select",
    "expandTools": "app.tools.expand",
    "toggleThinking": "app.thinking.toggle",
    "externalEditor": "app.editor.external",
    "followUp": "app.message.followUp",
    "dequeue": "app.message.dequeue",
    "pasteImage": "app.clipboard.pasteImage",
    "newSession": "app.session.new",
    "tree": "app.session.tree",
    "fork": "app.session.fork",
    "resume": "app.session.resume",
    "toggleSessionNamedFilter": "app.session.toggleNamedFilter",
    "toggleSessionPath": "app.session.togglePath",
    "toggleSessionSort": "app.session.toggleSort",
    "renameSession": "app.session.rename",
    "deleteSession": "app.session.delete",
    "deleteSessionNoninvasive": "app.session.deleteNoninvasive",
    "treeFoldOrUp": "app.tree.foldOrUp",
    "treeUnfoldOrDown": "app.tree.unfoldOrDown",
    "treeEditLabel": "app.tree.editLabel",
    "treeToggleLabelTimestamp": "app.tree.toggleLabelTimestamp",
}
"""Names without a namespace, from older files."""
