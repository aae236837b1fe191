"""How a provider's own list of models is asked for: with the credential that requests use.

The credential goes where requests go and nowhere else: who has moved a provider to an address of
their own gets the list from there, or none.
"""

import msgspec

from pi.ai.catalog import packaged
from pi.ai.catalog.draft import draft
from pi.ai.catalog.update.refresh import Way
from pi.ai.catalog.update.row import SourceRow
from pi.ai.model import Model
from pi.ai.request import Request
from pi.coding.home import Home

__all__ = ["way_to"]


async def way_to(home: Home, row: SourceRow) -> Way | None:
    """The signed request for the list of `row`; None if there is nobody to ask or nothing to show.

    Raises `AuthError` or `ConfigError` if the credential cannot be used.
    """
    if home.catalog.owner(row.id) is not None:
        return None  # an extension knows its models itself
    known = home.resolver.configured(row.id)
    if not known and not row.live_public:
        return None
    model = home.catalog.model(row.id, row.default_model)
    facts = packaged.facts(row.id)[row.default_model]
    usual = draft(row, facts, packaged.rows().wires).base_url
    moved = model.base_url != usual
    below = bool(usual) and row.live_list.startswith(f"{usual}/")
    if moved and not below:
        return None
    tail = row.live_list.removeprefix(usual) if below else ""
    if not below:
        model = msgspec.structs.replace(model, base_url=row.live_list)
    if known:
        access = await home.resolver.authorize(model)
        request = access.signer(_request(access.model, tail, row))
    else:
        request = _request(model, tail, row)
    return Way(request, request.url.partition("?")[0] if moved else row.live_list)


def _request(model: Model, tail: str, row: SourceRow) -> Request:
    url = model.base_url.rstrip("/") + tail if tail else model.base_url
    return Request(url, {**model.headers, **row.live_headers}, method="GET")
