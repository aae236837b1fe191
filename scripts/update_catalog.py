"""The catalog of a release, made from what others list by the rules in the providers' TOML files.

    scripts/update_catalog                    ask models.dev and the lists that are complete
    scripts/update_catalog --save DIR         the same, and keep what they said
    scripts/update_catalog --source DIR       from copies: DIR/models.dev.json, DIR/<provider>.json
        --only PROVIDER   this provider alone (may be repeated)
        --date DATE       when the copies were made (ISO); by default today
        --data DIR        another data folder
        --dry-run         say what would change, write nothing

Prints what is different. Writes nothing, and ends with 1, if a list cannot be had, if a provider
loses more than a fifth of its ids, if a price or a context window leaps, or if a fact makes no
sense: whatever is right nevertheless gets a reason in the provider's TOML (`upstream.gone`,
`upstream.price`, `corrections`). A model that is no longer listed becomes a retired one.
"""

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from build_catalog import DATA, data_files, write
from msgspec import Struct

from pi.ai.catalog.compile import compile_rows, encode_rows
from pi.ai.catalog.downloads import laid_over
from pi.ai.catalog.schema import ModelFacts, ModelFile, ModelIndex
from pi.ai.catalog.update.fetch import fetch
from pi.ai.catalog.update.learn import Taught, changes_in_words, teach
from pi.ai.catalog.update.listing import Listed, keyed, read
from pi.ai.catalog.update.refresh import MODELS_DEV
from pi.ai.catalog.update.row import SourceRow, SourceRows
from pi.ai.catalog.update.rules import corrected, explained, known_from, wanted
from pi.ai.errors import PiError
from pi.ai.model import Price, PriceTier
from pi.ai.request import Request
from pi.ai.wire.http import Transport

BIG = "models.dev"
VARIABLE = "PI_MODELS_DEV_URL"


class Old(Struct, frozen=True):
    """The catalog as it is."""

    rows: SourceRows
    files: dict[str, ModelFile]
    retired: dict[str, dict[str, str]]


class Made(Struct, frozen=True):
    """A provider as it shall be. lines: what is different; faults: why it must not be written."""

    file: ModelFile
    gone: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


# -- what there is, and what others say ------------------------------------------------------------


def load(data: Path) -> Old:
    """The catalog of a data folder."""
    rows = compile_rows(data)
    files = {
        row.id: msgspec.json.decode((data / f"models/{row.id}.json").read_bytes(), type=ModelFile)
        for row in rows.providers
    }
    index = msgspec.json.decode((data / "index.json").read_bytes(), type=ModelIndex)
    return Old(rows, files, index.retired)


def source_of(row: SourceRow) -> str:
    """The name of the list that a provider's facts come from, "" if there is none."""
    return row.id if row.upstream.complete else BIG if row.models_dev else ""


async def ask(rows: list[SourceRow]) -> dict[str, bytes]:
    """The lists that these providers need, by name. Raises `PiError`."""
    urls = {row.id: row.live_list for row in rows if row.upstream.complete}
    if any(source_of(row) == BIG for row in rows):
        urls[BIG] = os.environ.get(VARIABLE) or MODELS_DEV
    transport = Transport()
    try:
        answers = await asyncio.gather(
            *(fetch(transport, Request(url, {}, method="GET")) for url in urls.values())
        )
    finally:
        await transport.aclose()
    return {name: answer.body or b"" for name, answer in zip(urls, answers, strict=True)}


def copies(folder: Path, rows: list[SourceRow]) -> dict[str, bytes]:
    """The same from files."""
    names = {source_of(row) for row in rows} - {""}
    return {name: (folder / f"{name}.json").read_bytes() for name in names}


def listed_for(row: SourceRow, said: dict[str, bytes]) -> list[Listed]:
    """What its list says about a provider. Raises `PiError`."""
    body = said[source_of(row)]
    if source_of(row) != BIG:
        return read(body)
    parts = keyed(body)
    for key in row.models_dev:
        if key in parts:
            return read(bytes(parts[key]))
    raise SystemExit(f"{row.id}: {BIG} has no provider {' or '.join(row.models_dev)}")


# -- a provider ------------------------------------------------------------------------------------


def make(row: SourceRow, old: Old, listed: list[Listed], date: str) -> Made:
    """The provider's models by its list."""
    before = {model.id: model for model in old.files[row.id].models}
    retired = old.retired.get(row.id, {})
    taught = teach(
        listed,
        row,
        before,
        old.rows.wires,
        retired=retired,
        own=row.upstream.complete,
        reference=before,
        tolerated=0,
    )
    if taught.refused:
        return Made(old.files[row.id], faults=(f"{row.id}: {taught.refused}",))
    usable = {item.id for item in known_from(listed, row)}
    stays = usable | {name for name in before if explained(name, row.upstream.keep)}
    after = {name: facts for name, facts in before.items() if name in stays}
    for change in taught.models:
        facts = laid_over(change, {**before, **after})
        after[change.id] = msgspec.structs.replace(facts, unverified=_doubted(before, change.id))
    names = sorted(after) if sorted(before) == [*before] else [*after]
    models = tuple(after[name] for name in names)
    gone = tuple(name for name in before if name not in after)
    faults = [f"{row.id}/{text}: more than can be believed" for text in taught.held]
    faults += [
        f"{row.id}/{name}: {fault}"
        for name, facts in after.items()
        if facts is not before.get(name)
        for fault in nonsense(facts)
    ]
    source = row.live_list if row.upstream.complete else BIG
    return Made(
        ModelFile(date, source.partition("?")[0], models),
        gone,
        tuple(differences(row, before, after, taught, retired, usable)),
        tuple(faults),
    )


def _doubted(before: dict[str, ModelFacts], name: str) -> bool:
    return name in before and before[name].unverified


def differences(
    row: SourceRow,
    before: dict[str, ModelFacts],
    after: dict[str, ModelFacts],
    taught: Taught,
    retired: dict[str, str],
    usable: set[str],
) -> list[str]:
    """What is different, line by line, and which rules did nothing."""
    like = {change.id: change.like for change in taught.models}
    lines = [
        f"  + {name}: like {like[name] or 'nothing known'}; {summary(after[name])}"
        for name in sorted(taught.added)
    ]
    lines += [f"  - {name}" for name in before if name not in after]
    lines += [
        f"  ~ {name}: {', '.join(changes_in_words(before[name], facts))}"
        for name, facts in after.items()
        if name in before and facts != before[name]
    ]
    back = sorted(usable & retired.keys() - before.keys())
    if back:
        lines.append(f"  = listed, but retired here: {', '.join(back)}")
    return lines


def summary(facts: ModelFacts) -> str:
    """A model in a few words."""
    return (
        f"{facts.api or 'usual wire'}, {facts.context_window:,}/{facts.max_output_tokens:,} tokens,"
        f" ${facts.cost.input:g}/${facts.cost.output:g}, {'+'.join(facts.input)},"
        f" thinking: {facts.levels or 'none'}"
    )


def nonsense(facts: ModelFacts) -> list[str]:
    """What cannot be true of any model."""
    found: list[str] = []
    if not 0 < facts.max_output_tokens <= facts.context_window:
        found.append(f"answers of {facts.max_output_tokens:,} in {facts.context_window:,} tokens")
    rates: list[Price | PriceTier] = [facts.cost, *facts.cost.tiers]
    if any(min(r.input, r.output, r.cache_read, r.cache_write) < 0 for r in rates):
        found.append("a price is negative")
    if any(rate.cache_read > rate.input for rate in rates):
        found.append("reading the cache costs more than not having it")
    above = [tier.input_tokens_above for tier in facts.cost.tiers]
    if above != sorted(set(above)):
        found.append("price tiers are not in order")
    if any(tier.input < facts.cost.input for tier in facts.cost.tiers):
        found.append("a price tier is cheaper than the base")
    return found


def idle(row: SourceRow, listed: list[Listed], old: Old) -> list[str]:
    """Rules of the TOML that did nothing: upstream may have caught up."""
    before = {model.id: model for model in old.files[row.id].models}
    bare = msgspec.structs.replace(row, corrections=())
    facts: list[ModelFacts] = []
    for item in known_from(listed, row):
        learned = wanted(item, bare, before, old.rows.wires)
        if learned is not None:
            window = item.window or learned.facts.context_window
            facts.append(msgspec.structs.replace(learned.facts, context_window=window))
    lines: list[str] = []
    for rule in row.corrections:
        if not rule.window and not rule.set.keys() & {"contextWindow", "maxTokens", "cost"}:
            continue  # about something that lists do not say
        alone = msgspec.structs.replace(row, corrections=(rule,))
        if not any(corrected(item, alone) != item for item in facts):
            lines.append(f"  ? the correction of {rule.match!r} changes nothing any more")
    return lines


# -- all of them -----------------------------------------------------------------------------------


def run(options: argparse.Namespace) -> int:
    """Make the catalog; gives the exit code."""
    data = Path(options.data)
    old = load(data)
    chosen = [row for row in old.rows.providers if not options.only or row.id in options.only]
    chosen = [row for row in chosen if source_of(row)]
    said = copies(Path(options.source), chosen) if options.source else asyncio.run(ask(chosen))
    if options.save:
        folder = Path(options.save)
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in said.items():
            (folder / f"{name}.json").write_bytes(body)
    made: dict[str, Made] = {row.id: Made(old.files[row.id]) for row in old.rows.providers}
    for row in chosen:
        listed = listed_for(row, said)
        made[row.id] = make(row, old, listed, options.date)
        lines = [*made[row.id].lines, *idle(row, listed, old)]
        if lines:
            print(f"{row.id}: {len(old.files[row.id].models)} models before,", end=" ")
            print(f"{len(made[row.id].file.models)} after", *lines, sep="\n")
    faults = [fault for each in made.values() for fault in each.faults]
    if faults:
        print("\nRefused, nothing is written:", *(f"  ! {fault}" for fault in faults), sep="\n")
        print(
            "What is right nevertheless gets a reason in the provider's TOML: see docs/models.md."
        )
        return 1
    past = {
        row.id: [*old.retired.get(row.id, {}), *made[row.id].gone] for row in old.rows.providers
    }
    files = {"providers.json": encode_rows(old.rows)}
    files |= data_files({name: each.file for name, each in made.items()}, past, old.rows)
    if options.dry_run:
        print("Nothing is written: --dry-run.")
    else:
        print(*write(files, data), sep="\n")
    return 0


def main(arguments: list[str]) -> int:
    """Read the command line, run, say what went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", metavar="DIR")
    parser.add_argument("--save", metavar="DIR")
    parser.add_argument("--only", metavar="PROVIDER", action="append", default=[])
    parser.add_argument("--date", default=datetime.now(UTC).strftime("%Y-%m-%d"))
    parser.add_argument("--data", metavar="DIR", default=str(DATA))
    parser.add_argument("--dry-run", action="store_true")
    try:
        return run(parser.parse_args(arguments))
    except PiError as error:
        raise SystemExit(f"scripts/update_catalog: {error.message}") from None
    except FileNotFoundError as error:
        raise SystemExit(f"scripts/update_catalog: there is no {error.filename}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
