"""Has the established Node RpcClient drive pi, against the demonstration and a loopback server.

    python scripts/node/drive.py PATH/TO/dist/modes/rpc/rpc-client.js [pi]

Needs Node. The package of the established program is not part of this project; any version with an
`RpcClient` will do. Exits with 1 if a check failed.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests"))

from support.server import BlockingServer, Reply, Seen, sse  # noqa: E402


def chunk(delta: dict, finish: str | None = None, usage: dict | None = None) -> bytes:
    """One event of a streamed answer."""
    event = {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m1",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    if usage:
        event["usage"] = usage
    return sse([event])


USAGE = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}


def answer(seen: Seen) -> Reply:
    """What the model says to the last message."""
    last = seen.json["messages"][-1]
    said = last["content"] if isinstance(last["content"], str) else last["content"][0]["text"]
    end = chunk({}, "stop", USAGE), sse(["[DONE]"])
    if "<transcript>" in said:
        return Reply([chunk({"content": "They said Hello there"}), *end])
    if "Use a tool" in said:
        call = {"name": "bash", "arguments": json.dumps({"command": "sleep 0.7; echo done"})}
        calls = [{"index": 0, "id": "call_1", "type": "function", "function": call}]
        return Reply([chunk({"tool_calls": calls}), chunk({}, "tool_calls", USAGE), end[1]])
    if "slowly" in said:
        return Reply(
            [piece for n in range(50) for piece in (chunk({"content": f"slow {n} "}), 0.1)]
        )
    return Reply([chunk({"content": "Hello "}), chunk({"content": "there"}), *end])


def drive(client: str, what: str, pi: str, url: str) -> int:
    """Run one of the two conversations."""
    with tempfile.TemporaryDirectory() as home:
        agent = Path(home, "agent")
        agent.mkdir()
        Path(home, "project").mkdir()
        models = [{"id": "m1"}, {"id": "m2", "reasoning": True}]
        loop = {"baseUrl": f"{url}/v1", "api": "openai-completions", "apiKey": "test-key"}
        config = {"providers": {"loop": {**loop, "models": models}}}
        (agent / "models.json").write_text(json.dumps(config))
        (agent / "settings.json").write_text('{"compaction": {"keepRecentTokens": 1}}')
        env = {"PATH": os.environ["PATH"], "HOME": home, "PI_CODING_AGENT_DIR": str(agent)}
        command = ["node", str(HERE / "drive.mjs"), client, what]
        env["PI_UNDER_TEST"] = pi
        return subprocess.run(command, env=env, cwd=Path(home, "project"), timeout=120).returncode


def main() -> int:
    """Both conversations."""
    client = str(Path(sys.argv[1]).resolve())
    default = Path(sys.executable).parent / "pi"
    pi = str(Path(sys.argv[2] if len(sys.argv) > 2 else default).absolute())
    status = 0
    with BlockingServer(answer) as server:
        for what in ("demo", "loop"):
            print(f"-- {what}", flush=True)
            status |= drive(client, what, pi, server.url)
    return status


if __name__ == "__main__":
    sys.exit(main())
