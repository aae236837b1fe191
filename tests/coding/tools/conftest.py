"""What the tests of the tools share: a working folder and a call's surroundings."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult
from pi.ai.messages import TextContent


class Call:
    """Runs tools in a folder and keeps the updates they reported."""

    def __init__(self, cwd: Path) -> None:
        self.cwd = cwd
        self.updates: list[ToolResult] = []

    def context(self, **changes: Any) -> ToolContext:
        given: dict[str, Any] = {"cwd": self.cwd, "call_id": "1", "update": self.updates.append}
        return ToolContext(**{**given, **changes})

    async def __call__(self, tool: Tool, **arguments: Any) -> ToolResult:
        return await tool.execute(tool.prepare(arguments), self.context())

    async def text(self, tool: Tool, **arguments: Any) -> str:
        """The only text of the result."""
        (block,) = (await self(tool, **arguments)).content
        assert isinstance(block, TextContent)
        return block.text

    async def error(self, tool: Tool, **arguments: Any) -> str:
        """What the tool complains about."""
        with pytest.raises(ToolError) as caught:
            await self(tool, **arguments)
        return caught.value.message


@pytest.fixture
def call(tmp_path: Path) -> Call:
    return Call(tmp_path)


@pytest.fixture(autouse=True)
def _own_temporary_folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logs of commands go to a folder of this test."""
    folder = tmp_path_factory.mktemp("tmp")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)


Make = Callable[[str, bytes | str], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a file with the given content and its folders."""

    def make_file(name: str, content: bytes | str = "") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make_file
