"""Where the facts of a model come from: the package, lists that were downloaded, the user's file.

For people who ask (`pi models show`); nothing else needs it. Says it in the order in which the
later wins.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from msgspec import Struct

from pi.ai.catalog import jsonc, packaged
from pi.ai.catalog.downloads import changed_fields
from pi.ai.catalog.load import Catalog

__all__ = ["Origin", "origins"]


class Origin(Struct, frozen=True, rename="camel", omit_defaults=True):
    """One place that says something about a model.

    kind: `packaged`, `downloaded`, `extension` or `models.json`. where: in words, an address, an
    owner, or file and line. date: ISO, "" if nobody knows. fields: what it changes, empty for all.
    like: the known model that this place made a new one from.
    """

    kind: str
    where: str
    date: str = ""
    fields: tuple[str, ...] = ()
    like: str = ""


def origins(catalog: Catalog, provider: str, model_id: str) -> list[Origin]:
    """The places that say something about a model of that provider."""
    found: list[Origin] = []
    owner = catalog.owner(provider)
    if owner is not None:
        found.append(Origin("extension", owner))
    else:
        file = packaged.file(provider)
        if model_id in packaged.facts(provider):
            found.append(Origin("packaged", file.source, file.date))
        found += _downloaded(catalog, provider, model_id)
    path = catalog.user_models
    if path is not None and path.exists():
        found += _written(catalog, path, provider, model_id)
    return found


def _downloaded(catalog: Catalog, provider: str, model_id: str) -> Iterator[Origin]:
    if catalog.downloads is None:
        return
    for lesson in catalog.downloads.lessons(provider):
        for change in lesson.models:
            if change.id == model_id:
                fields = tuple(changed_fields(change))
                yield Origin("downloaded", lesson.url, lesson.date, fields, change.like)


def _written(catalog: Catalog, path: Path, provider: str, model_id: str) -> Iterator[Origin]:
    """What the user's file says, with its lines. A file that is no JSON says nothing."""
    try:
        data = path.read_bytes()
        root = jsonc.decode(data)
    except (OSError, jsonc.JsoncError):
        return
    providers = _dict(_dict(root).get("providers"))
    for name, value in providers.items():
        row = catalog.find_provider(name)
        if row is None or row.id != provider:
            continue
        entry = _dict(value)
        places: list[tuple[jsonc.Path, list[str]]] = [
            (
                ("providers", name),
                [key for key in entry if key not in ("models", "modelOverrides")],
            )
        ]
        listed = entry.get("models")
        for number, item in enumerate(
            cast("list[Any]", listed) if isinstance(listed, list) else []
        ):
            if _dict(item).get("id") == model_id:
                places.append((("providers", name, "models", number), list(_dict(item))))
        change = _dict(_dict(entry.get("modelOverrides")).get(model_id))
        if change:
            places.append((("providers", name, "modelOverrides", model_id), list(change)))
        for where, keys in places:
            if keys:
                line = jsonc.line_of(data, where)
                yield Origin("models.json", f"{path} line {line}", fields=tuple(keys))


def _dict(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
