"""What was found around the session, and reading it anew."""

from pathlib import Path

from pi.ai.errors import ConfigError
from pi.coding.api.setup import (
    CompleteArgument,
    Completions,
    GetResources,
    Reload,
    ResourceInfo,
    Resources,
    SetTrust,
)
from pi.coding.home import refreshed
from pi.coding.setup.desk import SetupDesk
from pi.coding.setup.preferences import use_settings

__all__ = ["complete_argument", "get_resources", "reload", "set_trust"]


async def get_resources(desk: SetupDesk, command: GetResources) -> Resources:
    """What was found when it was looked for last."""
    services, home = desk.controller.services, desk.home
    found = services.resources
    tools = tuple(services.tools)
    extensions = tuple(
        ResourceInfo(item.owner.name, str(item.owner.path), item.owner.scope, item.problem)
        for item in desk.composer.runtime.loaded
    )
    trusted = True if home.trusted else False if home.held_back else None
    if found is None:
        return Resources(
            extensions=extensions,
            tools=tools,
            notes=desk.composer.notes,
            trusted=trusted,
            held_back=home.held_back,
        )
    return Resources(
        context=tuple(_context(desk, file.path) for file in found.context.files),
        skills=tuple(
            ResourceInfo(skill.name, str(skill.path), found.scope_of(skill), skill.description)
            for skill in found.skills
        ),
        prompts=tuple(
            ResourceInfo(item.name, str(item.path), found.scope_of(item), item.description)
            for item in found.templates
        ),
        themes=tuple(
            ResourceInfo(item.name, str(item.path), found.scope_of(item)) for item in found.themes
        ),
        extensions=extensions,
        tools=tools,
        notes=tuple(dict.fromkeys((*desk.composer.notes, *found.notes))),
        trusted=trusted,
        held_back=home.held_back,
    )


async def reload(desk: SetupDesk, command: Reload) -> Resources:
    """Read everything anew. Raises `ConfigError` while something goes on."""
    if _busy(desk):
        raise ConfigError("something goes on: reload when it has ended, or abort it")
    desk.composer.home = home = refreshed(desk.home)
    desk.home.catalog.reload()
    desk.composer.notes = (*home.notes, *desk.composer.news.all())
    await desk.host.renew()
    return await get_resources(desk, GetResources())


async def set_trust(desk: SetupDesk, command: SetTrust) -> Resources:
    """Have the project's own settings and resources count, or not, from now on."""
    home = desk.home
    if command.remember:
        from pi.coding.trust import remember

        remember(home.folder, home.cwd, command.trusted)
    desk.composer.home = refreshed(home, trusted=command.trusted)
    if _busy(desk):
        use_settings(desk, around=True)  # policies and extensions follow at the next `Reload`
    else:
        await desk.host.renew()
    return await get_resources(desk, GetResources())


async def complete_argument(desk: SetupDesk, command: CompleteArgument) -> Completions:
    """What the extension that has the command says; nothing if there is none."""
    found = await desk.controller.bridge.completions(command.name, command.prefix)
    return Completions(tuple(found))


def _busy(desk: SetupDesk) -> bool:
    controller = desk.controller
    return controller.busy or controller.compacting or controller.bash is not None


def _context(desk: SetupDesk, path: Path) -> ResourceInfo:
    scope = "user" if path.is_relative_to(desk.home.folder) else "project"
    return ResourceInfo(path.name, str(path), scope)
