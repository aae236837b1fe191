"""`models.json`: the user's own providers and models, and changes to ours.

Whatever is wrong in it disables the smallest entry around it and is reported in one line that says
where it stands and what is allowed there. Keys that nobody knows are reported too, but hurt
nothing.
Values of `apiKey` and `headers` are kept as they were written: they are resolved for each request.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import msgspec
from msgspec import UNSET, Struct

from pi.ai.catalog import jsonc
from pi.ai.catalog.schema import UserProvider, Wires
from pi.ai.catalog.user_checks import header_problem, near, url_problem
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

__all__ = ["Unsettled", "UserEntry", "UserModels", "read", "read_entry"]

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


class Unsettled(Struct, frozen=True):
    """A name that may yet become known, by an extension say. note: a line, if nobody knows it.

    kind: `provider`; `api`; `login`, a login flow; `model`, one that an override is for.
    provider, model: what cannot be used without it, if anything; "" for all models.
    """

    kind: Literal["provider", "api", "login", "model"]
    name: str
    note: str
    provider: str
    model: str = ""


class UserModels(Struct, frozen=True):
    """The file. problems: what was disabled and why; notes: what was only odd.

    disabled: the problem of each provider that is left out whole. broken: of the whole file, with
    its path; "" if it could be read.
    """

    entries: dict[str, UserEntry] = {}
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unsettled: tuple[Unsettled, ...] = ()
    disabled: dict[str, str] = {}
    broken: str = ""

    def after(self, good: "UserModels") -> "UserModels":
        """This, or if it is broken `good`, which was read before, and the problem."""
        if not self.broken:
            return self
        problem = f"{self.broken}; what it said before holds until that is mended"
        return msgspec.structs.replace(good, problems=(problem,), notes=(), broken=self.broken)


def read(path: Path, wires: Wires, canonical: Callable[[str], str | None]) -> UserModels:
    """Read the file; a file that is not there is an empty one. Never raises.

    canonical: the id of a provider that exists without this file, given its id or an alias.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return UserModels()
    except OSError as error:
        problem = f"{path.name}: cannot be read: {error.strerror}"
        return UserModels(problems=(problem,), broken=problem.replace(path.name, str(path), 1))
    found = _Reader(path.name, data, wires, canonical).run()
    if not found.broken:
        return found
    return msgspec.structs.replace(found, broken=found.broken.replace(path.name, str(path), 1))


def read_entry(
    name: str, data: Any, wires: Wires, canonical: Callable[[str], str | None]
) -> UserEntry:
    """One entry that a program says instead of the file. Raises `ConfigError` for all that is odd,
    but for wires that nobody knows yet."""
    try:
        text = msgspec.json.encode({"providers": {name: data}})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"provider {name!r} is no JSON data: {error}") from None
    reader = _Reader(f"provider {name!r}", text, wires, canonical, alone=True)
    found = reader.run()
    odd = [item.note for item in found.unsettled if item.kind == "provider"]
    for problem in (*found.problems, *found.notes, *odd):
        raise ConfigError(problem)
    return next(iter(found.entries.values()))


class _Reader:
    """alone: what is read is one entry, which has no lines."""

    def __init__(
        self,
        name: str,
        data: bytes,
        wires: Wires,
        canonical: Callable[[str], str | None],
        *,
        alone: bool = False,
    ) -> None:
        self.name = name
        self.data = data
        self.wires = wires
        self.canonical = canonical
        self.alone = alone
        self.strange = False  # whether there is a `NoNumber` somewhere
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.unsettled: list[Unsettled] = []

    def run(self) -> UserModels:
        entries: dict[str, UserEntry] = {}
        disabled: dict[str, str] = {}
        root = self._root() if self.data.strip() else UserRoot({})
        if root is None:
            return UserModels(problems=tuple(self.problems), broken=self.problems[0])
        for name, value in root.providers.items():
            count = len(self.problems)
            entry = self._provider(name, value)
            if entry is not None:
                entries[entry.id] = entry
            new = self.canonical(name) is None
            if len(self.problems) > count and (entry is None or (new and not entry.models)):
                disabled[name] = self.problems[count]
        return UserModels(
            entries,
            tuple(self.problems),
            tuple(self.notes),
            tuple(self.unsettled),
            disabled,
        )

    def _root(self) -> UserRoot | None:
        try:
            data, self.strange = jsonc.decode_most(self.data)
        except jsonc.JsoncError as error:
            self.problems.append(f"{self.name} {error}")
            return None
        for path, line in jsonc.repeated(self.data, data):
            self._note(path, f"stands twice, first in line {line}: this one counts")
        return self._convert(data, UserRoot, ())

    def _provider(self, name: str, value: Any) -> UserEntry | None:
        path: jsonc.Path = ("providers", name)
        if not name:
            self._problem(path, "a provider needs a name that is not empty")
            return None
        own = self._convert(value, UserProviderEntry, path)
        if own is None or not self._sound(own, path):
            return None
        known = self.canonical(name)
        id = known or name
        models: dict[str, UserModel] = {}
        places: dict[str, jsonc.Path] = {}
        for number, item in enumerate(own.models or []):
            where = (*path, "models", number)
            model = self._model(item, own, where, new=known is None)
            if model is None:
                continue
            first = places.get(model.id)
            if first is not None:
                line = jsonc.line_of(self.data, first)
                self._note(where, f"{model.id!r} is there twice, first in line {line}: this counts")
            models[model.id], places[model.id] = model, where
            self._check_api(model.api, (*where, "api"), id, model.id)
        overrides = self._overrides(own, path, id)
        if known is None and not own.models:
            text = "there is no such provider, and no models are given for one"
            self._leave_open("provider", name, path, text, id)
        self._check_api(own.api, (*path, "api"), id)
        if own.oauth is not UNSET:
            text = f"there is no login flow {own.oauth!r}, and no extension brings one"
            self._leave_open("login", own.oauth, (*path, "oauth"), text, id)
        return UserEntry(id, own, models, overrides)

    def _overrides(
        self, own: UserProviderEntry, path: jsonc.Path, provider: str
    ) -> dict[str, UserOverride]:
        overrides: dict[str, UserOverride] = {}
        for model_id, item in (own.model_overrides or {}).items():
            where = (*path, "modelOverrides", model_id)
            override = self._convert(item, UserOverride, where)
            if override is None or not self._sound(override, where):
                continue
            overrides[model_id] = override
            text = f"{provider} has no model of that id"
            self._leave_open("model", model_id, where, text, provider)
        return overrides

    def _model(
        self, item: Any, own: UserProviderEntry, path: jsonc.Path, *, new: bool
    ) -> UserModel | None:
        """new: nobody but this file knows the provider, so that it has to say everything."""
        model = self._convert(item, UserModel, path)
        if model is None or not self._sound(model, path):
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
        return model

    def _sound(self, item: UserProviderEntry | UserOverride, path: jsonc.Path) -> bool:
        """Whether the values are right that are more than of a type."""
        for key, problem in (
            ("baseUrl", url_problem(getattr(item, "base_url", UNSET))),
            ("headers", header_problem(item.headers)),
        ):
            if problem:
                self._problem((*path, key), problem)
                return False
        return self._sound_compat(item.compat, (*path, "compat"))

    def _sound_compat(self, compat: Any, path: jsonc.Path) -> bool:
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

    def _check_api(self, api: Any, path: jsonc.Path, provider: str, model: str = "") -> None:
        if api is not UNSET and api not in self.wires.wires:
            names = sorted(self.wires.wires.keys() - {"faux"})
            text = f"{api!r} is not known without an extension{near(api, names)}"
            self._leave_open(
                "api", api, path, f"{text}; known: {', '.join(names)}", provider, model
            )

    def _leave_open(
        self,
        kind: Literal["provider", "api", "login", "model"],
        name: str,
        path: jsonc.Path,
        text: str,
        provider: str,
        model: str = "",
    ) -> None:
        self.unsettled.append(Unsettled(kind, name, self._line(path, text), provider, model))

    # -- converting and reporting ------------------------------------------------------------------

    def _convert(self, value: Any, kind: type[T], path: jsonc.Path) -> T | None:
        odd = self._no_number(value, kind, path) if self.strange else None
        if odd is not None:
            self._problem(odd[0], f"{odd[1].written} is no number that JSON has")
            return None
        try:
            out = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            where, text = _explain(str(error), path)
            if text.endswith(" is missing") and isinstance(value, dict):
                written = cast("dict[str, Any]", value).keys() - set(kind.__struct_encode_fields__)
                wrong = near(text.partition(" ")[0], written).replace(" meant", " meant to be it")
                text += wrong
            self._problem(where, text)
            return None
        self._unknown(value, kind, path)
        return out

    def _no_number(
        self, value: Any, kind: type[Struct], path: jsonc.Path
    ) -> tuple[jsonc.Path, jsonc.NoNumber] | None:
        """What of the value is no number, but for what is looked at by itself later."""
        if isinstance(value, dict) and kind in (UserRoot, UserProviderEntry):
            later = ("providers", "models", "modelOverrides")
            value = {
                key: item
                for key, item in cast("dict[str, Any]", value).items()
                if key not in later or isinstance(item, jsonc.NoNumber)
            }
        return jsonc.no_number(value, path)

    def _unknown(self, value: dict[str, Any], kind: type[Struct], path: jsonc.Path) -> None:
        """Note the keys that the format does not have."""
        known = _keys_of(kind)
        for key, item in value.items():
            if key not in known:
                self._note((*path, key), f"unknown key, ignored{near(key, known)}")
            elif key == "compat" and isinstance(item, dict):
                self._unknown(cast("dict[str, Any]", item), UserCompat, (*path, key))
            elif key == "cost" and isinstance(item, dict):
                self._unknown(cast("dict[str, Any]", item), UserCost, (*path, key))
            elif key == "tiers" and isinstance(item, list):
                for number, tier in enumerate(cast("list[dict[str, Any]]", item)):
                    self._unknown(tier, UserTier, (*path, key, number))

    def _problem(self, path: jsonc.Path, text: str) -> None:
        self.problems.append(self._line(path, text))

    def _note(self, path: jsonc.Path, text: str) -> None:
        self.notes.append(self._line(path, text))

    def _line(self, path: jsonc.Path, text: str) -> str:
        if self.alone:
            shown = jsonc.show_path(path[2:])
            return f"{self.name}: {shown}{': ' if shown else ''}{text}"
        line = jsonc.line_of(self.data, path)
        shown = jsonc.show_path(path)
        return f"{self.name} line {line}: {shown}{': ' if shown else ''}{text}"


@cache
def _keys_of(kind: type[Struct]) -> dict[str, None]:
    """The keys of a format, quick to look up and in their order."""
    return dict.fromkeys(kind.__struct_encode_fields__)


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
    if "multiple of 1.0" in text:
        return path, "expected a whole number"
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
