"""Puts a controller together for any log: tools, prompt, policies, and what surrounds them.

A session host asks for another one whenever a mode goes on with another session, and
`pi.coding.compose` for the first.
"""

from contextlib import suppress
from pathlib import Path

import msgspec

from pi.agent.inbox import Inbox
from pi.ai.catalog import Catalog
from pi.ai.catalog.choose import Configured, scope
from pi.ai.client import Client
from pi.ai.errors import ConfigError
from pi.ai.model import LEVELS, Model
from pi.ai.options import Options
from pi.coding.api.events import Notice
from pi.coding.controller import Controller, Services
from pi.coding.extensions.offer import Offer
from pi.coding.extensions.prompt import ToolPrompt
from pi.coding.extensions.runtime import Runtime
from pi.coding.extensions.shelf import OURS, Shelf
from pi.coding.handlers.desk import Candidate
from pi.coding.home import Home, ModelsNews, refreshed
from pi.coding.loading import (
    builtin_tools,
    load_extensions,
    new_runtime,
    package_files,
    tool_settings,
)
from pi.coding.policies.budget import Caps, Spent
from pi.coding.policies.host import Policies
from pi.coding.policies.ledger import Ledger
from pi.coding.policies.standard import standard
from pi.coding.resources.found import find_resources
from pi.coding.session.errors import SessionError
from pi.coding.session.fork import fork_branch
from pi.coding.session.index import SessionIndex
from pi.coding.session.log import SessionLog
from pi.coding.session.store import SessionStore, folder_of
from pi.coding.settings import Settings, session_dir
from pi.coding.tools import DEFAULT_TOOLS, tool_shelf
from pi.coding.wishes import Extras, Wishes

__all__ = [
    "NOT_FOR_GUESSING",
    "Composer",
    "store_of",
    "usable",
]

NOT_FOR_GUESSING = frozenset({"demo"})
"""Providers that are used only by those who name them."""


class Composer:
    """Puts controllers together, one for each session that a mode goes on with.

    extras: what a program that uses us as a library brings along. patterns: the models to cycle
    through in this session; None leaves it to the settings. notes: what people should know.
    runtime: the extensions.
    """

    def __init__(
        self,
        home: Home,
        wishes: Wishes,
        client: Client,
        extras: Extras | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        self.runtime = runtime or new_runtime(home, wishes)
        self.home = home
        self.news = ModelsNews(home.catalog)
        self.patterns: tuple[str, ...] | None = wishes.models or None
        self.notes: tuple[str, ...] = ()
        self._wishes = wishes
        self._client = client
        self._extras = extras or Extras()
        self._spent = Spent()
        self._found: dict[tuple[str, str], Model] = {}

    async def reload_extensions(self) -> None:
        """Load all extensions anew, those that were added or removed since, too."""
        self.home = await load_extensions(self.runtime, self.home, self._wishes)
        self.notes = (*self.notes, *self.runtime.notes)

    def services(self, home: Home, notes: list[str], offer: Offer | None = None) -> Services:
        """What a session in the folder of `home` needs around it. offer: the tools it has already.

        Raises `ConfigError` for a tool that does not exist.
        """
        wishes, settings, catalog = self._wishes, home.settings, home.catalog
        secrecy = home.resolver.secrecy
        runtime = self.runtime
        runtime.install(builtin_tools(home))
        own = {tool.name: tool for tool in self._extras.tools}
        tools = offer or Offer(runtime.shelf, lambda: _names(runtime.shelf, settings, wishes), own)
        tools.check()
        brought = package_files(home, notes)
        resources = find_resources(
            home.folder,
            home.cwd,
            trusted=home.trusted,
            system_prompt=wishes.system_prompt,
            append_system_prompt=wishes.append_system_prompt,
            context_files=wishes.context_files,
            skills=settings.skills if wishes.skills else None,
            templates=settings.prompts if wishes.templates else None,
            themes=settings.themes if wishes.themes else None,
            flags=wishes.paths,
            brought=runtime.with_discovered(brought),
            skill_commands=settings.enable_skill_commands,
        )
        notes += resources.notes
        configured = self._configured
        return Services(
            client=self._client,
            find=self._find,
            configured=configured,
            system=ToolPrompt(resources, tools, home.cwd),
            tools=tools,
            cwd=home.cwd,
            options=_options(home),
            settings=settings,
            policies=self._policies(home),
            env={"PI_CODING_AGENT": "true", **self._extras.env},
            expand=resources.expand,
            commands=resources.commands,
            scope=lambda: self._scope(settings),
            available=lambda: _available(catalog, configured),
            refresh=catalog.refresh,
            news=self.news,
            bash=lambda: tool_shelf(**tool_settings(home)).get("bash"),
            mask=secrecy.mask_bytes,
            resources=resources,
            bridge=lambda inside: runtime.bridge(
                inside, tools, keep_tools=wishes.tools is not None
            ),
        )

    def scoped(self, settings: Settings) -> tuple[str, ...]:
        """The patterns of models to cycle through; none means all."""
        return self.patterns if self.patterns is not None else settings.enabled_models or ()

    def _scope(self, settings: Settings) -> list[Candidate]:
        patterns = self.scoped(settings)
        if not patterns:
            return []
        found = scope(self.home.catalog, patterns, self._configured).choices
        return [(choice.model, choice.thinking) for choice in found]

    def _find(self, provider: str, model_id: str) -> Model:
        for model in self._extras.models:
            if (model.provider, model.id) == (provider, model_id):
                return model
        try:
            model = self._found[provider, model_id] = self.home.catalog.model(provider, model_id)
        except ConfigError:
            if (provider, model_id) not in self._found:
                raise
            model = self._found[provider, model_id]  # models.json lost it while it is in use
        return model

    def _configured(self, provider: str) -> bool:
        own = any(model.provider == provider for model in self._extras.models)
        return own or self.home.resolver.configured(provider)

    def _policies(self, home: Home) -> Policies:
        wishes, budget, hooks = self._wishes, home.settings.budget, self._extras.hooks
        ours = standard(
            ledger=Ledger(home.folder / "spending", home.cwd),
            caps=Caps(wishes.max_cost, budget.session, budget.day, budget.project),
            spent=self._spent,
            max_turns=wishes.max_turns,
            eager=not wishes.one_shot,
        )
        return lambda host: (*hooks, *ours(host))

    # -- the opener of the session host ------------------------------------------------------------

    def create(self, like: Controller, parent: Path | None) -> SessionLog:
        """A session without entries, kept where `like` is kept."""
        cwd = like.services.cwd
        if like.log.path is None:
            return SessionLog.memory(cwd)
        return SessionLog.create(self.sessions(cwd).folder, cwd, parent=parent)

    def open(self, path: str, cwd: str | None = None) -> SessionLog:
        """The session in a file that exists, in another folder if one is given."""
        file = self.home.cwd / Path(path).expanduser()
        if not file.is_file():
            raise SessionError(f"there is no session file {file}")
        log = SessionLog.open(file, cwd=self.home.cwd)
        if cwd is not None:
            log.work_in(self.home.cwd / cwd)
        folder_of(log, self.home.cwd)
        return log

    def bring_in(self, path: str, cwd: str | None = None) -> SessionLog:
        """A copy of the session in a file, among those of the project, or of that folder."""
        source = self.home.cwd / Path(path).expanduser()
        if cwd is not None:
            return self.sessions(self.home.cwd / cwd).fork(str(source))
        folder_of(SessionLog.open(source), self.home.cwd)  # a copy that cannot go on is no use
        return SessionLog.open(self.sessions(self.home.cwd).bring_in(source))

    def copy(self, like: Controller, leaf: str | None) -> SessionLog:
        """A session with the branch of `like` up to and with the entry `leaf`."""
        node = None if leaf is None else like.log.tree.get(leaf)
        return fork_branch(like.log, self.sessions(like.services.cwd).folder, leaf=node)

    def controller(self, log: SessionLog, like: Controller) -> Controller:
        """A controller for `log`; what the log does not say is as in `like`."""
        home = self.home
        cwd = folder_of(log, home.cwd)
        if cwd != home.cwd:
            home = refreshed(home, cwd)
        notes = list(log.notes)
        services = self.services(home, notes)
        chosen, model = log.state.model, like.model
        fits = chosen is not None and self._fits(chosen)
        if chosen is not None and not fits:
            notes.append(f"{chosen[0]}/{chosen[1]}, the model of this session, cannot be used now")
        level = log.state.thinking_level
        inbox = Inbox(
            steering_mode=like.inbox.steering_mode, follow_up_mode=like.inbox.follow_up_mode
        )
        controller = Controller(
            services,
            log,
            model=self._find(*chosen) if chosen is not None and fits else model,
            thinking=level if level in LEVELS else like.thinking,
            pinned=chosen is not None and not fits,
            inbox=inbox,
        )
        _take_over(like, controller)
        for note in notes:
            like.tell(Notice("warning", note))
        return controller

    def again(self, like: Controller) -> Controller:
        """Another controller for the log of `like`, with what lies around it found anew."""
        notes: list[str] = []
        services = self.services(self._home_of(like), notes)
        controller = Controller(
            services,
            like.log,
            model=like.model,
            thinking=like.thinking,
            pinned=like.pinned,
            inbox=like.inbox,
        )
        _take_over(like, controller)
        for note in notes:
            like.tell(Notice("warning", note))
        return controller

    def renewed(self, like: Controller, *, around: bool) -> Services:
        """The services of `like` with the settings of the home.

        around: with tools, resources and prompt found anew, too.
        """
        home = self._home_of(like)
        if around:
            tools = like.services.tools
            same = home.settings.default_tools == like.settings.default_tools
            return self.services(home, [], tools if same and isinstance(tools, Offer) else None)
        settings = home.settings
        return msgspec.structs.replace(
            like.services,
            settings=settings,
            options=_options(home),
            scope=lambda: self._scope(settings),
        )

    def _home_of(self, like: Controller) -> Home:
        """The home as seen from the folder of a session."""
        cwd = like.services.cwd
        return self.home if cwd == self.home.cwd else refreshed(self.home, cwd)

    def _fits(self, model: tuple[str, str]) -> bool:
        own = any((known.provider, known.id) == model for known in self._extras.models)
        return own or usable(self.home, model)

    def sessions(self, cwd: Path) -> SessionStore:
        """The sessions that this folder sees."""
        return store_of(self.home, self._wishes, cwd)


def _take_over(like: Controller, controller: Controller) -> None:
    """Leave retries and compaction as they were switched."""
    from pi.coding.handlers.policies import switches_from  # not for the first controller

    switches_from(like, controller)


def usable(home: Home, model: tuple[str, str]) -> bool:
    """Whether that provider has a credential and that model."""
    return home.resolver.configured(model[0]) and model[1] in home.catalog.ids(model[0])


def store_of(home: Home, wishes: Wishes, cwd: Path) -> SessionStore:
    """Where the sessions of that folder are."""
    flat = session_dir(home.settings, home.env, cwd, flag=wishes.session_dir)
    index = SessionIndex(home.folder / "cache" / "sessions.json")
    return SessionStore(home.folder / "sessions", cwd, flat=flat, index=index)


def _available(catalog: Catalog, configured: Configured) -> list[Model]:
    """All models of providers with credentials, but for those that are only for show."""
    catalog.refresh()
    found: list[Model] = []
    for provider in catalog.providers:
        if configured(provider) and provider not in NOT_FOR_GUESSING:
            for model_id in catalog.ids(provider):
                with suppress(ConfigError):  # a wire that we lack
                    found.append(catalog.model(provider, model_id))
    return found


def _options(home: Home) -> Options:
    settings = home.settings
    provider = settings.retry.provider
    idle = settings.http_idle_timeout_ms
    return Options(
        thinking_budgets=settings.thinking_budgets,
        cache_retention="long" if home.env.get("PI_CACHE_RETENTION") == "long" else "short",
        timeout=provider.timeout_ms / 1000 if provider.timeout_ms else 600.0,
        idle_timeout=idle / 1000 if isinstance(idle, int) and idle else None,
        max_retries=settings.retry.max_retries if settings.retry.enabled else 0,
        max_retry_delay=provider.max_retry_delay_ms / 1000,
        transport="websocket" if settings.transport.startswith("websocket") else "sse",
    )


def _names(shelf: Shelf, settings: Settings, wishes: Wishes) -> list[str]:
    """The names of the tools to offer, in order: built-in ones, then those of extensions."""
    names: list[str] = [] if wishes.no_builtin_tools else list(DEFAULT_TOOLS)
    if settings.default_tools is not None:
        names = _changed(names, settings.default_tools)
    names += [name for name in shelf.tools.registry if shelf.tools.owner(name) != OURS]
    if wishes.tools is not None:
        names = _changed(names, wishes.tools)
    left_out = set(wishes.without_tools)
    return [name for name in dict.fromkeys(names) if name not in left_out]


def _changed(names: list[str], wanted: tuple[str, ...]) -> list[str]:
    """`+a` and `-b` change the list; anything else replaces it."""
    if not wanted or not all(name.startswith(("+", "-")) for name in wanted):
        return [name.removeprefix("+") for name in wanted if not name.startswith("-")]
    dropped = {name[1:] for name in wanted if name.startswith("-")}
    added = [name[1:] for name in wanted if name.startswith("+")]
    return [name for name in (*names, *added) if name not in dropped]
