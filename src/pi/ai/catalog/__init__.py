"""Every provider and model, as data. `Catalog` is the way in; `choose` picks a model by name."""

from pi.ai.catalog.load import Catalog

__all__ = ["Catalog"]
