"""Writes the JSON Schema of the protocol, `src/pi/coding/api/schema.json`, from the types.

    python scripts/build_schema.py          write the file
    python scripts/build_schema.py --check  exit with 1 if the file is not what would be written

The tests validate what is really written to standard output against it.
"""

import json
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec

from pi.coding.api import answers, events, ui_records
from pi.coding.api.answers import ANSWERS
from pi.coding.session import entries

TARGET = Path(__file__).parents[1] / "src/pi/coding/api/schema.json"
_REF = "#/$defs/{name}"

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """A reference to a definition."""
    return {"$ref": _REF.format(name=name)}


def any_of(names: list[str], about: str) -> Schema:
    """One of these definitions."""
    return {"description": about, "anyOf": [ref(name) for name in names]}


def response(command: type, data: Schema | None) -> Schema:
    """A successful answer to a command."""
    tag = command.__struct_config__.tag
    properties: Schema = {
        "type": {"const": "response"},
        "id": {"description": "The id of the command, if it had one."},
        "command": {"const": tag},
        "success": {"const": True},
    }
    required = ["type", "command", "success"]
    if data is not None:
        properties["data"] = data
        required.append("data")
    about = f"`{tag}` was carried out."
    return {"type": "object", "description": about, "properties": properties, "required": required}


FAILED: Schema = {
    "type": "object",
    "description": "A command that was not carried out, or a line that is no command (`parse`).",
    "properties": {
        "type": {"const": "response"},
        "id": {"description": "The id of the command, if it had one and could be read."},
        "command": {"type": "string"},
        "success": {"const": False},
        "error": {"type": "string"},
    },
    "required": ["type", "command", "success", "error"],
}

PLACE: Schema = {
    "id": {"type": "string"},
    "parentId": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    "timestamp": {"type": "string"},
}


def build() -> Schema:
    """The whole schema."""
    commands, kinds = list(ANSWERS), list(ANSWERS.values())
    known = [kind for kind in get_args(entries.Entry) if kind is not entries.Unknown]
    groups: dict[str, tuple[list[type], str]] = {
        "Command": (commands, "What is asked, one a line, on standard input."),
        "Event": (list(get_args(events.SessionEvent)), "What happens, one a line."),
        "UiRequest": (list(get_args(ui_records.UiRequest)), "What the user is asked or told."),
        "Message": (list(get_args(entries.AgentMessage)), "What was said, by whoever."),
    }
    extra = [ui_records.UiResponse, events.SessionStart, *known]
    wanted = [*[t for types, _ in groups.values() for t in types], *kinds, *extra]
    schemas, defs = msgspec.json.schema_components(wanted, ref_template=_REF)
    found = dict(zip(map(id, wanted), schemas, strict=True))

    def name(kind: type) -> str:
        return found[id(kind)]["$ref"].rpartition("/")[2]

    for definition in defs.values():
        if "description" in definition:
            definition["description"] = " ".join(definition["description"].split())
    for kind in [*groups["Event"][0], *vars(answers).values()]:
        _require_what_is_always_there(kind, defs)
    for command in commands:
        about = "Comes back in the response."
        defs[name(command)]["properties"]["id"] = {"description": about}
    for kind in known:
        line = defs[name(kind)]
        line["properties"] |= PLACE
        line["required"] = sorted({*line.get("required", ()), "type", *PLACE})
    names = {group: [name(kind) for kind in kinds] for group, (kinds, _) in groups.items()}
    defs |= {group: any_of(names[group], about) for group, (_, about) in groups.items()}
    defs["Entry"] = _entry([name(kind) for kind in known], known)
    defs["TreeNode"] = _tree_node()
    defs[name(answers.Messages)]["properties"]["messages"]["items"] = ref("Message")
    defs[name(answers.Entries)]["properties"]["entries"]["items"] = ref("Entry")
    defs[name(answers.Tree)]["properties"]["tree"] = {"type": "array", "items": ref("TreeNode")}
    responses: list[str] = []
    for command, schema in zip(
        commands, schemas[len(wanted) - len(kinds) - len(extra) :], strict=False
    ):
        data = None if ANSWERS[command] is None else schema
        responses.append(f"{command.__name__}Response")
        defs[responses[-1]] = response(command, data)
    defs["FailedResponse"] = FAILED
    defs["Response"] = any_of([*responses, "FailedResponse"], "The answer to one command.")
    ui, header = name(ui_records.UiResponse), name(events.SessionStart)
    defs["RpcInput"] = any_of(["Command", ui], "A line of standard input, `--mode rpc`.")
    defs["RpcOutput"] = any_of(
        ["Response", "Event", "UiRequest"], "A line of standard output, `--mode rpc`."
    )
    defs["JsonOutput"] = any_of([header, "Event"], "A line of standard output, `--mode json`.")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The lines of `pi --mode rpc` and `pi --mode json`",
        "anyOf": [ref("RpcInput"), ref("RpcOutput"), ref("JsonOutput")],
        "$defs": dict(sorted(defs.items())),
    }


def _require_what_is_always_there(kind: Any, defs: dict[str, Schema]) -> None:
    """A field with a default is written too, unless the type leaves defaults out."""
    name = getattr(kind, "__name__", "")
    if (
        name in defs
        and issubclass(kind, msgspec.Struct)
        and not kind.__struct_config__.omit_defaults
    ):
        always = {
            f.encode_name for f in msgspec.structs.fields(kind) if f.default is not msgspec.UNSET
        }
        required = {*defs[name].get("required", ()), *always}
        if required:
            defs[name]["required"] = sorted(required)


def _entry(names: list[str], known: list[type]) -> Schema:
    tags = [kind.__struct_config__.tag for kind in known]
    other = {
        "type": "object",
        "description": "An entry of a type that is not known here.",
        "properties": {"type": {"type": "string", "not": {"enum": tags}}, **PLACE},
        "required": ["type", *PLACE],
    }
    return {
        "description": "A line of a session file after the first.",
        "anyOf": [*map(ref, names), other],
    }


def _tree_node() -> Schema:
    return {
        "type": "object",
        "description": "An entry and those that follow it.",
        "properties": {
            "entry": ref("Entry"),
            "children": {"type": "array", "items": ref("TreeNode")},
            "label": {"type": "string"},
            "labelTimestamp": {"type": "string"},
        },
        "required": ["entry", "children"],
    }


def main() -> int:
    """Write or check."""
    text = json.dumps(build(), indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv[1:]:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
