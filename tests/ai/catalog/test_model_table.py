"""Lists of models as text."""

import json

import pytest

from pi.ai.catalog import packaged
from pi.ai.catalog.schema import IndexRow
from pi.ai.catalog.table import as_json, count, filtered, table

ROWS = [
    IndexRow("b", "long-model-id", "Long", 1_050_000, 131_072, True, True, 2.5, 15.0),
    IndexRow("a", "模型", "CJK", 200_000, 512, False, False, 0.0, 0.0, "free"),
    IndexRow("a", "x\x1b[31m", "Evil", 999, 4096, False, False, 0.0375, 0.0, "metered"),
]


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (999, "999"),
        (1_000, "1K"),
        (131_072, "131.1K"),
        (200_000, "200K"),
        (1_000_000, "1M"),
        (1_050_000, "1.1M"),
    ],
)
def test_counts(tokens: int, text: str) -> None:
    assert count(tokens) == text


def test_the_table_is_aligned_in_cells_and_cannot_move_the_cursor() -> None:
    assert table(ROWS).split("\n") == [
        "provider  model          context  max-out  thinking  images    $ in  $ out",
        "b         long-model-id     1.1M   131.1K  yes       yes        2.5     15",
        "a         模型              200K      512  no        no        free   free",
        "a         x?[31m             999     4.1K  no        no      0.0375      ?",
    ]


def test_an_empty_table_has_its_headings() -> None:
    assert table([]).split() == table(ROWS).split("\n")[0].split()


def test_json_for_programs() -> None:
    first, free, _ = json.loads(as_json(ROWS))
    assert first == {
        "provider": "b",
        "id": "long-model-id",
        "name": "Long",
        "contextWindow": 1_050_000,
        "maxTokens": 131_072,
        "thinking": True,
        "images": True,
        "cost": {"input": 2.5, "output": 15.0},
        "costBasis": "metered",
    }
    assert free["costBasis"] == "free"


def test_a_search_is_sorted_by_provider_and_id() -> None:
    found = filtered(packaged.index().rows, "opus anthropic")
    assert found
    assert found == sorted(found, key=lambda row: (row.provider, row.id))
    assert {"anthropic", "openrouter"} <= {row.provider for row in found}
    assert len(filtered(packaged.index().rows)) == 1665
    assert filtered(packaged.index().rows, "no such model at all") == []
