"""What the catalog costs: `python bench/bench_catalog.py`. Best of several runs.

A cold run is a fresh interpreter that has imported the package; its time is that of the work alone.
"""

import subprocess
import sys
import timeit
from functools import partial

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
OWN = """
import json, pathlib, tempfile
folder = tempfile.TemporaryDirectory()
path = pathlib.Path(folder.name, "models.json")
model = {"reasoning": True, "input": ["text", "image"], "contextWindow": 200000, "maxTokens": 9000,
         "cost": {"input": 1, "output": 2, "cacheRead": 0.1, "cacheWrite": 1.2},
         "compat": {"supportsStore": False, "maxTokensField": "max_tokens"}}
entry = lambda n: {"baseUrl": f"https://h{n}.invalid/v1", "api": "openai-completions",
                   "apiKey": "$KEY", "models": [{"id": f"m{i}", **model} for i in range(10)]}
path.write_text(json.dumps({"providers": {f"p{n}": entry(n) for n in range(10)}}, indent=2))
"""
"""A `models.json` of 100 models: what a start with it costs more than one without."""
LIMITS = {
    "models.json of 100 models": 8.0,
    "first model of a provider": 5.0,
    "first model of the largest": 5.0,
}
RUNS = 7


def own_models() -> float:
    """Milliseconds that a list with the user's 100 models takes more than one without."""
    return max(0.0, _best(OWN, "Catalog(path)") - _best("", "Catalog()"))


def _best(setup: str, catalog: str) -> float:
    work = "catalog.problems; catalog.providers; catalog.index()"
    return min(cold(setup, work, catalog) for _ in range(RUNS))


def cold(setup: str, work: str, catalog: str = "Catalog()") -> float:
    """Milliseconds of `work` in a fresh interpreter."""
    code = (
        f"import gc, time\nfrom pi.ai.catalog import Catalog\n{setup}\n"
        "gc.disable()\n"  # as the program does at its start
        f"catalog = {catalog}\nstart = time.perf_counter()\n{work}\n"
        "print((time.perf_counter() - start) * 1e3)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _cold(setup: str, work: str) -> float:
    return min(cold(setup, work) for _ in range(RUNS))


def main() -> None:
    """Print one line a measurement; exit with 1 if one is over its limit."""
    over: list[str] = []
    best_of = {name: partial(_cold, *item) for name, item in COLD.items()}
    best_of["models.json of 100 models"] = own_models
    for name, measure in best_of.items():
        best = measure()
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
