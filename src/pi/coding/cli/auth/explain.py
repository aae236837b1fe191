"""`pi auth explain`: where the credential of a provider comes from, step by step.

Every step of the order is shown, with what is there, which one wins and what that hides. Nothing is
run and nobody is asked unless `--run-commands` says so.
"""

from typing import Any

from pi.ai.auth.sources import MODELS_JSON, OVERRIDE
from pi.ai.auth.status import Looked, Status
from pi.ai.auth.store import entry_name
from pi.ai.auth.values import names_secret
from pi.ai.errors import ConfigError, PiError
from pi.coding.cli.auth.call import Call
from pi.coding.cli.auth.status import as_data, place_data
from pi.coding.cli.auth.words import key_words, when
from pi.coding.modes.sanitize import printable
from pi.coding.setup.credentials import Target

__all__ = ["run"]


def run(call: Call) -> int:
    """Print it; gives the exit code."""
    target = call.target()
    status = call.resolver.status(target.row.id)
    tried: str | None = None
    source = ""
    if call.args.flag("run-commands"):
        tried, source = _try(call, target, status)
    data = as_data(status)
    data["steps"] = [_step_data(step, status) for step in status.steps]
    data["around"] = [{"where": where, "found": found} for where, found in status.around]
    data["variables"] = dict(_variables(call, target))
    data["headers"] = _headers(call, target)
    data["accounts"] = _accounts(call, target)
    data["resolved"] = (
        None
        if tried is None
        else {"ok": not tried, "error": tried} | ({"source": source} if source else {})
    )
    lines = [target.label, ""]
    lines += _step_lines(status, call)
    lines += ["", *_conclusion(status, tried, source)]
    lines += _rest(call, target, status)
    call.answer(printable("\n".join(lines)), data)
    return 0


# -- the steps -------------------------------------------------------------------------------------


def _step_data(step: Looked, status: Status) -> dict[str, Any]:
    found = None if step.found is None else place_data(step.found)
    used = step.found is not None and step.found is status.used
    return {"where": step.where, "found": found, "used": used}


def _step_lines(status: Status, call: Call) -> list[str]:
    lines: list[str] = []
    store = call.resolver.store.where
    plain = (store, f"{entry_name(status.provider, status.account)} in {store}")
    for number, step in enumerate(status.steps, 1):
        where = step.where
        if where == MODELS_JSON:
            where = str(call.home.folder / MODELS_JSON)
        place = step.found
        if place is None:
            lines.append(f"  {number}. {where}: {'not given' if where == OVERRIDE else 'nothing'}")
            continue
        words = key_words(place)
        if place.step in ("ambient", "stored") and place.source not in plain:
            words += f", {place.source}"
        if place.expires is not None:
            words += f", good until {when(place.expires)}"
        mark = "<- used" if place is status.used else "(not used)"
        lines.append(f"  {number}. {where}: {words}  {mark}")
    return lines


def _conclusion(status: Status, tried: str | None, source: str) -> list[str]:
    lines: list[str] = []
    if status.used is not None and status.configured:
        lines.append(f"A request uses {status.source}.")
    elif status.used is not None:
        lines.append(f"A request would use {status.source}, but that is not enough.")
    elif status.configured:
        lines.append("Requests need no credential.")
    else:
        lines.append("There is no credential.")
    lines += [f"{name} is not set, and is needed." for name in status.missing]
    if status.trouble:
        lines.append(f"{status.trouble[0].upper()}{status.trouble[1:]}.")
    if status.shadowed:
        lines.append(f"It hides: {', '.join(place.source for place in status.shadowed)}.")
    if status.method == "oauth":
        lines.append("The login is refreshed shortly before it ends.")
    if tried is not None:
        lines.append(f"Tried: {tried}" if tried else f"Tried: it works{source and ', ' + source}.")
    return lines


def _rest(call: Call, target: Target, status: Status) -> list[str]:
    lines: list[str] = []
    accounts = _accounts(call, target)
    if accounts:
        lines += ["", f"Stored accounts: {', '.join(accounts)} (--account NAME)"]
    headers = _headers(call, target)
    if headers:
        lines += ["", f"Headers besides: {', '.join(headers)}"]
    if status.around:
        lines += ["", "Looked at besides:"]
        lines += [f"  {where}: {found or 'nothing'}" for where, found in status.around]
    variables = _variables(call, target)
    if variables:
        lines += ["", "Variables that count too:"]
        lines += [f"  {name}: {value or 'not set'}" for name, value in variables.items()]
    return lines


# -- what counts besides ---------------------------------------------------------------------------


def _variables(call: Call, target: Target) -> dict[str, str]:
    """Variables that are read besides those of the key, and their values; "set" for secrets."""
    auth = target.row.auth
    found: dict[str, str] = {}
    for name in (*auth.required_env, *auth.optional_env):
        value = call.home.env.get(name, "").strip()
        found[name] = "set" if value and names_secret(name) else value
    return found


def _headers(call: Call, target: Target) -> list[str]:
    user = call.home.catalog.user_provider(target.row.id)
    return [] if user is None else list(user.headers)


def _accounts(call: Call, target: Target) -> list[str]:
    store = call.resolver.store
    try:
        return [name for row in _ids(target) for name in store.accounts(row)]
    except ConfigError:
        return []


def _ids(target: Target) -> tuple[str, ...]:
    return (target.row.id, *target.row.aliases)


def _try(call: Call, target: Target, status: Status) -> tuple[str, str]:
    """What is wrong when the credential is fetched, "" if nothing; and where it came from."""
    if status.method == "oauth":
        return "a login is not tried here: pi auth check refreshes it", ""
    from pi.coding.cli.auth.running import run_async

    said: list[str] = ["", ""]

    async def attempt() -> int:
        try:
            access = await call.resolver.authorize(call.model(target))
            said[1] = access.source
        except PiError as error:
            said[0] = error.message
        finally:
            await call.resolver.aclose()
        return 0

    run_async(attempt)
    return said[0], said[1]
