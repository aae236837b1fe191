"""The only place where things are wired together: a home and wishes become a session at work."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from pi.agent.inbox import Inbox
from pi.ai.auth.base import Access, Authorizer
from pi.ai.catalog.choose import Choice, choose, initial, scope
from pi.ai.client import Client, transports
from pi.ai.errors import AuthError, ConfigError
from pi.ai.model import LEVELS, Model, ThinkingLevel
from pi.ai.registry import lazy
from pi.coding.api.errors import FolderGone
from pi.coding.composer import NOT_FOR_GUESSING, Composer, store_of, usable
from pi.coding.controller import Controller
from pi.coding.extensions.runtime import Runtime
from pi.coding.home import Home, refreshed, wires_of
from pi.coding.loading import load_extensions, new_runtime
from pi.coding.local import add_local
from pi.coding.session.log import SessionLog
from pi.coding.session.store import SessionStore, folder_of
from pi.coding.session_host import SessionHost
from pi.coding.settings import Settings
from pi.coding.setup.desk import NO_MODEL
from pi.coding.setup.handlers import setup_handlers
from pi.coding.wishes import Extras, Wishes

__all__ = ["Composition", "Wishes", "compose"]


class Composition(Struct, frozen=True):
    """A session ready to work. `session` is for modes; it may become another one.

    notes: what a person should know before the first prompt, one line each; what becomes known
    later is told as `Notice`.
    """

    session: SessionHost
    client: Client
    composer: Composer
    notes: tuple[str, ...]

    @property
    def home(self) -> Home:
        """What belongs to the user and the folder, with the settings as they are now."""
        return self.composer.home

    @property
    def controller(self) -> Controller:
        """The controller that works now."""
        return self.session.controller

    async def __aenter__(self) -> "Composition":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.controller.bridge.end("quit")
        await self.client.aclose()
        await self.home.resolver.aclose()


async def compose(
    home: Home,
    wishes: Wishes,
    extras: Extras | None = None,
    *,
    client: Client | None = None,
    model: Model | None = None,
    runtime: Runtime | None = None,
) -> Composition:
    """A session with model, tools and prompt. Raises `PiError` saying what to do.

    client, model: used instead of those that home and wishes would give. runtime: extensions that
    are loaded already. Where no model can be used yet and `wishes.without_model` allows it, the
    session begins with none, and a prompt raises the `AuthError` that says what to do.
    """
    notes: list[str] = []
    if runtime is None:
        runtime = new_runtime(home, wishes)
        home = await load_extensions(runtime, home, wishes)
    notes += runtime.notes
    if wishes.mode == "interactive":  # keys are answered while a long one is read
        log = await asyncio.to_thread(_session, home, wishes)
    else:
        log = _session(home, wishes)
    notes += log.notes
    around = _around(home, wishes, log)
    choice = Choice(model) if model is not None else await _choose(around, wishes, log)
    if choice.note:
        notes.append(choice.note)
    if wishes.api_key is not None:
        home.resolver.overrides[choice.model.provider] = wishes.api_key
    if wishes.name is not None:
        log.append_name(wishes.name)
    if "demo" not in transports:
        transports.add("demo", lazy("pi.coding.demo_script:demo_transport", call=True))
    if client is None:
        client = Client(
            authorize=_authorizer(home, lambda: composer.home.settings),
            refused=home.resolver.refused,
            find=home.catalog.find,
            wires=wires_of(home),
        )
    composer = Composer(home, wishes, client, extras, runtime)
    settings = around.settings
    inbox = Inbox(steering_mode=settings.steering_mode, follow_up_mode=settings.follow_up_mode)
    flagged = any((model, wishes.model, wishes.provider, wishes.thinking))
    thinking = _thinking(around, wishes, choice)
    if not flagged and log.state.thinking_level in LEVELS:
        thinking = log.state.thinking_level
    controller = Controller(
        composer.services(around, notes),
        log,
        model=choice.model,
        thinking=thinking,
        pinned=flagged or log.state.model not in (None, (choice.model.provider, choice.model.id)),
        inbox=inbox,
    )
    composer.notes = (*home.notes, *notes)
    session = SessionHost(controller, composer, setup_handlers(composer))
    runtime.program.session = session
    return Composition(session, client, composer, tuple(notes))


def _authorizer(home: Home, settings: Callable[[], Settings]) -> Authorizer:
    async def authorize(model: Model) -> Access:
        if model.provider == NO_MODEL.provider:
            raise AuthError(_nothing_set_up(home, "/login"))
        access = await home.resolver.authorize(model)
        if settings().images.block_images and access.model.sees_images:
            blind = tuple(kind for kind in access.model.input if kind != "image")
            model = msgspec.structs.replace(access.model, input=blind)
            access = msgspec.structs.replace(access, model=model)
        return access

    return authorize


def _session(home: Home, wishes: Wishes) -> SessionLog:
    if wishes.no_session:
        return SessionLog.memory(home.cwd, session_id=wishes.session_id)
    store = store_of(home, wishes, home.cwd)
    if wishes.fork is not None:
        return store.fork(wishes.fork, session_id=wishes.session_id)
    if wishes.session is not None:
        return _opened(store, wishes, wishes.session)
    if wishes.session_id is not None:
        return store.open_or_create(wishes.session_id)
    if wishes.resume:
        recent = store.most_recent()
        if recent is not None:
            return SessionLog.open(recent, cwd=home.cwd)
    return store.create()


def _opened(store: SessionStore, wishes: Wishes, ref: str) -> SessionLog:
    log, cwd = store.open(ref), Path(store.cwd)
    try:
        folder_of(log, cwd)
    except FolderGone:
        if wishes.mode == "sdk" or wishes.lost_folder == "here":
            log.work_in(cwd)
        elif wishes.lost_folder == "fork":
            return store.fork(ref)
        else:
            raise
    return log


def _around(home: Home, wishes: Wishes, log: SessionLog) -> Home:
    """The home as seen from the session's folder. A program that uses us has named its own."""
    cwd = home.cwd if wishes.mode == "sdk" else folder_of(log, home.cwd)
    return home if cwd == home.cwd else refreshed(home, cwd)


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
        if usable(home, chosen):
            return Choice(catalog.model(*chosen))
        note = f"{chosen[0]}/{chosen[1]}, the model of this session, cannot be used now"
    patterns = wishes.models or home.settings.enabled_models or ()
    if patterns:
        found = scope(catalog, patterns, configured)
        if found.choices:
            return _noted(found.choices[0], *found.warnings, note)
    choice = initial(
        catalog,
        configured=lambda provider: provider not in NOT_FOR_GUESSING and configured(provider),
        settings_provider=home.settings.default_provider,
        settings_model=home.settings.default_model,
    )
    if choice is None:
        await add_local(home.catalog)
        models = catalog.models("local") if "local" in catalog.providers else []
        choice = Choice(models[0]) if models else None
    if choice is None and not wishes.without_model:
        raise AuthError(_nothing_set_up(home, "pi auth login"))
    return _noted(choice or Choice(NO_MODEL), note)


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


def _thinking(home: Home, wishes: Wishes, choice: Choice) -> ThinkingLevel:
    if wishes.thinking is not None:
        if wishes.thinking not in LEVELS:
            raise ConfigError(f"--thinking {wishes.thinking}: expected one of {', '.join(LEVELS)}")
        return wishes.thinking
    settings = home.settings
    by_model = settings.model_thinking_levels.get(choice.model.key)
    return choice.thinking or by_model or settings.default_thinking_level


def _nothing_set_up(home: Home, login: str) -> str:
    return _NOTHING_SET_UP.format(auth=home.folder / "auth.json", login=login.ljust(25))


_NOTHING_SET_UP = """\
no model can be used yet. Do one of these:
  set a key                 export ANTHROPIC_API_KEY=...  (or OPENAI_API_KEY, GEMINI_API_KEY, ...)
  sign in, or store a key   {login} (kept in {auth})
  start a local server      Ollama, LM Studio, llama.cpp or vLLM on its usual port
  see it work without any   pi --model demo -p "Show me"
`pi --list-models --all` lists what there is."""
