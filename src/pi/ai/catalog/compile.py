"""All hand-written TOML in one file that start-up can read fast: reading TOML costs 10 ms, JSON 1.

Used when data is made: at release time, by tests and by `pi models update`, never at a start. An
unknown key, a wrong type or a name that leads nowhere is an error that says which file and which
key.
"""

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pi.ai.catalog.schema import ModelFacts, ProviderRow, ThinkingTemplate, Wires
from pi.ai.catalog.thinking import parse_levels
from pi.ai.catalog.update.row import SourceRow, SourceRows
from pi.ai.errors import ConfigError

__all__ = ["compile_rows", "encode_rows"]

T = TypeVar("T")


def compile_rows(data: Path, only: Collection[str] = ()) -> SourceRows:
    """The rows of `data/providers/*.toml`, `wires.toml` and `thinking.toml`, by rank and id.

    only: these providers, by default all. Raises `ConfigError` that names file and key.
    """
    wires = _convert(
        {**_toml(data / "wires.toml"), **_toml(data / "thinking.toml")},
        Wires,
        "wires.toml or thinking.toml",
    )
    rows: list[SourceRow] = []
    for path in sorted((data / "providers").glob("*.toml")):
        if only and path.stem not in only:
            continue
        row = _convert(_toml(path), SourceRow, path.name)
        _check(row, wires, path)
        rows.append(row)
    for name, template in wires.templates.items():
        if template.without_effort and template.without_effort not in wires.templates:
            raise ConfigError(f"thinking.toml: templates.{name}.without_effort: no such template")
    return SourceRows(
        wires=wires, providers=tuple(sorted(rows, key=lambda row: (row.rank, row.id)))
    )


def encode_rows(rows: SourceRows) -> bytes:
    """`data/providers.json`: one provider a line. What only updates need is left out."""
    lines = [msgspec.json.encode(_plain(row)) for row in rows.providers]
    body = b",\n".join(lines)
    wires = msgspec.json.encode(rows.wires)
    return b'{"wires":' + wires + b',"providers":[\n' + body + b"\n]}\n"


def _plain(row: SourceRow) -> ProviderRow:
    fields = {name: getattr(row, name) for name in ProviderRow.__struct_fields__}
    return ProviderRow(**fields)


def _check(row: SourceRow, wires: Wires, path: Path) -> None:
    if row.id != path.stem:
        raise ConfigError(f"{path.name}: id: {row.id!r} is not the name of the file")
    for where, api in [("api", row.api), *((f"base_urls.{api}", api) for api in row.base_urls)]:
        if api not in wires.wires:
            raise ConfigError(f"{path.name}: {where}: {api!r} is not in wires.toml")
    if row.api not in row.base_urls:
        raise ConfigError(f"{path.name}: base_urls: {row.api} is missing")
    for number, rule in enumerate(row.rules):
        where = f"{path.name}: rules[{number}]"
        if rule.api and rule.api not in row.base_urls:
            raise ConfigError(f"{where}.api: {rule.api!r} is not in base_urls")
        thinking = rule.thinking
        if isinstance(thinking, ThinkingTemplate) or thinking is None:
            continue
        if thinking not in wires.templates:
            raise ConfigError(f"{where}.thinking: {thinking!r} is not in thinking.toml")
    for number, correction in enumerate(row.corrections):
        where = f"{path.name}: corrections[{number}].set"
        _convert({"id": "x", **correction.set}, ModelFacts, where)
    for glob, api in row.upstream.apis.items():
        if api not in row.base_urls:
            raise ConfigError(f"{path.name}: upstream.apis.{glob}: {api!r} is not in base_urls")
    for glob, levels in row.upstream.levels.items():
        try:
            parse_levels(levels)
        except ValueError as error:
            raise ConfigError(f"{path.name}: upstream.levels.{glob}: {error}") from None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name}: {error}") from None


def _convert(data: dict[str, Any], kind: type[T], where: str) -> T:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}") from None
