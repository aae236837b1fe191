"""`pi auth status`: all providers and accounts, and where the credential of each comes from.

Nothing is asked and nothing is run; what cannot be told from files and variables is not told.
"""

import sys
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from pi.ai.auth.resolve import Resolver
from pi.ai.auth.status import Place, Status
from pi.ai.errors import ConfigError
from pi.coding.cli.auth.call import Call
from pi.coding.cli.auth.words import method_words, table, when
from pi.coding.modes.sanitize import printable

__all__ = ["as_data", "run"]

_ONLY_FOR_SHOW = frozenset({"demo"})


def run(call: Call) -> int:
    """Print them; gives the exit code: 1 if the credential file cannot be read."""
    problem = call.resolver.store.problem
    found = list(_all(call))
    if call.args.flag("json"):
        call.answer("", [as_data(status) for status in found])
    else:
        _print(found, call)
    if problem is not None:
        sys.stderr.write(f"Error: {printable(problem.message)}\n")
        return 1
    return 0


def as_data(status: Status) -> dict[str, Any]:
    """A status as JSON data. Times are ms since the epoch."""
    used = status.used
    return {
        "provider": status.provider,
        "name": status.name,
        "account": status.account,
        "configured": status.configured,
        "method": status.method,
        "source": status.source,
        "identity": used.identity if used else "",
        "masked": status.masked,
        "expires": status.expires,
        "missing": list(status.missing),
        "trouble": status.trouble,
        "shadowed": [place_data(place) for place in status.shadowed],
    }


def place_data(place: Place) -> dict[str, Any]:
    """A place as JSON data."""
    return {name: getattr(place, name) for name in place.__struct_fields__}


def _all(call: Call) -> Iterator[Status]:
    """Every provider, with a status for each of its accounts, the one in use first."""
    home, store = call.home, call.resolver.store
    names = store.names() if store.problem is None else ()
    rows = home.catalog.providers
    if call.args.prompts:
        row = call.target().row
        rows = {row.id: row}
    for row in rows.values():
        if row.id in _ONLY_FOR_SHOW:
            continue
        yield call.resolver.status(row.id)
        chosen = call.resolver.accounts.get(row.id)
        ids = (row.id, *row.aliases)
        known = [name.partition("@")[2] for name in names if name.partition("@")[0] in ids]
        for account in dict.fromkeys(known):
            if account != (chosen or ""):
                other = {row.id: account} if account else {}
                resolver = Resolver(home.catalog, store, env=home.env, accounts=other)
                yield resolver.status(row.id)


def _nothing(call: Call) -> str:
    if not call.args.prompts:
        return "No provider is set up: pi auth login"
    name = call.target().row.id
    return f"{name} is not set up: pi auth login {name}"


def _print(found: list[Status], call: Call) -> None:
    rows = [("PROVIDER", "ACCOUNT", "METHOD", "SOURCE", "KEY", "WHO", "EXPIRES")]
    notes: list[str] = []
    unset: list[str] = []
    for status in found:
        used = status.used
        if used is None and not status.configured and not status.trouble:
            unset.append(status.provider)
            continue
        rows.append(
            (
                status.provider,
                status.account or "",
                method_words(status.method) if used else "none needed" if status.configured else "",
                status.source,
                "" if used is None else used.masked,
                "" if used is None else used.identity,
                when(status.expires),
            )
        )
        name = f"{status.provider}@{status.account}" if status.account else status.provider
        if status.trouble and call.resolver.store.problem is None:
            notes.append(f"{name}: {status.trouble}")
        notes += [f"{name}: {missing} is not set" for missing in status.missing]
        if status.shadowed:
            places = ", ".join(place.source for place in status.shadowed)
            notes.append(f"{name}: not used besides: {places}")
    unknown = _unknown(call)
    if unknown:
        notes.append(f"stored for providers that are not known here: {', '.join(unknown)}")
    lines = table(rows) if len(rows) > 1 else [_nothing(call)]
    if notes:
        lines += ["", *notes]
    if unset and len(found) > 1:
        lines += [
            "",
            *wrap(
                f"Not set up: {', '.join(unset)}",
                96,
                subsequent_indent="  ",
                break_on_hyphens=False,
            ),
        ]
    call.answer(printable("\n".join(lines)), None)


def _unknown(call: Call) -> list[str]:
    store = call.resolver.store
    try:
        names = store.names()
    except ConfigError:
        return []
    return [n for n in names if call.home.catalog.find_provider(n.partition("@")[0]) is None]
