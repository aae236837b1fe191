"""Lists for tests of updates: what models.dev and a provider would say of what is packaged."""

from typing import Any

from pi.ai.catalog import packaged
from pi.ai.catalog.compile import compile_rows
from pi.ai.catalog.schema import ModelFacts
from pi.ai.catalog.update.row import SourceRow

ROWS: dict[str, SourceRow] = {row.id: row for row in compile_rows(packaged.DATA).providers}


def entry(facts: ModelFacts, **changes: Any) -> dict[str, Any]:
    """A model as models.dev lists it."""
    cost = facts.cost
    return {
        "id": facts.id,
        "name": facts.name or facts.id,
        "attachment": "image" in facts.input,
        "reasoning": bool(facts.levels),
        "tool_call": True,
        "release_date": facts.release_date or "2026-01-01",
        "modalities": {"input": [*facts.input], "output": ["text"]},
        "open_weights": False,
        "limit": {
            "context": facts.extended_context_window or facts.context_window,
            "output": facts.max_output_tokens,
        },
        "cost": {
            "input": cost.input,
            "output": cost.output,
            "cache_read": cost.cache_read,
            "tiers": [
                {
                    "input": tier.input,
                    "output": tier.output,
                    "cache_read": tier.cache_read,
                    "tier": {"type": "context", "size": tier.input_tokens_above},
                }
                for tier in cost.tiers
            ],
        },
        **changes,
    }


def part(provider: str, *more: dict[str, Any]) -> dict[str, Any]:
    """A provider as models.dev lists it: all that is packaged, and `more` instead or besides."""
    models = {name: entry(facts) for name, facts in packaged.facts(provider).items()}
    models |= {item["id"]: item for item in more}
    return {"id": provider, "name": provider, "env": [], "npm": "x", "models": models}


def models_dev(**parts: dict[str, Any]) -> dict[str, Any]:
    """`api.json` with these providers, whose keys may be written with underscores."""
    return {ROWS[name.replace("_", "-")].models_dev[0]: value for name, value in parts.items()}
