"""How keys are written down: every form, what is said when it fails, and what is not."""

import asyncio
import os
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from pi.ai.auth.command import Commands
from pi.ai.auth.values import Environment, Values, describe, is_placeholder, present
from pi.ai.errors import ConfigError

ENV = Environment({"FOO": "bar", "EMPTY": "", "BLANK": "  ", "lower": "x"})

posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX shell")


async def text(spec: str, env: Environment = ENV, **options: bool) -> str:
    return (await Values().resolve(spec, env, what="the key of x", **options)).text


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ("FOO", "bar"),
        ("lower", "x"),
        ("BAZ", "BAZ"),
        ("EMPTY", "EMPTY"),
        ("sk-test-key", "sk-test-key"),
        ("$FOO", "bar"),
        ("${FOO}", "bar"),
        ("a-${FOO}-b$FOO", "a-bar-bbar"),
        ("$$FOO", "$FOO"),
        ("$!x", "!x"),
        ("cost$", "cost$"),
        ("${1x}", "${1x}"),
        ("${bad name}", "${bad name}"),
        ("${FOO", "${FOO"),
        ("a$1b", "a$1b"),
    ],
)
async def test_forms(spec: str, value: str) -> None:
    assert await text(spec) == value


async def test_variables_of_the_credential_win() -> None:
    env = Environment({"A": "process", "B": "process"}, {"A": "own", "B": " "})
    assert await text("$A $B", env) == "own process"
    assert await text("A", env) == "own"


@pytest.mark.parametrize(
    ("spec", "named"), [("$MISSING", "MISSING is"), ("$EMPTY/${BLANK}", "EMPTY, BLANK are")]
)
async def test_variables_that_are_not_set_are_named(spec: str, named: str) -> None:
    with pytest.raises(ConfigError, match=f"the key of x: .*{named} not set"):
        await text(spec)


async def test_sources_are_told_without_values() -> None:
    values = Values()
    sources = {
        spec: (await values.resolve(spec, ENV, what="x")).source for spec in ("FOO", "$FOO", "abc")
    }
    assert sources == {"FOO": "FOO", "$FOO": "FOO", "abc": ""}
    assert describe("!pass show secret", ENV) == "command `pass …`"
    assert describe("sk-literal", ENV) == ""


@pytest.mark.parametrize("key", ["<authenticated>", "<x y>", "gcp-vertex-credentials", " <a> "])
def test_placeholders(key: str) -> None:
    assert is_placeholder(key)


@pytest.mark.parametrize("key", ["sk-<x>", "<>x", "authenticated", "a<b>"])
def test_no_placeholders(key: str) -> None:
    assert not is_placeholder(key)


def test_presence_runs_nothing(tmp_path: Path) -> None:
    assert present(f"!touch {tmp_path}/ran", ENV)
    assert present("keyring:pi/openai", ENV)
    assert present("literal", ENV)
    assert present("$FOO", ENV)
    assert not present("$MISSING", ENV)
    assert not present("! ", ENV)
    assert not present(" ", ENV)
    assert list(tmp_path.iterdir()) == []


# -- commands --------------------------------------------------------------------------------------


@posix_only
class TestCommands:
    async def test_output_is_trimmed_and_inner_lines_stay(self) -> None:
        assert await text(r"!printf ' a\nb \n'") == "a\nb"

    async def test_the_command_sees_the_variables_and_no_input(self) -> None:
        env = Environment({"PATH": os.environ["PATH"], "A": "1"}, {"A": "2"})
        assert await text("!cat; echo $A", env) == "2"

    async def test_standard_error_goes_nowhere(self, capfd: pytest.CaptureFixture[str]) -> None:
        assert await text("!echo noise >&2; echo key") == "key"
        assert capfd.readouterr() == ("", "")

    async def test_success_is_kept_for_the_process(self, tmp_path: Path) -> None:
        values = Values()
        spec = f"!echo x >> {tmp_path}/runs; echo key"
        results = await asyncio.gather(*(values.resolve(spec, ENV, what="k") for _ in range(20)))
        assert {result.text for result in results} == {"key"}
        await values.resolve(spec, ENV, what="k")
        assert (tmp_path / "runs").read_text() == "x\n"
        values.commands.forget()
        await values.resolve(spec, ENV, what="k")
        assert (tmp_path / "runs").read_text() == "x\nx\n"

    async def test_without_remember_it_runs_each_time(self, tmp_path: Path) -> None:
        values = Values()
        for _ in range(2):
            await values.resolve(
                f"!echo x >> {tmp_path}/runs; echo k", ENV, what="k", remember=False
            )
        assert (tmp_path / "runs").read_text() == "x\nx\n"

    async def test_failure_is_kept_for_a_moment_only(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        values = Values()
        spec = f"!echo x >> {tmp_path}/runs; cat {tmp_path}/key"
        for _ in range(2):
            with pytest.raises(ConfigError, match="exit status 1"):
                await values.resolve(spec, ENV, what="k")
        assert (tmp_path / "runs").read_text() == "x\n"
        (tmp_path / "key").write_text("test-key")
        later = time.monotonic() + 5.1
        monkeypatch.setattr(time, "monotonic", lambda: later)
        assert (await values.resolve(spec, ENV, what="k")).text == "test-key"

    @pytest.mark.parametrize(
        ("command", "problem"),
        [
            ("echo sk-leaked; exit 3", "`echo …` failed with exit status 3"),
            ("true sk-leaked", "`true …` printed nothing"),
            ("no-such-program-at-all sk-leaked", "exit status 127"),
            ("kill -9 $$ sk-leaked", "exit status -9"),
            ("yes sk-leaked", "printed too much"),
        ],
    )
    async def test_failures_say_what_and_not_the_output(self, command: str, problem: str) -> None:
        with pytest.raises(ConfigError, match="the key of x: the command ") as caught:
            await text(f"!{command}")
        assert problem in str(caught.value)
        assert "sk-leaked" not in str(caught.value)

    async def test_a_slow_command_is_killed_with_its_children(self, tmp_path: Path) -> None:
        values = Values(Commands(timeout=0.3))
        spec = f"!(sleep 30; touch {tmp_path}/late) & echo $! > {tmp_path}/pid; sleep 30"
        with pytest.raises(ConfigError, match=r"did not finish within 0\.3 s"):
            await values.resolve(spec, ENV, what="k")
        child = int((tmp_path / "pid").read_text())
        for _ in range(50):
            if not alive(child):
                break
            await asyncio.sleep(0.01)
        assert not alive(child)

    async def test_a_child_that_left_the_group_does_not_keep_us(self) -> None:
        values = Values(Commands(timeout=0.3))
        started = time.monotonic()
        with pytest.raises(ConfigError, match="did not finish"):
            await values.resolve(
                f"!{sys.executable} -c 'import os,time; os.setsid(); time.sleep(20)' & sleep 60",
                Environment(),
                what="k",
            )
        assert time.monotonic() - started < 15

    async def test_the_loop_goes_on_while_a_command_runs(self) -> None:
        task = asyncio.create_task(text("!sleep 0.2; echo key"))
        ticks = 0
        while not task.done():
            await asyncio.sleep(0.01)
            ticks += 1
        assert await task == "key"
        assert ticks >= 5

    async def test_a_caller_that_gives_up_does_not_take_the_answer_from_others(self) -> None:
        values = Values()
        first = asyncio.create_task(values.resolve("!sleep 0.1; echo key", ENV, what="k"))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(values.resolve("!sleep 0.1; echo key", ENV, what="k"))
        await asyncio.sleep(0.02)
        first.cancel()
        assert (await second).text == "key"
        assert first.cancelled()


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


# -- keyring ---------------------------------------------------------------------------------------


async def test_without_the_keyring_package_one_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match=r"pip install 'pi-for-python\[keyring\]'"):
        await text("keyring:pi/openai")


async def test_the_keyring_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    backend = ModuleType("keyring")

    def get_password(service: str, user: str) -> str | None:
        asked.append((service, user))
        return "test-key" if user == "openai" else None

    backend.get_password = get_password  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", backend)
    values = Values()
    for _ in range(2):
        found = await values.resolve("keyring:my/pi/openai", ENV, what="k")
        assert (found.text, found.source) == ("test-key", "keyring:my/pi/openai")
    assert asked == [("my/pi", "openai")]
    with pytest.raises(ConfigError, match="no entry for pi/groq"):
        await values.resolve("keyring:pi/groq", ENV, what="k")
    with pytest.raises(ConfigError, match="keyring:service/user"):
        await values.resolve("keyring:openai", ENV, what="k")
