"""The code in docs/sdk.md runs as it stands there, one piece after the other, with a demo model."""

import os
import re
import subprocess
import sys
from pathlib import Path

from support.source import SRC

DOCS = SRC.parent / "docs" / "sdk.md"
MODELS = re.compile(r'"(?:anthropic|openai)/[^"]+"')

BEFORE = """
import pi

picture = pi.ImageContent("aGk=", "image/png")


def my_function(x: int) -> int:
    "Double it."
    return 2 * x
"""

AFTER = """
assert answer.text.startswith("Done"), answer.text
assert state.message_count == 14
schema = pi.tool(temperature).parameters
assert schema["required"] == ["room"]
assert schema["properties"]["room"]["description"] == 'Which room, such as "kitchen".'
assert schema["properties"]["unit"]["enum"] == ["C", "F"]
async with pi.Session("demo/demo", hooks=[Guard()], extensions=[house_rules]) as session:
    deletion = pi.ToolCall("1", "bash", {"command": "rm x"})
    block = await Guard().before_tool(deletion, deletion.arguments)
    assert block.reason == "Nothing is deleted here."
    await session.prompt("Show me")
    print("all of it ran")
"""

RUN = """
import ast, asyncio, inspect, sys
from pathlib import Path

names = {}
for name in sys.argv[1:]:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(Path(name).read_text(encoding="utf-8"), name, "exec", flags)
    result = eval(code, names)
    if inspect.iscoroutine(result):
        asyncio.run(result)
"""


def test_the_page_on_the_sdk_runs(tmp_path: Path) -> None:
    text = DOCS.read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(snippets) == 6
    assert text.count("```python") == text.count("```") / 2, "there is no other code"
    (tmp_path / "project").mkdir()
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "linter.py").write_text("def extension(pi):\n    pass\n")
    files: list[str] = []
    for number, code in enumerate([BEFORE, *snippets, AFTER]):
        files.append(str(tmp_path / f"piece{number}.py"))
        Path(files[-1]).write_text(MODELS.sub('"demo/demo"', code), encoding="utf-8")
    home = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "ANTHROPIC_API_KEY": "test-key"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, *files],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **home},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "all of it ran"
