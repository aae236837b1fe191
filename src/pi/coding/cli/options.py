"""The command line as a table: one row an option, in the order of the help text."""

from typing import Literal, NamedTuple

__all__ = ["COMMANDS", "LATER_COMMANDS", "MODES", "OPTIONS", "Option"]


class Option(NamedTuple):
    """One option. `value` is the name of its argument; without one it is a switch."""

    name: str
    short: str = ""
    value: str = ""
    help: str = ""
    repeat: bool = False
    optional: bool = False


MODES: tuple[Literal["text", "json", "rpc"], ...] = ("text", "json", "rpc")

OPTIONS: tuple[Option, ...] = (
    Option("provider", "", "NAME", "look for the model at this provider only"),
    Option("model", "", "PATTERN", "provider/id, id or part of it; :LEVEL sets the thinking"),
    Option("models", "", "LIST", "models to cycle through (patterns, comma separated)"),
    Option("thinking", "", "LEVEL", "off, minimal, low, medium, high, xhigh or max"),
    Option("api-key", "", "KEY", "key for the model's provider, for this run only"),
    Option("account", "", "NAME", "use the stored credential of this account (see `pi auth`)"),
    Option("print", "-p", "", "answer the prompt, print the answer, exit"),
    Option("mode", "", "MODE", "text, json (events, one a line) or rpc"),
    Option("continue", "-c", "", "go on with the last session of this folder"),
    Option("resume", "-r", "", "choose a session to go on with"),
    Option("session", "", "PATH|ID", "go on with this session"),
    Option("session-id", "", "ID", "open the session of that id, or begin it"),
    Option("session-dir", "", "DIR", "where sessions are kept"),
    Option("no-session", "", "", "keep this session in memory only"),
    Option("name", "-n", "NAME", "name of the session"),
    Option("fork", "", "PATH|ID", "go on with a copy of this session"),
    Option("tools", "-t", "LIST", "tools to offer (comma separated; +a,-b changes the defaults)"),
    Option("exclude-tools", "-xt", "LIST", "tools not to offer"),
    Option("no-tools", "-nt", "", "offer no tools"),
    Option("no-builtin-tools", "-nbt", "", "offer only tools of extensions"),
    Option("system-prompt", "", "TEXT|FILE", "replace the system prompt"),
    Option("append-system-prompt", "", "TEXT|FILE", "add to the system prompt", repeat=True),
    Option("no-context-files", "-nc", "", "do not read AGENTS.md and CLAUDE.md"),
    Option("list-models", "", "SEARCH", "list the models you can use", optional=True),
    Option("all", "", "", "with --list-models: also those without credentials"),
    Option("json", "", "", "with --list-models: as JSON"),
    Option("extension", "-e", "PATH", "load an extension", repeat=True),
    Option("no-extensions", "-ne", "", "load no extensions but those of -e"),
    Option("skill", "", "PATH", "load a skill", repeat=True),
    Option("no-skills", "-ns", "", "load no skills"),
    Option("prompt-template", "", "PATH", "load a prompt template", repeat=True),
    Option("no-prompt-templates", "-np", "", "load no prompt templates"),
    Option("theme", "", "PATH", "load a theme", repeat=True),
    Option("no-themes", "", "", "load no themes"),
    Option("use-theme", "", "NAME", "theme of the screen"),
    Option("approve", "-a", "", "trust this project's own settings and code for this run"),
    Option("no-approve", "-na", "", "ignore this project's own settings and code"),
    Option("export", "", "FILE", "write a session as a page: --export session.jsonl [page.html]"),
    Option("max-turns", "", "N", "end a run after N answers (exit code 3)"),
    Option("max-cost", "", "DOLLARS", "ask, or end, when so much was spent (exit code 3)"),
    Option("linear", "", "", "talk line by line: for screen readers, and for logs"),
    Option("offline", "", "", "no network but the model's own"),
    Option("verbose", "", "", "show tool calls on stderr while they happen"),
    Option("help", "-h", "", "show this help"),
    Option("version", "-v", "", "show the version"),
)

COMMANDS: dict[str, str] = {
    "auth": "pi.coding.cli.auth.main",
    "config": "pi.coding.cli.packages.configure",
    "install": "pi.coding.cli.packages.install",
    "list": "pi.coding.cli.packages.listing",
    "models": "pi.coding.cli.models.main",
    "probe": "pi.coding.cli.probe",
    "remove": "pi.coding.cli.packages.remove",
    "sessions": "pi.coding.cli.sessions.main",
    "uninstall": "pi.coding.cli.packages.remove",
    "update": "pi.coding.cli.packages.update",
}
"""Sub-commands, and the modules whose `run` carries them out."""

LATER_COMMANDS: tuple[str, ...] = ("mcp",)
