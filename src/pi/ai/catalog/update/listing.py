"""Lists of models in any of the shapes that services give them, as one.

What stands where is data (`data/listings.toml`); this reads it, model by model. Whatever is missing
or of a wrong kind is not there, so a strange entry costs itself and nothing else.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from math import isfinite
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from pi.ai.catalog.packaged import DATA
from pi.ai.errors import ProtocolError

__all__ = ["KINDS", "Kind", "Listed", "keyed", "read"]

Kind = Literal["input", "output", "cache_read", "cache_write"]
KINDS: tuple[Kind, ...] = ("input", "output", "cache_read", "cache_write")

Prices = dict[Kind, float]
"""US dollars per million tokens, as far as the list says."""

_MOST = 5_000
_LONGEST = 200
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_MAX_TOKENS = 100_000_000
_MAX_PRICE = 10_000.0


class Listed(Struct, frozen=True, kw_only=True):
    """What a list says about a model; None or empty where it says nothing.

    window, output: tokens. tiers: tokens above which prices change, to those prices. efforts: words
    for how much it thinks. can_rest: whether it can be told not to think. released: ISO date.
    api: the wire, where the list names a client that speaks it.
    """

    id: str
    name: str = ""
    chat: bool = True
    tools: bool | None = None
    images: bool | None = None
    thinks: bool | None = None
    efforts: tuple[str, ...] = ()
    can_rest: bool | None = None
    window: int | None = None
    output: int | None = None
    prices: Prices = {}
    tiers: dict[int, Prices] = {}
    released: str = ""
    status: str = ""
    api: str = ""


def read(body: bytes) -> list[Listed]:
    """The models of a list, in its order, each id once.

    Raises `ProtocolError` if there is no model in `body`. Entries without a usable id are left out.
    """
    root = _decoded(body)
    for path in _table().items:
        found = next(_find(root, path), None)
        if path and isinstance(found, dict):
            values = list(cast("dict[str, Any]", found).values())
            found = values if values and all(isinstance(item, dict) for item in values) else None
        if isinstance(found, list) and (models := _models(cast("list[Any]", found))):
            return models
    raise ProtocolError("there is no list of models in the answer")


def keyed(body: bytes) -> dict[str, msgspec.Raw]:
    """The parts of an object, unread. Raises `ProtocolError` if `body` is none."""
    try:
        return msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProtocolError(_strange(body)) from None


# -- the table -------------------------------------------------------------------------------------


class _Id(Struct, frozen=True, forbid_unknown_fields=True):
    path: str
    when: str = ""
    strip: str = ""


class _Rate(Struct, frozen=True, forbid_unknown_fields=True):
    path: str
    scale: float = 1.0
    text: bool = False


class _Bands(Struct, frozen=True, forbid_unknown_fields=True):
    above: str
    less: int = 0
    scale: float = 1.0
    input: tuple[str, str] | None = None
    output: tuple[str, str] | None = None
    cache_read: tuple[str, str] | None = None
    cache_write: tuple[str, str] | None = None


class _Question(Struct, frozen=True, forbid_unknown_fields=True):
    path: str
    any: tuple[str | bool, ...] = ()
    none: tuple[str | bool, ...] = ()


class _Globs(Struct, frozen=True, forbid_unknown_fields=True):
    match: tuple[str, ...]


class _Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`data/listings.toml`."""

    items: tuple[str, ...]
    id: tuple[_Id, ...]
    name: tuple[str, ...]
    window: tuple[str, ...]
    output: tuple[str, ...]
    released: tuple[str, ...]
    status: tuple[str, ...]
    package: tuple[str, ...]
    efforts: tuple[str, ...]
    off: tuple[str, ...]
    prices: dict[Kind, tuple[_Rate, ...]]
    tiers: tuple[_Bands, ...]
    chat: tuple[_Question, ...]
    tools: tuple[_Question, ...]
    images: tuple[_Question, ...]
    thinks: tuple[_Question, ...]
    always: tuple[_Question, ...]
    not_chat: _Globs
    packages: dict[str, str]


@cache
def _table() -> _Table:
    import tomllib  # only an update reads it

    text = (DATA / "listings.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Table)


# -- a model ---------------------------------------------------------------------------------------


def _models(items: list[Any]) -> list[Listed]:
    found: dict[str, Listed] = {}
    for item in items[:_MOST]:
        if isinstance(item, dict):
            model = _model(cast("dict[str, Any]", item))
            if model is not None:
                found.setdefault(model.id, model)
    return list(found.values())


def _model(item: dict[str, Any]) -> Listed | None:
    table = _table()
    name = _id(item, table)
    if not name:
        return None
    answers = [_answer(item, [question]) for question in table.chat]
    bare = all(answer is None for answer in answers)
    chat = False not in answers and not (bare and _matches(name, table.not_chat.match))
    always = _answer(item, table.always)
    can_rest = None if always is None else not always
    if any(True for path in table.off for _ in _find(item, path)):
        can_rest = True
    words = (word for path in table.efforts for hit in _find(item, path) for word in _items(hit))
    return Listed(
        id=name,
        name=_text(item, table.name),
        chat=chat,
        tools=_answer(item, table.tools),
        images=_answer(item, table.images),
        thinks=_answer(item, table.thinks),
        efforts=tuple("none" if word is None else word for word in words if _is_word(word)),
        can_rest=can_rest,
        window=_tokens(item, table.window),
        output=_tokens(item, table.output),
        prices=_prices(item, table.prices),
        tiers=_tiers(item, table.tiers),
        released=_date(item, table.released),
        status=_text(item, table.status),
        api=table.packages.get(_text(item, table.package), ""),
    )


def _id(item: dict[str, Any], table: _Table) -> str:
    """The id, if it is one that can be typed and shown."""
    for way in table.id:
        if way.when and next(_find(item, way.when), None) is None:
            continue
        value = next(_find(item, way.path), None)
        if isinstance(value, str):
            value = value.removeprefix(way.strip)
            plain = value.isascii() and value.isprintable() and not set(value) & set(' "\\')
            return value if plain and len(value) <= _LONGEST else ""
    return ""


def _text(item: dict[str, Any], paths: Iterable[str]) -> str:
    for path in paths:
        value = next(_find(item, path), None)
        if isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST:
            return value.strip()
    return ""


def _tokens(item: dict[str, Any], paths: Iterable[str]) -> int | None:
    for path in paths:
        numbers = [_number(value) for value in _find(item, path)]
        sane = [n for n in numbers if n is not None and 1 <= n <= _MAX_TOKENS]
        if sane:
            return int(max(sane))
    return None


def _prices(item: dict[str, Any], table: dict[Kind, tuple[_Rate, ...]]) -> Prices:
    found: Prices = {}
    for kind in KINDS:
        for rate in table.get(kind, ()):
            value = next(_find(item, rate.path), None)
            if rate.text and not isinstance(value, str):
                continue
            price = _price(value, rate.scale)
            if price is not None:
                found[kind] = price
                break
    return found


def _tiers(item: dict[str, Any], table: Iterable[_Bands]) -> dict[int, Prices]:
    found: dict[int, Prices] = {}
    for bands in table:
        for kind in KINDS:
            way: tuple[str, str] | None = getattr(bands, kind)
            if way is None:
                continue
            for band in _find(item, way[0]):
                above = _number(next(_find(band, bands.above), None))
                price = _price(next(_find(band, way[1]), None), bands.scale)
                if above is None or price is None or not 1_000 <= above <= _MAX_TOKENS:
                    continue
                found.setdefault(int(above) - bands.less, {})[kind] = price
        if found:
            break
    return dict(sorted(found.items()))


def _price(value: Any, scale: float) -> float | None:
    number = _number(value)
    if number is None or not 0 <= number * scale <= _MAX_PRICE:
        return None
    return round(number * scale, 6)


def _date(item: dict[str, Any], paths: Iterable[str]) -> str:
    for path in paths:
        value = next(_find(item, path), None)
        if isinstance(value, str) and (match := _DATE.match(value)):
            return match[0]
        if isinstance(value, int) and 1e9 < value < 1e10:
            return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d")
    return ""


def _answer(item: dict[str, Any], questions: Iterable[_Question]) -> bool | None:
    """Yes, no, or None if none of them applies."""
    for question in questions:
        hits = list(_find(item, question.path))
        plain = [v for hit in hits for v in _items(hit) if isinstance(v, str | bool)]
        if not plain and [] not in hits:
            continue
        if question.any and any(value in question.any for value in plain):
            return True
        if question.none and any(value in question.none for value in plain):
            return False
        if bool(question.any) != bool(question.none):
            return bool(question.none)
    return None


# -- values ----------------------------------------------------------------------------------------


def _find(value: Any, path: str) -> Iterator[Any]:
    """What a path leads to. A value that is null is not there."""
    if not path:
        if value is not None:
            yield value
        return
    head, _, rest = _split(path)
    name, bracket, choice = head.partition("[")
    below = cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
    if not bracket:
        yield from _find(below, rest)
        return
    key, _, wanted = choice.rstrip("]").partition("=")
    for item in cast("list[Any]", below) if isinstance(below, list) else []:
        if not key or (isinstance(item, dict) and cast("dict[str, Any]", item).get(key) == wanted):
            yield from _find(item, rest)


@cache
def _split(path: str) -> tuple[str, str, str]:
    """A path's first step; a dot inside brackets is none."""
    depth = 0
    for at, char in enumerate(path):
        depth += (char == "[") - (char == "]")
        if char == "." and not depth:
            return path[:at], ".", path[at + 1 :]
    return path, "", ""


def _items(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _is_word(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.isidentifier())


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name.lower(), glob) for glob in globs)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProtocolError(_strange(body)) from None


def _strange(body: bytes) -> str:
    start = body[:40].decode("ascii", "replace").strip()
    shown = "".join(char if char.isprintable() else " " for char in start)
    return (
        f"the answer is no JSON object (it starts with {shown!r})"
        if shown
        else ("the answer is empty")
    )
