"""Carries out `pi probe`: names the costs, asks the server, shows and writes what was found."""

import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import msgspec

from pi.ai.auth.masks import Masker
from pi.ai.auth.values import Environment, Values, names_secret
from pi.ai.catalog import packaged
from pi.coding.cli.args import Arguments
from pi.coding.cli.auth.console import ConsoleUI
from pi.coding.cli.masked import masked
from pi.coding.home import Home
from pi.coding.modes.sanitize import printable
from pi.coding.probe.address import host_of, is_local
from pi.coding.probe.ask import Asker
from pi.coding.probe.course import Report, WireReport, bounds, probe
from pi.coding.probe.entry import best_wire, entry_for, entry_id
from pi.coding.probe.proof import prove
from pi.coding.probe.save import Change, planned, save
from pi.coding.probe.table import lines

__all__ = ["Job"]

_KEY_LINE = re.compile(r'("apiKey"\s*:\s*)"((?:[^"\\]|\\.)*)"')
_REFERENCE = re.compile(r"[!$].*|keyring:.*|[A-Z][A-Z0-9_]*|none")
_MASK = "[masked]"


class Job:
    """One run. headers: as they were written."""

    def __init__(
        self,
        home: Home,
        args: Arguments,
        url: str,
        apis: tuple[str, ...],
        timeout: float,
        headers: Mapping[str, str],
    ) -> None:
        self.home, self.args = home, args
        self.url, self.apis, self.timeout = url, apis, timeout
        self.headers = headers
        self.masker = Masker()
        self.out: TextIO = masked(sys.stdout, self.masker.mask)
        self.err: TextIO = masked(sys.stderr, self.masker.mask)
        self.ui = ConsoleUI(args, home.env, self.err)

    async def run(self) -> int:
        """Ask everything, show it, write if that is wanted; gives the exit code."""
        asker = await self._asker()
        name = self.args.text("name") or entry_id(self.url, self._taken())
        path = self.home.folder / "models.json"
        if self.args.flag("write"):
            planned(path, name, {})  # a file that is broken is told before anything is asked
        await self._confirm_costs()
        try:
            report = await probe(
                asker,
                self.url,
                apis=self.apis,
                model=self.args.text("model") or "",
                deep=self.args.flag("deep"),
                progress=self._progress,
            )
            wire = best_wire(report)
            entry: dict[str, Any] = {}
            problem = ""
            if wire is not None:
                entry = entry_for(
                    report,
                    wire,
                    key=self.args.text("key") or "",
                    headers=self.headers,
                    only=self.args.flag("model"),
                )
                problem = await prove(asker, name, entry)
        finally:
            await asker.aclose()
        if wire is None:
            self._show(report, None, name, {}, "", written=False)
            self.err.write(f"Error: {printable(_nothing(report, keyed=bool(asker.key)))}\n")
            return 1
        if self.args.flag("json"):
            written = await self._write(path, name, entry)
            self._show(report, wire, name, entry, problem, written=written)
        else:
            self._show(report, wire, name, entry, problem, written=False)
            await self._write(path, name, entry)
        return 0

    # -- before ------------------------------------------------------------------------------------

    async def _asker(self) -> Asker:
        values, env = Values(), Environment(self.home.env)
        key = ""
        spec = self.args.text("key")
        if spec:
            key = (await values.resolve(spec, env, what="--key")).text
            self.masker.add([key])
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            found = await values.resolve(value, env, what=f"--header {name}")
            headers[name] = found.text
            if names_secret(name):
                self.masker.add([found.text])
        return Asker(key=key, headers=headers, timeout=self.timeout, env=self.home.env)

    def _taken(self) -> frozenset[str]:
        return frozenset(row.id for row in packaged.rows().providers)

    async def _confirm_costs(self) -> None:
        if is_local(self.url):
            return
        most = bounds(self.apis, self.url, deep=self.args.flag("deep"))
        self.err.write(
            f"This sends at most {most.requests} requests to {host_of(self.url)}: at most about"
            f" {most.sent} tokens there and {most.received} back.\n"
        )
        await self.ui.confirm("Go on?")

    def _progress(self, text: str) -> None:
        if not self.args.flag("json") and sys.stderr.isatty():
            self.err.write(f"\r\x1b[K{printable(text)[:78]}")
            self.err.flush()

    # -- after -------------------------------------------------------------------------------------

    def _show(
        self,
        report: Report,
        wire: WireReport | None,
        name: str,
        entry: dict[str, Any],
        problem: str,
        *,
        written: bool,
    ) -> None:
        shown = {name: self._hidden(entry)} if entry else {}
        if self.args.flag("json"):
            data = msgspec.to_builtins(report) | {
                "api": wire.api if wire else None,
                "entry": shown,
                "problem": problem or None,
                "written": written,
            }
            text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
            self.out.write(text + "\n")
            return
        if sys.stderr.isatty():
            self.err.write("\r\x1b[K")
        text = "\n".join(lines(report, wire))
        self.out.write(printable(text) + "\n")
        if not entry:
            return
        body = msgspec.json.format(msgspec.json.encode({"providers": shown}), indent=2).decode()
        self.out.write(f"\nThe entry for models.json:\n\n{printable(body)}\n\n")
        if problem:
            self.out.write(printable(f"It did not work when it was tried: {problem}\n"))
        else:
            model = entry["models"][0]["id"]
            self.out.write(f"It was tried and works. Use it with: pi --model {name}/{model}\n")
        others = len(entry["models"]) - 1
        if others:
            who = "Another model was" if others == 1 else f"{others} other models were"
            self.out.write(f"{who} listed, not asked.\n")

    async def _write(self, path: Any, name: str, entry: dict[str, Any]) -> bool:
        if not self.args.flag("write"):
            return False
        change = planned(path, name, entry)
        if change.nothing:
            self.err.write(f"{path} says so already.\n")
            return False
        self.err.write(printable(self._diff(change)) + "\n")
        await self.ui.confirm(f"Write this to {path}?")
        save(change)
        self.err.write(f"Written to {path}.\n")
        return True

    def _diff(self, change: Change) -> str:
        """The difference, without any key."""
        return _KEY_LINE.sub(
            lambda found: found[0] if _REFERENCE.fullmatch(found[2]) else f'{found[1]}"{_MASK}"',
            self.masker.mask(change.diff()),
        )

    def _hidden(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The entry without a key that was given as it is."""
        out = dict(entry)
        key = out.get("apiKey", "")
        if key and not _REFERENCE.fullmatch(key):
            out["apiKey"] = _MASK
        return out


def _nothing(report: Report, *, keyed: bool) -> str:
    """Why there is no entry, in a line."""
    complaints = [f"{wire.api}: {wire.complaint}" for wire in report.wires if wire.complaint]
    barred = [wire for wire in report.wires if wire.complaint.startswith(("401", "403"))]
    if barred:
        hint = "the key was refused" if keyed else "give a key with --key"
        return f"{barred[0].complaint} ({hint})"
    if complaints:
        unnamed = not report.models and any(": 4" in text for text in complaints)
        hint = "; the server lists no models: name one with --model" if unnamed else ""
        return f"no wire works: {complaints[0]}{hint}"
    why = f": {report.notes[0]}" if report.notes else ""
    return f"nothing that is a model answers at {report.url}{why}"
