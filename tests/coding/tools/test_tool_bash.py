"""bash, with real processes: output, ends of all kinds, and what is left behind."""

import asyncio
import os
import re
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from pi.agent.tools import ToolError
from pi.coding.tools.bash import Bash
from pi.coding.tools.shell.groups import group_exists, kill_group, members
from pi.coding.tools.shell.pump import Pump
from pi.coding.tools.shell.run import find_shell, kill_all

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")

TOOL = Bash()


def pids(text: str) -> list[int]:
    return [int(line) for line in text.split("\n") if line.isdecimal()]


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or only waits for somebody to take notice."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


async def gone(pid: int) -> bool:
    """Whether a process has ended, waiting a little for it."""
    for _ in range(200):
        if has_ended(pid):
            return True
        await asyncio.sleep(0.01)
    return False


async def started(call, text: str) -> str:
    """Wait until a running command has printed `text`; all it has printed."""
    for _ in range(400):
        shown = "".join(block.text for update in call.updates[-1:] for block in update.content)
        if text in shown:
            return shown
        await asyncio.sleep(0.005)
    raise AssertionError(f"{text} was never printed")


@pytest.fixture
def to_kill():
    """Groups and processes that a test leaves on purpose."""
    left: list[int] = []
    yield left
    for pid in left:
        for end in (os.killpg, os.kill):
            with suppress(ProcessLookupError):
                end(pid, signal.SIGKILL)


# What is printed


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("echo a; echo b >&2; echo c", "a\nb\nc"),
        ("printf 'no line break'", "no line break"),
        ("printf 'a\\n\\n'", "a\n"),
        ("true", "(no output)"),
        ("printf ' \\n\\t'", "(no output)"),
        ("cat; read x; echo \"[$x]\"", "[]"),
        ("pwd", None),
        ("echo $PI_CODING_AGENT $EXTRA", "true yes"),
        ("printf '\\033[1;31mred\\033[0m \\033]0;title\\007x\\000y\\n'", "red xy"),
        ("printf '10%%\\r50%%\\r100%%\\n'", "100%"),
        ("printf '\\303'; sleep 0.02; printf '\\251\\n'", "é"),
        ("printf '\\033[3'; sleep 0.02; printf '1mred\\n'", "red"),
        ("printf '\\377\\n'", "\ufffd"),
    ],
)  # fmt: skip
async def test_output(call, tmp_path: Path, command: str, text: str | None) -> None:
    result = await TOOL.execute({"command": command}, call.context(env={"EXTRA": "yes"}))
    assert result.content[0].text == (text or str(tmp_path))
    assert result.details is None


async def test_updates_replace_each_other_and_are_not_too_many(call) -> None:
    start = time.monotonic()
    await call(TOOL, command="for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.03; done")
    passed = time.monotonic() - start
    first, *rest = call.updates
    assert first.content == ()
    texts = [update.content[0].text for update in rest]
    assert 2 <= len(texts) <= passed / 0.1 + 2
    assert all(later.startswith(text) for text, later in pairwise(texts))


async def test_long_output_keeps_its_end_and_a_private_log(call) -> None:
    result = await call(TOOL, command="seq 100000")
    shown, _, note = result.content[0].text.rpartition("\n\n")
    assert shown.split("\n") == [str(n) for n in range(98_001, 100_001)]
    path = Path(result.details["fullOutputPath"])
    assert note == f"[Lines 98001-100000 of 100000. Whole output: {path}]"
    assert result.details["truncation"]["truncatedBy"] == "lines"
    assert result.details["truncation"]["totalLines"] == 100_000
    check_log(path, "".join(f"{n}\n" for n in range(1, 100_001)).encode())


def check_log(path: Path, content: bytes) -> None:
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert re.fullmatch(r"pi-bash-[0-9a-f]{16}\.log", path.name)


async def test_the_log_has_what_the_model_is_spared(call) -> None:
    line = r"\033[32mgreen\033[0m\000\n"
    result = await call(TOOL, command=f"for i in $(seq 2100); do printf '{line}'; done")
    assert result.content[0].text.startswith("green\ngreen\n")
    check_log(Path(result.details["fullOutputPath"]), b"\x1b[32mgreen\x1b[0m\0\n" * 2100)


async def test_many_short_lines_and_one_long_line(call) -> None:
    result = await call(TOOL, command="yes '' | head -2001; printf x")
    assert result.details["truncation"]["totalLines"] == 2002
    result = await call(TOOL, command="head -c 200000 /dev/zero | tr '\\0' x")
    assert result.details["truncation"]["lastLinePartial"] is True
    assert result.details["truncation"]["totalBytes"] == 200_000
    assert "[Last 50.0KB of line 1 of 1. Whole output: " in result.content[0].text


async def test_2000_lines_are_no_long_output(call) -> None:
    result = await call(TOOL, command="seq 2000")
    assert result.details is None
    assert result.content[0].text.endswith("1999\n2000")


def logs() -> list[Path]:
    return list(Path(os.environ["TMPDIR"]).rglob("*.log"))


async def test_colours_that_only_look_long_leave_no_log(call) -> None:
    result = await call(TOOL, command=r"for i in $(seq 3000); do printf '%50s\r'; done; echo end")
    assert result.content[0].text == "end"
    assert result.details is None
    assert logs() == []


async def test_no_descriptor_is_left_open(call) -> None:
    await call(TOOL, command="true")
    before = sorted(os.listdir("/proc/self/fd")) if sys.platform == "linux" else []  # noqa: PTH208
    for command in ("seq 5000", "exit 1", "sleep 5"):
        try:
            await call(TOOL, command=command, timeout=0.1)
        except ToolError:
            continue
    if before:
        assert sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


# Ends


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("echo out; exit 3", "out\n\nCommand exited with code 3."),
        ("exit 1", "Command exited with code 1."),
        ("kill -9 $$", "Command was ended by signal 9 (SIGKILL)."),
        ("definitely-no-program", "command not found\n\nCommand exited with code 127."),
    ],
)
async def test_failures_are_errors_with_the_output(call, command: str, message: str) -> None:
    assert (await call.error(TOOL, command=command)).endswith(message)


async def test_a_long_failure_has_details(call) -> None:
    with pytest.raises(ToolError) as caught:
        await call(TOOL, command="seq 3000; exit 2")
    assert caught.value.details["truncation"]["totalLines"] == 3000
    assert caught.value.message.endswith("]\n\nCommand exited with code 2.")


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 2**31, True])
async def test_a_time_limit_that_makes_no_sense(call, tmp_path: Path, timeout: float) -> None:
    message = await call.error(TOOL, command="touch ran", timeout=timeout)
    assert "timeout has to be a number of seconds above 0" in message
    assert not (tmp_path / "ran").exists()


async def test_running_out_of_time_ends_everything(call) -> None:
    start = time.monotonic()
    command = "echo $$; sleep 60 & echo $!; (sleep 60; touch ran) & echo out; sleep 60; touch ran"
    message = await call.error(TOOL, command=command, timeout=0.15)
    assert time.monotonic() - start < 30
    assert message.endswith("out\n\nThe command did not end within 0.15 seconds and was stopped.")
    assert not (call.cwd / "ran").exists()
    for pid in pids(message):
        assert await gone(pid)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("echo go; sleep 60; touch ran", id="list"),
        pytest.param("trap '' TERM INT HUP; echo go; sleep 60; touch ran", id="deaf"),
        pytest.param("echo go; yes >/dev/null", id="busy"),
        pytest.param("yes go", id="endless output"),
        pytest.param("echo go; sleep 60 | cat; touch ran", id="pipe"),
        pytest.param("sleep 60 & echo go; wait; touch ran", id="background"),
        pytest.param("sleep 60 & yes go & exit", id="after the shell"),
    ],
)
async def test_abort_at_any_stage(call, command: str) -> None:
    task = asyncio.create_task(call(TOOL, command=f"echo $$; {command}"))
    group = pids(await started(call, "go"))
    start = time.monotonic()
    task.cancel()
    with pytest.raises(ToolError) as caught:
        await task
    assert time.monotonic() - start < 30
    assert caught.value.message.endswith("\n\nThe command was stopped by the user.")
    assert "go" in caught.value.message
    for pid in group[:1]:
        await until_empty(pid)
    assert not (call.cwd / "ran").exists()


async def until_empty(group: int) -> None:
    for _ in range(100):
        if not group_exists(group) or not members(group):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"processes are left: {members(group)}")


@pytest.mark.parametrize("steps", range(4))
async def test_abort_while_it_is_being_started(call, steps: int) -> None:
    task = asyncio.create_task(call(TOOL, command="sleep 0.1; touch ran"))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises((asyncio.CancelledError, ToolError)):
        await task
    await asyncio.sleep(0.15)
    assert not (call.cwd / "ran").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="descent is looked up in /proc")
async def test_a_child_that_left_the_group_is_ended_too(call) -> None:
    inner = "sh -c 'echo $$; exec sleep 60'"
    command = f"setsid {inner} & setsid -w {inner} & sleep 0.1; echo two; wait"
    task = asyncio.create_task(call(TOOL, command=command))
    found = pids(await started(call, "two"))
    assert len(found) == 2
    task.cancel()
    with pytest.raises(ToolError):
        await task
    for pid in found:
        assert await gone(pid)


async def test_the_loop_goes_on_during_endless_output(call) -> None:
    task = asyncio.create_task(call(TOOL, command="yes", timeout=0.4))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.001)
        turns += 1
    with pytest.raises(ToolError, match="did not end within"):
        await task
    assert turns > 10


async def test_a_signal_to_pi_ends_running_commands(call) -> None:
    task = asyncio.create_task(call(TOOL, command="echo $$; echo go; sleep 60"))
    (pid,) = pids(await started(call, "go"))
    kill_all()
    with pytest.raises(ToolError, match="SIGKILL"):
        await task
    assert await gone(pid)


async def test_commands_run_side_by_side(call) -> None:
    others = "[ -e 0 ] && [ -e 1 ] && [ -e 2 ]"
    await asyncio.gather(
        *(
            call(TOOL, command=f"touch {n}; until {others}; do sleep 0.01; done", timeout=60)
            for n in range(3)
        )
    )


# Background processes


async def test_a_background_process_does_not_hold_the_call(call, to_kill) -> None:
    start = time.monotonic()
    text = await call.text(TOOL, command="sleep 60 & echo $!")
    assert time.monotonic() - start < 30
    (pid,) = pids(text)
    to_kill.append(pid)
    assert f"[Still running in the background: {pid} (sleep). Further output goes to " in text
    os.kill(pid, 0)


async def test_a_background_process_with_its_own_output_is_told(call, to_kill) -> None:
    result = await call(TOOL, command="sleep 60 >/dev/null 2>&1 & echo $!")
    (pid,) = pids(result.content[0].text)
    to_kill.append(pid)
    assert result.content[0].text.endswith(f"[Still running in the background: {pid} (sleep).]")
    assert result.details is None


async def test_a_background_process_outside_of_the_group_is_told(call, to_kill) -> None:
    text = await call.text(TOOL, command="setsid sh -c 'echo $$; exec sleep 60' & sleep 0.05")
    to_kill.extend(pids(text))
    assert "[A process in the background still has the output of this command open." in text


async def test_late_output_is_waited_for_while_it_comes(call) -> None:
    command = "(for i in 1 2 3 4 5; do sleep 0.04; echo $i; done) & echo first"
    assert await call.text(TOOL, command=command) == "first\n1\n2\n3\n4\n5"


async def test_later_output_goes_to_the_log_and_does_not_kill_the_writer(call, to_kill) -> None:
    command = "(sleep 0.2; echo later; exec sleep 60) & echo $!"
    result = await call(TOOL, command=command)
    to_kill.extend(pids(result.content[0].text))
    path = Path(result.details["fullOutputPath"])
    for _ in range(100):
        if "later" in text_of(path):
            break
        await asyncio.sleep(0.01)
    assert text_of(path) == result.content[0].text.split("\n")[0] + "\nlater\n"


def text_of(path: Path) -> str:
    return path.read_text()


async def test_time_that_runs_out_after_the_shell_does_not_fail_the_command(call, to_kill) -> None:
    command = "echo $$; (while true; do echo tick; sleep 0.02; done) &"
    task = asyncio.create_task(call(TOOL, command=command, timeout=0.2))
    to_kill.extend(pids(await started(call, "tick")))
    done, _ = await asyncio.wait([task], timeout=0.5)
    task.cancel()
    with pytest.raises(ToolError):
        await task
    assert not done  # it is still talking, and was not taken for hanging


# Surroundings


async def test_a_missing_folder(call, tmp_path: Path) -> None:
    call.cwd = tmp_path / "gone"
    message = await call.error(TOOL, command="true")
    assert message == f"The working folder {call.cwd} does not exist (any more)."


async def test_a_missing_shell(call, make) -> None:
    message = await call.error(Bash(shell_path="/no/such/shell"), command="true")
    assert message == "The shell /no/such/shell cannot be run. Correct the setting shellPath."
    broken = make("shell", "#!/no/such/interpreter\n")
    broken.chmod(0o755)
    assert "could not be started" in await call.error(Bash(shell_path=broken), command="true")


async def test_another_shell_and_a_prefix(call, make) -> None:
    shell = make("shell", '#!/bin/sh\necho "shell:"\nexec /bin/sh "$@"\n')
    shell.chmod(0o755)
    tool = Bash(shell_path=shell, command_prefix="x=prefix # done")
    assert await call.text(tool, command="echo $x") == "shell:\nprefix"


async def test_a_command_that_cannot_be(call) -> None:
    assert "null byte" in await call.error(TOOL, command="echo a\0b")


def test_the_shell_is_bash_where_there_is_one() -> None:
    assert Path(find_shell()).name in ("bash", "sh")


async def test_run_tells_an_abort_to_its_caller(call) -> None:
    task = asyncio.create_task(TOOL.run("echo hello; sleep 60", call.context()))
    await started(call, "hello")
    task.cancel()
    done = await task
    assert (done.ended.reason, done.text) == ("aborted", "hello")


async def test_old_logs_are_removed(call) -> None:
    first = await call(TOOL, command="seq 5000")
    path = Path(first.details["fullOutputPath"])
    week_ago = time.time() - 8 * 24 * 3600
    os.utime(path, (week_ago, week_ago))
    await call(TOOL, command="seq 5000")
    assert path not in logs()


async def test_a_log_folder_made_by_somebody_else_is_not_used(call) -> None:
    trap = Path(os.environ["TMPDIR"]) / f"pi-bash-{os.getuid()}"
    trap.mkdir(mode=0o777)
    trap.chmod(0o777)
    result = await call(TOOL, command="seq 5000")
    path = Path(result.details["fullOutputPath"])
    assert path.parent != trap
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("threaded", [False, True])
async def test_the_pump(threaded: bool) -> None:
    chunks: list[bytes] = []
    pump = Pump(chunks.append, threaded=threaded)
    child = await asyncio.create_subprocess_shell(
        "echo a; sleep 0.05; echo b", stdout=pump.write_end, stdin=subprocess.DEVNULL
    )
    pump.start()
    await asyncio.wait_for(pump.ended, 2)
    await child.wait()
    assert b"".join(chunks) == b"a\nb\n"
    pump.close()


def test_ending_a_group_that_is_gone_is_no_error() -> None:
    child = subprocess.Popen(["true"], start_new_session=True)
    child.wait()
    kill_group(child.pid)
    assert not group_exists(child.pid)
