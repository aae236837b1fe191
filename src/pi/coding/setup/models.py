"""All models as a table, and the list to cycle through."""

from pi.ai.catalog.choose import scope
from pi.ai.catalog.schema import IndexRow, ProviderRow
from pi.ai.errors import ConfigError
from pi.coding.api.setup import GetModelTable, ModelRow, ModelTable, SetScope
from pi.coding.home import speechless
from pi.coding.setup.credentials import Target, withheld_models
from pi.coding.setup.desk import SetupDesk

__all__ = ["get_model_table", "set_scope"]


async def get_model_table(desk: SetupDesk, command: GetModelTable) -> ModelTable:
    """Nothing is imported for a row: a thousand and more are a few milliseconds."""
    home, controller = desk.home, desk.controller
    catalog = home.catalog
    catalog.refresh()
    providers = catalog.providers
    how = {name: how_to_use(desk, row) for name, row in providers.items()}
    chosen = {model.key for model, _ in controller.services.scope()}
    current = controller.model.key
    withheld = {
        f"{name}/{model_id}": f"sign in to a plan that has it: /login {name}"
        for name, row in providers.items()
        if not how[name]
        for model_id in _withheld(desk, row)
    }
    withheld |= dict.fromkeys(speechless(catalog), "its `api` in models.json is not known")
    own = [row for row in catalog.index() if row.provider in how]
    rows = [
        _row(
            row,
            how[row.provider] or withheld.get(row.key, ""),
            scoped=row.key in chosen,
            current=row.key == current,
        )
        for row in own
    ]
    rows.sort(key=lambda row: (not row.usable, row.provider == "demo"))
    patterns = desk.composer.scoped(controller.settings)
    return ModelTable(tuple(rows), patterns, tuple(catalog.problems))


async def set_scope(desk: SetupDesk, command: SetScope) -> None:
    """For this session, from the next `CycleModel` on; with `save` also as the setting."""
    patterns = tuple(filter(None, map(str.strip, command.models)))
    if patterns:
        found = scope(desk.home.catalog, patterns, desk.controller.services.configured)
        if not found.choices:
            raise ConfigError("; ".join(found.warnings) or "no usable model matches")
    if command.save:
        from pi.coding.setup.preferences import change

        change(desk, {"enabledModels": list(patterns) or None})
    desk.composer.patterns = patterns


def how_to_use(desk: SetupDesk, row: ProviderRow) -> str:
    """What to do to be able to use the models of a provider; "" if they can be used."""
    if desk.controller.services.configured(row.id):
        return ""
    status = desk.home.resolver.status(row.id)
    if status.missing and status.used is not None:
        return f"set {', '.join(status.missing)}"
    ways: list[str] = []
    if row.auth.env:
        keys = [name for name in row.auth.env if name.endswith("_API_KEY")]
        ways.append(f"set {(keys or row.auth.env)[0]}")
    if row.auth.login or "api_key" in row.auth.kinds:
        ways.append(f"/login {row.id}")
    if status.missing and not ways:
        ways.append(f"set {', '.join(status.missing)}")
    return ", or ".join(ways) or f"`pi auth explain {row.id}` says what it needs"


def _withheld(desk: SetupDesk, row: ProviderRow) -> frozenset[str]:
    """The models that the login in use does not give."""
    resolver = desk.home.resolver
    if not row.auth.login:
        return frozenset()
    used = resolver.status(row.id).used
    if used is None or used.method != "oauth":
        return frozenset()
    target = Target(row, resolver.accounts.get(row.id))
    return withheld_models(desk.home, target, lambda text: desk.ui.notify(text, "warning"))


def _row(row: IndexRow, how: str, *, scoped: bool, current: bool) -> ModelRow:
    return ModelRow(
        provider=row.provider,
        id=row.id,
        name=row.name,
        context_window=row.context_window,
        max_tokens=row.max_output_tokens,
        reasoning=row.thinking,
        images=row.images,
        input_price=row.input_price,
        output_price=row.output_price,
        cost_basis=row.cost_basis,
        usable=not how,
        how=how,
        scoped=scoped,
        current=current,
    )
