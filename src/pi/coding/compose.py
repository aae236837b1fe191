"""The only place where things are wired together: a home and wishes become a session at work."""

import time
from pathlib import Path

from msgspec import Struct

from pi.agent.inbox import Inbox
from pi.agent.tools import Tool
from pi.ai.catalog.choose import Choice, choose, initial, scope
from pi.ai.client import Client, transports
from pi.ai.errors import AuthError, ConfigError
from pi.ai.model import LEVELS, ThinkingLevel
from pi.ai.options import Options
from pi.coding.controller import Controller, Services
from pi.coding.demo_script import demo_transport
from pi.coding.home import Home
from pi.coding.local import add_local
from pi.coding.resources.context_files import ContextFiles, find_context_files
from pi.coding.resources.skills import find_skills, skill_places
from pi.coding.resources.system_prompt import find_instructions, system_prompt
from pi.coding.session.log import SessionLog
from pi.coding.session.store import SessionStore
from pi.coding.settings import Settings, session_dir
from pi.coding.tools import DEFAULT_TOOLS, tool_shelf

__all__ = ["Composition", "Wishes", "compose"]

_NOT_FOR_GUESSING = frozenset({"demo"})


class Wishes(Struct, frozen=True, kw_only=True):
    """What the command line asks for; None and empty mean nothing in particular."""

    provider: str | None = None
    model: str | None = None
    models: tuple[str, ...] = ()
    thinking: str | None = None
    api_key: str | None = None
    resume: bool = False
    session: str | None = None
    session_id: str | None = None
    session_dir: str | None = None
    no_session: bool = False
    name: str | None = None
    tools: tuple[str, ...] | None = None
    without_tools: tuple[str, ...] = ()
    no_builtin_tools: bool = False
    system_prompt: str | None = None
    append_system_prompt: tuple[str, ...] = ()
    context_files: bool = True
    skills: bool = True


class Composition(Struct, frozen=True):
    """A session ready to work."""

    controller: Controller
    client: Client
    home: Home
    notes: tuple[str, ...]

    async def __aenter__(self) -> "Composition":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()
        await self.home.resolver.aclose()


async def compose(home: Home, wishes: Wishes) -> Composition:
    """A session with model, tools and prompt. Raises `PiError` saying what to do."""
    notes: list[str] = []
    log = _session(home, wishes)
    notes += log.notes
    choice = await _choose(home, wishes, log)
    if choice.note:
        notes.append(choice.note)
    if wishes.api_key is not None:
        home.resolver.overrides[choice.model.provider] = wishes.api_key
    if wishes.name is not None:
        log.append_name(wishes.name)
    tools = _tools(home.settings, wishes)
    system = _system(home, wishes, tools, notes)
    if "demo" not in transports:
        transports.add("demo", demo_transport())
    client = Client(
        authorize=home.resolver.authorize,
        refused=home.resolver.refused,
        find=home.catalog.find,
    )
    services = Services(
        client=client,
        find=home.catalog.model,
        configured=home.resolver.configured,
        system=lambda: system,
        tools=tools,
        cwd=home.cwd,
        options=_options(home),
        settings=home.settings,
        env={"PI_CODING_AGENT": "true"},
    )
    settings = home.settings
    inbox = Inbox(steering_mode=settings.steering_mode, follow_up_mode=settings.follow_up_mode)
    thinking = _thinking(home, wishes, log, choice)
    controller = Controller(
        services,
        log,
        model=choice.model,
        thinking=thinking,
        pinned=any((wishes.model, wishes.provider, wishes.thinking)),
        inbox=inbox,
    )
    return Composition(controller, client, home, tuple(notes))


def _session(home: Home, wishes: Wishes) -> SessionLog:
    if wishes.no_session:
        return SessionLog.memory(home.cwd, session_id=wishes.session_id)
    flat = session_dir(home.settings, home.env, home.cwd, flag=wishes.session_dir)
    store = SessionStore(home.folder / "sessions", home.cwd, flat=flat)
    if wishes.session is not None:
        return store.open(wishes.session)
    if wishes.session_id is not None:
        return store.open_or_create(wishes.session_id)
    if wishes.resume:
        recent = store.most_recent()
        if recent is not None:
            return SessionLog.open(recent, cwd=home.cwd)
    return store.create()


async def _choose(home: Home, wishes: Wishes, log: SessionLog) -> Choice:
    """The model: by flag, of the session, of the scope, by setting, of a provider, or local."""
    catalog, configured = home.catalog, home.resolver.configured
    if wishes.model is not None or wishes.provider is not None:
        return await _named(home, wishes)
    if wishes.api_key is not None:
        raise ConfigError("--api-key needs --model or --provider, to say whose key it is")
    chosen = log.state.model
    note = ""
    if chosen is not None:
        if configured(chosen[0]) and chosen[1] in catalog.ids(chosen[0]):
            return Choice(catalog.model(*chosen))
        note = f"{chosen[0]}/{chosen[1]}, the model of this session, cannot be used now"
    patterns = wishes.models or home.settings.enabled_models or ()
    if patterns:
        found = scope(catalog, patterns, configured)
        if found.choices:
            return _noted(found.choices[0], *found.warnings, note)
    choice = initial(
        catalog,
        configured=lambda provider: provider not in _NOT_FOR_GUESSING and configured(provider),
        settings_provider=home.settings.default_provider,
        settings_model=home.settings.default_model,
    )
    if choice is None:
        await add_local(home.catalog)
        models = catalog.models("local") if "local" in catalog.providers else []
        choice = Choice(models[0]) if models else None
    if choice is None:
        raise AuthError(_NOTHING_SET_UP.format(auth=home.folder / "auth.json"))
    return _noted(choice, note)


async def _named(home: Home, wishes: Wishes) -> Choice:
    catalog, configured = home.catalog, home.resolver.configured
    names = {wishes.provider, (wishes.model or "").partition("/")[0]}
    if "local" in names:
        await add_local(home.catalog)
    if wishes.model is not None:
        return choose(catalog, wishes.model, provider=wishes.provider, configured=configured)
    row = catalog.provider(wishes.provider or "")
    ids = catalog.ids(row.id)
    if not ids:
        raise ConfigError(f"{row.id} has no models here: name one with --model")
    return Choice(catalog.model(row.id, row.default_model or ids[0]))


def _noted(choice: Choice, *notes: str) -> Choice:
    return Choice(choice.model, choice.thinking, "; ".join(filter(None, (choice.note, *notes))))


def _thinking(home: Home, wishes: Wishes, log: SessionLog, choice: Choice) -> ThinkingLevel:
    if wishes.thinking is not None:
        if wishes.thinking not in LEVELS:
            raise ConfigError(f"--thinking {wishes.thinking}: expected one of {', '.join(LEVELS)}")
        return wishes.thinking
    settings = home.settings
    by_model = settings.model_thinking_levels.get(choice.model.key)
    return choice.thinking or by_model or settings.default_thinking_level


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
    )


def _tools(settings: Settings, wishes: Wishes) -> dict[str, Tool]:
    """The tools to offer, in order. Raises `ConfigError` for one that does not exist."""
    shelf = tool_shelf(
        shell_path=settings.shell_path,
        command_prefix=settings.shell_command_prefix,
        resize_images=settings.images.auto_resize,
    )
    names = [] if wishes.no_builtin_tools else list(DEFAULT_TOOLS)
    for wanted in (settings.default_tools, wishes.tools):
        if wanted is not None:
            names = _changed(names, wanted)
    left_out = set(wishes.without_tools)
    return {name: shelf.get(name) for name in dict.fromkeys(names) if name not in left_out}


def _system(
    home: Home, wishes: Wishes, tools: dict[str, Tool], notes: list[str]
) -> tuple[str, ...]:
    """The system prompt, as it is at the start of the session."""
    instructions = find_instructions(
        home.folder, home.cwd, custom=wishes.system_prompt, append=wishes.append_system_prompt
    )
    files = ContextFiles()
    if wishes.context_files:
        files = find_context_files(home.folder, home.cwd)
    entries = home.settings.skills
    skills = find_skills(
        skill_places(home.folder, home.cwd, Path.home(), entries=entries) if wishes.skills else (),
        entries,
    )
    notes += [*instructions.notes, *files.notes, *skills.notes]
    return system_prompt(
        tools.values(),
        home.cwd,
        time.strftime("%Y-%m-%d"),
        instructions=instructions,
        context=files.files,
        skills=skills.skills,
    )


def _changed(names: list[str], wanted: tuple[str, ...]) -> list[str]:
    """`+a` and `-b` change the list; anything else replaces it."""
    if not wanted or not all(name.startswith(("+", "-")) for name in wanted):
        return [name.removeprefix("+") for name in wanted if not name.startswith("-")]
    dropped = {name[1:] for name in wanted if name.startswith("-")}
    added = [name[1:] for name in wanted if name.startswith("+")]
    return [name for name in (*names, *added) if name not in dropped]


_NOTHING_SET_UP = """\
no model can be used yet. Do one of these:
  set a key                 export ANTHROPIC_API_KEY=...  (or OPENAI_API_KEY, GEMINI_API_KEY, ...)
  store a key               in {auth}, or with /login
  start a local server      Ollama, LM Studio, llama.cpp or vLLM on its usual port
  see it work without any   pi --model demo -p "Show me"
`pi --list-models --all` lists what there is."""
