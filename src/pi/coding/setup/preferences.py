"""The user's settings: what is in force, and changing them.

A change counts at once where a session can take it: the settings and everything that reads them at
each use, the tools, skills and prompts. Spending limits count from the next session on, because
they are part of the policies of this one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from pi.ai.errors import ConfigError
from pi.coding.api.commands import SetAutoCompaction, SetAutoRetry
from pi.coding.api.setup import ChangeSettings, GetSettings, SettingsInfo
from pi.coding.home import refreshed
from pi.coding.setup.desk import SetupDesk

__all__ = ["change", "change_settings", "get_settings", "use_settings"]

_AROUND = frozenset(
    {
        "defaultTools",
        "enableSkillCommands",
        "images",
        "prompts",
        "shellCommandPrefix",
        "shellPath",
        "skills",
    }
)
"""Keys that decide what lies around a session: tools, and what the model is told at the start."""


async def get_settings(desk: SetupDesk, command: GetSettings) -> SettingsInfo:
    """Those of the folder of the session."""
    from pi.coding.settings_file import written

    path = _path(desk)
    values = msgspec.to_builtins(desk.controller.settings)
    return SettingsInfo(values, written(path), str(path))


async def change_settings(desk: SetupDesk, command: ChangeSettings) -> SettingsInfo:
    """Save, then use."""
    change(desk, command.changes)
    await _switch(desk, command.changes)
    return await get_settings(desk, GetSettings())


def change(desk: SetupDesk, changes: Mapping[str, Any]) -> None:
    """Save changes and use them. Raises `ConfigError`, with file and session as they were."""
    from pi.coding.settings_file import problems, save

    wrong = problems(changes)
    if wrong:
        raise ConfigError(f"{'; '.join(wrong)}; nothing was saved")
    save(_path(desk), changes)
    desk.composer.home = refreshed(desk.home)
    use_settings(desk, around=not _AROUND.isdisjoint(changes))
    if "accounts" in changes:
        _use_accounts(desk)


def use_settings(desk: SetupDesk, *, around: bool) -> None:
    """Have the session that is open use the settings of the home.

    around: also look anew for what lies around it. A run that is going on keeps its tools for the
    calls that it has begun.
    """
    controller = desk.controller
    controller.services = desk.composer.renewed(controller, around=around)


async def _switch(desk: SetupDesk, changes: Mapping[str, Any]) -> None:
    """What a session has taken over from the settings when it began."""
    controller, settings = desk.controller, desk.controller.settings
    if "steeringMode" in changes:
        controller.inbox.steering_mode = settings.steering_mode
    if "followUpMode" in changes:
        controller.inbox.follow_up_mode = settings.follow_up_mode
    if "compaction" in changes:
        await controller.send(SetAutoCompaction(settings.compaction.enabled))
    if "retry" in changes:
        await controller.send(SetAutoRetry(settings.retry.enabled))
    if "enabledModels" in changes:
        desk.composer.patterns = None


def _use_accounts(desk: SetupDesk) -> None:
    catalog, accounts = desk.home.catalog, desk.home.resolver.accounts
    for name, account in desk.home.settings.accounts.items():
        row = catalog.find_provider(name)
        if row is not None and account:
            accounts[row.id] = account


def _path(desk: SetupDesk) -> Path:
    return desk.home.folder / "settings.json"
