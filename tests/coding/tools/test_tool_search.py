"""grep and find with every engine that is here: the same tree, the same answers."""

import asyncio
import os
import shutil
import time
from pathlib import Path

import pytest

from pi.coding.tools.find import Find
from pi.coding.tools.grep import Grep
from pi.coding.tools.search import engines
from pi.coding.tools.search.lookup import required_literal

greps = pytest.mark.parametrize(
    "engine",
    [
        pytest.param("rg", marks=pytest.mark.skipif(not shutil.which("rg"), reason="no ripgrep")),
        "python",
    ],
)
finds = pytest.mark.parametrize(
    "engine",
    [
        pytest.param("fd", marks=pytest.mark.skipif(not engines.fd(), reason="no fd")),
        "python",
    ],
)


@pytest.fixture
def project(make, tmp_path: Path) -> Path:
    """A project with all that makes searching difficult."""
    make(".git/HEAD", "needle\n")
    make(".gitignore", "*.log\n/build/\n!keep.log\n")
    make("build/out.txt", "needle\n")
    make("a.log", "needle\n")
    make("keep.log", "a needle\n")
    make(".hidden/f.txt", "needle hidden\n")
    make("src/main.py", "import os\n\nNeedle = 1\n\n\nprint('needle')  # needle\nend\n")
    make("src/sub/.gitignore", "private\n")
    make("src/sub/private", "needle\n")
    make("src/sub/mod.py", "x = 1\r\nneedle\r\n")
    make("binary", b"needle\n" + b"x" * 10 + b"\0\n")
    make("late-binary", b"needle\n" + b"x\n" * 100_000 + b"\0\n")
    make("latin-1.txt", b"caf\xe9 needle\n")
    make("utf-16.txt", "\ufeffnéedle\r\nneedle é\r\n".encode("utf-16-le"))
    make("no-end.txt", "last needle")
    make("bom.txt", b"\xef\xbb\xbfneedle first\n")
    make("long.txt", "é" * 600 + "needle\n")
    make("empty.txt")
    (tmp_path / "link.py").symlink_to("src/main.py")
    return tmp_path


def answers(text: str) -> list[str]:
    return text.split("\n\n[")[0].split("\n")


@greps
async def test_what_is_searched(call, project: Path, engine: engines.Engine) -> None:
    result = await call(Grep(engine), pattern="needle")
    assert answers(result.content[0].text) == [
        ".hidden/f.txt:1: needle hidden",
        "bom.txt:1: needle first",
        "keep.log:1: a needle",
        "latin-1.txt:1: caf\ufffd needle",
        "long.txt:1: " + "é" * 500 + "... [line cut]",
        "no-end.txt:1: last needle",
        "src/main.py:6: print('needle')  # needle",
        "src/sub/mod.py:2: needle",
        "utf-16.txt:2: needle é",
    ]
    assert result.details == {"linesTruncated": True}


@greps
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"pattern": "^needle$"}, ["src/sub/mod.py:2: needle"]),
        ({"pattern": "n[eé]{2}dle é|néedle$"}, ["utf-16.txt:1: néedle", "utf-16.txt:2: needle é"]),
        ({"pattern": "^needle f"}, ["bom.txt:1: needle first"]),
        ({"pattern": "NEEDLE =", "ignoreCase": True}, ["src/main.py:3: Needle = 1"]),
        ({"pattern": "NEEDLE"}, ["No matches found."]),
        ({"pattern": "('needle')", "literal": True}, ["src/main.py:6: print('needle')  # needle"]),
        ({"pattern": "[[:digit:]]", "path": "src"}, [
            "main.py:3: Needle = 1",
            "sub/mod.py:1: x = 1",
        ]),
        ({"pattern": "(?<=x )=", "path": "src"}, ["sub/mod.py:1: x = 1"]),
        ({"pattern": "needle", "glob": "*.py"}, [
            "src/main.py:6: print('needle')  # needle",
            "src/sub/mod.py:2: needle",
        ]),
        ({"pattern": "needle", "glob": "src/*.py"}, ["src/main.py:6: print('needle')  # needle"]),
        ({"pattern": "needle", "glob": "*.{c,py}", "path": "src/sub"}, ["mod.py:2: needle"]),
        ({"pattern": "needle", "glob": "*.log"}, ["a.log:1: needle", "keep.log:1: a needle"]),
        ({"pattern": "needle", "path": "a.log"}, ["a.log:1: needle"]),
        ({"pattern": "needle", "path": "link.py"}, ["main.py:6: print('needle')  # needle"]),
        ({"pattern": "needle", "path": "build"}, ["out.txt:1: needle"]),
        ({"pattern": "needle", "path": "binary"}, ["No matches found."]),
        ({"pattern": "needle", "path": ".git"}, ["HEAD:1: needle"]),
        ({"pattern": "-needle"}, ["No matches found."]),
        ({"pattern": r"c\.f"}, ["No matches found."]),
    ],
)  # fmt: skip
async def test_ways_to_search(
    call, project: Path, engine: engines.Engine, arguments, expected: list[str]
) -> None:
    assert answers(await call.text(Grep(engine), **arguments)) == expected


@greps
async def test_context(call, make, engine: engines.Engine) -> None:
    make("a", "".join(f"{n}\n" for n in range(1, 20)))
    make("b", "12\n")
    text = await call.text(Grep(engine), pattern="^(4|6|12)$", context=1)
    assert text.split("\n") == [
        "a-3- 3", "a:4: 4", "a-5- 5", "a:6: 6", "a-7- 7", "--",
        "a-11- 11", "a:12: 12", "a-13- 13", "--", "b:1: 12",
    ]  # fmt: skip


@greps
async def test_the_limit_of_matches(call, make, engine: engines.Engine) -> None:
    make("a", "x\n" * 3)
    make("b", "x\ny\n" * 3)
    result = await call(Grep(engine), pattern="x", limit=5)
    assert result.content[0].text == (
        "a:1: x\na:2: x\na:3: x\nb:1: x\nb:3: x\n\n"
        "[5 matches shown, there are more. Set limit=10 or narrow the pattern.]"
    )
    assert result.details == {"matchLimitReached": 5}
    assert (await call(Grep(engine), pattern="x", limit=6)).details is None
    text = await call.text(Grep(engine), pattern="x", limit=4, context=1)
    assert answers(text)[-2:] == ["b:1: x", "b-2- y"]


@greps
async def test_the_limit_of_bytes(call, make, engine: engines.Engine) -> None:
    make("a", ("x" * 400 + "\n") * 300)
    result = await call(Grep(engine), pattern="x", limit=10_000)
    assert result.details["truncation"]["truncatedBy"] == "bytes"
    assert len(result.content[0].text) < 52_000


@greps
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pattern": "foo("}, "The pattern 'foo(' is no valid regular expression: missing )"),
        ({"pattern": "*x"}, "nothing to repeat at position 0. Put a backslash before characters"),
        ({"pattern": "a\nb"}, "The pattern has a line break"),
        ({"pattern": r"a\\\nb"}, "The pattern has a line break"),
        ({"pattern": "x", "path": "nothing"}, "nothing does not exist"),
        ({"pattern": "x", "limit": -1}, "limit has to be 1 or more"),
    ],
)
async def test_what_cannot_be_searched(call, engine, arguments, message: str) -> None:
    assert message in await call.error(Grep(engine), **arguments)


@greps
async def test_a_quoted_backslash_before_an_n_is_no_line_break(call, make, engine) -> None:
    make("a", r"C:\new" + "\n")
    assert await call.text(Grep(engine), pattern=r"\\new") == r"a:1: C:\new"


@greps
async def test_settings_of_the_user_change_nothing(
    call, make, engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("a.txt", "Needle\n")
    monkeypatch.setenv("RIPGREP_CONFIG_PATH", str(make("rc", "--ignore-case\n--glob=!*.txt\n")))
    home = Path(os.environ["HOME"])
    (home / ".config/git").mkdir(parents=True)
    (home / ".config/git/ignore").write_text("*.txt\n")
    assert await call.text(Grep(engine), pattern="Needle") == "a.txt:1: Needle"
    assert await call.text(Grep(engine), pattern="needle") == "No matches found."


@greps
async def test_modules_of_the_project_are_not_imported(call, make, engine) -> None:
    for name in ("re.py", "json.py", "pi/__init__.py", "sitecustomize.py"):
        make(name, "open('ran', 'w')\nneedle\n")
    await call(Grep(engine), pattern="needle")
    await call(Find("python"), pattern="*.py")
    assert not (call.cwd / "ran").exists()


@greps
async def test_a_search_can_be_stopped(call, make, engine) -> None:
    """With a pattern that Python would need years for."""
    make("a", "a" * 5000 + "\n")
    for number in range(300):
        make(f"d{number}/f", "x\n" * 1000)
    pattern = "(a+)+$b" if engine == "python" else "x.*y.*z"
    task = asyncio.create_task(call(Grep(engine), pattern=pattern))
    await asyncio.sleep(0.15 if engine == "python" else 0.002)
    start = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - start < 30


async def test_the_loop_goes_on_during_a_search(call, make) -> None:
    make("a", "a" * 100 + "\n")
    task = asyncio.create_task(call(Grep("python"), pattern="(a+)+b"))
    worst, end = 0.0, time.monotonic() + 0.4
    while (now := time.monotonic()) < end:
        await asyncio.sleep(0.001)
        worst = max(worst, time.monotonic() - now)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert worst < 0.2


def test_bytes_that_have_to_be_there() -> None:
    def needed(pattern: str) -> bytes | None:
        return required_literal(pattern, literal=False, ignore_case=False)

    assert needed("import os") == b"import os"
    assert needed("^foo.bars$") == b"bars"
    assert needed("abc*d") == b"ab"
    assert needed("ab?") == b"a"
    assert needed("x{0}") is None
    assert needed("foo|bar") is None
    assert needed("(foo)?") is None
    assert needed(r"\bfoo") is None
    assert required_literal("a(b", literal=True, ignore_case=False) == b"a(b"
    assert required_literal("ab", literal=True, ignore_case=True) is None


# find


@finds
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.py", ["link.py", "src/main.py", "src/sub/mod.py"]),
        ("src/*.py", ["src/main.py"]),
        ("src/**/*.py", ["src/main.py", "src/sub/mod.py"]),
        ("**/*.py", ["link.py", "src/main.py", "src/sub/mod.py"]),
        ("./src/*.py", ["src/main.py"]),
        ("sub", ["src/sub/"]),
        ("s*", ["src/", "src/sub/"]),
        ("sub/", ["src/sub/"]),
        ("src/", ["src/"]),
        ("*.log", ["keep.log"]),
        ("*.{txt,log}", [
            ".hidden/f.txt", "bom.txt", "empty.txt", "keep.log", "latin-1.txt", "long.txt",
            "no-end.txt", "utf-16.txt",
        ]),
        (".hidden/*", [".hidden/f.txt"]),
        ("private", ["No files found matching the pattern."]),
        ("HEAD", ["No files found matching the pattern."]),
        ("MAIN.py", ["No files found matching the pattern."]),
    ],
)  # fmt: skip
async def test_what_is_found(
    call, project: Path, engine: engines.Engine, pattern: str, expected: list[str]
) -> None:
    assert answers(await call.text(Find(engine), pattern=pattern)) == expected


@finds
async def test_another_folder_and_an_absolute_pattern(call, project: Path, engine) -> None:
    assert await call.text(Find(engine), pattern="*.py", path="src/sub") == "mod.py"
    assert await call.text(Find(engine), pattern="sub/*.py", path="src") == "sub/mod.py"
    assert await call.text(Find(engine), pattern=f"{project}/src/*.py") == "src/main.py"
    assert await call.text(Find(engine), pattern="out.txt", path="build") == "out.txt"


@finds
async def test_the_path_above_takes_no_part(call, make, engine) -> None:
    make("src/[x]*{y}/src/f", "")
    make("src/[x]*{y}/g", "")
    call.cwd = call.cwd / "src/[x]*{y}"
    assert await call.text(Find(engine), pattern="src/*") == "src/f"


@finds
async def test_the_limit_of_results_takes_the_first_ones(call, make, engine) -> None:
    for name in ("b/2", "b/1", "a", "c", "b.x"):
        make(name)
    result = await call(Find(engine), pattern="*", limit=3)
    assert result.content[0].text == (
        "a\nb/\nb/1\n\n[3 results, there are more. Set limit=6 or narrow the pattern.]"
    )
    assert result.details == {"resultLimitReached": 3}
    assert (await call(Find(engine), pattern="*", limit=6)).details is None


@finds
async def test_rules_hold_outside_of_a_repository(call, make, engine) -> None:
    make(".gitignore", "no\n")
    make("no")
    make("a/no")
    make("a/.gitignore", "!no\n")
    assert await call.text(Find(engine), pattern="no") == "a/no"


@finds
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pattern": " "}, "pattern is empty"),
        ({"pattern": "*", "path": "file"}, "file is a file, not a folder."),
        ({"pattern": "*", "path": "flie"}, "flie does not exist. Did you mean file?"),
        ({"pattern": "*", "limit": -1}, "limit has to be 1 or more"),
    ],
)
async def test_what_cannot_be_found(call, make, engine, arguments, message: str) -> None:
    make("file")
    assert message in await call.error(Find(engine), **arguments)


@finds
async def test_the_pattern_is_no_option(call, make, engine) -> None:
    make("--version")
    assert await call.text(Find(engine), pattern="--version") == "--version"


async def test_an_engine_that_does_not_do_what_is_asked_is_replaced(
    call, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("rg", "fd", "fdfind"):
        make(f"bin/{name}", "#!/bin/sh\necho nonsense\nexit 2\n").chmod(0o755)
    make("f.txt", "needle\n")
    monkeypatch.setenv("PATH", f"{call.cwd}/bin:{os.environ['PATH']}")
    assert await call.text(Grep(), pattern="needle") == "f.txt:1: needle"
    assert await call.text(Find(), pattern="f.*") == "f.txt"


async def test_without_any_engine_installed(call, make, monkeypatch: pytest.MonkeyPatch) -> None:
    make("f.txt", "needle\n")
    monkeypatch.setenv("PATH", str(call.cwd))
    assert await call.text(Grep(), pattern="needle") == "f.txt:1: needle"
    assert await call.text(Find(), pattern="f.*") == "f.txt"


async def test_no_descriptor_and_no_process_is_left(call, make) -> None:
    for number in range(50):
        make(f"f{number}", "x\n" * 100)
    await call(Grep("python"), pattern="x", limit=1)
    before = descriptors()
    for _ in range(3):
        await call(Grep("python"), pattern="x", limit=1)
        await call(Find("python"), pattern="f*", limit=1)
    assert descriptors() == before


def descriptors() -> list[str]:
    folder = Path("/proc/self/fd")
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
