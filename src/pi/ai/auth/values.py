"""How a key or header is written down, and what it stands for.

    !command              the output of a shell command
    keyring:service/user  an entry of the system's keyring
    NAME                  the environment variable of that name, if it is set
    $NAME  ${NAME}        environment variables anywhere in a text; `$$` is `$` and `$!` is `!`
    anything else         itself

Messages name the variable or the command, never a value or what a command printed.
"""

import os
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from msgspec import Struct

from pi.ai.errors import ConfigError

__all__ = [
    "Environment",
    "Resolved",
    "Values",
    "at_hand",
    "describe",
    "is_placeholder",
    "missing_variables",
    "names_secret",
    "present",
]

_PLACEHOLDER = re.compile(r"<[^<>]*>|gcp-vertex-credentials")
_SECRET_HEADER = re.compile("auth|key|token|secret|cookie")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$(?:\$|!|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_KEYRING = "keyring:"


def is_placeholder(key: str) -> bool:
    """Whether `key` only says that credentials come from elsewhere; such a text is never sent."""
    return _PLACEHOLDER.fullmatch(key.strip()) is not None


def names_secret(header: str) -> bool:
    """Whether a header of this name is likely to carry a credential."""
    return _SECRET_HEADER.search(header.lower()) is not None


class Environment:
    """Environment variables as one provider sees them: those of its credential win.

    An empty or blank variable counts as unset. Without `process` the environment of this process
    is read whenever a variable is asked for.
    """

    def __init__(
        self, process: Mapping[str, str] | None = None, own: Mapping[str, str] = {}
    ) -> None:
        self.process = process
        self.own = own

    def get(self, name: str) -> str | None:
        """The value of a variable without surrounding white space, or None."""
        process = os.environ if self.process is None else self.process
        for variables in (self.own, process):
            value = variables.get(name, "").strip()
            if value:
                return value
        return None

    def first(self, *names: str) -> str | None:
        """The value of the first of these variables that is set."""
        return next(filter(None, map(self.get, names)), None)

    def merged(self) -> dict[str, str]:
        """All variables, for a child process."""
        return {**(os.environ if self.process is None else self.process), **self.own}


class Resolved(Struct, frozen=True):
    """A value and where it came from, in words. `literal`: it stands in the file as it is."""

    text: str
    source: str
    literal: bool = False


class Values:
    """Resolves values. Commands and keyring entries are remembered for the life of the object."""

    def __init__(self, commands: Any = None) -> None:
        self._commands: Any = commands
        self._keyring: dict[str, str] = {}

    @property
    def commands(self) -> Any:
        """The `pi.ai.auth.command.Commands`, made at first need: they load an event loop."""
        if self._commands is None:
            from pi.ai.auth.command import Commands

            self._commands = Commands()
        return self._commands

    async def resolve(
        self, spec: str, env: Environment, *, what: str, remember: bool = True
    ) -> Resolved:
        """What `spec` stands for. `what` names it in errors, such as `key of openai`.

        With `remember` a command runs once. Raises `ConfigError` if there is no value.
        """
        if spec.startswith("!"):
            from pi.ai.auth.command import first_word

            command = spec[1:].strip()
            text: str = await self.commands.run(command, env.merged(), what=what, remember=remember)
            return Resolved(text, f"command `{first_word(command)}`")
        if spec.startswith(_KEYRING):
            return Resolved(await self._from_keyring(spec, what), spec)
        named = env.get(spec) if _NAME.fullmatch(spec) else None
        if named is not None:
            return Resolved(named, spec)
        missing = missing_variables(spec, env)
        if missing:
            raise ConfigError(
                f"{what}: the environment variable{'s' * (len(missing) > 1)} {', '.join(missing)}"
                f" {'is' if len(missing) == 1 else 'are'} not set"
                " (write $$ for a dollar sign)"
            )
        names = _references(spec)
        text = _REFERENCE.sub(lambda found: _replacement(found, env), spec)
        return Resolved(text, ", ".join(names), literal=not names)

    async def _from_keyring(self, spec: str, what: str) -> str:
        known = self._keyring.get(spec)
        if known is None:
            known = self._keyring[spec] = await read_keyring(spec.removeprefix(_KEYRING), what)
        return known


def present(spec: str, env: Environment) -> bool:
    """Whether `spec` is likely to have a value. Runs nothing and asks no keyring."""
    if spec.startswith(("!", _KEYRING)):
        return len(spec.lstrip("!").strip()) > 0
    return bool(spec.strip()) and not missing_variables(spec, env)


def at_hand(spec: str, env: Environment) -> str | None:
    """The value of `spec` if nothing must be run or asked for it."""
    if spec.startswith(("!", _KEYRING)) or missing_variables(spec, env):
        return None
    named = env.get(spec) if _NAME.fullmatch(spec) else None
    return named or _REFERENCE.sub(lambda found: _replacement(found, env), spec)


def describe(spec: str, env: Environment) -> str:
    """Where the value of `spec` comes from, in words and without any secret; "" for a literal."""
    if spec.startswith("!"):
        from pi.ai.auth.command import first_word

        return f"command `{first_word(spec[1:].strip())}`"
    if spec.startswith(_KEYRING):
        return spec
    if _NAME.fullmatch(spec) and env.get(spec) is not None:
        return spec
    return ", ".join(_references(spec))


def missing_variables(spec: str, env: Environment) -> list[str]:
    """The variables that `spec` mentions with `$` and that are not set."""
    return [name for name in _references(spec) if env.get(name) is None]


def _references(spec: str) -> list[str]:
    names = (found[1] or found[2] for found in _REFERENCE.finditer(spec))
    return list(dict.fromkeys(name for name in names if name))


def _replacement(found: re.Match[str], env: Environment) -> str:
    name = found[1] or found[2]
    return (env.get(name) or "") if name else found[0][1]


async def read_keyring(place: str, what: str) -> str:
    """The password at `service/user`. Raises `ConfigError` if there is none or no keyring."""
    import asyncio

    service, slash, user = place.rpartition("/")
    if not slash or not service or not user:
        raise ConfigError(f"{what}: a keyring entry is written keyring:service/user")
    try:
        keyring: Any = import_module("keyring")
    except ImportError:
        raise ConfigError(
            f"{what}: reading the keyring needs the keyring package:"
            " pip install 'pi-for-python[keyring]'"
        ) from None
    try:
        async with asyncio.timeout(60):  # a locked keyring asks its user
            password = await asyncio.to_thread(keyring.get_password, service, user)
    except TimeoutError:
        raise ConfigError(f"{what}: the keyring did not answer within 60 s") from None
    except Exception as error:  # each backend has errors of its own
        raise ConfigError(f"{what}: the keyring failed ({type(error).__name__})") from None
    if not isinstance(password, str) or not password:
        raise ConfigError(f"{what}: the keyring has no entry for {service}/{user}")
    return password
