"""Which model answers, and how much it thinks. A change holds for this session only."""

from pi.ai.model import Model, ThinkingLevel
from pi.coding.api.answers import Levels, ModelChoice, ModelInfo, Models, ThinkingChoice
from pi.coding.api.commands import (
    CycleModel,
    CycleThinkingLevel,
    GetAvailableModels,
    GetAvailableThinkingLevels,
    SetModel,
    SetThinkingLevel,
)
from pi.coding.handlers.desk import Desk

__all__ = [
    "cycle_model",
    "cycle_thinking_level",
    "get_available_models",
    "get_available_thinking_levels",
    "set_model",
    "set_thinking_level",
]


async def set_model(desk: Desk, command: SetModel) -> ModelInfo:
    """Change the model, if there is a credential for it."""
    model = desk.services.find(command.provider, command.model_id)
    await _choose(desk, model, None)
    return ModelInfo.of(desk.model)


async def cycle_model(desk: Desk, command: CycleModel) -> ModelChoice | None:
    """The next one of the user's list, or of all; None if there is no other."""
    services = desk.services
    scope = [found for found in services.scope() if services.configured(found[0].provider)]
    choices = scope or [(model, None) for model in services.available()]
    keys = [model.key for model, _ in choices]
    if not keys or keys == [desk.model.key]:
        return None
    step = -1 if command.backward else 1
    here = keys.index(desk.model.key) if desk.model.key in keys else -max(step, 0)
    await _choose(desk, *choices[(here + step) % len(choices)])
    return ModelChoice(ModelInfo.of(desk.model), desk.thinking, bool(scope))


async def get_available_models(desk: Desk, command: GetAvailableModels) -> Models:
    """All models of providers with credentials."""
    return Models(tuple(map(ModelInfo.of, desk.services.available())))


async def set_thinking_level(desk: Desk, command: SetThinkingLevel) -> None:
    """Change the level to the nearest one that the model has."""
    desk.choose(None, desk.model.clamp(command.level))


async def cycle_thinking_level(desk: Desk, command: CycleThinkingLevel) -> ThinkingChoice | None:
    """The model's next level; None if it has only one."""
    levels = desk.model.thinking_levels
    if len(levels) < 2:
        return None
    here = levels.index(desk.thinking) if desk.thinking in levels else -1
    desk.choose(None, levels[(here + 1) % len(levels)])
    return ThinkingChoice(desk.thinking)


async def get_available_thinking_levels(desk: Desk, command: GetAvailableThinkingLevels) -> Levels:
    """The model's levels."""
    return Levels(desk.model.thinking_levels or ("off",))


async def _choose(desk: Desk, model: Model, level: ThinkingLevel | None) -> None:
    services = desk.services
    if not services.configured(model.provider):
        await services.client.access(model)  # raises, and says what is missing
    level = level or services.settings.model_thinking_levels.get(model.key)
    desk.choose(model, model.clamp(level) if level else None)
