"""`pi probe` as a program, against servers on loopback that say what real ones said."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import probe_spoken as spoken
import pytest

from ai.wire.wire_certificates import Authority
from support.server import STALL, BlockingServer, Reply, Seen, json_reply

Run = Callable[..., subprocess.CompletedProcess[str]]
KEY = "test-key-4711-abcdef"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The user's folder."""
    (tmp_path / "agent").mkdir()
    return tmp_path / "agent"


@pytest.fixture
def environ(folder: Path) -> dict[str, str]:
    """The environment of a new user."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder.parent),
        "PI_CODING_AGENT_DIR": str(folder),
        "PROBE_KEY": KEY,
    }


@pytest.fixture
def pi(folder: Path, environ: dict[str, str]) -> Run:
    """Run the program."""

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pi.coding.cli.main", *args],
            input="",
            capture_output=True,
            text=True,
            timeout=60,
            cwd=folder,
            env=environ,
            check=False,
        )

    return run


def test_a_server_is_found_out_and_its_entry_works(pi: Run, folder: Path) -> None:
    mine = '{\n  // mine\n  "providers": {}\n}\n'
    (folder / "models.json").write_text(mine)
    with BlockingServer(spoken.llama()) as server:
        done = pi("probe", server.url, "--write", "--yes", "--name", "here", "--timeout", "10")
        assert done.returncode == 0, done.stderr
        asked = len(server.requests)
        answer = pi("--model", "here/tiny.gguf", "-p", "hi")
        assert (answer.returncode, answer.stdout) == (0, "OK\n"), answer.stderr
    assert asked < 40
    text = (folder / "models.json").read_text()
    assert "// mine" in text
    entry = json.loads(text.replace("// mine", ""))["providers"]["here"]
    assert entry == {
        "baseUrl": f"{server.url}/v1",
        "api": "openai-completions",
        "compat": {
            "supportsUsageInStreaming": True,
            "maxTokensField": "max_tokens",
            "supportsDeveloperRole": True,
            "supportsStore": True,
        },
        "models": [{"id": "tiny.gguf", "contextWindow": 32768, "reasoning": True}],
    }
    assert "+++ models.json" in done.stderr
    assert "It was tried and works" in done.stdout
    assert done.stdout.isascii()
    assert "\x1b" not in done.stdout + done.stderr


def test_as_json(pi: Run) -> None:
    with BlockingServer(spoken.llama()) as server:
        done = pi("probe", f"{server.url}/v1/chat/completions", "--json", "--timeout", "10")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    chat, *others = data["wires"]
    assert (data["api"], data["written"], data["problem"]) == ("openai-completions", False, None)
    assert chat["works"]
    assert not any(wire["works"] for wire in others)
    found = {name: item["verdict"] for name, item in chat["findings"].items()}
    assert found["parallel calls"] == found["streamed arguments"] == found["thinking"] == "yes"
    assert found["max_completion_tokens"] == "ignored"
    assert found["images"] == "no"
    assert data["contextWindow"] == 32768


def test_a_key_is_sent_and_never_shown(pi: Run, folder: Path) -> None:
    with BlockingServer(spoken.llama(key=KEY)) as server:
        without = pi("probe", server.url)
        assert without.returncode == 1
        assert "give a key with --key" in without.stderr
        named = pi("probe", server.url, "--key", "PROBE_KEY", "--name", "one", "--write", "-y")
        plain = pi("probe", server.url, "--key", KEY, "--name", "two", "--write", "-y")
        wrong = pi("probe", server.url, "--key", "$PROBE_KEY-wrong")
        unset = pi("probe", server.url, "--key", "$NOT_SET")
    for done in (without, named, plain, wrong, unset):
        assert KEY not in done.stdout + done.stderr
    assert "key needed" in named.stdout
    providers = json.loads((folder / "models.json").read_text())["providers"]
    assert providers["one"]["apiKey"] == "PROBE_KEY"
    assert providers["two"]["apiKey"] == KEY
    assert "the key was refused" in wrong.stderr
    assert (unset.returncode, "NOT_SET" in unset.stderr) == (2, True)


def test_nothing_is_written_without_a_yes(pi: Run, folder: Path) -> None:
    with BlockingServer(spoken.llama()) as server:
        done = pi("probe", server.url, "--write")
    assert done.returncode == 2
    assert "+++ models.json" in done.stderr
    assert not (folder / "models.json").exists()


def test_a_broken_file_is_told_before_anything_is_asked(pi: Run, folder: Path) -> None:
    (folder / "models.json").write_text('{"providers": {')
    with BlockingServer(spoken.llama()) as server:
        done = pi("probe", server.url, "--write", "--yes")
        assert not server.requests
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("it is left alone: mend it first")
    assert (folder / "models.json").read_text() == '{"providers": {'


def test_a_server_elsewhere_is_not_asked_without_a_yes(pi: Run) -> None:
    done = pi("probe", "http://probe.invalid")
    assert done.returncode == 2
    assert "at most 80 requests to probe.invalid" in done.stderr


def _page(seen: Seen) -> Reply:
    return Reply(b"<html>welcome</html>", headers={"content-type": "text/html"})


def _moved(seen: Seen) -> Reply:
    return Reply(b"", status=301, headers={"location": "http://127.0.0.1:1/v1"})


def _barred(seen: Seen) -> Reply:
    return Reply(b"denied", status=403, headers={"content-type": "text/plain"})


def _absent(seen: Seen) -> Reply:
    return json_reply(spoken.NOT_FOUND, 404)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (_page, "nothing that is a model answers"),
        (_absent, "nothing that is a model answers"),
        (_barred, "403 denied (give a key with --key)"),
        (Reply(bytes(range(256)) * 9), "no wire works"),
        (Reply([STALL], raw=b""), "does not answer them"),
        (Reply([b"data: {}\n\n", STALL]), "did not end within"),
        (Reply(b"", raw=b"SSH-2.0-OpenSSH_9\r\n", keep_alive=False), "did not answer in HTTP"),
    ],
    ids=["web-page", "not-found", "forbidden", "noise", "silent", "endless", "no-http"],
)
def test_what_is_no_model(pi: Run, script: Reply, says: str) -> None:
    with BlockingServer(script) as server:
        done = pi("probe", server.url, "--timeout", "0.5")
    assert done.returncode == 1
    assert says in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_redirect_is_not_followed_with_a_prompt(pi: Run) -> None:
    def script(seen: Seen) -> Reply:
        return _moved(seen) if seen.method == "POST" else _absent(seen)

    with BlockingServer(script) as server:
        done = pi("probe", server.url)
    assert done.returncode == 1
    assert "it redirects to http://127.0.0.1:1/v1" in done.stderr


def test_a_dead_port(pi: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        done = pi("probe", f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1
    assert "connection refused" in done.stderr


def test_http_where_tls_is_spoken_and_the_reverse(pi: Run, tmp_path: Path) -> None:
    tls = Authority(tmp_path).server("127.0.0.1")
    with BlockingServer(spoken.llama(), tls=tls) as server:
        address = server.url.partition("://")[2]
        plain = pi("probe", f"http://{address}", "--timeout", "3")
        unknown = pi("probe", f"https://{address}", "--timeout", "3")
    with BlockingServer(spoken.llama()) as server:
        address = server.url.partition("://")[2]
        secure = pi("probe", f"https://{address}", "--timeout", "3")
    assert "it answers at https://" in plain.stderr
    assert "certificate is not trusted" in unknown.stderr
    assert f"it answers at http://{address}" in secure.stderr
    assert [plain.returncode, unknown.returncode, secure.returncode] == [1, 1, 1]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "one URL is needed"),
        (["http://a", "http://b"], "one URL is needed"),
        (["localhost:8080"], "write http://localhost:8080"),
        (["gateway.example.com/v1"], "write https://gateway.example.com/v1"),
        (["htp://localhost"], "must start with http:// or https://"),
        (["http://localhost:99999"], "port"),
        (["http://me:secret@localhost"], "the URL holds a password"),
        (["http://localhost", "--api", "openai-complete"], "--api openai-complete: expected"),
        (["http://localhost", "--timeout", "soon"], "--timeout soon"),
        (["http://localhost", "--header", "no colon"], "Name: value"),
        (["http://localhost", "--name", "a b"], "--name a b"),
        (["http://localhost", "--modle", "x"], "did you mean --model"),
        (["http://localhost", "--key", "$NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE"),
    ],
)
def test_wrong_usage(pi: Run, args: list[str], says: str) -> None:
    done = pi("probe", *args)
    assert done.returncode == 2
    assert says in done.stderr
    assert "secret" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_help(pi: Run) -> None:
    done = pi("probe", "--help")
    assert done.returncode == 0
    assert "Exit codes: 0" in done.stdout


def test_ctrl_c(folder: Path, environ: dict[str, str]) -> None:
    with BlockingServer(Reply([STALL], raw=b"")) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "pi.coding.cli.main", "probe", server.url, "--write", "-y"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=environ,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        deadline = time.monotonic() + 20
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Stopped; nothing was written" in stderr
    assert not (folder / "models.json").exists()
