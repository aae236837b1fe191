"""What somebody who writes their first extension gets wrong is said in one line, with its place."""

import sys
from pathlib import Path

import pytest

from pi.agent.events import ToolExecutionEnd
from pi.ai.faux import text, tool
from pi.coding.api.events import ExtensionError
from pi.coding.extensions.find import Found
from pi.coding.home import open_home
from pi.coding.loading import new_runtime
from pi.coding.wishes import Wishes
from support.extended_session import talking

LOADED = {
    "a key": ("pi.register_shortcut('ctrl+foo', print)", "there is no key 'ctrl+foo'"),
    "a key, nearly": ("pi.register_shortcut('ctrl+pagup', print)", "did you mean pageUp"),
    "a letter": ("pi.register_shortcut('x', print)", "'x' could not be typed any more"),
    "no key": ("pi.register_shortcut(5, print)", "a key is a text such as 'ctrl+x', not 5"),
    "models": (
        "pi.register_provider('a', models=['b'])",
        "provider 'a': models is a list as in models.json, [{'id': ...}, ...], not ['b']",
    ),
    "a keyword": (
        "pi.register_provider('a', baseUrl='x')",
        "pi.register_provider() got an unexpected keyword argument 'baseUrl': did you mean base",
    ),
    "a login": (
        "pi.register_provider('openai', login='nonsense')",
        "provider 'openai' names the login flow 'nonsense', which is not registered; known: ",
    ),
    "a login of a wrong type": (
        "pi.register_provider('openai', login=5)",
        "provider 'openai': login is the name of a login flow, or a `LoginFlow`, not 5",
    ),
    "a wire": (
        "pi.register_protocol('x', 5)",
        "protocol 'x': it takes a `pi.extensions.WireProtocol`, not 5",
    ),
    "a wire's class": (
        "pi.register_protocol('x', WireProtocol)",
        "protocol 'x': it takes a WireProtocol, not its class: Protocol()",
    ),
    "a flow": (
        "pi.register_login('x', 5)",
        "login flow 'x': it takes a `pi.extensions.LoginFlow`, not 5",
    ),
    "an event": ("pi.on('tool_cal')", "there is no event 'tool_cal': did you mean tool_call or"),
    "a bare decorator": ("pi.on(print)", "on: an event is named: @pi.on('tool_call'), not <built"),
    "a handler's arguments": (
        "pi.on('input', lambda event: None)",
        "the handler of input is called as <lambda>(event, context), but it is <lambda>(event)",
    ),
    "a handler that was called": (
        "pi.on('input', None)",
        "the handler of input is a function(event, context), not None: is it called where",
    ),
    "a command's arguments": (
        "pi.register_command('x', lambda: None)",
        "the handler of /x is called as <lambda>(arguments, context), but it is <lambda>()",
    ),
    "a description": (
        "pi.register_command('x', print, description=5)",
        "register_command('x'): description is a text, not 5",
    ),
    "a name": ("pi.register_flag('a b')", "'a b' is no name for an option: letters, digits"),
    "a default": (
        "pi.register_flag('x', default='no')",
        "register_flag('x'): default is bool, as `kind` says, not 'no'",
    ),
    "a tool's name": (
        "pi.register_tool(lambda: 1)",
        "no name for a tool: up to 64 letters",
    ),
    "a schema": (
        "pi.register_tool(made(parameters={'type': 'strin'}))",
        'the parameters of Made are a JSON Schema: their root is {"type": "object", ',
    ),
    "a schema that is none": (
        "pi.register_tool(made(parameters=['x']))",
        'the parameters of Made are a JSON Schema: their root is {"type": "object", ',
    ),
    "a type in a schema": (
        "pi.register_tool(made(parameters={'type': 'object', 'properties': {'x': {'type':"
        " 'int'}}}))",
        "x: there is no type 'int': did you mean integer?",
    ),
    "a required one": (
        "pi.register_tool(made(parameters={'type': 'object', 'required': ['x']}))",
        "required lists names of properties, not ['x']",
    ),
    "no execute": (
        "pi.register_tool(made(parameters={'type': 'object'}))",
        "Made has no execute: write `async def execute(self, arguments, context)`",
    ),
    "looks": (
        "pi.register_tool(lambda: 1, name='x', render_call=lambda text: text)",
        "render_call of x is called as <lambda>(arguments, expanded), but it is <lambda>(text)",
    ),
    "a policy": (
        "pi.register_hooks(Hooks())",
        "register_hooks takes what makes them for a session: lambda context: Hooks()",
    ),
    "a policy's class": (
        "pi.register_hooks(Hooks)",
        "register_hooks: what makes them is called as Hooks(context), but it is Hooks()",
    ),
    "a renderer": (
        "pi.register_renderer('x', lambda text: text)",
        "the renderer of x is called as <lambda>(content, details, expanded), but it is <lambda>(",
    ),
    "an attribute": (
        "pi.register_tol(1)",
        "AttributeError: pi has no attribute 'register_tol': did you mean register_tool or",
    ),
    "a name of ours": ("Blok('no')", "NameError: name 'Blok' is not defined"),
    "a name that is not imported": (
        "BashResult()",
        "name 'BashResult' is not defined: write `from pi.extensions import BashResult`",
    ),
    "an import of ours": (
        "from pi.extensions import Blok",
        "did you mean Block?",
    ),
    "an import": (
        "import no_such_module.part",
        f"`{sys.executable} -m pip install no_such_module`, or whatever the package is called",
    ),
    "a name on the bus": ("pi.events.on(5, print)", "events.on: a name is a text, not 5"),
    "what hears the bus": (
        "pi.events.on('x', lambda: None)",
        "the handler of x is called as <lambda>(data), but it is <lambda>()",
    ),
}


async def notes_of(tmp_path: Path, *sources: str) -> list[str]:
    """What people are told when extensions of these files are loaded."""
    runtime = new_runtime(open_home({"HOME": str(tmp_path)}, tmp_path), Wishes())
    found: list[Found] = []
    for number, source in enumerate(sources):
        path = tmp_path / f"e{number}.py"
        path.write_text(source)
        found.append(Found(path.stem, path, "user"))
    await runtime.load(found)
    notes = list(runtime.notes)
    runtime.unload()
    return notes


HEAD = """from pi.extensions import Hooks, Tool, WireProtocol
def made(**fields):
    return type("Made", (Tool,), {"name": "made", "description": "It is made."} | fields)()
def extension(pi):
"""


@pytest.mark.parametrize("wrong", LOADED)
async def test_it_is_said_when_it_is_loaded(wrong: str, tmp_path: Path) -> None:
    does, words = LOADED[wrong]
    (note,) = await notes_of(tmp_path, f"{HEAD}    {does}\n")
    assert note.startswith(f"the extension e0 is not used: {tmp_path / 'e0.py'}:5: ")
    assert words in note
    assert "\n" not in note


PROVIDER = (
    "pi.register_provider('acme', base_url='http://127.0.0.1:1/v1', api={api!r},"
    " api_key='test-key', models=[{{'id': 'a'}}])"
)


async def test_an_api_that_nobody_speaks(tmp_path: Path) -> None:
    (note,) = await notes_of(tmp_path, f"{HEAD}    {PROVIDER.format(api='openai-complet')}\n")
    assert note.startswith(
        f"{tmp_path / 'e0.py'}:5: provider 'acme': there is no api 'openai-complet':"
        " did you mean openai-completions or "
    )


async def test_an_api_that_a_later_one_brings(tmp_path: Path) -> None:
    later = "class Own(WireProtocol):\n    pass\n" + HEAD.replace("def made", "def made", 1)
    later = later.replace("class Own", "from pi.extensions import WireProtocol\nclass Own")
    later += "    pi.register_protocol('own-wire', Own())\n"
    assert await notes_of(tmp_path, f"{HEAD}    {PROVIDER.format(api='own-wire')}\n", later) == []


TWICE = {
    "slash command": "pi.register_command('same', print)",
    "option": "pi.register_flag('same')",
    "tool": "pi.register_tool(lambda: 1, name='same')",
    "shortcut": "pi.register_shortcut('ctrl+q', lambda context: None)",
    "renderer": "pi.register_renderer('same', print)",
    "provider": PROVIDER.format(api="openai-completions"),
    "protocol": "pi.register_protocol('same', type('Own', (WireProtocol,), {})())",
    "login flow": "pi.register_login('same', type('Own', (LoginFlow,), {})())",
}


@pytest.mark.parametrize("kind", TWICE)
async def test_two_that_claim_one_name(kind: str, tmp_path: Path) -> None:
    head = HEAD.replace("Hooks,", "Hooks, LoginFlow,")
    source = f"{head}    {TWICE[kind]}\n    pi.register_command('goes_on_' + pi.name, print)\n"
    (note,) = await notes_of(tmp_path, source, source)
    article = "an" if kind == "option" else "a"
    name = {"shortcut": "ctrl+q", "provider": "acme"}.get(kind, "same")
    assert note.startswith(
        f"{tmp_path / 'e1.py'}:5: '{name}' is not added: {tmp_path / 'e0.py'}:5 has {article}"
        f" {kind} of that name"
    )


CALLED = {
    "data": ("c.append_entry('x', object())", "the data of 'x' cannot be written as JSON: "),
    "data with a cycle": ("x = []; x.append(x); c.append_entry('x', x)", "cannot be written as JS"),
    "half a letter": (
        "c.append_entry('x', '\\ud800')",
        "the data of 'x' cannot be written as JSON",
    ),
    "a kind": ("c.append_entry({'x': 1})", "append_entry: kind is a text, not {'x': 1}"),
    "details": (
        "await c.add_message('x', 'y', details=object())",
        "the details of 'x' cannot be written as JSON: ",
    ),
    "deliver": (
        "await c.say('x', deliver='steeer')",
        "say: there is no deliver 'steeer': did you mean steer?",
    ),
    "a level": ("c.ui.notify('x', 'warn')", "there is no level 'warn': did you mean warning?"),
    "options": ("await c.ui.select('x', 'yes')", "options is a list of texts, not 'yes'"),
    "an argument": ("await c.ui.select('x')", "TypeError: context.ui.select() missing 1 required"),
    "lines": ("c.ui.set_widget('x', 'text')", "set_widget: lines is a list of texts, not 'text'"),
    "tools": ("c.set_active_tools('bash')", "set_active_tools takes a list of names: ['bash']"),
    "a program": ("await c.exec(['ls', '-l'])", "each by itself: exec('ls', '-l'), not exec(['ls"),
    "no program": ("await c.exec()", "exec takes a program and its arguments, each by itself"),
    "a command": (
        "await c.send('reload')",
        "send takes a command of `pi.extensions.commands`, such as commands.GetState(), not 'rel",
    ),
    "an attribute": (
        "e.reson",
        "'SessionStart' object has no attribute 'reson': did you mean",
    ),
}


@pytest.mark.parametrize("wrong", CALLED)
async def test_it_is_said_when_it_is_called(wrong: str, tmp_path: Path) -> None:
    does, words = CALLED[wrong]
    source = f"""
def extension(pi):
    @pi.on("session_start")
    async def begins(e, c):
        {does}
"""
    async with talking(tmp_path, [], source) as talk:
        await talk.session.controller.bridge.begun()
        (told,) = talk.told(ExtensionError)
        assert told.error.startswith(f"{talk.folder / 'e0.py'}:8: ")
        assert words in told.error
        assert talk.session.controller.log.leaf is None  # nothing was written


async def test_an_entry_is_as_it_will_be_read(tmp_path: Path) -> None:
    source = """
def extension(pi):
    @pi.on("session_start")
    def begins(event, context):
        data = {1: ("a", None), "when": [True]}
        context.append_entry("x", data)
        data["more"] = object()
        HEARD.extend(context.entries("x"))
"""
    async with talking(tmp_path, [], source) as talk:
        await talk.session.controller.bridge.begun()
        assert talk.heard == [{"1": ["a", None], "when": [True]}]


async def test_what_an_extension_says_itself_stands_alone(tmp_path: Path) -> None:
    source = """
def extension(pi):
    @pi.on("session_start")
    def begins(event, context):
        raise ConfigError("set ACME_HOST first")
"""
    async with talking(tmp_path, [], source) as talk:
        await talk.session.controller.bridge.begun()
        assert [told.error for told in talk.told(ExtensionError)] == ["set ACME_HOST first"]


async def test_a_policy_with_a_misspelt_method(tmp_path: Path) -> None:
    source = """
def extension(pi):
    class Own(Hooks):
        async def before_tools(self, call, arguments):
            return None
        def helper(self):
            return None
    pi.register_hooks(lambda context: Own())
"""
    async with talking(tmp_path, [], source) as talk:
        await talk.session.controller.bridge.begun()
        (told,) = talk.told(ExtensionError)
        assert told.error == "Own.before_tools is never asked: did you mean before_tool?"


EARLY = {
    "project_trust": ("'yes'", "str is no answer to project_trust: it may answer True or False"),
    "resources_discover": ("['x']", "list is no answer to resources_discover: it may answer `Disc"),
}


@pytest.mark.parametrize("event", EARLY)
async def test_an_early_answer_that_makes_no_sense(event: str, tmp_path: Path) -> None:
    answer, words = EARLY[event]
    path = tmp_path / "own.py"
    path.write_text(f"def extension(pi):\n    pi.on({event!r}, lambda event, none: {answer})\n")
    runtime = new_runtime(open_home({"HOME": str(tmp_path)}, tmp_path), Wishes())
    await runtime.load([Found("own", path, "user")])
    assert not await runtime.ask_trust(tmp_path, ())
    await runtime.discover(tmp_path)
    (note,) = runtime.notes
    assert note.startswith(f"{path}:2: {words}")


@pytest.mark.parametrize("event", EARLY)
async def test_an_early_answer_that_never_comes(event: str, tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(
        f"import asyncio\ndef extension(pi):\n    @pi.on({event!r})\n"
        "    async def waits(event, none):\n        await asyncio.Event().wait()\n"
    )
    runtime = new_runtime(open_home({"HOME": str(tmp_path)}, tmp_path), Wishes())
    runtime.program.slow = 0.02
    await runtime.load([Found("own", path, "user")])
    assert not await runtime.ask_trust(tmp_path, ())
    await runtime.discover(tmp_path)
    assert runtime.notes == [f"{path}:5: it did not answer within 0.02 s (at {event})"]


ANSWERS = {
    "before_agent_start": {
        "StartWith(message='x')": "StartWith(message='x'): expected `object | null`, got `str`",
        "StartWith(system_prompt=5)": "StartWith(system_prompt=5): expected ",
        "StartWith(message=Note(5))": "StartWith(message=Note(content=5): expected `str`, got",
        "StartWith(message=Note('a', details=print))": "StartWith(message=Note(details=<built-in ",
    },
    "input": {
        "Input(5)": "Input(text=5): expected `str`, got `int`",
        "Handled": "the class Handled is no answer to input: it may answer a text instead",
    },
    "tool_call": {"Block(5)": "Block(reason=5): expected `str`, got `int`"},
    "tool_result": {
        "Patch(content=['a'])": "Patch(content=['a']): expected `object`, got `str`",
        "Patch(details=print)": "Patch(details=<built-in function print>): it cannot be written as",
        "Patch(is_error='yes')": "Patch(is_error='yes'): expected `bool | null`, got `str`",
        "ToolResult('text')": "ToolResult(content='text'): expected `array`, got `str`",
    },
    "context": {
        "[*event.messages, UserMessage(5)]": "UserMessage(content=5): expected `str | array`, got",
    },
}


@pytest.mark.parametrize(
    ("event", "answer"), [(event, answer) for event in ANSWERS for answer in ANSWERS[event]]
)
async def test_an_answer_with_a_wrong_part(event: str, answer: str, tmp_path: Path) -> None:
    source = f"""
def extension(pi):
    pi.register_tool(lambda: "yes", name="ask")
    pi.on({event!r}, lambda event, context: {answer})
"""
    script = [[tool("ask", {}), tool("ask", {})], [text("Done")]]
    async with talking(tmp_path, script, source) as talk:
        assert (await talk.say("Hello")).text == "Done"
        (told,) = talk.told(ExtensionError)  # once, though it answers so again and again
        assert told.error.startswith(f"{talk.folder / 'e0.py'}:7: {ANSWERS[event][answer]}")
        blocked = {end.is_error for end in talk.told(ToolExecutionEnd)}
        assert blocked == {event == "tool_call"}


TOOLS = {
    "return 'text'": "own failed: FILE: execute gives a ToolResult, not 'text'",
    "return ToolResult('text')": "own failed: FILE: execute gives a ToolResult, but ToolResult(",
    "return ToolResult.of('x', details=print)": "ToolResult(details=<built-in function print>)",
    "context.update('half')": "own failed: FILE:9: context.update takes a ToolResult, not 'half'",
    "raise KeyError('x')": "own failed: FILE:9: KeyError: 'x'",
    "raise ToolError('there is none')": "there is none",
}


@pytest.mark.parametrize("does", TOOLS)
async def test_a_tool_that_goes_wrong(does: str, tmp_path: Path) -> None:
    source = f"""
def extension(pi):
    class Own(Tool):
        name, description, parameters = "own", "It is made.", {{"type": "object"}}
        async def execute(self, arguments, context):
            {does}
    pi.register_tool(Own())
"""
    async with talking(tmp_path, [[tool("own", {})], [text("Done")]], source) as talk:
        assert (await talk.say("Hello")).text == "Done"
        (end,) = talk.told(ToolExecutionEnd)
        said = end.result["content"][0]["text"].replace(str(talk.folder / "e0.py"), "FILE")
        assert end.is_error
        assert TOOLS[does] in said


async def test_arguments_that_a_tool_cannot_prepare(tmp_path: Path) -> None:
    source = """
def extension(pi):
    class Own(Tool):
        name, description, parameters = "own", "It is made.", {"type": "object"}
        def prepare(self, arguments):
            return arguments["gone"]
        async def execute(self, arguments, context):
            return ToolResult.of(str(arguments))
    pi.register_tool(Own())
"""
    async with talking(tmp_path, [[tool("own", {"x": 1})], [text("Done")]], source) as talk:
        assert (await talk.say("Hello")).text == "Done"
        (end,) = talk.told(ToolExecutionEnd)
        assert end.result["content"][0]["text"] == "{'x': 1}"
        (told,) = talk.told(ExtensionError)
        assert told.error == f"{talk.folder / 'e0.py'}:9: KeyError: 'gone'"


@pytest.mark.parametrize("made", ["5", "1 / 0"])
async def test_a_tool_that_cannot_be_made(made: str, tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(
        "from pi.extensions import Lazy\ndef extension(pi):\n"
        f"    pi.register_tool(Lazy(lambda: {made}), name='late')\n"
    )
    runtime = new_runtime(open_home({"HOME": str(tmp_path)}, tmp_path), Wishes())
    await runtime.load([Found("own", path, "user")])
    assert "cannot be used" in runtime.tools.get("late").description.lower()
    (note,) = runtime.notes
    assert note.startswith(f"{path}:3: the tool late cannot be made: ")
