"""docs/providers.md says what the catalog says."""

from pathlib import Path

import pytest

from pi.ai.catalog import Catalog
from pi.coding.cli.auth.table import COMMANDS

PAGE = (Path(__file__).parents[4] / "docs" / "providers.md").read_text(encoding="utf-8")
ROWS = Catalog().providers


@pytest.mark.parametrize("name", [row.id for row in ROWS.values() if row.auth.env])
def test_a_provider_that_takes_a_key(name: str) -> None:
    row = ROWS[name]
    variables = ", ".join(f"`{variable}`" for variable in row.auth.env)
    link = f"<{row.auth.help}>" if row.auth.help else ""
    assert f"| {row.name} | `{row.id}` | {variables} | {link} |" in PAGE
    for variable in row.auth.required_env:
        assert f"`{variable}`" in PAGE


@pytest.mark.parametrize("name", [row.id for row in ROWS.values() if row.auth.login])
def test_a_subscription(name: str) -> None:
    assert f"| `{name}` | " in PAGE.partition("## Subscriptions")[2]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_command(name: str) -> None:
    assert f"| `pi auth {name} {COMMANDS[name].words}".rstrip() in PAGE
    for option in COMMANDS[name].options:
        if option.name not in ("help", "model", "run-commands", "no-refresh"):
            assert f"--{option.name}" in PAGE
