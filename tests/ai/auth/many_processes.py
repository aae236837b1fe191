"""Many processes with one login: an identity provider that punishes reuse, and workers. Not a test.

`Crowd` runs workers and kills some of them at random moments; the tests have the short form, and
`scripts/prove_auth` the long one.
"""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WORKER = Path(__file__).with_name("refresh_worker.py")


class IdentityProvider(ThreadingHTTPServer):
    """Rotates refresh tokens. Spending one twice ends the login for good.

    With `lenient`, the last token that was spent may be spent again as long as its successor was
    not: what providers do for a client that died before it had the answer. As a context manager it
    serves in a thread.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, lenient: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lenient = lenient
        self.guard = threading.Lock()
        self.number = 0
        self.over = False
        self.refreshes = 0
        self.forgiven = 0

    def spend(self, token: str) -> dict[str, object]:
        """The answer to a refresh."""
        with self.guard:
            good = [f"r{self.number}"]
            if self.lenient:
                good.append(f"r{self.number - 1}")
            if self.over or token not in good:
                self.over = True
                return {"error": "refresh token was already used"}
            self.forgiven += token != good[0]
            self.number = int(token[1:]) + 1
            self.refreshes += 1
            return {
                "access_token": f"a{self.number}.{self.refreshes}",
                "refresh_token": f"r{self.number}",
                "expires_in": 3600,
            }

    def __enter__(self) -> "IdentityProvider":
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """The token endpoint."""

    server: IdentityProvider

    def do_POST(self) -> None:
        """Rotate, and be a little slow about it."""
        token = self.rfile.read(int(self.headers["Content-Length"])).decode()
        time.sleep(0.001)
        data = json.dumps(self.server.spend(token)).encode()
        time.sleep(0.001)
        try:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            pass  # the client was killed

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass
class Crowd:
    """Workers that share the login in `path`, each using it for `rounds` rounds.

    stale: seconds after which a lock counts as abandoned. kills: how often to kill one of them with
    `kill` at a random moment; another one takes its place.
    """

    path: Path
    provider: IdentityProvider
    workers: int
    rounds: int
    stale: float = 30.0
    kills: int = 0
    kill: int = signal.SIGTERM
    pause: tuple[float, float] = (0.02, 0.2)
    seed: int = 7
    killed: int = 0
    tokens: list[list[str]] = field(default_factory=list)

    def run(self) -> None:
        """Log in, let them work, and check that nothing was lost."""
        self._login()
        self._provoke([self._start() for _ in range(self.workers)])
        self.check()

    def _provoke(self, workers: list[subprocess.Popen[str]]) -> None:
        chance = random.Random(self.seed)
        for _ in range(self.kills):
            time.sleep(chance.uniform(*self.pause))
            running = [number for number, each in enumerate(workers) if each.poll() is None]
            victim = chance.choice(running or range(self.workers))
            if workers[victim].poll() is None:
                workers[victim].send_signal(self.kill)
                self.killed += 1
            workers[victim].communicate()
            workers[victim] = self._start()
            json.loads(self.path.read_text())  # whole at every moment
        for worker in workers:
            out, err = worker.communicate(timeout=600)
            assert worker.returncode == 0, err
            self.tokens.append(out.split())

    def check(self) -> None:
        """Assert that the login is good, and everything else in the file as it was."""
        assert not self.provider.over, "a refresh token was spent twice: the login is lost"
        stored = json.loads(self.path.read_text())
        assert stored["p"]["accountId"] == "acc"
        assert stored["other"] == {"type": "api_key", "key": "test-key"}
        assert stored["p"]["refresh"] == f"r{self.provider.number}"
        left = {item.name for item in self.path.parent.iterdir()} - {"auth.json"}
        assert all(name.startswith(".auth.json.") for name in left), left
        assert not left or self.killed

    def _start(self) -> subprocess.Popen[str]:
        port = str(self.provider.server_address[1])
        return subprocess.Popen(
            [sys.executable, str(WORKER), str(self.path), port, str(self.rounds), str(self.stale)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _login(self) -> None:
        entry = {"type": "oauth", "refresh": "r0", "access": "a0", "expires": 0, "accountId": "acc"}
        other = {"type": "api_key", "key": "test-key"}
        self.path.write_text(json.dumps({"p": entry, "other": other}))
