"""Many processes, one login, and an identity provider that ends it when a token is spent twice."""

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

WORKER = Path(__file__).with_name("refresh_worker.py")
WORKERS = 8
ROUNDS = 20


class IdentityProvider(ThreadingHTTPServer):
    """Rotates refresh tokens. Spending one twice ends the login for good.

    With `lenient`, the last token that was spent may be spent again as long as its successor was
    not: what providers do for a client that died before it had the answer.
    """

    daemon_threads = True

    def __init__(self, *, lenient: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lenient = lenient
        self.guard = threading.Lock()
        self.number = 0
        self.over = False
        self.refreshes = 0

    def spend(self, token: str) -> dict[str, object]:
        """The answer to a refresh."""
        with self.guard:
            good = [f"r{self.number}"]
            if self.lenient:
                good.append(f"r{self.number - 1}")
            if self.over or token not in good:
                self.over = True
                return {"error": "refresh token was already used"}
            self.number = int(token[1:]) + 1
            self.refreshes += 1
            return {
                "access_token": f"a{self.number}.{self.refreshes}",
                "refresh_token": f"r{self.number}",
                "expires_in": 3600,
            }


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


@pytest.fixture(params=[False], ids=["strict"])
def provider(request: pytest.FixtureRequest) -> Iterator[IdentityProvider]:
    server = IdentityProvider(lenient=request.param)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def start(path: Path, provider: IdentityProvider, *, stale: float) -> subprocess.Popen[str]:
    port = str(provider.server_address[1])
    return subprocess.Popen(
        [sys.executable, str(WORKER), str(path), port, str(ROUNDS), str(stale)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def login(path: Path) -> None:
    entry = {"type": "oauth", "refresh": "r0", "access": "a0", "expires": 0, "accountId": "acc"}
    other = {"type": "api_key", "key": "test-key"}
    path.write_text(json.dumps({"p": entry, "other": other}))


def check(path: Path, provider: IdentityProvider) -> None:
    assert not provider.over, "a refresh token was spent twice: the login is lost"
    stored = json.loads(path.read_text())
    assert stored["p"]["accountId"] == "acc"
    assert stored["other"] == {"type": "api_key", "key": "test-key"}
    assert stored["p"]["refresh"] == f"r{provider.number}"


def test_eight_processes_share_a_login(tmp_path: Path, provider: IdentityProvider) -> None:
    path = tmp_path / "auth.json"
    login(path)
    workers = [start(path, provider, stale=30) for _ in range(WORKERS)]
    for worker in workers:
        out, err = worker.communicate(timeout=60)
        assert worker.returncode == 0, err
        tokens = out.split()
        assert len(tokens) == len(set(tokens)) == ROUNDS, "each round got another token"
    check(path, provider)
    assert ROUNDS <= provider.refreshes <= WORKERS * ROUNDS
    assert [item.name for item in tmp_path.iterdir()] == ["auth.json"]


@pytest.mark.parametrize("provider", [True], indirect=True, ids=["lenient"])
def test_killed_processes_neither_lose_nor_block_the_login(
    tmp_path: Path, provider: IdentityProvider
) -> None:
    path = tmp_path / "auth.json"
    login(path)
    chance = random.Random(7)
    workers = [start(path, provider, stale=0.5) for _ in range(WORKERS)]
    kills = 0
    for _ in range(12):
        time.sleep(chance.uniform(0.02, 0.2))
        victim = chance.randrange(WORKERS)
        if workers[victim].poll() is None:
            workers[victim].kill()
            kills += 1
        workers[victim].communicate()
        workers[victim] = start(path, provider, stale=0.5)
        json.loads(path.read_text())  # whole at every moment
    for worker in workers:
        _, err = worker.communicate(timeout=60)
        assert worker.returncode == 0, err
    check(path, provider)
    assert kills > 3
    left = {item.name for item in tmp_path.iterdir()} - {"auth.json"}
    assert "auth.json.lock" not in left
    assert all(name.startswith(".auth.json.") for name in left)


# -- beside the older program, where its lock library is at hand -----------------------------------

NODE_WORKER = """
const [lockfile, fs] = [require(process.argv[2]), require('fs')];
const [file, name, rounds] = [process.argv[3], process.argv[4], +process.argv[5]];
const options = {realpath: true, stale: 30000,
  retries: {retries: 200, factor: 1.2, minTimeout: 5, maxTimeout: 60, randomize: true}};
(async () => {
  for (let i = 0; i < rounds; i++) {
    const release = await lockfile.lock(file, options);
    const data = JSON.parse(fs.readFileSync(file, 'utf-8'));
    data.count = {type: 'api_key', key: String(+data.count.key + 1)};
    await new Promise(done => setTimeout(done, 1));
    fs.writeFileSync(file, JSON.stringify(data, null, 2));  // in place, as the program does
    await release();
  }
})();
"""

PYTHON_WORKER = """
import asyncio, sys
from pi.ai.auth.base import ApiKey
from pi.ai.auth.store import CredentialStore
async def main():
    store = CredentialStore(sys.argv[1])
    for _ in range(int(sys.argv[2])):
        store.get("other")
        async with store.locked() as entries:
            number = int(entries.get("count").key)
            await asyncio.sleep(0.001)
            entries.put("count", ApiKey(str(number + 1)))
            entries.commit()
asyncio.run(main())
"""

LIBRARY = os.environ.get("PI_TEST_PROPER_LOCKFILE", "")


@pytest.mark.skipif(not LIBRARY or not shutil.which("node"), reason="PI_TEST_PROPER_LOCKFILE unset")
def test_the_older_program_and_this_one_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    entry = {"type": "api_key", "key": "0"}
    path.write_text(json.dumps({"count": entry, "other": entry}))
    (tmp_path / "node.js").write_text(NODE_WORKER)
    commands = [
        ["node", str(tmp_path / "node.js"), LIBRARY, str(path), "n", "40"],
        [sys.executable, "-c", PYTHON_WORKER, str(path), "40"],
    ]
    workers = [
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands * 3
    ]
    for worker in workers:
        _, err = worker.communicate(timeout=60)
        assert worker.returncode == 0, err
    assert json.loads(path.read_text())["count"]["key"] == "240"
    assert not (tmp_path / "auth.json.lock").exists()
