"""`pi models update [PROVIDER ...]`: newer models and prices, from those who have them."""

import sys
from collections.abc import Iterable

import msgspec

from pi.ai.catalog import packaged
from pi.ai.catalog.update.refresh import MODELS_DEV, Outcome, Way, refresh
from pi.ai.catalog.update.row import SourceRow
from pi.ai.errors import ConfigError
from pi.ai.wire.http import Transport
from pi.coding.cli.args import Arguments
from pi.coding.cli.auth.running import run_async
from pi.coding.cli.models.own_list import way_to
from pi.coding.home import Home
from pi.coding.modes.sanitize import printable

__all__ = ["VARIABLE", "run"]

VARIABLE = "PI_MODELS_DEV_URL"
"""Names a mirror of models.dev's list, for networks that do not reach it."""

_MOST_LINES = 20


def run(home: Home, args: Arguments) -> int:
    """Ask, keep, and say what is new; gives the exit code."""
    names = _providers(home, args.prompts)

    async def work() -> int:
        transport = Transport(env=home.env)

        async def asked(row: SourceRow) -> Way | None:
            return await way_to(home, row)

        try:
            outcomes = await refresh(
                home.folder / "models",
                names,
                asked,
                transport=transport,
                models_dev=home.env.get(VARIABLE) or MODELS_DEV,
            )
        finally:
            await home.resolver.aclose()
            await transport.aclose()
        return _answer(home, names, outcomes, as_json=args.flag("json"))

    return run_async(work)


def _providers(home: Home, words: Iterable[str]) -> list[str]:
    """The ids of the providers that were named, or of all that come with the program."""
    known = [row.id for row in packaged.rows().providers]
    names = [home.catalog.provider(word).id for word in words]
    for name in names:
        if name not in known:
            raise ConfigError(f"the models of {name} are your own: nobody else lists them")
    return list(dict.fromkeys(names)) or known


def _answer(home: Home, names: list[str], outcomes: list[Outcome], *, as_json: bool) -> int:
    folder = home.folder / "models"
    failed = bool(outcomes) and all(outcome.state == "failed" for outcome in outcomes)
    if as_json:
        data = {"folder": str(folder), "lists": outcomes}
        text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
    else:
        text = "\n".join(_lines(names, outcomes))
        if any(outcome.state == "updated" for outcome in outcomes):
            text += f"\nWritten to {folder}."
    if text:
        sys.stdout.write(printable(text) + "\n")
    if not outcomes:
        sys.stderr.write(
            f"Nobody lists the models of {', '.join(names)}: they come with new versions of pi.\n"
        )
    elif failed:
        sys.stderr.write("Error: no list could be had; what was there is still used\n")
    return 1 if failed else 0


def _lines(names: list[str], outcomes: list[Outcome]) -> list[str]:
    """What happened, provider by provider; what is as it was only as a number."""
    lines: list[str] = []
    same = 0
    for outcome in outcomes:
        told = outcome.added or outcome.held or outcome.problem or outcome.state == "updated"
        if not told:
            same += 1
            continue
        lines.append(f"{outcome.provider}: {_head(outcome)}  [{_place(outcome.source)}]")
        details = [f"  + {name}" for name in outcome.added]
        details += [f"  ~ {text}" for text in outcome.changed]
        details += [f"  ! {text}: not believed, kept as it was" for text in outcome.held]
        if outcome.gone and outcome.state != "kept":
            details.append(f"  - no longer listed, kept: {_some(outcome.gone)}")
        lines += details[:_MOST_LINES]
        if len(details) > _MOST_LINES:
            lines.append(f"  ... and {len(details) - _MOST_LINES} more (--json has all)")
    problem = _common_failure(outcomes)
    if problem:
        lines = [line for line in lines if problem not in line]
        lines.insert(0, problem)
    if same:
        lines.append(f"{same} {'list is' if same == 1 else 'lists are'} as known.")
    return lines


def _common_failure(outcomes: list[Outcome]) -> str:
    """What one list could not tell about many providers, once."""
    problems = [outcome.problem for outcome in outcomes if outcome.state == "failed"]
    twice = [problem for problem in problems if problems.count(problem) > 1]
    return twice[0] if twice else ""


def _head(outcome: Outcome) -> str:
    if outcome.state == "failed":
        return f"not asked: {outcome.problem}"
    if outcome.state == "kept":
        return f"kept as it was: {outcome.problem}"
    return f"{len(outcome.added)} new, {len(outcome.changed)} changed"


def _place(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2] or url


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
