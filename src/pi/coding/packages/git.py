"""Git repositories as packages: cloned and renewed as a whole, without running anything of theirs.

Git is told to run no hooks, to fetch no submodules and to speak only https, http, ssh and files. A
clone is made beside its place and moved there when it is complete; what was there stays until then.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pi.ai.errors import ConfigError
from pi.coding.packages.sources import Source

__all__ = ["clone", "commit_of", "is_changed", "newest"]

_SAFE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "advice.detachedHead=false",
    "gc.auto=0",
)
_TIMEOUT = 600.0
"""Seconds for one command of git."""


def clone(source: Source, target: Path, env: Mapping[str, str]) -> str:
    """Put the repository at `target`, in place of what is there; gives the commit.

    Raises `ConfigError`, with what was there still there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        options = ("--no-checkout", "--no-recurse-submodules", "--template=", "--quiet")
        _git(("clone", *options, "--", source.url, str(fresh)), env, source.text)
        commit = _resolve(fresh, source, env)
        _git(("checkout", "--quiet", "--detach", commit), env, source.text, fresh)
        _swap(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return commit


def commit_of(folder: Path, env: Mapping[str, str]) -> str:
    """The commit of a clone; "" if it is none."""
    if not (folder / ".git").exists():
        return ""
    try:
        return _git(("rev-parse", "HEAD"), env, str(folder), folder).strip()
    except ConfigError:
        return ""


def is_changed(folder: Path, env: Mapping[str, str]) -> bool:
    """Whether somebody has changed files in a clone, or added some."""
    text = _git(("status", "--porcelain", "--untracked-files=all"), env, str(folder), folder)
    return any(not line.endswith((".pyc", "__pycache__/")) for line in text.splitlines())


def newest(source: Source, env: Mapping[str, str]) -> str:
    """The commit that the repository's main branch has now. Raises `ConfigError`."""
    text = _git(("ls-remote", "--quiet", "--", source.url, "HEAD"), env, source.text)
    commit = text.split("\t")[0].strip()
    if not commit:
        raise ConfigError(f"{source.text}: the repository is empty")
    return commit


def _resolve(folder: Path, source: Source, env: Mapping[str, str]) -> str:
    """The commit that a ref means in a clone."""
    if not source.ref:
        names = ("HEAD",)
    else:
        names = (f"refs/tags/{source.ref}", f"refs/remotes/origin/{source.ref}", source.ref)
    for name in names:
        wanted = ("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
        try:
            return _git(wanted, env, source.text, folder).strip()
        except ConfigError:
            continue
    if not source.ref:
        raise ConfigError(f"{source.text}: the repository is empty")
    raise ConfigError(f"{source.text}: there is no branch, tag or commit {source.ref!r}")


def _swap(fresh: Path, target: Path) -> None:
    """Move `fresh` to `target`; what was there is put aside for that moment, then removed."""
    aside = target.with_name(f".{target.name}.{os.getpid()}.old")
    shutil.rmtree(aside, ignore_errors=True)
    had = target.exists()
    try:
        if had:
            target.rename(aside)
        fresh.rename(target)
    except OSError as error:
        if had and aside.exists() and not target.exists():
            aside.rename(target)
        raise ConfigError(f"{target} cannot be replaced: {error.strerror or error}") from error
    shutil.rmtree(aside, ignore_errors=True)


def _git(
    arguments: tuple[str, ...], env: Mapping[str, str], what: str, folder: Path | None = None
) -> str:
    """Run git; gives its output. Raises `ConfigError` with the last line of what it said."""
    settings = [word for item in _SAFE for word in ("-c", item)]
    try:
        done = subprocess.run(
            ["git", *settings, *arguments],
            cwd=folder,
            env=_environment(env),
            stdin=subprocess.DEVNULL if not _person() else None,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise ConfigError(f"{what}: git is not installed, or not in PATH") from None
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{what}: git took longer than {_TIMEOUT:.0f} s") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        told = [line for line in said if line.startswith(("fatal:", "error:", "ERROR:"))] or said
        reason = told[0].partition(": ")[2] or told[0] if told else f"exit {done.returncode}"
        raise ConfigError(f"{what}: git says: {reason}")
    return done.stdout.decode(errors="replace")


def _person() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    """Without a repository that somebody else's git has named, and without questions to nobody."""
    own = {key: value for key, value in env.items() if not key.startswith(("GIT_DIR", "GIT_WORK"))}
    for name in ("GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_TEMPLATE_DIR"):
        own.pop(name, None)
    own |= {
        "GIT_ALLOW_PROTOCOL": "https:http:ssh:file",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "LC_ALL": "C",
    }
    if not _person():
        own["GIT_TERMINAL_PROMPT"] = "0"
        own.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    return own
