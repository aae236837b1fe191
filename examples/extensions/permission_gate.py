"""Asks before `bash` runs anything that is not certainly harmless, with a real parser of the shell.

A command runs without a question only if every program in it, in whatever pipe or list, is one that
reads and prints, with arguments that cannot make it do more. What the parser does not understand,
variables, substitutions, redirections to files and everything that is not on the list is asked for.
An answer "always" holds for exactly that text, in this session: never for what begins like it.

Needs: pip install tree-sitter tree-sitter-bash
"""

from collections.abc import Iterator
from typing import Any

from pi.extensions import Block, ConfigError, Context, Pi, ToolCallEvent

ONCE, ALWAYS, NO = "Allow once", "Always allow exactly this, in this session", "Do not allow"

PLAIN = {
    "program", "list", "pipeline", "command", "command_name", "redirected_statement",
    "word", "number", "raw_string", "string", "string_content", "file_redirect",
    "file_descriptor", "&&", "||", "|", "|&", ";", ">", ">&", ">>", "<", '"', "\n", "&>",
}  # fmt: skip
"""Parts of a command that mean what they say; any other part is a reason to ask."""

HARMLESS: dict[str, tuple[str, ...]] = {
    "basename": (), "cat": (), "cut": (), "date": ("-s", "--set"), "diff": (), "dirname": (),
    "du": (), "echo": (), "false": (), "file": ("-C", "--compile"), "head": (), "ls": (),
    "nl": (), "pwd": (), "stat": (), "tail": ("-f", "-F", "--follow", "--retry"), "tr": (),
    "true": (), "uname": (), "wc": ("--files0-from",), "which": (), "whoami": (),
    "grep": (), "rg": ("--pre", "--hostname-bin", "-z", "--search-zip"),
    "find": ("-exec", "-ok", "-delete", "-fprint", "-fls"),
}  # fmt: skip
"""Programs that only read and print, and options (or their beginnings) with which they do more."""

GIT = {"status", "log", "diff", "show", "blame", "rev-parse", "ls-files", "shortlog", "describe"}
GIT_MORE = ("--output", "--ext-diff", "--textconv", "--no-index", "-O", "--open-files-in-pager")


def extension(pi: Pi) -> None:
    parse = _parser()
    allowed: set[str] = set()

    @pi.on("tool_call")
    async def gate(event: ToolCallEvent, context: Context) -> Block | None:
        if event.name != "bash":
            return None
        command = event.arguments["command"]
        why = reason_to_ask(parse, command)
        if not why or command in allowed:
            return None
        answer = await context.ui.select(f"Run this? ({why})\n{command}", [ONCE, ALWAYS, NO])
        if answer == ALWAYS:
            allowed.add(command)
        if answer in (ONCE, ALWAYS):
            return None
        return Block(f"the user did not allow this command ({why}); ask them what to do instead")


def reason_to_ask(parse: Any, command: str) -> str:
    """Why a command needs a person's consent; "" if it certainly does not."""
    root = parse(command.encode()).root_node
    if root.has_error:
        return "it cannot be parsed"
    for node in _walk(root):
        if node.type not in PLAIN:
            return f"it has a {node.type.replace('_', ' ')}"
        if node.type == "file_redirect":
            target = node.child_by_field_name("destination")
            if not (_word(target) == "/dev/null" or (target and target.type == "number")):
                return "it redirects to or from a file"
        if node.type == "command":
            why = _about(*(_word(part) for part in node.named_children))
            if why:
                return why
    return ""


def _about(*words: str | None) -> str:
    """Why one program with its arguments is not certainly harmless."""
    if None in words:
        return "one of its words is not plain"
    name, *arguments = [word for word in words if word is not None]
    if name == "git":
        if not arguments or arguments[0] not in GIT:
            return f"git {arguments[0] if arguments else ''} may change something".replace(
                "  ", " "
            )
        more = GIT_MORE
    elif name in HARMLESS:
        more = HARMLESS[name]
    else:
        return f"{name} is not known to be harmless"
    for argument in arguments:
        if any(_means(argument, option) for option in more):
            return f"{name} {argument} does more than read"
    return ""


def _means(argument: str, option: str) -> bool:
    """Whether an argument may be that option: abbreviated (`--outp=x`), or among others (`-us`)."""
    stem = argument.partition("=")[0]
    if len(option) == 2:
        return stem.startswith("-") and not stem.startswith("--") and option[1] in stem
    abbreviated = stem.startswith("--") and len(stem) > 2 and option.startswith(stem)
    return abbreviated or argument.startswith(option)


def _walk(node: Any) -> Iterator[Any]:
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        todo += node.children


def _word(node: Any) -> str | None:
    """The text that the program will get, if that is certain."""
    if node is None:
        return None
    text = node.text.decode()
    if node.type in ("command_name", "word", "number"):
        plain = not set(text) & set("\\*?[{~$`'\"")
        return text if plain else None
    if node.type == "raw_string":
        return text[1:-1]
    if node.type == "string" and not any(c in text for c in "\\$`"):
        return text[1:-1]
    return None


def _parser() -> Any:
    try:
        import tree_sitter_bash
        from tree_sitter import Language, Parser
    except ImportError as error:
        raise ConfigError(
            f"{error.name} is missing: pip install tree-sitter tree-sitter-bash"
        ) from None
    return Parser(Language(tree_sitter_bash.language())).parse
