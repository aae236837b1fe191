"""Images and texts from outside: dragged files, the clipboard, another editor."""

import os
from base64 import b64decode
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pi.ai.errors import ConfigError
from pi.coding.modes.interactive.clipboard_image import read_image, read_text
from pi.coding.modes.interactive.editor.drag import image_kind, load_image, paths_of
from pi.coding.modes.interactive.editor.external import edit, editor_command
from pi.coding.modes.interactive.editor.history import History
from support.typist import Typist, typing

PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def pasted(text: str) -> str:
    """A text as a terminal pastes it."""
    return f"\x1b[200~{text}\x1b[201~"


def program(folder: Path, name: str, script: str) -> Path:
    """A program of that name."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


async def settled(typist: Typist) -> None:
    """Dragged files have been read."""
    await typist.editor._incoming.settle()
    await typist.draw()


async def test_an_image_that_is_dragged_in(tmp_path: Path) -> None:
    file = tmp_path / "a shot.png"
    file.write_bytes(PNG)
    history = History()
    async with typing(history=history) as typist:
        await typist.type("see " + pasted(str(file).replace(" ", "\\ ")))
        await settled(typist)
        assert typist.lines[1] == "see [image #1 a shot.png]"
        text, images = typist.editor.take()
        assert text == "see [image #1 a shot.png]"
        assert [b64decode(image.data) for image in images] == [PNG]
        assert images[0].mime_type == "image/png"


async def test_what_only_looks_like_an_image_stays_a_path(tmp_path: Path) -> None:
    file = tmp_path / "no.png"
    file.write_text("text")
    async with typing(columns=200) as typist:
        await typist.type("see " + pasted(str(file)) + " there")
        await settled(typist)
        assert typist.editor.text == f"see {file} there"
        assert typist.editor.images == ()
        await typist.type("!")
        assert typist.editor.text == f"see {file} there!"
        assert typist.lines[1] == f"see {file} there!"


@pytest.mark.parametrize(
    ("paste", "paths"),
    [
        ("/a/b.png", ["/a/b.png"]),
        (" '/a/with blank.PNG' ", ["/a/with blank.PNG"]),
        ("/a/with\\ blank.jpeg", ["/a/with blank.jpeg"]),
        ("/a/with blank.jpeg", ["/a/with blank.jpeg"]),
        ("file:///a/with%20blank.webp", ["/a/with blank.webp"]),
        ("~/b.gif", ["/home/me/b.gif"]),
        ("/a/b.png '/c d.jpg'", ["/a/b.png", "/c d.jpg"]),
        ("/a/b.txt", []),
        ("see /a/b.png", []),
        ("b.png", []),
        ("/a/b.png\n/c.png", []),
        ("'/a.png", []),
        ("", []),
    ],
)
def test_paths_in_a_paste(paste: str, paths: list[str]) -> None:
    assert paths_of(paste, "/home/me") == paths


def test_kinds_of_images(tmp_path: Path) -> None:
    assert image_kind(PNG) == "image/png"
    assert image_kind(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert image_kind(b"GIF89a") == "image/gif"
    assert image_kind(b"RIFF1234WEBP") == "image/webp"
    assert image_kind(b"BM") == ""
    assert load_image(str(tmp_path / "none.png")) is None
    assert load_image(str(tmp_path)) is None


async def test_the_clipboard_has_an_image(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(PNG)
    program(
        tmp_path,
        "wl-paste",
        f'case "$*" in *list-types*) echo text/html; echo image/png;; *png*) cat {tmp_path}/data;;'
        " *) exit 1;; esac",
    )
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "WAYLAND_DISPLAY": "wayland-0"}
    image = await read_image(env)
    assert image is not None
    assert b64decode(image.data) == PNG
    assert await read_text(env) == ""


async def test_the_clipboard_has_a_text(tmp_path: Path) -> None:
    program(tmp_path, "xclip", 'case "$*" in *TARGETS*) echo STRING;; *) printf "a text";; esac')
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DISPLAY": ":0"}
    assert await read_image(env) is None
    assert await read_text(env) == "a text"
    assert await read_text({"PATH": ""}) == ""


@pytest.mark.parametrize(
    ("chosen", "env", "command"),
    [
        ("vi -e", {"VISUAL": "cat"}, ["vi", "-e"]),
        (None, {"VISUAL": "cat -u", "EDITOR": "ls"}, ["cat", "-u"]),
        ("", {"VISUAL": " ", "EDITOR": "ls"}, ["ls"]),
        (None, {}, ["nano"]),
    ],
)
def test_which_editor(
    tmp_path: Path, chosen: str | None, env: dict[str, str], command: list[str]
) -> None:
    for name in ("vi", "cat", "ls", "nano"):
        program(tmp_path, name, "")
    assert editor_command(chosen, {"PATH": str(tmp_path), **env}) == command


@pytest.mark.parametrize(
    ("chosen", "told"),
    [("'", "is no command"), ("nowhere -w", "'nowhere' cannot be found"), (None, "no editor")],
)
def test_no_editor(tmp_path: Path, chosen: str | None, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        editor_command(chosen, {"PATH": str(tmp_path)})


def was_left(told: Path) -> bool:
    """Whether the file is there whose name stands in another one."""
    return Path(told.read_text().strip()).exists()


async def test_an_editor_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    failing = program(tmp_path, "failing", f'echo "$1" > {tmp_path}/name; echo x > "$1"; exit 3')
    with pytest.raises(ConfigError, match="ended with status 3"):
        await edit("text", [str(failing)])
    assert not was_left(tmp_path / "name")


@asynccontextmanager
async def free():
    """The terminal is free."""
    yield


async def test_the_text_in_another_editor(tmp_path: Path) -> None:
    paste = "\n".join(map(str, range(20)))
    appending = program(tmp_path, "appending", 'cp "$1" "$0.saw"; printf " more\\n" >> "$1"')
    chosen = [str(appending)]
    said: list[str] = []
    async with typing(
        external_editor=lambda: chosen[0],
        free_terminal=free,
        say=lambda level, text: said.append(text),
    ) as typist:
        await typist.type("see " + pasted(paste))
        await typist.type("\x07")
        await typist.until(lambda: typist.editor.text.endswith("more"))
        assert (tmp_path / "appending.saw").read_text() == f"see {paste}"
        assert typist.editor.text == f"see {paste} more"
        assert typist.lines[1] == "see [paste #1 +20 lines] more"
        chosen[0] = "nowhere"
        await typist.type("\x07")
        await typist.until(lambda: said)
        assert said == ["externalEditor: 'nowhere' cannot be found"]
        assert typist.editor.text == f"see {paste} more"


async def test_what_is_given_back_keeps_the_draft_with_its_pastes() -> None:
    paste = "y" * 2000
    async with typing() as typist:
        await typist.type(pasted(paste) + "\x1b[D")
        typist.editor.prepend("queued")
        assert typist.editor.text == f"queued\n\n{paste}"
        await typist.type("x")
        assert typist.editor.text == f"queued\n\nx{paste}"
        assert typist.lines[3] == "x[paste #1 2000 chars]"


@pytest.mark.parametrize("before", ["", "read ", "  "])
@pytest.mark.parametrize("after", ["", " please", "\n"])
async def test_what_is_given_back_has_its_pastes_as_marks_again(before: str, after: str) -> None:
    paste = "line\n" * 6_000
    async with typing() as typist:
        typist.editor.insert(before)
        await typist.type(pasted(paste))
        typist.editor.insert(after)
        text, _ = typist.editor.take()
        assert text == before + paste + after
        await typist.type("draft")
        typist.editor.prepend(text.strip())
        await typist.draw()
        assert typist.editor.text == f"{text.strip()}\n\ndraft"
        size = "+6000 lines"
        assert f"{before.strip()} [paste #1 {size}]{after.rstrip()}".strip() in typist.lines[1]


async def test_a_huge_text_that_is_given_back_is_a_mark() -> None:
    text = "one that waited\n\n" * 3000
    async with typing() as typist:
        typist.editor.prepend(text)
        await typist.draw()
        assert typist.editor.text == text
        assert typist.lines[1] == "[paste #1 +6000 lines]"


async def test_keys_go_on_while_a_file_is_read(tmp_path: Path) -> None:
    fifo = tmp_path / "slow.png"
    file = tmp_path / "real.png"
    file.write_bytes(PNG)
    os.mkfifo(fifo)
    async with typing(columns=200) as typist:
        await typist.type(pasted(str(fifo)) + "abc" + pasted(str(file)))
        await settled(typist)
        assert typist.editor.text == f"{fifo}abc[image #1 real.png]"


async def test_images_that_are_given_back_stand_where_they_stood(tmp_path: Path) -> None:
    file = tmp_path / "shot.png"
    file.write_bytes(PNG)
    async with typing() as typist:
        await typist.type("look at " + pasted(str(file)) + " please")
        await settled(typist)
        text, images = typist.editor.take()
        await typist.type("draft")
        typist.editor.prepend(text)
        typist.editor.add_images([*images, *images])
        assert typist.editor.text == ("look at [image #1 shot.png] please\n\ndraft [image #2]")
        assert len(typist.editor.images) == 2
        await typist.type("!")
        assert typist.editor.text.endswith("[image #2]!")


async def test_the_history_has_the_path_of_an_image(tmp_path: Path) -> None:
    file = tmp_path / "shot.png"
    file.write_bytes(PNG)
    async with typing(columns=200) as typist:
        await typist.type("see " + pasted(str(file)))
        await settled(typist)
        typist.editor.take()
        await typist.type("\x1b[A")
        assert typist.editor.text == f"see {file}"
