"""All providers and models there are: the packaged ones, those of extensions, and the user's.

Nothing is read before it is asked for, and a model is only put together when somebody wants that
one. A mistake in the user's `models.json` is reported in `problems` and never prevents a start.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.catalog import packaged
from pi.ai.catalog.draft import Draft, as_new, draft, draft_of, finish, index_row
from pi.ai.catalog.names import relative
from pi.ai.catalog.schema import IndexRow, ModelFacts, ProviderRow, UserProvider
from pi.ai.errors import ConfigError
from pi.ai.model import Model

__all__ = ["Catalog"]


class _Added(Struct, frozen=True):
    """A provider of an extension. models: None keeps the packaged ones."""

    owner: str
    row: ProviderRow
    models: dict[str, ModelFacts | Model] | None


class _Laid(Struct, frozen=True):
    """What an extension says of a provider, in the words of `models.json` (a `UserEntry`).

    only: its models stand for those that the provider has otherwise.
    """

    owner: str
    entry: Any
    only: bool = False


class Catalog:
    """The catalog.

    user_models: path of the user's `models.json`. downloads: the folder of what `pi models update`
    has learned. Neither need exist.
    """

    def __init__(self, user_models: Path | None = None, downloads: Path | None = None) -> None:
        self._path = user_models
        self._folder = downloads
        self._added: dict[str, _Added] = {}
        self._laid: dict[str, _Laid] = {}
        self._lifted: dict[str, str] = {}  # owners of what is laid no more
        self._good: Any = None  # what `models.json` said when it could be read last
        self._user: Any = None  # `UserModels` and `Downloads` are loaded for those who have them
        self._user_read = False
        self._read_at: tuple[int, int] | None = None
        self._downloads: Any = None
        self._downloads_read = False
        self._rows: dict[str, ProviderRow] | None = None
        self._aliases: dict[str, str] = {}
        self._models: dict[tuple[str, str], Model] = {}
        self._index: list[IndexRow] | None = None

    # -- providers ---------------------------------------------------------------------------------

    @property
    def providers(self) -> dict[str, ProviderRow]:
        """All providers by id, in order of rank; the user's own come last."""
        if self._rows is None:
            self._rows = self._make_rows()
        return self._rows

    def provider(self, name: str) -> ProviderRow:
        """The provider of that id or alias, whatever its case. Raises `ConfigError`."""
        found = self.find_provider(name)
        if found is None:
            near = _nearest(name, [*self.providers, *self._aliases])
            why = self.why_missing(name)
            raise ConfigError(f"unknown provider {name!r}{why or near}")
        return found

    def find_provider(self, name: str) -> ProviderRow | None:
        """The provider of that id or alias, whatever its case; None if there is none."""
        rows = self.providers
        return rows.get(name) or rows.get(self._aliases.get(name.lower(), ""))

    def user_provider(self, provider: str) -> UserProvider | None:
        """What extensions and `models.json` say about key and headers of a provider, unresolved."""
        found: list[UserProvider] = [layer.for_auth() for layer in self._layers(provider)]
        laid = self._laid.get(provider)
        if laid is not None:
            found[0] = msgspec.structs.replace(found[0], origin=laid.owner)
        if len(found) > 1:
            from pi.ai.catalog.overlay import merged_for_auth

            return merged_for_auth(found)
        return found[0] if found else None

    def add_provider(
        self,
        row: ProviderRow,
        models: Iterable[ModelFacts | Model] | None = None,
        *,
        owner: str,
    ) -> None:
        """Add a provider or replace one; `models` None keeps the packaged models of that id.

        A `Model` is taken as it is, `ModelFacts` are completed by the row. What `models.json` says
        holds for both. Raises `ConfigError` if another owner has added a provider of that id.
        """
        before = self._added.get(row.id)
        if before is not None and before.owner != owner:
            raise ConfigError(
                f"provider {row.id!r} of {owner} is not added: {before.owner} has one of that name"
            )
        by_id = None if models is None else {model.id: model for model in models}
        self._added[row.id] = _Added(owner, row, by_id)
        self.reload()

    def lay(
        self, name: str, data: Mapping[str, Any], *, owner: str, login: str | None = None
    ) -> str:
        """Lay over a provider, or make one of, what `data` says in the words of `models.json`.

        Models in it stand for all that the provider has otherwise. login: the login flow that
        signs in to it. What the user's own `models.json` says still comes after it. Gives the
        provider's id. Raises `ConfigError` for nonsense, or if it is another owner's.
        """
        from pi.ai.catalog.user_models import read_entry  # most people have no models.json

        wanted = {**data, "oauth": login} if login else dict(data)
        entry = read_entry(name, wanted, packaged.rows().wires, self._canonical)
        before = self._laid.get(entry.id)
        if before is not None and before.owner != owner:
            raise ConfigError(
                f"provider {name!r} of {owner} is not added: {before.owner} has one of that name"
            )
        self._lifted.pop(entry.id, None)
        self._laid[entry.id] = _Laid(owner, entry, "models" in data)
        self.reload()
        return entry.id

    def lift(self, provider: str, *, owner: str) -> None:
        """Take away what an owner has laid over a provider."""
        found = self._laid.get(provider)
        if found is not None and found.owner == owner:
            del self._laid[provider]
            self._lifted[provider] = owner
            self.reload()

    def laid(self, owner: str) -> list[str]:
        """The providers that an owner has laid something over."""
        return [name for name, laid in self._laid.items() if laid.owner == owner]

    def owner(self, provider: str) -> str | None:
        """Who has added the models of a provider; None if they are the packaged or the user's."""
        added = self._added.get(provider)
        return None if added is None or added.models is None else added.owner

    def remove_provider(self, provider: str) -> None:
        """Take an added provider away; a packaged one of that id is there again."""
        if self._added.pop(provider, None) is not None:
            self.reload()

    # -- models ------------------------------------------------------------------------------------

    def model(self, provider: str, model_id: str) -> Model:
        """The model. Raises `ConfigError` with the nearest names, or what to use instead."""
        model = self._models.get((provider, model_id))
        if model is None:
            row = self.provider(provider)
            found = self._draft(row, model_id)
            if found is None:
                raise ConfigError(self._missing(row, model_id))
            model = finish(found, packaged.rows().wires)
            self._models[provider, model_id] = self._models[row.id, model_id] = model
        return model

    def find(self, key: str) -> Model:
        """The model called `provider/id`. Raises `ConfigError`."""
        split = self.split(key)
        if split is None:
            raise ConfigError(f"{key!r} does not start with a provider: write provider/model")
        return self.model(split[0].id, split[1])

    def split(self, key: str) -> tuple[ProviderRow, str] | None:
        """Provider and model id of `provider/id`; ids of both may contain slashes."""
        at = key.rfind("/")
        while at > 0:
            row = self.find_provider(key[:at])
            if row is not None:
                return row, key[at + 1 :]
            at = key.rfind("/", 0, at)
        return None

    def models(self, provider: str) -> list[Model]:
        """All models of a provider, complete. Imports their protocols; for lists see `index`."""
        row = self.provider(provider)
        return [self.model(row.id, model_id) for model_id in self.ids(row.id)]

    def ids(self, provider: str) -> list[str]:
        """The ids of a provider's models; the user's own come last."""
        row = self.provider(provider)
        found: dict[str, Any] = dict(self._known(row.id))
        for layer in self._layers(row.id):
            found |= layer.models
        return list(found)

    def merged(self, provider: str, model_id: str) -> Draft:
        """The merged facts of a model, without loading its protocol. Raises `ConfigError`."""
        row = self.provider(provider)
        found = self._draft(row, model_id)
        if found is None:
            raise ConfigError(self._missing(row, model_id))
        return found

    def custom(self, provider: str, model_id: str) -> Model:
        """A model that nobody lists: the facts of the nearest one, without its price."""
        row = self.provider(provider)
        known = self._known(row.id)
        near = known.get(relative(model_id, known) or row.default_model)
        facts = near if isinstance(near, ModelFacts) else ModelFacts(id="")
        out = draft(row, as_new(facts, model_id), packaged.rows().wires)
        for layer in self._layers(row.id):
            self._apply_user(out, layer, own=False)
        return finish(out, packaged.rows().wires)

    def retired(self, provider: str, model_id: str) -> str | None:
        """The id to use instead of one that the provider no longer lists."""
        return packaged.index().retired.get(provider, {}).get(model_id)

    def index(self) -> list[IndexRow]:
        """All models in short, grouped by provider, without loading any protocol."""
        if self._index is None:
            self._index = self._make_index()
        return self._index

    # -- the user's file ---------------------------------------------------------------------------

    @property
    def problems(self) -> list[str]:
        """What of `models.json` had to be disabled, one line each."""
        user = self._read()
        return [] if user is None else list(user.problems)

    @property
    def notes(self) -> list[str]:
        """What in the user's files was odd and did no harm, one line each."""
        user = self._read()
        notes = [] if user is None else list(user.notes)
        return notes if self._downloads is None else [*notes, *self._downloads.problems]

    @property
    def unsettled(self) -> list[Any]:
        """Names in `models.json` that may yet become known (`Unsettled`)."""
        user = self._read()
        return [] if user is None else list(user.unsettled)

    @property
    def warnings(self) -> list[str]:
        """What is wrong and what is odd in `models.json`, one line each."""
        user = self._read()
        return [] if user is None else [*user.problems, *user.notes]

    def why_missing(self, provider: str) -> str:
        """`: …` if its extension has taken it away, if `models.json` is disabled, or what that says
        of the provider; else ""."""
        owner = self._lifted.get(provider)
        if owner is not None:
            return (
                f": the extension {owner} had registered it and does not any more: mend that and"
                " `/reload`, or choose another model"
            )
        user = self._read()
        if user is None:
            return ""
        if user.broken:
            return f": models.json is disabled until it is mended: {user.broken}"
        found = user.disabled.get(provider)
        return f": it is disabled: {found}" if found else ""

    @property
    def user_models(self) -> Path | None:
        """The path of `models.json`, which need not exist."""
        return self._path

    @property
    def downloads(self) -> Any:
        """What was downloaded (`Downloads`); None if nothing ever was."""
        if not self._downloads_read:
            self._downloads_read = True
            if self._folder is not None and _may_exist(self._folder):
                from pi.ai.catalog.downloads import Downloads  # most people have none

                self._downloads = Downloads(self._folder)
        return self._downloads

    def reload(self) -> None:
        """Forget what was read, so that the user's files are read again."""
        self._user = self._rows = self._index = self._downloads = None
        self._user_read = self._downloads_read = False
        self._models.clear()

    def refresh(self) -> bool:
        """Forget what was read if `models.json` has changed since; cheap if it has not.

        Gives whether it has.
        """
        changed = self._user_read and _stamp(self._path) != self._read_at
        if changed:
            self.reload()
        return changed

    # -- inside ------------------------------------------------------------------------------------

    def _read(self) -> Any:
        if not self._user_read:
            self._user_read = True
            self._read_at = _stamp(self._path)
            if self._path is not None and _may_exist(self._path):
                from pi.ai.catalog.user_models import read  # most people have no models.json

                found = read(self._path, packaged.rows().wires, self._canonical)
                self._user = found.after(self._good) if self._good is not None else found
                if not found.broken:
                    self._good = found
            else:
                self._good = None
        return self._user

    def _entries(self) -> Mapping[str, Any]:
        user = self._read()
        return {} if user is None else user.entries

    def _layers(self, provider: str) -> list[Any]:
        """What extensions, and then the user, say of a provider."""
        laid, own = self._laid.get(provider), self._entries().get(provider)
        return [*([laid.entry] if laid else ()), *([own] if own else ())]

    def _canonical(self, name: str) -> str | None:
        """The id of a provider that exists without the user's file."""
        if name in self._added or name in self._laid:
            return name
        for row in packaged.rows().providers:
            if name == row.id or name in row.aliases:
                return row.id
        return None

    def _make_rows(self) -> dict[str, ProviderRow]:
        rows = {row.id: row for row in packaged.rows().providers}
        rows |= {name: added.row for name, added in self._added.items()}
        laid = [(name, laid.entry) for name, laid in self._laid.items()]
        for name, entry in (*laid, *self._entries().items()):
            from pi.ai.catalog.overlay import changed_row, user_row  # most have no models.json

            if name in rows:
                rows[name] = changed_row(rows[name], entry)
            elif entry.models:
                rows[name] = user_row(entry, packaged.rows())
        self._aliases = {row.id.lower(): row.id for row in rows.values()}
        for row in rows.values():
            for alias in row.aliases:
                self._aliases.setdefault(alias.lower(), row.id)
        return rows

    def _known(self, provider: str) -> Mapping[str, ModelFacts | Model]:
        laid = self._laid.get(provider)
        if laid is not None and laid.only:
            return {}
        added = self._added.get(provider)
        if added is not None and added.models is not None:
            return added.models
        if self.downloads is not None and provider in self.downloads.providers:
            return self.downloads.facts(provider)
        return packaged.facts(provider)

    def _draft(self, row: ProviderRow, model_id: str) -> Draft | None:
        wires = packaged.rows().wires
        known = self._known(row.id).get(model_id)
        layers = self._layers(row.id)
        makers = [layer for layer in layers if model_id in layer.models]
        if makers:
            own = makers[-1].models[model_id]
            api = own.api or makers[-1].provider.api or self._api_like(row, model_id)
            known = ModelFacts(id=model_id, api=api, base_url=own.base_url or None)
        if known is None:
            return None
        out = draft_of(known) if isinstance(known, Model) else draft(row, known, wires)
        for layer in layers:
            self._apply_user(out, layer, own=layer in makers[-1:])
        return out

    def _apply_user(self, out: Draft, entry: Any, *, own: bool) -> None:
        from pi.ai.catalog.overlay import apply_user  # most people have no models.json

        apply_user(out, entry, packaged.rows().wires, own=own)

    def _api_like(self, row: ProviderRow, model_id: str) -> str:
        """The wire of the nearest known model of a provider that has several."""
        known = self._known(row.id)
        near = known.get(model_id) or known.get(relative(model_id, known) or "")
        return (near.api if near else "") or row.api

    def _make_index(self) -> list[IndexRow]:
        rows = packaged.index().rows
        changed = {*self._entries(), *self._added, *self._laid}
        downloads = self.downloads
        if not changed and downloads is None:
            return list(rows)
        by_provider: dict[str, list[IndexRow]] = {name: [] for name in self.providers}
        for row in rows:
            if row.provider not in changed:
                by_provider[row.provider].append(row)
        for name in changed & self.providers.keys():
            by_provider[name] = self._rows_of(name, self.ids(name))
        if downloads is not None:
            for name in (downloads.providers - changed) & self.providers.keys():
                fresh = {row.id: row for row in self._rows_of(name, downloads.changed(name))}
                kept = [fresh.pop(row.id, row) for row in by_provider[name]]
                by_provider[name] = [*kept, *fresh.values()]
        return [row for group in by_provider.values() for row in group]

    def _rows_of(self, provider: str, ids: Iterable[str]) -> list[IndexRow]:
        row = self.providers[provider]
        drafts = (self._draft(row, model_id) for model_id in ids)
        return [index_row(item) for item in drafts if item is not None]

    def _missing(self, row: ProviderRow, model_id: str) -> str:
        successor = self.retired(row.id, model_id)
        if successor is not None:
            return f"{row.id}/{model_id} is retired: use {row.id}/{successor}"
        return f"unknown model {model_id!r} of {row.id}{_nearest(model_id, self.ids(row.id))}"


def _stamp(path: Path | None) -> tuple[int, int] | None:
    """When a file was changed and how long it is; None if it is not there."""
    try:
        found = None if path is None else path.stat()
    except OSError:
        return None
    return found and (found.st_mtime_ns, found.st_size)


def _may_exist(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True  # reading it will say why not


def _nearest(name: str, known: list[str]) -> str:
    from difflib import get_close_matches  # costs 3 ms, needed only for this message

    lower = {item.lower(): item for item in known}
    near = get_close_matches(name.lower(), lower, n=3, cutoff=0.5)
    if not near:
        return "; `pi --list-models --all` lists what there is"
    return f"; nearest: {', '.join(lower[item] for item in near)}"
