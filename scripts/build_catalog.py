"""Build the generated part of the catalog from a folder of facts.

    python scripts/build_catalog.py FACTS DATE  models/*.json, index.json and providers.json
    python scripts/build_catalog.py             providers.json alone, after a TOML was edited

FACTS holds `facts.jsonl` (models that are listed) and `retired.jsonl` (models that were), gathered
on DATE. What a provider's TOML already says is left out of its models; what the TOML corrects is
replaced. Facts that nothing here understands stop the build, so that a new switch is never lost in
silence. `scripts/update_catalog` writes the same files from what the services list.
"""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from pi.ai.catalog import names
from pi.ai.catalog.compile import compile_rows, encode_rows
from pi.ai.catalog.draft import draft, index_row, template_of
from pi.ai.catalog.schema import (
    IndexRow,
    ModelFacts,
    ModelFile,
    ModelIndex,
    ThinkingTemplate,
    Wires,
)
from pi.ai.catalog.thinking import parse_levels, word
from pi.ai.catalog.update.row import SourceRow, SourceRows
from pi.ai.catalog.update.rules import corrected
from pi.ai.model import Price, PriceTier

DATA = Path(__file__).resolve().parent.parent / "src/pi/ai/catalog/data"

SWITCHES: dict[str, dict[str, Any]] = {
    "openai-completions": {
        "supports_store": True,
        "supports_developer_role": True,
        "supports_usage_in_streaming": True,
        "supports_strict_mode": False,
        "supports_long_cache_retention": True,
        "supports_finish_reason": True,
        "max_tokens_field": "max_completion_tokens",
        "requires_reasoning_content_on_assistant_messages": False,
        "cache_control": False,
        "tool_stream": False,
    },
    "openai-responses": {
        "supports_strict_mode": False,
        "supports_long_cache_retention": True,
        "supports_explicit_prompt_cache_mode": False,
    },
    "anthropic-messages": {
        "supports_eager_tool_input_streaming": True,
        "supports_long_cache_retention": True,
        "supports_cache_control_on_tools": True,
        "supports_temperature": True,
        "force_adaptive_thinking": False,
        "allow_empty_signature": False,
        "supports_strict_tools": False,
        "supports_midconvo_system_messages": False,
        "supports_midconvo_tool_changes": False,
        "supports_midconvo_effort": False,
        "allowed_fallback_models": [],
    },
    "bedrock-converse-stream": {"supports_strict_mode": False},
}
"""Per wire, the switches of the facts and what their absence means."""

RENAMED = {
    "zai_tool_stream": ("tool_stream", lambda value: value),
    "cache_control_format": ("cache_control", lambda value: value == "anthropic"),
}

ELSEWHERE = {
    "thinking_format",  # becomes a template
    "supports_reasoning_effort",
    "chat_template_args",
    "send_session_affinity_headers",  # `session_headers` of the TOML
    "session_affinity_format",
}

DROPPED = {
    "supports_additional_tools",
    "supports_midconvo_tool_additions",
    "supports_openai_grammar_tools",
    "supports_tool_search",
}
"""Switches for features that no protocol of ours has."""

DROPPED_ON = {
    "openai-completions": {"supports_midconvo_system_messages"},
    "openai-responses": {"supports_midconvo_system_messages", "supports_midconvo_effort"},
    "openai-codex-responses": {"supports_midconvo_system_messages"},
}

PROVENANCE = {"source", "in_0_70_6", "beyond_seed", "corrected", "retired", "prompt_cache_seconds"}


# -- one model -------------------------------------------------------------------------------------


def model_facts(fact: dict[str, Any], row: SourceRow, wires: Wires) -> ModelFacts:
    """What has to be said of a model beyond its provider's row."""
    name = f"{row.id}/{fact['id']}"
    api = fact["api"]
    base = draft(row, ModelFacts(id=fact["id"], api=api), wires)
    template = wanted_template(fact, base.thinking if isinstance(base.thinking, str) else "", wires)
    return ModelFacts(
        id=fact["id"],
        name="" if fact["name"] == fact["id"] else fact["name"],
        api="" if api == row.api else api,
        base_url=None if (fact["base_url"] or "") == base.base_url else fact["base_url"] or "",
        levels=levels_text(fact, template_of(template, wires)) if fact["reasoning"] else "",
        thinking=template if fact["reasoning"] and template != base.thinking else "",
        input=tuple(fact["input"]),
        context_window=fact["context_window"],
        max_output_tokens=fact["max_output_tokens"],
        cost=price(fact["cost"]),
        cost_basis="" if fact["cost_basis"] == row.cost_basis else fact["cost_basis"],
        headers={k: v for k, v in fact.get("headers", {}).items() if base.headers.get(k) != v},
        compat=compat_difference(fact.get("compat", {}), api, base.compat, name),
        extended_context_window=fact.get("extended_context_window"),
        input_limits=fact.get("input_limits"),
        release_date=fact.get("release_date"),
        unverified=fact.get("unverified", False),
    )


def wanted_template(fact: dict[str, Any], ruled: str, wires: Wires) -> str:
    """The template that the facts ask for; where they ask for none, that of the rules."""
    compat = fact.get("compat", {})
    effort = compat.get("supports_reasoning_effort", True)
    match fact["api"]:
        case "anthropic-messages":
            return "adaptive" if compat.get("force_adaptive_thinking") else "budget"
        case "openai-completions" if "chat_template_args" in compat:
            name = "chat_template_args"
        case "openai-completions":
            name = wires.formats[compat.get("thinking_format", "openai")]
        case _:
            name = ruled
    return name if effort else wires.templates[name].without_effort or name


def levels_text(fact: dict[str, Any], template: ThinkingTemplate) -> str:
    """The levels, each with its word if that is sent and is not the template's."""
    sends_words = "$effort" in str((template.on, template.off))
    words: dict[str, str] = fact.get("thinking_wire") or {}
    upper = template.words.get("high", "").isupper()
    items: list[str] = []
    for level in parse_levels(" ".join(fact["thinking_levels"])):
        own = words.get(level)
        if own is not None and upper:
            own = own.upper()
        plain = own is None or not sends_words or own == word(template, level, None)
        items.append(level if plain else f"{level}={own}")
    return " ".join(items)


def compat_difference(
    facts: dict[str, Any], api: str, base: dict[str, Any], name: str
) -> dict[str, Any]:
    """The switches in which the facts differ from the provider's rules."""
    switches = SWITCHES.get(api, {})
    wanted = dict(switches)
    for key, value in facts.items():
        if key in ELSEWHERE | DROPPED | DROPPED_ON.get(api, set()):
            continue
        key, convert = RENAMED.get(key, (key, lambda value: value))
        if key not in switches:
            raise SystemExit(f"{name}: unknown switch {key!r} on {api}")
        wanted[key] = convert(value)
    return {k: v for k, v in wanted.items() if base.get(k, switches[k]) != v}


def price(cost: dict[str, Any]) -> Price:
    """The price. Tiers are in ascending order."""
    tiers = tuple(
        msgspec.convert({camel(k): v for k, v in tier.items()}, PriceTier)
        for tier in cost.get("tiers", ())
    )
    plain = {camel(k): v for k, v in cost.items() if k != "tiers"}
    return msgspec.structs.replace(msgspec.convert(plain, Price), tiers=tiers)


def camel(name: str) -> str:
    """`cache_read` as `cacheRead`."""
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


# -- retired models --------------------------------------------------------------------------------

_KINDS = """
instruct it chat mini nano large small medium turbo flash lite pro plus max high low fast free batch
thinking reasoning image code coder vision vl preview exp latest versatile instant
"""
_COMMON = frozenset(_KINDS.split())
"""Words that say what kind of a model it is, but not whose."""

_STAGE = frozenset({"preview", "exp", "latest"})


def successor(old: str, models: tuple[ModelFacts, ...], default: str) -> str:
    """The newest listed model of the same family; else of the same vendor; else the default."""
    words = names.family(old) - _STAGE
    vendor = old[: -len(names.base(old))]
    best: tuple[Any, ...] | None = None
    for model in models:
        theirs = names.family(model.id)
        shared = words & theirs
        same_vendor = bool(vendor) and model.id.startswith(vendor)
        related = bool(shared - _COMMON)
        if not related and not same_vendor:
            continue
        strange = len(theirs - words - _STAGE)
        strange += 2 * (names.is_variant(model.id) and not names.is_variant(old))
        plain = (not names.is_dated(model.id), not theirs & _STAGE, model.release_date or "")
        score = (related, len(shared), -strange, names.version(model.id), same_vendor, *plain)
        score = (*score, -len(model.id), model.id)
        best = score if best is None else max(best, score)
    return default if best is None else best[-1]


def retired_map(
    old: dict[str, list[str]], models: dict[str, tuple[ModelFacts, ...]], rows: SourceRows
) -> dict[str, dict[str, str]]:
    """Per provider, old id to the id to use now. The TOML's word counts."""
    out: dict[str, dict[str, str]] = {}
    for row in rows.providers:
        listed = {model.id for model in models[row.id]}
        entries = {
            name: successor(name, models[row.id], row.default_model)
            for name in old.get(row.id, ())
            if name not in listed
        }
        entries |= row.retired
        for old_id, target in entries.items():
            if target not in listed:
                raise SystemExit(
                    f"{row.id}: retired {old_id!r} leads to {target!r}, which is unknown"
                )
        if row.default_model not in listed:
            raise SystemExit(f"{row.id}: default_model {row.default_model!r} is not listed")
        if entries:
            out[row.id] = entries
    return out


# -- files -----------------------------------------------------------------------------------------


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def build(source: Path, date: str, rows: SourceRows) -> dict[str, bytes]:
    """File name, relative to the data folder, to content."""
    facts = lines(source / "facts.jsonl")
    known = {*ModelFacts.__struct_fields__, "provider", "reasoning", *PROVENANCE}
    known |= {"thinking_levels", "thinking_wire", "cost_basis"}
    for fact in facts:
        if extra := fact.keys() - known:
            raise SystemExit(f"{fact['provider']}/{fact['id']}: unknown facts {sorted(extra)}")
    if strange := {fact["provider"] for fact in facts} - {row.id for row in rows.providers}:
        raise SystemExit(f"no TOML for {', '.join(sorted(strange))}")
    made: dict[str, ModelFile] = {}
    for row in rows.providers:
        mine = [fact for fact in facts if fact["provider"] == row.id]
        models = tuple(corrected(model_facts(fact, row, rows.wires), row) for fact in mine)
        said_by = ", ".join(dict.fromkeys(fact["source"] for fact in mine))
        made[row.id] = ModelFile(date, said_by, models)
    old: dict[str, list[str]] = {}
    for fact in lines(source / "retired.jsonl"):
        old.setdefault(fact["provider"], []).append(fact["id"])
    return data_files(made, old, rows)


def data_files(
    made: dict[str, ModelFile], old: dict[str, list[str]], rows: SourceRows
) -> dict[str, bytes]:
    """The files for these models. old: per provider, ids that are no longer listed."""
    index: list[IndexRow] = []
    for row in rows.providers:
        index += [index_row(draft(row, model, rows.wires)) for model in made[row.id].models]
    out = {f"models/{name}.json": model_file(file) for name, file in made.items()}
    retired = retired_map(old, {name: file.models for name, file in made.items()}, rows)
    out["index.json"] = index_file(ModelIndex(tuple(index), retired))
    return out


def model_file(file: ModelFile) -> bytes:
    """Where they come from, then one model a line."""
    date, source = map(msgspec.json.encode, (file.date, file.source))
    models = b",\n".join(map(msgspec.json.encode, file.models))
    return b'{"date":' + date + b',"source":' + source + b',"models":[\n' + models + b"\n]}\n"


def index_file(index: ModelIndex) -> bytes:
    """One model a line, then one provider's retired ids a line."""
    rows = b",\n".join(map(msgspec.json.encode, index.rows))
    retired = b",\n".join(
        msgspec.json.encode(name) + b":" + msgspec.json.encode(entries)
        for name, entries in index.retired.items()
    )
    return b'{"rows":[\n' + rows + b'\n],"retired":{\n' + retired + b"\n}}\n"


def write(files: dict[str, bytes], data: Path) -> list[str]:
    """Write what has changed; says what. Files of providers without models are removed."""
    if any(name.startswith("models/") for name in files):
        for path in (data / "models").glob("*.json"):
            if f"models/{path.name}" not in files:
                path.unlink()
    said: list[str] = []
    for name, content in files.items():
        path = data / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
            said.append(f"wrote {name}: {len(content):,} bytes")
    return said


def main(arguments: list[str]) -> None:
    """Write the files."""
    if len(arguments) not in (0, 2):
        raise SystemExit(__doc__)
    rows = compile_rows(DATA)
    files = {"providers.json": encode_rows(rows)}
    if arguments:
        files |= build(Path(arguments[0]), arguments[1], rows)
    for line in write(files, DATA):
        print(line)


if __name__ == "__main__":
    main(sys.argv[1:])
