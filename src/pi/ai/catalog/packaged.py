"""The data that comes with the package, read once and only when somebody asks.

Start-up opens `providers.json`; a list or a bare model name opens `index.json`; using a model opens
the file of its provider. None of them is ever written at run time.
"""

from functools import cache
from pathlib import Path

import msgspec

from pi.ai.catalog.schema import ModelFacts, ModelFile, ModelIndex, Rows

__all__ = ["DATA", "facts", "file", "index", "rows"]

DATA = Path(__file__).parent / "data"


@cache
def rows() -> Rows:
    """All provider rows, in order of rank, and what holds for the wires."""
    return msgspec.json.decode((DATA / "providers.json").read_bytes(), type=Rows)


@cache
def file(provider: str) -> ModelFile:
    """The models of a packaged provider; none if there is no such provider."""
    path = DATA / "models" / f"{provider}.json"
    if provider not in {row.id for row in rows().providers} or not path.exists():
        return ModelFile("", "", ())
    return msgspec.json.decode(path.read_bytes(), type=ModelFile)


@cache
def facts(provider: str) -> dict[str, ModelFacts]:
    """The same by id."""
    return {model.id: model for model in file(provider).models}


@cache
def index() -> ModelIndex:
    """The packaged models in short, and the successors of retired ones."""
    return msgspec.json.decode((DATA / "index.json").read_bytes(), type=ModelIndex)
