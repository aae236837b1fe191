"""Many processes, one login, and an identity provider that ends it when a token is spent twice.

The long form is `scripts/prove_auth`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from many_processes import Crowd, IdentityProvider

WORKERS = 8
ROUNDS = 20


def test_eight_processes_share_a_login(tmp_path: Path) -> None:
    with IdentityProvider() as provider:
        crowd = Crowd(tmp_path / "auth.json", provider, WORKERS, ROUNDS)
        crowd.run()
    for tokens in crowd.tokens:
        assert len(tokens) == len(set(tokens)) == ROUNDS, "each round got another token"
    assert ROUNDS <= provider.refreshes <= WORKERS * ROUNDS


def test_killed_processes_neither_lose_nor_block_the_login(tmp_path: Path) -> None:
    """Without a chance to finish. A provider without forgiveness ends the login then."""
    with IdentityProvider(lenient=True) as provider:
        crowd = Crowd(
            tmp_path / "auth.json",
            provider,
            WORKERS,
            ROUNDS,
            stale=0.5,
            kills=12,
            kill=getattr(signal, "SIGKILL", signal.SIGTERM),
        )
        crowd.run()
    assert crowd.killed > 3


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
def test_interrupted_processes_finish_their_refresh(tmp_path: Path) -> None:
    """Ctrl+C at random moments, and a provider that forgives nothing."""
    with IdentityProvider() as provider:
        crowd = Crowd(
            tmp_path / "auth.json",
            provider,
            WORKERS,
            ROUNDS,
            kills=12,
            kill=signal.SIGINT,
            pause=(0.05, 0.1),
        )
        crowd.run()
    assert crowd.killed > 3


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
