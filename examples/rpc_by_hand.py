"""The protocol by hand: lines of JSON over the pipes of `pi --mode rpc`; see docs/rpc.md."""

import json
import subprocess
import sys

command = [sys.executable, "-m", "pi.coding.cli.main", "--mode", "rpc", "--no-session"]
command += ["--model", *(sys.argv[1:2] or ["demo"])]
process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
assert process.stdin is not None
assert process.stdout is not None


def send(**record: object) -> None:
    """One command, one line."""
    process.stdin.write(json.dumps(record).encode() + b"\n")
    process.stdin.flush()


send(id="1", type="prompt", message="Show me")
for line in process.stdout:  # a binary pipe is split at LF only, as it has to be
    record = json.loads(line)
    match record["type"]:
        case "response" if not record["success"]:
            sys.exit(record["error"])
        case "message_update" if record["assistantMessageEvent"]["type"] == "text_delta":
            print(record["assistantMessageEvent"]["delta"], end="", flush=True)
        case "tool_execution_start":
            print(f"\n> {record['toolName']}")
        case "agent_settled":
            break

send(id="2", type="get_session_stats")
answer = json.loads(process.stdout.readline())
print(f"\n{answer['data']['toolCalls']} tool calls")
process.stdin.close()  # an orderly end
sys.exit(process.wait())
