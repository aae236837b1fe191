"""The script of the provider `demo`: no model is called, and it says so.

Everything else is real: it lists the current folder, reads a file, writes a small program of its
own, runs it, mends it with an edit and runs it again, by the same loop and the same tools that a
model would use.
"""

from pi.ai.faux import Answer, FauxTransport, text, tool
from pi.ai.messages import Context, ToolResultMessage, UserMessage, text_of

__all__ = ["demo_transport"]

_PROGRAM = """\
def greet(name):
    return f"Hello, {nmae}!"


print(greet("Pi"))
"""
_READABLE = ("README.md", "README.rst", "README", "README.txt", "pyproject.toml", "package.json")


def demo_transport() -> FauxTransport:
    """What stands under the URL scheme `demo`."""
    return FauxTransport(_answer)


def _answer(context: Context) -> Answer:
    """The next step of the script, by what has been done since the last prompt."""
    offered = {definition.name for definition in context.tools}
    missing = {"read", "bash", "edit", "write"} - offered
    if missing:
        return [
            text(
                "This is a scripted demonstration, no model is involved. It needs the tools"
                f" {', '.join(sorted(missing))}, which are switched off for this run."
            )
        ]
    results = _results(context)
    step = len(results)
    if step and results[-1].is_error and step != 4:  # the fourth result is meant to fail
        return [text(f"The demonstration stops here: {text_of(results[-1].content).strip()}")]
    listing = text_of(results[0].content) if results else ""
    name = _free_name(listing)
    return _STEPS[min(step, len(_STEPS) - 1)](listing, name)


def _results(context: Context) -> list[ToolResultMessage]:
    results: list[ToolResultMessage] = []
    for message in context.messages:
        if isinstance(message, UserMessage):
            results.clear()
        elif isinstance(message, ToolResultMessage):
            results.append(message)
    return results


def _look(listing: str, name: str) -> Answer:
    return [
        text(
            "This is a scripted demonstration: no model is called, but every tool call is real."
            " First, what is in this folder?"
        ),
        tool("bash", {"command": "ls -1A"}, id="demo_1"),
    ]


def _read(listing: str, name: str) -> Answer:
    files = listing.splitlines()
    path = next((file for file in _READABLE if file in files), None)
    if path is None:
        return [
            text("There is no README here, so a look at the folder itself."),
            tool("bash", {"command": "pwd"}, id="demo_2"),
        ]
    return [text(f"Now the top of {path}."), tool("read", {"path": path, "limit": 12}, id="demo_2")]


def _write(listing: str, name: str) -> Answer:
    return [
        text(f"I write a small program, {name}, with a mistake in it."),
        tool("write", {"path": name, "content": _PROGRAM}, id="demo_3"),
    ]


def _run(listing: str, name: str) -> Answer:
    return [
        text("Running it shows the mistake."),
        tool("bash", {"command": f"python3 {name}"}, id="demo_4"),
    ]


def _mend(listing: str, name: str) -> Answer:
    edits = [{"oldText": "{nmae}", "newText": "{name}"}]
    return [
        text("A misspelt variable. I mend it."),
        tool("edit", {"path": name, "edits": edits}, id="demo_5"),
    ]


def _again(listing: str, name: str) -> Answer:
    return [text("And once more."), tool("bash", {"command": f"python3 {name}"}, id="demo_6")]


def _end(listing: str, name: str) -> Answer:
    return [
        text(
            f"Done: I listed this folder, read a file, wrote {name}, ran it, found the mistake,"
            " edited the file and ran it again.\n\n"
            f"You can delete {name}. To talk to a real model, set a key, for example"
            " ANTHROPIC_API_KEY or OPENAI_API_KEY, and leave out `--model demo`;"
            " `pi --list-models --all` shows what there is."
        )
    ]


_STEPS = (_look, _read, _write, _run, _mend, _again, _end)


def _free_name(listing: str) -> str:
    """A name for the scratch file that nobody uses yet."""
    taken = set(listing.splitlines())
    names = ("pi-demo.py", *(f"pi-demo-{n}.py" for n in range(2, 100)))
    return next((name for name in names if name not in taken), "pi-demo-100.py")
