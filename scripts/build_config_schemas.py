"""Writes the JSON Schemas of the user's files from the types that read them.

    python scripts/build_config_schemas.py          write src/pi/coding/schemas/*.schema.json
    python scripts/build_config_schemas.py --check  exit with 1 if one is not what would be written

What a key means is taken from the tables of docs/models.md and docs/settings.md, so that an editor
says what the documentation says. Editors complete and check with them; pi itself reads the types.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from pi.ai.auth.base import ApiKey, OAuth
from pi.ai.catalog import packaged
from pi.ai.catalog.user_schema import (
    UserModel,
    UserOverride,
    UserProviderEntry,
    UserRoot,
)
from pi.coding.modes.interactive.keymap_table import ACTIONS
from pi.coding.modes.interactive.themes import tokens
from pi.coding.settings import Settings

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src/pi/coding/schemas"
_REF = "#/$defs/{name}"
_ROW = re.compile(r"^\|\s*(`[^|]+)\|(?:[^|]*\|)*?\s*([^|]+?)\s*\|\s*$", re.M)
_KEY = re.compile(r"`([^`{]+)`")

Schema = dict[str, Any]


def models() -> Schema:
    """`models.json`."""
    wanted = [UserRoot, UserProviderEntry, UserModel, UserOverride]
    (root, entry, model, override), defs = msgspec.json.schema_components(wanted, ref_template=_REF)
    _finish(defs, wanted, _meanings("docs/models.md"))
    wires = packaged.rows().wires
    providers = defs["UserProviderEntry"]["properties"]
    defs["UserRoot"]["properties"]["providers"]["additionalProperties"] = entry
    providers["models"]["items"] = model
    providers["modelOverrides"]["additionalProperties"] = override
    known = {"enum": sorted(wires.wires.keys() - {"faux"})}
    for owner in ("UserProviderEntry", "UserModel"):
        # an extension may bring another
        defs[owner]["properties"]["api"]["anyOf"] = [known, {"type": "string", "minLength": 1}]
        defs[owner]["properties"]["api"].pop("type")
    compat = defs["UserCompat"]["properties"]
    compat["thinkingFormat"]["enum"] = sorted(wires.formats)
    styles = {name for wire in wires.wires.values() for name in wire.session_formats}
    compat["sessionAffinityFormat"]["enum"] = sorted(styles)
    return _file("models.json: your own providers and models", root, defs)


def settings() -> Schema:
    """`settings.json`."""
    (root,), defs = msgspec.json.schema_components([Settings], ref_template=_REF)
    _finish(defs, [Settings], _meanings("docs/settings.md"))
    defs["Settings"]["properties"]["$schema"] = {"type": "string"}
    return _file("settings.json: what you can set", root, defs)


def auth() -> Schema:
    """`auth.json`."""
    kinds = ApiKey | OAuth
    (entry,), defs = msgspec.json.schema_components([kinds], ref_template=_REF)
    _finish(defs, [ApiKey, OAuth], {})
    login = defs["OAuth"]
    login["properties"].pop("extra")  # a provider's own fields stand beside the others
    return {
        **_head("auth.json: stored credentials"),
        "type": "object",
        "properties": {"$schema": {"type": "string"}},
        "additionalProperties": entry,
        "$defs": defs,
    }


def keybindings() -> Schema:
    """`keybindings.json`."""
    keys = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    return {
        **_head("keybindings.json: which key does what"),
        "type": "object",
        "properties": {
            "$schema": {"type": "string"},
            **{
                action.id: {"description": action.help, "default": list(action.keys), **keys}
                for action in ACTIONS
            },
        },
        "additionalProperties": keys,
    }


def theme() -> Schema:
    """A theme."""
    colour = {
        "anyOf": [
            {"type": "string", "description": "#rgb, #rrggbb, a name of vars, or nothing"},
            {"type": "integer", "minimum": 0, "maximum": 255},
        ]
    }
    colours = {token: {"$ref": "#/$defs/Colour"} for token in tokens()}
    return {
        **_head("A theme: which colour each part of the screen has"),
        "type": "object",
        "properties": {
            "$schema": {"type": "string"},
            "name": {"type": "string"},
            "vars": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Colour"}},
            "colors": {"type": "object", "properties": colours},
        },
        "required": ["colors"],
        "$defs": {"Colour": colour},
    }


def _head(title: str) -> Schema:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}


def _file(title: str, root: Schema, defs: dict[str, Schema]) -> Schema:
    return {**_head(title), **root, "$defs": dict(sorted(defs.items()))}


def _meanings(name: str) -> dict[str, str]:
    """Key to meaning, from the tables of a document."""
    found: dict[str, str] = {}
    for keys, meaning in _ROW.findall((ROOT / name).read_text(encoding="utf-8")):
        for key in _KEY.findall(keys):
            plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", meaning).replace("`", "")
            found.setdefault(key, plain)
    return found


def _finish(defs: dict[str, Schema], kinds: list[type], meanings: dict[str, str]) -> None:
    """Say what the library leaves out: what keys an object may have, and what they mean."""
    for name, (kind, path) in _structs(kinds).items():
        definition = defs.get(name)
        if definition is None:
            continue
        if "description" in definition:
            definition["description"] = " ".join(definition["description"].split())
        for field in kind.fields:
            schema = definition["properties"].get(field.encode_name)
            if schema is None:
                continue
            about = meanings.get(f"{path}{field.encode_name}") or meanings.get(field.encode_name)
            if about:
                schema["description"] = about
            if schema.get("default", "") is None:
                del schema["default"]
            for part in _parts(field.type):
                if isinstance(part, inspect.DictType) and isinstance(
                    part.key_type, inspect.LiteralType
                ):
                    target = _object_of(schema)
                    target["propertyNames"] = {"enum": list(part.key_type.values)}
        if not definition.get("required"):
            definition.pop("required", None)


def _object_of(schema: Schema) -> Schema:
    if schema.get("type") == "object":
        return schema
    return next(item for item in schema["anyOf"] if item.get("type") == "object")


def _structs(kinds: list[type]) -> dict[str, tuple[inspect.StructType, str]]:
    """All structs in these types by name, each with the keys that lead to it, such as `retry.`."""
    found: dict[str, tuple[inspect.StructType, str]] = {}
    todo = [(inspect.type_info(kind), "") for kind in kinds]
    while todo:
        kind, path = todo.pop()
        for part in _parts(kind):
            if isinstance(part, inspect.StructType) and part.cls.__name__ not in found:
                found[part.cls.__name__] = part, path
                todo += [(f.type, f"{path}{f.encode_name}.") for f in part.fields]
    return found


def _parts(kind: inspect.Type) -> list[inspect.Type]:
    """The type and those in it, without going into structs."""
    inner: list[inspect.Type] = []
    if isinstance(kind, inspect.UnionType):
        inner = list(kind.types)
    elif isinstance(kind, inspect.DictType):
        inner = [kind.value_type]
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        inner = [kind.item_type]
    elif isinstance(kind, inspect.Metadata):
        inner = [kind.type]
    return [kind, *(part for item in inner for part in _parts(item))]


FILES = {
    "models": models,
    "settings": settings,
    "auth": auth,
    "keybindings": keybindings,
    "theme": theme,
}


def main() -> int:
    """Write or check."""
    wrong = 0
    for name, build in FILES.items():
        path = TARGET / f"{name}.schema.json"
        text = json.dumps(build(), indent=1, ensure_ascii=False) + "\n"
        if "--check" in sys.argv[1:]:
            wrong += not path.exists() or path.read_text(encoding="utf-8") != text
        else:
            path.write_text(text, encoding="utf-8")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
