"""Whose program a Google login presents itself as: an OAuth client with an id and a secret.

Google's own programs carry such a client, and its secret is not part of this one. It is looked for
in settings and variables, then in an installation of that program on this machine, and it is only
ever kept in memory.
"""

import mmap
import re
import shutil
import time
from collections.abc import Callable, Iterator
from glob import escape
from pathlib import Path

from msgspec import Struct

from pi.ai.auth.values import Environment
from pi.ai.errors import ConfigError

__all__ = ["Installation", "OAuthClient", "client_from_env", "client_in", "installed_client"]

_SECRET = re.compile(rb"GOCSPX-[A-Za-z0-9_-]{28}")
_NEAR = 4096
_SECONDS = 8.0
_MAX_FILES = 3000
_VARIABLE = re.compile(r"\{([A-Z_]+)\}")


class OAuthClient(Struct, frozen=True):
    """An OAuth client. `source` says where it was found; `published`: in public source code."""

    id: str
    secret: str
    source: str = ""
    published: bool = False

    def __repr__(self) -> str:
        return f"OAuthClient({self.id!r}, …, {self.source!r})"


class Installation(Struct, frozen=True, kw_only=True):
    """Where a program may be installed.

    command: its name on PATH. package: the end of its folder's path. folders: patterns of folders,
    in which `{NAME}` is a variable; those with an unset one are left out. files: patterns of files
    in such a folder, the likely ones first.
    """

    command: str
    package: str
    folders: tuple[str, ...]
    files: tuple[str, ...]


def client_from_env(env: Environment, prefix: str, usual_id: str) -> OAuthClient | None:
    """The client that variables name. Raises `ConfigError` if they name half of one."""
    names = f"{prefix}_OAUTH_CLIENT_ID", f"{prefix}_OAUTH_CLIENT_SECRET"
    id_, secret = env.get(names[0]), env.get(names[1])
    if secret is None:
        if id_ is not None:
            raise ConfigError(f"{names[0]} is set, but {names[1]} is not: set both or none")
        return None
    return OAuthClient((id_ or usual_id).strip(), secret.strip(), names[1])


def installed_client(
    where: Installation, client_id: str, env: Environment, stopped: Callable[[], bool]
) -> OAuthClient | None:
    """The client in a program on this machine. Reads files for some seconds, or till `stopped`."""
    end = time.monotonic() + _SECONDS
    for number, file in enumerate(_files(where, env)):
        if number >= _MAX_FILES or time.monotonic() > end or stopped():
            break
        secret = _secret_in_file(file, client_id)
        if secret:
            return OAuthClient(client_id, secret, str(file))
    return None


def client_in(data: bytes | mmap.mmap, client_id: str) -> str:
    """The secret that stands next to `client_id` in a file; "" if there is none."""
    start = 0
    wanted = client_id.encode()
    while (at := data.find(wanted, start)) >= 0:
        begin, end = max(0, at - _NEAR), at + len(wanted) + _NEAR
        near = bytes(data[begin:end])
        found = [(abs(begin + match.start() - at), match[0]) for match in _SECRET.finditer(near)]
        if found:
            return min(found)[1].decode()
        start = at + 1
    return ""


def _secret_in_file(path: Path, client_id: str) -> str:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return client_in(data, client_id)
    except (OSError, ValueError):  # unreadable, empty
        return ""


def _files(where: Installation, env: Environment) -> Iterator[Path]:
    seen: set[Path] = set()
    for folder in _folders(where, env):
        for pattern in where.files:
            try:
                found = sorted(folder.glob(pattern))
            except OSError:
                continue
            for file in found:
                if file not in seen and file.is_file():
                    seen.add(file)
                    yield file


def _folders(where: Installation, env: Environment) -> Iterator[Path]:
    yield from _of_command(where, env)
    for template in where.folders:
        names = _VARIABLE.findall(template)
        values = {name: _variable(name, env) for name in names}
        if all(values.values()):
            path = Path(_VARIABLE.sub(lambda m, v=values: escape(v[m[1]]), template))
            pattern = str(path.relative_to(path.anchor))
            try:
                yield from sorted(Path(path.anchor).glob(pattern), reverse=True)
            except OSError:
                continue


def _of_command(where: Installation, env: Environment) -> Iterator[Path]:
    """The folder of the program that PATH leads to, as package managers lay it out."""
    found = shutil.which(where.command, path=env.get("PATH") or "")
    if found is None:
        return
    command = Path(found)
    parts = Path(where.package).parts
    for file in (command.resolve(), command):
        for folder in file.parents:
            if folder.parts[-len(parts) :] == parts:
                yield folder
            for inner in ("", "lib", "resources"):
                package = folder / inner / where.package
                if package.is_dir():
                    yield package


def _variable(name: str, env: Environment) -> str:
    if name == "HOME":
        return env.first("HOME", "USERPROFILE") or ""
    return env.get(name) or ""
