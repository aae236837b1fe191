"""The text in another editor: the one of the settings, `$VISUAL`, `$EDITOR`, or what there is."""

import asyncio
import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pi.ai.errors import ConfigError

__all__ = ["edit", "editor_command"]

_LAST_RESORTS = ("nano", "vi")


def editor_command(chosen: str | None, env: Mapping[str, str]) -> list[str]:
    """The command of the editor. Raises `ConfigError` if there is none, or it cannot be found."""
    named = (
        ("externalEditor", chosen),
        ("VISUAL", env.get("VISUAL")),
        ("EDITOR", env.get("EDITOR")),
    )
    for where, value in named:
        if not value or not value.strip():
            continue
        try:
            command = shlex.split(value)
        except ValueError as error:
            raise ConfigError(f"{where}: {value!r} is no command ({error})") from None
        if shutil.which(command[0], path=env.get("PATH")) is None:
            raise ConfigError(f"{where}: {command[0]!r} cannot be found")
        return command
    for name in _LAST_RESORTS:
        if shutil.which(name, path=env.get("PATH")):
            return [name]
    raise ConfigError("there is no editor: set externalEditor in the settings, or $VISUAL")


async def edit(text: str, command: list[str], env: Mapping[str, str] | None = None) -> str:
    """The text after somebody edited it. The terminal must be free. Raises `ConfigError`."""
    file = await asyncio.to_thread(_write, text)
    try:
        try:
            process = await asyncio.create_subprocess_exec(
                *command, str(file), env=dict(os.environ if env is None else env)
            )
            status = await process.wait()
        except OSError as error:
            raise ConfigError(f"{command[0]} could not be started ({error.strerror})") from None
        if status != 0:
            raise ConfigError(f"{command[0]} ended with status {status}; the text is as it was")
        return await asyncio.to_thread(_read, file, command[0])
    finally:
        await asyncio.to_thread(shutil.rmtree, file.parent, ignore_errors=True)


def _write(text: str) -> Path:
    file = Path(tempfile.mkdtemp(prefix="pi-"), "prompt.md")
    file.write_text(text, encoding="utf-8")
    return file


def _read(file: Path, program: str) -> str:
    try:
        edited = file.read_bytes().decode()
    except OSError as error:
        raise ConfigError(f"{program} left no text ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{program} left a text that is no UTF-8") from None
    return edited.replace("\r\n", "\n").removesuffix("\n")
