"""`pi --list-models [search]`: the models that can be used, as a table or as JSON."""

import sys

from pi.ai.catalog.table import as_json, filtered, table
from pi.coding.cli.args import Arguments
from pi.coding.home import Home, speechless

__all__ = ["list_models"]


def _withheld(home: Home, providers: set[str]) -> set[str]:
    """The keys of the models that the logins in use do not give."""
    known, found = home.catalog.providers, set[str]()
    for name in providers:
        row = known.get(name)
        used = home.resolver.status(name).used if row and row.auth.login else None
        if row is None or used is None or used.method != "oauth":
            continue
        from pi.coding.setup.credentials import Target, withheld_models

        target = Target(row, home.resolver.accounts.get(name))
        models = withheld_models(home, target, _warn)
        found |= {f"{name}/{model}" for model in models}
    return found


def _warn(text: str) -> None:
    sys.stderr.write(f"Warning: {text}\n")


def list_models(home: Home, args: Arguments) -> int:
    """Print the list; gives the exit code."""
    # `--list-models --all opus` is a search too
    search = args.text("list-models") or " ".join(args.prompts)
    rows = home.catalog.index()
    if not args.flag("all"):
        usable = {row: home.resolver.configured(row) for row in home.catalog.providers}
        if not any(found for provider, found in usable.items() if provider != "demo"):
            # only to look for local servers when nothing is set up
            import asyncio

            from pi.coding.local import add_local

            asyncio.run(add_local(home.catalog))
            rows = home.catalog.index()
            usable["local"] = True
        mute = speechless(home.catalog)
        rows = [row for row in rows if usable.get(row.provider) and row.key not in mute]
        withheld = _withheld(home, {row.provider for row in rows})
        rows = [row for row in rows if row.key not in withheld]
    found = filtered(rows, search)
    if args.flag("json"):
        sys.stdout.write(as_json(found) + "\n")
    elif found:
        sys.stdout.write(table(found) + "\n")
    else:
        sys.stdout.write(f"No models match {search!r}\n" if search else "No models\n")
    if not args.flag("all") and not args.flag("json") and all(r.provider == "demo" for r in found):
        sys.stderr.write(
            "Only providers with credentials are listed; --all lists every model."
            " Set a key such as ANTHROPIC_API_KEY to use one.\n"
        )
    return 0
