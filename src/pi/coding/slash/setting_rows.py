"""The settings that `/settings` offers: what each means, and what it may be."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["ROWS", "SettingRow", "nested", "value_at", "words"]

Value = str | int | bool | None


class SettingRow(NamedTuple):
    """A setting: its key (with dots between the levels), its name, and what it means for people.

    values: what it may be; none means that it is typed. kind: of what is typed, `int`, `float`,
    `text` or `list`. meanings: of the values, where they do not speak for themselves.
    """

    key: str
    label: str
    meaning: str
    values: tuple[Value, ...] = ()
    kind: str = "text"
    meanings: Mapping[Value, str] = {}


_SWITCH: tuple[Value, ...] = (True, False)
_QUEUE: tuple[Value, ...] = ("one-at-a-time", "all")
_QUEUE_WORDS: Mapping[Value, str] = {
    "one-at-a-time": "one before each request",
    "all": "all at once",
}

ROWS: tuple[SettingRow, ...] = (
    SettingRow(
        "defaultThinkingLevel",
        "Thinking",
        "How much new sessions think, as far as their model does.",
        ("off", "minimal", "low", "medium", "high", "xhigh", "max"),
    ),
    SettingRow(
        "hideThinkingBlock",
        "Hide thinking",
        "Show thinking as one line.",
        _SWITCH,
    ),
    SettingRow(
        "compaction.enabled",
        "Compact by itself",
        "Replace the oldest part of a conversation by a summary when the window is nearly full.",
        _SWITCH,
    ),
    SettingRow(
        "compaction.keepRecentTokens",
        "Kept when compacting",
        "Tokens of the end of a conversation that a summary leaves as they are.",
        kind="int",
    ),
    SettingRow(
        "compaction.reserveTokens",
        "Reserve when compacting",
        "Tokens of the window that are kept free: compaction begins before them.",
        kind="int",
    ),
    SettingRow(
        "branchSummary.skipPrompt",
        "Never offer branch summaries",
        "/tree does not ask whether the branch that is left shall be summarised.",
        _SWITCH,
    ),
    SettingRow(
        "retry.enabled",
        "Retry",
        "Ask again when an answer failed for a passing reason.",
        _SWITCH,
    ),
    SettingRow(
        "retry.maxRetries",
        "Attempts",
        "How many times it is asked again.",
        kind="int",
    ),
    SettingRow(
        "budget.session",
        "Limit for a session",
        "US dollars that one session may cost. Empty: no limit.",
        kind="float",
    ),
    SettingRow(
        "budget.day",
        "Limit for a day",
        "US dollars that all sessions of a day may cost. Empty: no limit.",
        kind="float",
    ),
    SettingRow(
        "budget.project",
        "Limit for a project",
        "US dollars that all sessions of a project may ever cost. Empty: no limit.",
        kind="float",
    ),
    SettingRow(
        "steeringMode",
        "Steering",
        "How what you type while the model works reaches it.",
        _QUEUE,
        meanings=_QUEUE_WORDS,
    ),
    SettingRow(
        "followUpMode",
        "Follow-ups",
        "How queued follow-ups are said when a run ends.",
        _QUEUE,
        meanings=_QUEUE_WORDS,
    ),
    SettingRow(
        "doubleEscapeAction",
        "Esc twice",
        "What Esc does in an empty editor when it is pressed twice.",
        ("tree", "fork", "none"),
    ),
    SettingRow(
        "treeFilterMode",
        "Filter of /tree",
        "What /tree shows at first.",
        ("default", "no-tools", "user-only", "labeled-only", "all"),
    ),
    SettingRow(
        "externalEditor",
        "External editor",
        "The command of the editor that Ctrl+G opens. Empty: $VISUAL or $EDITOR.",
    ),
    SettingRow(
        "autocompleteMaxVisible",
        "Rows of completion",
        "How many suggestions are seen at once, 3 to 20.",
        kind="int",
    ),
    SettingRow(
        "editorPaddingX",
        "Margin of the editor",
        "Columns left free beside what you type.",
        (0, 1, 2, 3),
    ),
    SettingRow(
        "quietStartup",
        "Quiet start",
        "Say nothing at the start about what was loaded.",
        (False, "header", True),
        meanings={"header": "only the version"},
    ),
    SettingRow(
        "showCacheMissNotices",
        "Tell cache misses",
        "A line when the prompt cache was missed, with what that cost.",
        _SWITCH,
    ),
    SettingRow(
        "terminal.showImages",
        "Show images",
        "Pictures in the transcript, where the terminal can.",
        _SWITCH,
    ),
    SettingRow(
        "terminal.imageWidthCells",
        "Width of images",
        "In columns.",
        kind="int",
    ),
    SettingRow(
        "terminal.hyperlinks",
        "Links",
        "Make addresses and paths clickable.",
        ("auto", True, False),
    ),
    SettingRow(
        "terminal.showTerminalProgress",
        "Progress in the tab",
        "Tell the terminal that something goes on.",
        _SWITCH,
    ),
    SettingRow(
        "terminal.notify",
        "When a long run is done",
        "A message of the terminal and the bell, only the bell, or nothing.",
        ("auto", "bell", "off"),
    ),
    SettingRow(
        "images.autoResize",
        "Make images smaller",
        "Images are made as small as models like them before they are sent.",
        _SWITCH,
    ),
    SettingRow(
        "images.blockImages",
        "Send no images",
        "No image ever goes to a model.",
        _SWITCH,
    ),
    SettingRow(
        "enableSkillCommands",
        "Skills as commands",
        "Offer every skill as /skill:name.",
        _SWITCH,
    ),
    SettingRow(
        "shellPath",
        "Shell",
        "The shell for commands. Empty: bash, or else sh.",
    ),
    SettingRow(
        "shellCommandPrefix",
        "Before every command",
        "Put before each command of the model, on a line of its own.",
    ),
    SettingRow(
        "httpProxy",
        "Proxy",
        "Address of a proxy, where the environment names none. Counts from the next start on.",
    ),
    SettingRow(
        "defaultProjectTrust",
        "Trust in new projects",
        "Whether settings and code that a project brings along are used.",
        ("ask", "always", "never"),
    ),
    SettingRow(
        "sessionDir",
        "Folder of sessions",
        "One folder for all sessions. Empty: one for each project.",
    ),
)


def value_at(values: Mapping[str, Any], key: str) -> Any:
    """What nested settings say about a key with dots; None if nothing."""
    found: Any = values
    for part in key.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def nested(key: str, value: Any) -> dict[str, Any]:
    """The change that gives a key with dots a value."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


def words(row: SettingRow, value: Any) -> str:
    """A value for people."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return str(value)
