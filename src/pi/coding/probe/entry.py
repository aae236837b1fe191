"""The entry for `models.json` that says what was proven."""

import re
from collections.abc import Mapping
from typing import Any

from pi.coding.probe.address import WIRES, host_of, is_local
from pi.coding.probe.course import Report, WireReport
from pi.coding.probe.listing import Listed

__all__ = ["best_wire", "entry_for", "entry_id", "probed"]

_MOST_MODELS = 50
_WEIGHTS = {"streaming": 4, "tools": 8, "tool results": 4, "usage": 2, "thinking": 1}
_VALUES = {"yes": 2, "partly": 1, "unknown": 1}
_GENERIC = frozenset({"api", "www", "gateway", "llm", "ai", "openai", "chat", "v1", "inference"})


def best_wire(report: Report) -> WireReport | None:
    """The wire on which most works; of equals the one that pi prefers."""
    working = sorted(report.working, key=lambda wire: WIRES.index(wire.api))
    return max(working, key=_score, default=None)


def _score(wire: WireReport) -> int:
    score = 0
    for name, weight in _WEIGHTS.items():
        finding = wire.findings.get(name)
        score += weight * _VALUES.get(finding.verdict, 0) if finding else 0
    return score


def entry_id(url: str, taken: Mapping[str, Any] | frozenset[str]) -> str:
    """A short name for the server. taken: ids of providers that come with the program."""
    host = host_of(url)
    port = re.search(r":(\d+)(?:/|$)", url.partition("://")[2])
    if is_local(url):
        name = f"local-{port[1]}" if port else "local-server"
    elif ":" in host or re.fullmatch(r"[\d.]+", host):
        name = "server-" + re.sub(r"[^0-9a-f]+", "-", host).strip("-")
    else:
        parts = [part for part in host.split(".")[:-1] if part not in _GENERIC] or [host]
        name = re.sub(r"[^a-z0-9-]+", "-", parts[-1])
    return f"{name}-probed" if name in taken else name


def probed(report: Report, wire: WireReport) -> dict[str, Any]:
    """The model that was asked, with what was found out about it."""
    model = _model(Listed(report.model, report.context_window, _answer_limit(report)))
    thinking, picture = wire.findings.get("thinking"), wire.findings.get("images")
    if thinking is not None and thinking.verdict == "yes":
        model["reasoning"] = True
    if picture is not None and picture.verdict == "yes":
        model["input"] = ["text", "image"]
    return model


def entry_for(
    report: Report,
    wire: WireReport,
    *,
    key: str = "",
    headers: Mapping[str, str] = {},
    only: bool = False,
) -> dict[str, Any]:
    """The entry. key, headers: as they were written. only: leave the other listed models out."""
    entry: dict[str, Any] = {"baseUrl": wire.base_url, "api": wire.api}
    if key:
        entry["apiKey"] = key
    elif not is_local(report.url):
        entry["apiKey"] = "none"  # something must be there, and the server does not look at it
    if headers:
        entry["headers"] = dict(headers)
    if wire.bearer:
        entry["authHeader"] = True
    compat = {_camel(name): value for name, value in wire.compat.items()}
    asked = wire.findings.get("thinking asked for")
    if asked is not None and asked.verdict == "no" and wire.api == "openai-completions":
        compat["supportsReasoningEffort"] = False
    if compat:
        entry["compat"] = compat
    models = [probed(report, wire)]
    if not only:
        others = [item for item in report.models if item.chats and item.id != report.model]
        models += [_model(item) for item in others[: _MOST_MODELS - 1]]
    entry["models"] = models
    return entry


def _model(item: Listed) -> dict[str, Any]:
    model: dict[str, Any] = {"id": item.id}
    if item.context_window:
        model["contextWindow"] = item.context_window
    # without a limit of its own an answer may take the half of a small window
    limit = item.max_tokens or (item.context_window // 2 if item.context_window < 32_768 else 0)
    if limit:
        model["maxTokens"] = limit
    return model


def _answer_limit(report: Report) -> int:
    return next((item.max_tokens for item in report.models if item.id == report.model), 0)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
