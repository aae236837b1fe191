"""What the catalog costs: `python bench/bench_catalog.py`. Best of several runs.

A cold run is a fresh interpreter that has imported the package; its time is that of the work alone.
"""

import subprocess
import sys
import timeit

COLD = {
    "read provider rows": ("", "catalog.providers"),
    "read the index": ("", "catalog.index()"),
    "choose by part of a name": (
        "from pi.ai.catalog.choose import choose; import pi.ai.protocols.anthropic_messages",
        "choose(catalog, 'sonnet', configured=lambda name: name == 'anthropic')",
    ),
    "first model of a provider": (
        "import pi.ai.protocols.openai_completions",
        "catalog.model('deepseek', 'deepseek-v4-pro')",
    ),
    "first model of the largest": (
        "import pi.ai.protocols.openai_completions",
        "catalog.model('openrouter', 'openai/gpt-5.4')",
    ),
    "all models of the largest": (
        "import pi.ai.protocols.openai_completions, pi.ai.protocols.anthropic_messages",
        "catalog.models('openrouter')",
    ),
}
LIMITS = {"first model of a provider": 5.0, "first model of the largest": 5.0}
RUNS = 7


def cold(setup: str, work: str) -> float:
    """Milliseconds of `work` in a fresh interpreter."""
    code = (
        f"import time\nfrom pi.ai.catalog import Catalog\n{setup}\n"
        f"catalog = Catalog()\nstart = time.perf_counter()\n{work}\n"
        "print((time.perf_counter() - start) * 1e3)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    """Print one line a measurement; exit with 1 if one is over its limit."""
    over: list[str] = []
    for name, (setup, work) in COLD.items():
        best = min(cold(setup, work) for _ in range(RUNS))
        limit = LIMITS.get(name)
        print(f"{name:28} {best:8.2f} ms{f'   (limit {limit:g} ms)' if limit else ''}")
        if limit is not None and best > limit:
            over.append(name)
    from pi.ai.catalog import Catalog

    catalog = Catalog()
    catalog.model("openrouter", "openai/gpt-5.4")
    again = min(
        timeit.repeat(
            lambda: catalog.model("openrouter", "openai/gpt-5.4"), number=10_000, repeat=RUNS
        )
    )
    print(f"{'the same model again':28} {again / 10_000 * 1e6:8.2f} us   (limit 1 us)")
    if again / 10_000 > 1e-6:
        over.append("the same model again")
    if over:
        raise SystemExit(f"over the limit: {', '.join(over)}")


if __name__ == "__main__":
    main()
