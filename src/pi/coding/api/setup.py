"""Commands about what belongs to the user and not to one session, and their answers.

Models and the list to cycle through, settings, providers and logins, the sessions on disk, what was
found around the session (resources, extensions), trust in a project, and what things have cost.
They are ours: the established protocol has no words for them. `SETUP_ANSWERS` says which type
answers which command.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from pi.ai.messages import Usage
from pi.coding.api.base import Answer, CommandBase

__all__ = [
    "SETUP_ANSWERS",
    "ChangeSettings",
    "CompleteArgument",
    "Completion",
    "Completions",
    "Costs",
    "DeleteSession",
    "Deleted",
    "GetCosts",
    "GetModelTable",
    "GetProviders",
    "GetResources",
    "GetSettings",
    "ListSessions",
    "LoggedIn",
    "Login",
    "LoginMethod",
    "Logout",
    "ModelRow",
    "ModelTable",
    "ProviderInfo",
    "Providers",
    "Reload",
    "RenameSession",
    "ResourceInfo",
    "Resources",
    "SessionRow",
    "Sessions",
    "SetScope",
    "SetTrust",
    "SettingsInfo",
    "SetupCommand",
    "TurnCost",
]

LoginMethod = Literal["subscription", "api_key"]

# -- models ----------------------------------------------------------------------------------------


class GetModelTable(CommandBase, frozen=True):
    """All models there are, also those without credentials. models.json is read anew."""


class ModelRow(Answer, frozen=True, kw_only=True):
    """A model as a row of a picker. Prices are US dollars per million tokens.

    cost_basis: how the price is meant (see `pi.ai.model.Model`). how: what to do to be able to use
    it ("" if it can be used). scoped: it is in the list to cycle through. current: it is in use.
    """

    provider: str
    id: str
    name: str
    context_window: int
    max_tokens: int
    reasoning: bool
    images: bool
    input_price: float
    output_price: float
    cost_basis: str
    usable: bool
    how: str = ""
    scoped: bool = False
    current: bool = False


class ModelTable(Answer, frozen=True):
    """All models, those that can be used first. `scope`: the patterns to cycle through."""

    models: tuple[ModelRow, ...]
    scope: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class SetScope(CommandBase, frozen=True):
    """The models to cycle through, as patterns; none means all. `save`: also as the setting."""

    models: tuple[str, ...]
    save: bool = False


# -- settings --------------------------------------------------------------------------------------


class GetSettings(CommandBase, frozen=True):
    """The settings in force, and what the user's own file says."""


class ChangeSettings(CommandBase, frozen=True):
    """Change keys of the user's file: nested objects are merged, null takes a key away.

    They count at once, as far as a session that is going on allows.
    """

    changes: dict[str, Any]


class SettingsInfo(Answer, frozen=True):
    """`values`: all that is in force, camelCase. `user`: what the file at `path` says."""

    values: dict[str, Any]
    user: dict[str, Any]
    path: str


# -- providers and logins --------------------------------------------------------------------------


class GetProviders(CommandBase, frozen=True):
    """Every provider and how it is signed in to, as `pi auth status` tells it."""


class ProviderInfo(Answer, frozen=True, kw_only=True):
    """A provider as a row of a picker.

    methods: how one can sign in. stored: names of its credentials in auth.json (`id` or
    `id@account`). source: where the credential in use comes from. notice: what its vendor's terms
    say. variables: those that would give a key.
    """

    id: str
    name: str
    methods: tuple[LoginMethod, ...]
    configured: bool
    method: str = ""
    source: str = ""
    account: str = ""
    identity: str = ""
    masked: str = ""
    expires: int | None = None
    trouble: str = ""
    notice: str = ""
    stored: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    default_model: str = ""


class Providers(Answer, frozen=True):
    """All providers, and the file in which credentials are kept."""

    providers: tuple[ProviderInfo, ...]
    path: str


class Login(CommandBase, frozen=True):
    """Sign in, or store a key. What has to be asked is asked through the user interface.

    Nothing changes unless it succeeds; `abort_login` does not exist: cancel the task, or answer a
    question with nothing.
    """

    provider: str
    method: LoginMethod
    account: str = ""


class LoggedIn(Answer, frozen=True, kw_only=True):
    """It is stored. `expires`: ms since the epoch. `models`: ids that can be used now."""

    provider: str
    name: str
    path: str
    identity: str = ""
    expires: int | None = None
    default_model: str = ""
    models: tuple[str, ...] = ()
    shadowed: tuple[str, ...] = ()


class Logout(CommandBase, frozen=True):
    """Remove a stored credential: `provider` or `provider@account`."""

    entry: str


# -- sessions on disk ------------------------------------------------------------------------------


class ListSessions(CommandBase, frozen=True):
    """The sessions of this project, or `everywhere`. `query`: only those in which that was said."""

    everywhere: bool = False
    query: str = ""


class SessionRow(Answer, frozen=True, kw_only=True):
    """A session as a row. created, modified: ms since the epoch. `current`: it is open here."""

    path: str
    id: str
    cwd: str
    title: str
    name: str | None
    parent_session: str | None
    created: int
    modified: int
    message_count: int
    current: bool = False


class Sessions(Answer, frozen=True):
    """Sessions, the last used first."""

    sessions: tuple[SessionRow, ...]


class RenameSession(CommandBase, frozen=True):
    """Name a session of the list; an empty name clears it."""

    session_path: str
    name: str


class DeleteSession(CommandBase, frozen=True):
    """Remove a session of the list, not the one that is open. To the trash if there is one."""

    session_path: str


class Deleted(Answer, frozen=True):
    """Whether it lies in the system's trash."""

    trash: bool


# -- what was found around the session -------------------------------------------------------------


class GetResources(CommandBase, frozen=True):
    """What was loaded: context files, skills, templates, extensions, themes."""


class Reload(CommandBase, frozen=True):
    """Read settings, resources and extensions anew, and go on with the same session."""


class ResourceInfo(Answer, frozen=True):
    """Something that was loaded. scope: `user`, `project`, `flag`, `package`, `pi`.

    detail: one line about it.
    """

    name: str
    path: str
    scope: str
    detail: str = ""


class Resources(Answer, frozen=True, kw_only=True):
    """What was loaded, and what people should know. `trusted`: whether the project is trusted;
    None if it has nothing that needs trust. `held_back`: what waits for trust."""

    context: tuple[ResourceInfo, ...] = ()
    skills: tuple[ResourceInfo, ...] = ()
    prompts: tuple[ResourceInfo, ...] = ()
    extensions: tuple[ResourceInfo, ...] = ()
    themes: tuple[ResourceInfo, ...] = ()
    tools: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    trusted: bool | None = None
    held_back: tuple[str, ...] = ()


class SetTrust(CommandBase, frozen=True):
    """Trust this project's own settings and code, or not. `remember`: also next time."""

    trusted: bool
    remember: bool = True


class CompleteArgument(CommandBase, frozen=True):
    """What the argument of a slash command of an extension may go on with."""

    name: str
    prefix: str


class Completion(Answer, frozen=True):
    """One way to go on. `text` replaces the whole argument."""

    text: str
    detail: str = ""


class Completions(Answer, frozen=True):
    """The ways to go on."""

    completions: tuple[Completion, ...] = ()


# -- money -----------------------------------------------------------------------------------------


class GetCosts(CommandBase, frozen=True):
    """What every prompt of the active branch has cost."""


class TurnCost(Answer, frozen=True, kw_only=True):
    """A prompt and all that answered it. `models`: `provider/id` of those that did."""

    entry_id: str
    text: str
    answers: int
    usage: Usage
    models: tuple[str, ...]
    timestamp: int | UnsetType = UNSET


class Costs(Answer, frozen=True):
    """The prompts in order."""

    turns: tuple[TurnCost, ...]


SetupCommand = (
    GetModelTable
    | SetScope
    | GetSettings
    | ChangeSettings
    | GetProviders
    | Login
    | Logout
    | ListSessions
    | RenameSession
    | DeleteSession
    | GetResources
    | Reload
    | SetTrust
    | CompleteArgument
    | GetCosts
)

SETUP_ANSWERS: dict[type[Struct], Any] = {
    GetModelTable: ModelTable,
    SetScope: None,
    GetSettings: SettingsInfo,
    ChangeSettings: SettingsInfo,
    GetProviders: Providers,
    Login: LoggedIn,
    Logout: None,
    ListSessions: Sessions,
    RenameSession: None,
    DeleteSession: Deleted,
    GetResources: Resources,
    Reload: Resources,
    SetTrust: Resources,
    CompleteArgument: Completions,
    GetCosts: Costs,
}
"""Type of the answer by type of the command."""
