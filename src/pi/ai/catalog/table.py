"""Lists of models as text: an aligned table for people, JSON for programs. Pure functions.

Columns are counted in terminal cells, and nothing that a name contains can move the cursor.
"""

import unicodedata
from collections.abc import Iterable

import msgspec

from pi.ai.catalog.fuzzy import score
from pi.ai.catalog.schema import IndexRow

__all__ = ["as_json", "count", "filtered", "table"]

_HEAD = ("provider", "model", "context", "max-out", "thinking", "images", "$ in", "$ out")
_RIGHT = {2, 3, 6, 7}


def filtered(rows: Iterable[IndexRow], query: str = "") -> list[IndexRow]:
    """The rows that answer a search, by provider and id."""
    found = (row for row in rows if score(query, f"{row.provider} {row.id} {row.name}") is not None)
    return sorted(found, key=lambda row: (row.provider, row.id))


def table(rows: Iterable[IndexRow]) -> str:
    """One line a model under a line of headings. Prices are per million tokens."""
    lines = [_HEAD, *map(_cells, rows)]
    widths = [max(_width(line[at]) for line in lines) for at in range(len(_HEAD))]
    return "\n".join("  ".join(_padded(line, widths)).rstrip() for line in lines)


def as_json(rows: Iterable[IndexRow]) -> str:
    """A JSON array of objects. Token counts are tokens, prices US dollars per million of them."""
    objects = [
        {
            "provider": row.provider,
            "id": row.id,
            "name": row.name,
            "contextWindow": row.context_window,
            "maxTokens": row.max_output_tokens,
            "thinking": row.thinking,
            "images": row.images,
            "cost": {"input": row.input_price, "output": row.output_price},
            "costBasis": row.cost_basis,
            **({"releaseDate": row.release_date} if row.release_date else {}),
            **({"unverified": True} if row.unverified else {}),
        }
        for row in rows
    ]
    return msgspec.json.encode(objects).decode()


def count(tokens: int) -> str:
    """Tokens for people: `200K`, `1.1M`."""
    for size, unit in ((1_000_000, "M"), (1_000, "K")):
        if tokens >= size:
            return f"{tokens / size:.1f}".removesuffix(".0") + unit
    return str(tokens)


def _cells(row: IndexRow) -> tuple[str, ...]:
    return (
        _clean(row.provider),
        _clean(row.id),
        count(row.context_window),
        count(row.max_output_tokens),
        "yes" if row.thinking else "no",
        "yes" if row.images else "no",
        _price(row.input_price, row.cost_basis),
        _price(row.output_price, row.cost_basis),
    )


def _price(dollars: float, basis: str) -> str:
    if dollars:
        return f"{dollars:.4f}".rstrip("0").rstrip(".")
    return {"free": "free", "subscription-unpriced": "plan"}.get(basis, "?")


def _clean(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


def _padded(line: tuple[str, ...], widths: list[int]) -> Iterable[str]:
    for at, (cell, width) in enumerate(zip(line, widths, strict=True)):
        blank = " " * (width - _width(cell))
        yield blank + cell if at in _RIGHT else cell + blank


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
