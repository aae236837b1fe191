"""`/cost`: what this session has cost, by model and by prompt, and how that is meant."""

from pi.ai.errors import ConfigError
from pi.ai.messages import Usage
from pi.coding.api.answers import SessionStats
from pi.coding.api.commands import GetSessionStats
from pi.coding.api.setup import Costs, GetCosts, GetModelTable, ModelTable
from pi.coding.extensions.surface import Context
from pi.coding.slash.models import key_of
from pi.coding.slash.words import count, dollars, first_line, meaning, show, table

__all__ = ["run"]

_TURNS = 20


async def run(arguments: str, context: Context) -> None:
    """Models are counted over all branches, prompts on the active one; `all` shows every prompt."""
    stats: SessionStats = await context.send(GetSessionStats())
    costs: Costs = await context.send(GetCosts())
    if not stats.models and not costs.turns:
        raise ConfigError("nothing was asked yet, so nothing has cost anything")
    models: ModelTable = await context.send(GetModelTable())
    bases = {key_of(row): row.cost_basis for row in models.models}
    names = [f"{m.provider}/{m.model}" if m.model else "" for m in stats.models]
    by_model = [
        (name or "(summaries, tools)", str(m.answers), *_numbers(m.usage), meaning(bases[name]))
        if name in bases
        else (name or "(summaries, tools)", str(m.answers), *_numbers(m.usage), "")
        for name, m in zip(names, stats.models, strict=True)
    ]
    text = f"**{dollars(stats.cost)}** in this session\n\n" + table(
        ("Model", "Answers", "In", "Out", "Cached", "Cost", "How it is meant"), by_model
    )
    turns = costs.turns if arguments == "all" else costs.turns[-_TURNS:]
    first = len(costs.turns) - len(turns) + 1
    if turns:
        text += "\n\n" + table(
            ("#", "Prompt", "Answers", "In", "Out", "Cached", "Cost"),
            (
                (str(at), first_line(turn.text, 50), str(turn.answers), *_numbers(turn.usage))
                for at, turn in enumerate(turns, first)
            ),
        )
    if first > 1:
        text += "\n\n`/cost all` shows the prompts before."
    show(context, text)


def _numbers(usage: Usage) -> tuple[str, str, str, str]:
    return (
        count(usage.input + usage.cache_write),
        count(usage.output),
        count(usage.cache_read),
        dollars(usage.cost.total),
    )
