"""Which extensions there are, loaded: at a start, and again after `/reload`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pi.ai.auth.masks import StreamMasker
from pi.coding.extensions.find import find_extensions
from pi.coding.extensions.outside import HomeOutside
from pi.coding.extensions.runtime import Runtime
from pi.coding.home import Home, refreshed, unsettled
from pi.coding.resources.sources import Brought
from pi.coding.tools import extension as builtin
from pi.coding.trust import is_trusted
from pi.coding.wishes import Wishes

__all__ = ["builtin_tools", "load_extensions", "new_runtime", "package_files", "tool_settings"]


def new_runtime(home: Home, wishes: Wishes) -> Runtime:
    """The extensions of a program, with nothing loaded but what is built in."""
    runtime = Runtime(HomeOutside(home), wishes.mode)
    runtime.install(builtin_tools(home))
    if wishes.mode == "interactive":
        from pi.coding.slash import register_all  # for who sits in front of a screen

        runtime.install(register_all)
    return runtime


async def load_extensions(runtime: Runtime, home: Home, wishes: Wishes) -> Home:
    """Load what is found now in place of what was loaded. Raises `ConfigError` for a wrong path.

    Gives the home, which is another one if an extension says that the project is trusted.
    """
    await _load(runtime, home, wishes)
    open_question = home.held_back and wishes.ask_trust
    if open_question and is_trusted(home.folder, home.cwd) is None:
        trusted = await runtime.ask_trust(home.cwd, home.held_back)
        if trusted:
            home = refreshed(home, trusted=True)
            await _load(runtime, home, wishes)
    await runtime.discover(home.cwd)
    runtime.notes += unsettled(home.catalog)
    return home


async def _load(runtime: Runtime, home: Home, wishes: Wishes) -> None:
    found = find_extensions(
        home.folder,
        home.cwd,
        flags=wishes.extensions,
        discover=wishes.find_extensions,
        trusted=home.trusted,
        entries=home.settings.extensions,
        packages=[item.path for item in package_files(home, []).get("extensions", ())],
        env=home.env,
    )
    runtime.unload()
    runtime.program.trusted = home.trusted
    runtime.outside.flags |= wishes.flags
    if found:
        from pi.coding.slash import BUILT_IN  # their names are taken

        runtime.outside.reserved = frozenset(BUILT_IN)
    await runtime.load([*found, *runtime.given])


def package_files(home: Home, notes: list[str]) -> Mapping[str, Sequence[Brought]]:
    """The files of installed packages, by kind."""
    if not home.settings.packages:
        return {}
    from pi.coding.packages.paths import package_paths  # most have none

    packages = package_paths(home.folder, home.cwd, home.settings, trusted=home.trusted)
    notes += packages.notes
    return packages.by_kind()


def tool_settings(home: Home) -> dict[str, Any]:
    """What the settings say about built-in tools."""
    settings, secrecy = home.settings, home.resolver.secrecy
    return {
        "log_filter": lambda: StreamMasker(secrecy.masker),
        "mask": secrecy.mask_bytes,
        "shell_path": settings.shell_path,
        "command_prefix": settings.shell_command_prefix,
        "resize_images": settings.images.auto_resize,
    }


def builtin_tools(home: Home) -> Callable[[Any], None]:
    """The extension that registers the built-in tools."""
    return lambda pi: builtin(pi, **tool_settings(home))
