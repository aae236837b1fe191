"""Where a package comes from: what people write, and what it means.

A source is a folder on this machine or a git repository, `git:host/user/repo`, a URL, or
`git@host:user/repo`, each with `@ref` for a branch, a tag or a commit. What is written ends up on a
command line of git, so everything in it is checked first.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from pi.ai.errors import ConfigError
from pi.ai.places import expand

__all__ = ["Source", "clone_folder", "parse_source"]

_URL = re.compile(r"(https?|ssh|file)://(?:([^/@]*)@)?([^/]*)/(.+)")
_SCP = re.compile(r"([\w.-]+)@([\w.-]+):(?!/)(.+)")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?")
_SEGMENT = re.compile(r"[\w.~+ -]+")
_REF = re.compile(r"[A-Za-z0-9_][\w./+-]*")
_SCHEMES = ("npm", "git", "http", "https", "ssh", "file", "builtin")


class Source(Struct, frozen=True):
    """A source. url: for git. ref: the branch, tag or commit that was asked for.

    identity: the same for all ways to write the same package. place: of a git repository, host and
    path, which is also where its clone lies. path: the folder, if it is one of this machine.
    """

    text: str
    kind: Literal["git", "local"]
    identity: str
    url: str = ""
    ref: str = ""
    place: tuple[str, ...] = ()
    path: Path | None = None


def parse_source(text: str, base: Path, env: Mapping[str, str] | None = None) -> Source:
    """What a source means. Paths are relative to `base`. Raises `ConfigError`."""
    text = text.strip()
    if not text or any(ord(char) < 32 for char in text):
        raise ConfigError(f"{text!r} is no package: give a folder or a git repository")
    if text.startswith("npm:"):
        raise ConfigError(
            f"{text}: npm packages are written for Node and cannot be loaded here; ask for a"
            " version as a git repository or a folder (skills and prompts work unchanged)"
        )
    if text.startswith("builtin:"):
        raise ConfigError(f"{text}: there are no such built-in packages here")
    if text.startswith("git:") and not text.startswith("git://"):
        rest = text.removeprefix("git:")
        if rest.startswith(("/", "~", ".")):
            there = f"git:file://{_path(rest, base, env)}"
            raise ConfigError(
                f"{text} is no repository: one on this machine is {there}, and a folder that"
                " is to be used where it is has no git: before it"
            )
        return _git(text, rest)
    if _URL.fullmatch(text) or _SCP.fullmatch(text):
        return _git(text, text)
    scheme = text.partition(":")[0].lower()
    if "://" in text or "::" in text or (scheme in _SCHEMES and ":" in text):
        raise ConfigError(f"{text} is no source: expected a folder, git:, https:, ssh: or file:")
    if text.startswith("-"):
        raise ConfigError(f"{text} is an option, not a package")
    path = _path(text, base, env)
    return Source(text, "local", str(path), path=path)


def clone_folder(source: Source, root: Path) -> Path:
    """Where the clone of a git source lies. root: the user's folder, or a project's `.pi`."""
    return root.joinpath("git", *source.place)


def _path(text: str, base: Path, env: Mapping[str, str] | None) -> Path:
    return Path(os.path.abspath(base / expand(text, os.environ if env is None else env)))  # noqa: PTH100


def _git(text: str, rest: str) -> Source:
    url, scp = _URL.fullmatch(rest), _SCP.fullmatch(rest)
    if url is not None:
        scheme, user, host, path = url.groups()
        if user and ":" in user:
            raise ConfigError(
                f"a password has no place in a source: it would be kept in settings; use ssh or a"
                f" credential helper of git ({scheme}://{host}/…)"
            )
        front = f"{scheme}://{f'{user}@' if user else ''}{host}/"
    elif scp is not None:
        user, host, path = scp.groups()
        scheme, front = "ssh", f"{user}@{host}:"
    else:
        host, slash, path = rest.partition("/")
        if not slash or not path:
            raise ConfigError(f"{text} is no repository: expected git:host/user/repo")
        scheme, user, front = "https", None, f"https://{host}/"
    path, ref = _split_ref(path, text)
    path = path.strip("/")
    segments = tuple(path.removesuffix(".git").split("/"))
    _check(text, scheme, user, host, segments)
    place = (host.replace(":", "_").lower() or "localhost", *segments)
    return Source(text, "git", "/".join(place), front + path, ref, place)


def _split_ref(path: str, text: str) -> tuple[str, str]:
    path, at, ref = path.partition("@")
    if at and not _good_ref(ref):
        raise ConfigError(f"{text}: {ref!r} is no branch, tag or commit")
    return path, ref


def _good_ref(ref: str) -> bool:
    return bool(_REF.fullmatch(ref)) and ".." not in ref and not ref.endswith((".lock", "/"))


def _check(text: str, scheme: str, user: str | None, host: str, segments: tuple[str, ...]) -> None:
    good_host = (scheme == "file" and host in ("", "localhost")) or _HOST.fullmatch(host)
    good_user = not user or re.fullmatch(r"[A-Za-z0-9_][\w.+-]*", user)
    good_path = all(
        _SEGMENT.fullmatch(part) and part.strip(". ") and not part.startswith("-")
        for part in segments
    )
    if not (good_host and good_user and good_path):
        raise ConfigError(f"{text} is no repository: host or path has something odd in it")
