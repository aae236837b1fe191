"""What is in the clipboard: an image, or a text. Asked of the programs that a system has for it."""

import asyncio
import os
import shutil
import sys
import tempfile
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from pi.ai.messages import ImageContent
from pi.coding.modes.interactive.editor.drag import image_kind

__all__ = ["read_image", "read_text"]

_SECONDS = 5.0
_MOST_BYTES = 50_000_000
_KINDS = ("image/png", "image/jpeg", "image/webp", "image/gif")


async def read_image(env: Mapping[str, str] | None = None) -> ImageContent | None:
    """The image in the clipboard; None if there is none, or no program that could tell."""
    env = os.environ if env is None else env
    for command in _lists(env):
        offered = (await _output(env, *command)).decode(errors="replace").split()
        for kind in _KINDS:
            if kind in offered:
                image = _image(await _output(env, *_reads(command, kind)))
                if image:
                    return image
    if sys.platform == "darwin":
        return await _on_a_mac(env)
    return None


async def read_text(env: Mapping[str, str] | None = None) -> str:
    """The text in the clipboard; "" if there is none, or no program that could tell."""
    env = os.environ if env is None else env
    commands = [["wl-paste", "--no-newline"]] if env.get("WAYLAND_DISPLAY") else []
    if env.get("DISPLAY"):
        commands.append(["xclip", "-selection", "clipboard", "-o"])
        commands.append(["xsel", "--clipboard", "--output"])
    if sys.platform == "darwin":
        commands.append(["pbpaste"])
    for command in commands:
        data = await _output(env, *command)
        if data:
            return data.decode(errors="replace")
    return ""


def _lists(env: Mapping[str, str]) -> list[list[str]]:
    found = [["wl-paste", "--list-types"]] if env.get("WAYLAND_DISPLAY") else []
    if env.get("DISPLAY"):
        found.append(["xclip", "-selection", "clipboard", "-t", "TARGETS", "-o"])
    return found


def _reads(lists: list[str], kind: str) -> list[str]:
    if lists[0] == "wl-paste":
        return ["wl-paste", "--no-newline", "--type", kind]
    return ["xclip", "-selection", "clipboard", "-t", kind, "-o"]


async def _on_a_mac(env: Mapping[str, str]) -> ImageContent | None:
    image = _image(await _output(env, "pngpaste", "-"))
    if image:
        return image
    with tempfile.TemporaryDirectory(prefix="pi-") as folder:
        file = Path(folder, "clipboard.png")
        script = f'set f to open for access POSIX file "{file}" with write permission\n'
        script += "write (the clipboard as «class PNGf») to f\nclose access f"
        await _output(env, "osascript", "-e", script)
        try:
            return _image(await asyncio.to_thread(file.read_bytes))
        except OSError:
            return None


def _image(data: bytes) -> ImageContent | None:
    kind = image_kind(data)
    return ImageContent(b64encode(data).decode(), kind) if kind else None


async def _output(env: Mapping[str, str], *command: str) -> bytes:
    """What a program writes; nothing if it is missing, fails, or takes too long."""
    program = shutil.which(command[0], path=env.get("PATH"))
    if program is None:
        return b""
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *command[1:],
            env=dict(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return b""
    try:
        data, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return b""
    return data if process.returncode == 0 and len(data) <= _MOST_BYTES else b""
