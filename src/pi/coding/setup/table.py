"""Which function carries out which setup command."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from pi.coding.api import setup as s
from pi.coding.setup import costs, models, preferences, providers, sessions, surroundings
from pi.coding.setup.desk import SetupDesk

__all__ = ["HANDLERS"]

HANDLERS: dict[type[Struct], Callable[[SetupDesk, Any], Awaitable[Any]]] = {
    s.GetModelTable: models.get_model_table,
    s.SetScope: models.set_scope,
    s.GetSettings: preferences.get_settings,
    s.ChangeSettings: preferences.change_settings,
    s.GetProviders: providers.get_providers,
    s.Login: providers.login,
    s.Logout: providers.logout,
    s.ListSessions: sessions.list_sessions,
    s.RenameSession: sessions.rename_session,
    s.DeleteSession: sessions.delete_session,
    s.GetResources: surroundings.get_resources,
    s.Reload: surroundings.reload,
    s.SetTrust: surroundings.set_trust,
    s.CompleteArgument: surroundings.complete_argument,
    s.GetCosts: costs.get_costs,
}
"""Type of the command to its handler."""
