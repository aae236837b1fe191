"""A report as text: wires beside one another, findings below one another, in ASCII."""

from pi.coding.probe.course import Report, WireReport
from pi.coding.probe.judge import Finding

__all__ = ["lines"]

_WIDTH = 22


def lines(report: Report, chosen: WireReport | None) -> list[str]:
    """The table and its remarks. chosen: the wire of the entry."""
    out = [_models(report)]
    if report.context_window:
        out.append(f"Context: {report.context_window} tokens (from {report.window_source})")
    out.append("")
    out += [_wire_line(wire, chosen) for wire in report.wires]
    working = report.working
    if working:
        out += ["", *_table(working), *_remarks(working)]
    out += ["", f"{report.requests} requests, {report.tokens} tokens as far as the server tells."]
    out += [f"Note: {note}" for note in report.notes]
    return [_ascii(line.rstrip()) for line in out]


def _models(report: Report) -> str:
    names = [item.id for item in report.models]
    if not names:
        return f"Models: {report.model or 'none'} (the server lists none)"
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f"Models: {shown}" + (f"; asked: {report.model}" if report.model else "")


def _wire_line(wire: WireReport, chosen: WireReport | None) -> str:
    if wire.works:
        mark = "  <- the entry uses this" if wire is chosen else ""
        return f"{wire.api:<{_WIDTH}}works at {wire.base_url}{mark}"
    return f"{wire.api:<{_WIDTH}}{wire.complaint or 'not there'}"


def _table(working: list[WireReport]) -> list[str]:
    names = _names(working)
    wide = max(len(name) for name in names) + 2
    out = [" " * wide + "".join(f"{wire.api:<{_WIDTH}}" for wire in working)]
    for name in names:
        cells = [wire.findings.get(name) for wire in working]
        out.append(f"{name:<{wide}}" + "".join(f"{_cell(cell):<{_WIDTH}}" for cell in cells))
    return out


def _names(working: list[WireReport]) -> list[str]:
    return list(dict.fromkeys(name for wire in working for name in wire.findings))


def _cell(finding: Finding | None) -> str:
    return finding.verdict if finding else "-"


def _remarks(working: list[WireReport]) -> list[str]:
    out: list[str] = []
    for wire in working:
        found = {name: item.detail for name, item in wire.findings.items() if item.detail}
        if found:
            out += ["", f"{wire.api}:", *(f"  {name}: {text}" for name, text in found.items())]
    return out


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()
