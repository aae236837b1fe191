"""`pi --export FILE [OUT]`: a session as a page, without starting one."""

import sys
from pathlib import Path

from pi.coding.cli.args import Arguments, UsageError
from pi.coding.home import Home
from pi.coding.session.errors import SessionError
from pi.coding.session.export import export_html, export_jsonl
from pi.coding.session.log import SessionLog

__all__ = ["export", "write_export"]


def export(home: Home, args: Arguments) -> int:
    """Write the page, or the active branch if OUT ends in `.jsonl`; print the path."""
    source = Path(args.text("export") or "")
    if len(args.prompts) > 1 or args.files:
        raise UsageError("--export takes a session file and perhaps the file to write")
    target = write_export(home, source, args.prompts[0] if args.prompts else None)
    sys.stdout.write(f"{target}\n")
    return 0


def write_export(home: Home, source: Path, name: str | None) -> Path:
    """Write a session to the file `name`, or one named after it; gives the path.

    Raises `SessionError` if it is no session, or nothing was said in it.
    """
    log = SessionLog.open(home.cwd / source.expanduser())
    if log.leaf is None:
        raise SessionError(f"session {source} has nothing to show: nothing was said")
    for note in log.notes:
        sys.stderr.write(f"Warning: {note}\n")
    name = name or f"pi-session-{source.stem}.html"
    write = export_jsonl if name.endswith(".jsonl") else export_html
    return write(log, home.cwd / Path(name).expanduser(), home.resolver.secrecy.mask_bytes)
