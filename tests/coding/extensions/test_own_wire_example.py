"""The example `own_wire.py`: a protocol of an extension, over a socket, in a real process."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.replies import Reply, Seen, json_reply, sse
from support.server import BlockingServer
from support.source import SRC

EXAMPLE = SRC.parent / "examples" / "extensions" / "own_wire.py"

Pi = Callable[..., "subprocess.CompletedProcess[str]"]


class Parrot:
    """The service. `reply`: what it answers instead."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.reply: Reply | None = None

    def __call__(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        if self.reply is not None:
            return self.reply
        said = seen.json["turns"][-1]["says"]
        return Reply(sse([{"says": said[:3]}, {"says": said[3:]}, {"read": 1000, "wrote": 500}]))


@pytest.fixture
def parrot() -> Parrot:
    return Parrot()


@pytest.fixture
def pi(tmp_path: Path, parrot: Parrot) -> Iterator[Pi]:
    with BlockingServer(parrot) as server:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PARROT_URL": server.url,
            "PARROT_KEY": "test-parrot-key",
        }

        def run(*args: str) -> "subprocess.CompletedProcess[str]":
            command = [sys.executable, "-m", "pi.coding.cli.main", "-e", str(EXAMPLE)]
            return subprocess.run(
                [*command, "--model", "parrot/grey", *args],
                cwd=tmp_path,
                env=env,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=60,
            )

        yield run


def test_it_is_spoken_and_priced(pi: Pi, parrot: Parrot) -> None:
    done = pi("--mode", "json", "Pretty Polly")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    answer = next(e for e in reversed(events) if e["type"] == "message_end")["message"]
    assert answer["content"] == [{"type": "text", "text": "Pretty Polly"}]
    assert answer["api"] == "parrot-lines"
    assert answer["usage"]["cost"]["total"] == pytest.approx(0.002)
    assert parrot.seen[0].path == "/chat"
    assert parrot.seen[0].headers["authorization"] == "Bearer test-parrot-key"


def test_a_cut_stream_is_the_same_error_as_on_every_wire(pi: Pi, parrot: Parrot) -> None:
    parrot.reply = Reply(sse([{"says": "half"}]))
    done = pi("-p", "hi")
    assert done.returncode == 1
    assert "the stream ended before the answer was complete" in done.stderr


def test_an_error_status_is_classified(pi: Pi, parrot: Parrot) -> None:
    parrot.reply = json_reply({"error": {"message": "who are you"}}, 401)
    done = pi("-p", "hi")
    assert done.returncode == 1
    assert "who are you" in done.stderr


def test_a_mistake_of_the_wire_is_one_line_that_names_its_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(EXAMPLE.read_text().replace('"model": model.id', '"model": model.nonsense'))
    command = [sys.executable, "-m", "pi.coding.cli.main", "-e", str(broken)]
    done = subprocess.run(
        [*command, "--model", "parrot/grey", "-p", "hi"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PARROT_KEY": "test-key"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"the wire 'parrot-lines' of {broken} has failed: AttributeError" in done.stderr
