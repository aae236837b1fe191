"""`models.json`: the user's own providers and models, and changes to ours.

Whatever is wrong in it disables the smallest entry around it and is reported in one line that says
where it stands and what is allowed there. Keys that nobody knows are reported too, but hurt
nothing.
Values of `apiKey` and `headers` are kept as they were written: they are resolved for each request.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
from msgspec import UNSET, Struct

from pi.ai.catalog import jsonc
from pi.ai.catalog.schema import UserProvider, Wires
from pi.ai.catalog.user_schema import (
    UserCompat,
    UserCost,
    UserModel,
    UserOverride,
    UserProviderEntry,
    UserRoot,
    UserTier,
)
from pi.ai.errors import ConfigError

__all__ = ["UserEntry", "UserModels", "read", "read_entry"]

T = TypeVar("T", bound=Struct)

_NAMES = {
    "float": "number",
    "int": "number",
    "str": "text",
    "bool": "true or false",
    "array": "list",
    "object": "object",
    "null": "null",
}


class UserEntry(Struct, frozen=True):
    """One provider of the file, with those of its entries that are sound."""

    id: str
    provider: UserProviderEntry
    models: dict[str, UserModel]
    overrides: dict[str, UserOverride]

    def for_auth(self) -> UserProvider:
        """The part that authentication reads."""
        own = self.provider
        headers: dict[str, dict[str, str]] = {}
        for items in (self.models, self.overrides):
            for name, item in items.items():
                if item.headers is not UNSET:
                    headers[name] = {**headers.get(name, {}), **item.headers}
        return UserProvider(
            own.api_key or None,
            own.headers or {},
            own.auth_header is True,
            headers,
            own.base_url or None,
        )


class UserModels(Struct, frozen=True):
    """The file. problems: what was disabled and why; notes: what was only odd."""

    entries: dict[str, UserEntry] = {}
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read(path: Path, wires: Wires, canonical: Callable[[str], str | None]) -> UserModels:
    """Read the file; a file that is not there is an empty one. Never raises.

    canonical: the id of a provider that exists without this file, given its id or an alias.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return UserModels()
    except OSError as error:
        return UserModels(problems=(f"{path.name}: cannot be read: {error.strerror}",))
    return _Reader(path.name, data, wires, canonical).run()


def read_entry(
    name: str, data: Any, wires: Wires, canonical: Callable[[str], str | None]
) -> UserEntry:
    """One entry that a program says instead of the file. Raises `ConfigError` for all that is odd,
    but for wires that nobody knows yet."""
    try:
        text = msgspec.json.encode({"providers": {name: data}})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"provider {name!r} is no JSON data: {error}") from None
    reader = _Reader(f"provider {name!r}", text, wires, canonical)
    found = reader.run()
    odd = [note for note in found.notes if "without an extension" not in note]
    for text_ in (*found.problems, *odd):
        raise ConfigError(text_.replace(f" line 1: providers.{name}", ": "))
    return next(iter(found.entries.values()))


class _Reader:
    def __init__(
        self, name: str, data: bytes, wires: Wires, canonical: Callable[[str], str | None]
    ) -> None:
        self.name = name
        self.data = data
        self.wires = wires
        self.canonical = canonical
        self.entries: dict[str, UserEntry] = {}
        self.problems: list[str] = []
        self.notes: list[str] = []

    def run(self) -> UserModels:
        if self.data.strip():
            try:
                root = self._convert(jsonc.decode(self.data), UserRoot, ())
            except jsonc.JsoncError as error:
                self.problems.append(f"{self.name} {error}")
                root = None
            if root is not None:
                for name, value in root.providers.items():
                    self._provider(name, value)
        return UserModels(self.entries, tuple(self.problems), tuple(self.notes))

    def _provider(self, name: str, value: Any) -> None:
        path: jsonc.Path = ("providers", name)
        own = self._convert(value, UserProviderEntry, path)
        if own is None or not self._sound(own.compat, (*path, "compat")):
            return
        known = self.canonical(name)
        models: dict[str, UserModel] = {}
        for number, item in enumerate(own.models or []):
            model = self._model(item, own, (*path, "models", number), new=known is None)
            if model is not None:
                models[model.id] = model
        overrides: dict[str, UserOverride] = {}
        for model_id, item in (own.model_overrides or {}).items():
            where = (*path, "modelOverrides", model_id)
            override = self._convert(item, UserOverride, where)
            if override is not None and self._sound(override.compat, (*where, "compat")):
                overrides[model_id] = override
        if known is None and not own.models:
            self._note(path, "there is no such provider, and no models are given for one")
        self._check_api(own.api, (*path, "api"))
        self.entries[known or name] = UserEntry(known or name, own, models, overrides)

    def _model(
        self, item: Any, own: UserProviderEntry, path: jsonc.Path, *, new: bool
    ) -> UserModel | None:
        """new: nobody but this file knows the provider, so that it has to say everything."""
        model = self._convert(item, UserModel, path)
        if model is None or not self._sound(model.compat, (*path, "compat")):
            return None
        if model.type not in (UNSET, "chat"):
            self._note((*path, "type"), f"{model.type!r} models are left out: only chat is used")
            return None
        if new:
            for field, mine, theirs in (
                ("baseUrl", model.base_url, own.base_url),
                ("api", model.api, own.api),
            ):
                if mine is UNSET and theirs is UNSET:
                    self._problem(path, f"{field} is missing: give it here or for the provider")
                    return None
        self._check_api(model.api, (*path, "api"))
        return model

    def _sound(self, compat: Any, path: jsonc.Path) -> bool:
        """Whether the values that depend on packaged data are known."""
        if compat is UNSET:
            return True
        allowed = self.wires.formats
        if compat.thinking_format is not UNSET and compat.thinking_format not in allowed:
            self._problem(
                (*path, "thinkingFormat"), f"expected one of {', '.join(sorted(allowed))}"
            )
            return False
        style = compat.session_affinity_format
        if style is UNSET:
            return True
        styles = {name for wire in self.wires.wires.values() for name in wire.session_formats}
        if style not in styles:
            self._problem(
                (*path, "sessionAffinityFormat"), f"expected one of {', '.join(sorted(styles))}"
            )
            return False
        return True

    def _check_api(self, api: Any, path: jsonc.Path) -> None:
        if api is not UNSET and api not in self.wires.wires:
            known = ", ".join(sorted(self.wires.wires.keys() - {"faux"}))
            self._note(path, f"{api!r} is not known without an extension; known: {known}")

    # -- converting and reporting ------------------------------------------------------------------

    def _convert(self, value: Any, kind: type[T], path: jsonc.Path) -> T | None:
        try:
            out = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            self._problem(*_explain(str(error), path))
            return None
        self._unknown(value, kind, path)
        return out

    def _unknown(self, value: dict[str, Any], kind: type[Struct], path: jsonc.Path) -> None:
        """Note the keys that the format does not have."""
        known = kind.__struct_encode_fields__
        for key, item in value.items():
            where = (*path, key)
            if key not in known:
                self._note(where, "unknown key, ignored")
            elif key == "compat" and isinstance(item, dict):
                self._unknown(cast("dict[str, Any]", item), UserCompat, where)
            elif key == "cost" and isinstance(item, dict):
                self._unknown(cast("dict[str, Any]", item), UserCost, where)
            elif key == "tiers" and isinstance(item, list):
                for number, tier in enumerate(cast("list[dict[str, Any]]", item)):
                    self._unknown(tier, UserTier, (*where, number))

    def _problem(self, path: jsonc.Path, text: str) -> None:
        self.problems.append(self._line(path, text))

    def _note(self, path: jsonc.Path, text: str) -> None:
        self.notes.append(self._line(path, text))

    def _line(self, path: jsonc.Path, text: str) -> str:
        line = jsonc.line_of(self.data, path)
        shown = jsonc.show_path(path)
        return f"{self.name} line {line}: {shown}{': ' if shown else ''}{text}"


def _explain(message: str, path: jsonc.Path) -> tuple[jsonc.Path, str]:
    """The library's message in plain words, and the path that it is about."""
    text, _, where = message.partition(" - at ")
    key = where.startswith("`key` in ")
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", where):
        path = (*path, name or int(index))
    if text.startswith("Invalid enum value"):
        return path, f"expected {'keys out of ' if key else ''}{_allowed(path)}"
    if text.startswith("Object missing required field"):
        return path, f"{text.split('`')[1]} is missing"
    for name, plain in _NAMES.items():
        text = text.replace(f"`{name}`", plain).replace(f"`{name} | null`", f"{plain} or null")
    text = text.replace("text of length >= 1", "text that is not empty")
    text = text.replace("number >= 0.0", "number from 0 up").replace(
        "number > 0.0", "number above 0"
    )
    return path, text[:1].lower() + text[1:]


def _allowed(path: jsonc.Path) -> str:
    names = [part for part in path if isinstance(part, str)]
    match names[-1]:
        case "input":
            return "text or image"
        case "maxTokensField":
            return "max_tokens or max_completion_tokens"
        case "cacheControlFormat":
            return "anthropic"
        case "promptCacheKeyMode":
            return "auto, enabled or disabled"
        case _:
            return "off, minimal, low, medium, high, xhigh, max"
