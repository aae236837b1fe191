"""`python -m bench [--runs N] [names]`: run the benches, print one table.

A bench is a module `bench_<name>.py` with a function `run(runs: int)` that yields rows. The exit
status is 1 if a goal is missed or a bench fails.
"""

import sys
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path

from bench.common import Row

COLUMNS = "{:<58} {:>10} {:<5} {:>9} {:<26} {:>7} {:>7}  {}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _line(row: Row) -> str:
    goal = "" if row.goal is None else _number(row.goal) + ("x" if row.floor else "")
    ratio = "" if row.ratio is None else _number(row.ratio) + "x"
    mark = {True: "ok", False: "MISSED", None: ""}[row.ok]
    value, floor = _number(row.value), _number(row.floor)
    return COLUMNS.format(row.what, value, row.unit, floor, row.floor_name, ratio, goal, mark)


def main() -> int:
    """Run what was asked for, or everything."""
    known = sorted(
        path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*")
    )
    parser = ArgumentParser(prog="scripts/bench", description="Measure what pi promises.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"of: {', '.join(known)}")
    parser.add_argument("--runs", type=int, default=11, help="runs per number (default: 11)")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(known):
        parser.error(f"no bench {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    print(COLUMNS.format("what", "value", "", "floor", "", "ratio", "goal", ""))
    good = True
    for name in asked.names or known:
        try:
            bench = import_module(f"bench.bench_{name}")
            if not hasattr(bench, "run"):
                print(f"{name}: has no table; run it by itself: python -m bench.bench_{name}")
                continue
            for row in bench.run(asked.runs):
                print(_line(row), flush=True)
                good = good and row.ok is not False
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            good = False
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
