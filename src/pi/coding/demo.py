"""The provider `demo`: a scripted demonstration that needs no key and no network.

What it says and does is `pi.coding.demo_script`; here is only what lists of models show.
"""

from pi.ai.catalog.schema import AuthRow, ProviderRow
from pi.ai.model import Model

__all__ = ["DEMO", "demo_model"]

DEMO = ProviderRow(
    id="demo",
    name="Demonstration (scripted, no model)",
    auth=AuthRow(kinds=("none",)),
    default_model="demo",
)


def demo_model() -> Model:
    """The one model of the demonstration."""
    return Model(
        id="demo",
        name="Scripted demonstration",
        provider="demo",
        api="faux",
        base_url="demo:",
        cost_basis="free",
        context_window=200_000,
        max_output_tokens=32_000,
    )
