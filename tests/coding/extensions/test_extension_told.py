"""What is told in the middle of a session reaches a program that drives pi, in every mode."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.rpc_process import Rpc, validator

SOURCE = """
from pi.extensions import Hooks
def extension(pi):
    @pi.on("turn_start")
    def wrong(event, context):
        context.ui.notify("careful", "warning")
        raise KeyError("gone")
    class Own(Hooks):
        async def before_turn(self):
            raise SystemExit
    pi.register_hooks(lambda context: Own())
    @pi.on("context")
    async def odd(event, context):
        return "no messages"
"""


def told(records: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What of it is for a person."""
    kinds = {"notice": "message", "extension_error": "error"}
    found = [
        (record["type"], record[kinds[record["type"]]])
        for record in records
        if record["type"] in kinds
    ]
    return list(dict.fromkeys(found))


def test_in_json_mode(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(SOURCE)
    done = subprocess.run(
        [sys.executable, "-m", "pi", "--model", "demo", "-e", str(path), "--mode", "json", "Show"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    for record in records:
        validator("JsonOutput").validate(record)
    assert told(records) == [
        ("notice", "careful"),
        ("extension_error", f"{path}:7: KeyError: 'gone'"),
        ("extension_error", f"{path}:10: it called sys.exit"),
        (
            "extension_error",
            f"{path}:12: str is no answer to context: it may answer the messages to send instead",
        ),
    ]


async def test_over_rpc(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(SOURCE)
    async with Rpc(tmp_path, ("--model", "demo", "-e", str(path))) as pi:
        # every line is checked against the schema where it is read
        await pi.send("prompt", message="Show me")
        notify = await pi.until("extension_ui_request")
        assert (notify["method"], notify["message"]) == ("notify", "careful")
        await pi.until("agent_settled")
        assert [words for _, words in told(pi.events)] == [
            f"{path}:7: KeyError: 'gone'",
            f"{path}:10: it called sys.exit",
            f"{path}:12: str is no answer to context: it may answer the messages to send instead",
        ]


PROVIDER = """
def extension(pi):
    pi.register_provider("acme", base_url="http://127.0.0.1:9/v1", api="openai-completions",
                         api_key="test-key", models=[{"id": "a"}])
"""


async def test_a_provider_that_a_reload_takes_away(tmp_path: Path) -> None:
    path = tmp_path / ".pi" / "agent" / "extensions" / "acme.py"
    path.parent.mkdir(parents=True)
    path.write_text(PROVIDER)
    async with Rpc(tmp_path, ("--model", "acme/a")) as pi:
        assert (await pi.data("get_state"))["model"]["id"] == "a"
        path.write_text("def extension(pi):\n    pass\n")
        await pi.data("reload")
        words = (
            f"unknown provider 'acme': the extension {path} had registered it and does not any"
            " more: mend that and `/reload`, or choose another model"
        )
        assert (await pi.ask("prompt", message="Hello"))["error"] == words
        assert (await pi.ask("set_model", provider="acme", modelId="a"))["error"] == words
        path.write_text(PROVIDER)
        await pi.data("reload")
        assert (await pi.data("set_model", provider="acme", modelId="a"))["id"] == "a"
