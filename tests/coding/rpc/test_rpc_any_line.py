"""Whatever comes in, every line gets exactly one answer, in order, and the server goes on."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pi.coding.api.answers import ANSWERS
from pi.coding.modes.rpc.server import run_rpc
from support.controller_session import talking
from support.rpc_process import check

NAMES = sorted(str(command.__struct_config__.tag) for command in ANSWERS)
HARMLESS = [name for name in NAMES if name != "bash" and not name.startswith(("export", "import"))]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
FIELDS = ["message", "level", "mode", "entryId", "provider", "modelId", "enabled", "name", "since"]
COMMANDS = st.fixed_dictionaries(
    {"type": st.sampled_from(HARMLESS) | VALUES},
    optional={"id": VALUES, **dict.fromkeys(FIELDS, VALUES | st.sampled_from(["high", "all"]))},
)
LINES = st.lists(
    COMMANDS.map(lambda record: json.dumps(record).encode())
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=12).map(lambda data: b"x" + data.replace(b"\n", b"")),
    max_size=8,
)


async def serve(lines: list[bytes]) -> list[dict[str, Any]]:
    """What a server writes for these lines."""
    out: list[dict[str, Any]] = []

    async def read() -> AsyncIterator[bytes]:
        for line in lines:
            yield line

    def write(line: bytes) -> None:
        assert line.count(b"\n") == 1
        out.append(json.loads(line))

    with tempfile.TemporaryDirectory() as folder, talking([], Path(folder)) as talk:
        async with asyncio.timeout(5):
            assert await run_rpc(talk.controller, read(), write) == 0
    return out


@settings(max_examples=60)
@given(LINES)
def test_every_line_gets_one_answer(lines: list[bytes]) -> None:
    out = asyncio.run(serve(lines))
    for record in out:
        check(record)
    responses = [record for record in out if record["type"] == "response"]
    assert len(responses) == len(lines)
    for line, response in zip(lines, responses, strict=True):
        try:
            asked = json.loads(line)
        except ValueError:
            continue
        if isinstance(asked, dict) and "NaN" not in str(line) and "Infinity" not in str(line):
            assert response.get("id") == asked.get("id")
            if isinstance(asked.get("type"), str):
                assert response["command"] == asked["type"]
