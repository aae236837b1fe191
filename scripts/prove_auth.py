"""The long form of the proof that processes which share a login neither lose nor reuse it.

The parts, each against an identity provider that rotates refresh tokens:

    shared       everybody refreshes; the provider ends the login at the first reuse
    interrupted  the same, and Ctrl+C at random moments: a refresh that has begun is finished
    killed       SIGKILL at random moments; the provider forgives the loss of its last answer, since
                 nobody else can
    program      `pi auth token` itself, interrupted at random moments, at oauthlib's provider

Prints one line for each part. Ends with 1 if a refresh token was spent twice, if the login was
lost, or if anything else in the credential file changed. The short form is in tests/ai/auth.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "ai" / "auth")]

from many_processes import Crowd, IdentityProvider  # noqa: E402

from support.identity import Identity  # noqa: E402
from support.server import BlockingServer  # noqa: E402

CLIENT = "b1a00492-073a-47ea-816f-4c329264a828"
PROGRAM = TESTS / "coding" / "cli" / "auth" / "loopback_pi.py"


def crowd(folder: Path, args: argparse.Namespace, kill: int | None) -> str:
    """Workers of our own on the library; gives what happened, in words."""
    forgiving = kill == signal.SIGKILL
    with IdentityProvider(lenient=forgiving) as provider:
        work = Crowd(
            folder / "auth.json",
            provider,
            args.workers,
            args.rounds,
            stale=1.0 if forgiving else 30.0,
            kills=args.kills if kill else 0,
            kill=kill or signal.SIGTERM,
            pause=(0.05, 0.8),
            seed=args.seed,
        )
        work.run()
    for tokens in work.tokens:
        assert len(set(tokens)) == len(tokens) == args.rounds, "a rejected token came back"
    return (
        f"{args.workers} processes x {args.rounds} refreshes asked for,"
        f" {provider.refreshes} made, {work.killed} kills,"
        f" {provider.forgiven} answers lost with their process and forgiven"
    )


def program(folder: Path, args: argparse.Namespace) -> str:
    """`pi auth token` in many processes at once, some of them interrupted."""
    identity = Identity(client_id=CLIENT)
    chance = random.Random(args.seed)
    store = folder / "auth.json"
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PI_CODING_AGENT_DIR": str(folder),
        "PYTHONPATH": f"{TESTS}{os.pathsep}{ROOT / 'src'}",
    }
    runs = 0
    interrupted: set[int] = set()
    with BlockingServer(identity.handler) as server:
        command = [sys.executable, str(PROGRAM), server.url, "auth"]
        identity.live["first"] = ["default"]
        entry = {"type": "oauth", "refresh": "first", "access": "a", "expires": 1, "kept": "yes"}
        store.write_text(json.dumps({"xai": entry, "other": {"type": "new"}}))
        for _ in range(max(1, args.rounds // 20)):
            # none lasts two hours: every one of them has to refresh
            started = [
                subprocess.Popen(
                    [*command, "token", "xai", "--min-expiry", "2h"],
                    env=env,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                for _ in range(args.workers)
            ]
            runs += len(started)
            for process in chance.sample(started, args.workers // 4):
                time.sleep(chance.uniform(0.0, 0.3))
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)
                    interrupted.add(process.pid)
            for process in started:
                error = process.communicate(timeout=120)[1]
                told = "gives none that lasts longer" in error
                assert told or process.pid in interrupted, error
    assert not identity.reused, "a refresh token was spent twice"
    stored = json.loads(store.read_text())
    assert stored["xai"]["refresh"] in identity.live, "the login is lost"
    assert (stored["xai"]["kept"], stored["other"]) == ("yes", {"type": "new"})
    made = len(identity.accesses)
    return f"{runs} runs of pi auth token, {made} refreshes made, {len(interrupted)} interrupted"


PARTS: dict[str, Callable[[Path, argparse.Namespace], str]] = {
    "shared": lambda folder, args: crowd(folder, args, None),
    "interrupted": lambda folder, args: crowd(folder, args, signal.SIGINT),
    "killed": lambda folder, args: crowd(folder, args, signal.SIGKILL),
    "program": program,
}


def main() -> int:
    """Run the parts; gives the exit code."""
    parser = argparse.ArgumentParser(description="Prove that no login is lost.")
    parser.add_argument("--workers", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", choices=sorted(PARTS))
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    failed = 0
    for name in [args.only] if args.only else PARTS:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                words = "no reuse, no lost login: " + PARTS[name](Path(folder), args)
            except AssertionError as error:
                words, failed = f"FAILED: {error}", 1
        print(f"{name:<12} {words} ({time.monotonic() - begun:.0f} s)", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
