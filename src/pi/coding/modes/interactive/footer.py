"""The footer: where, with which model, how much of the window and of the money is used. Pure.

The branch is read from git's own files; git is not run.
"""

import os
from pathlib import Path
from unicodedata import east_asian_width

from pi.ai.messages import AssistantMessage, Usage
from pi.coding.api.answers import SessionStats
from pi.coding.modes.interactive.lines import Line

__all__ = ["Facts", "cells_of", "clip", "count", "footer_lines", "git_branch", "short_path"]

_BASIS = {"subscription": " (sub)", "subscription-unpriced": " (sub)", "unknown": " (?)"}


class Facts:
    """What the footer tells. context: tokens; None between a compaction and the next answer.

    model: "" if none can be used, None if it is not known yet.
    """

    __slots__ = (
        "basis",
        "branch",
        "context",
        "cwd",
        "level",
        "model",
        "name",
        "reasoning",
        "statuses",
        "usage",
        "window",
    )

    def __init__(self) -> None:
        self.cwd = self.branch = self.name = self.level = self.basis = ""
        self.model: str | None = None
        self.window = 0
        self.context: int | None = 0
        self.reasoning = False
        self.usage = Usage()
        self.statuses: dict[str, str] = {}

    def answered(self, message: AssistantMessage) -> None:
        """Count an answer."""
        new, old = message.usage, self.usage
        total = new.cost.total + old.cost.total
        self.usage = Usage(
            old.input + new.input,
            old.output + new.output,
            old.cache_read + new.cache_read,
            old.cache_write + new.cache_write,
            cost=type(new.cost)(total=total),
        )
        whole = new.input + new.cache_read + new.cache_write + new.output
        if whole and message.stop_reason not in ("error", "aborted"):
            self.context = whole

    def counted(self, stats: SessionStats) -> None:
        """Take the counts of a whole session."""
        tokens = stats.tokens
        self.usage = Usage(
            tokens.input,
            tokens.output,
            tokens.cache_read,
            tokens.cache_write,
            cost=type(self.usage.cost)(total=stats.cost),
        )
        context = stats.context_usage
        tokens_now = getattr(context, "tokens", 0)
        self.context = tokens_now
        self.window = getattr(context, "context_window", 0) or self.window


def count(number: int) -> str:
    """`950`, `4.2k`, `57k`, `1.3M`."""
    if number < 1000:
        return str(number)
    if number < 10_000:
        return f"{number / 1000:.1f}k"
    if number < 1_000_000:
        return f"{number // 1000}k"
    return f"{number / 1_000_000:.1f}M"


def width(text: str) -> int:
    """Cells of a text without control characters; close enough to cut a line that is ours."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def clip(line: Line, cells: int) -> Line:
    """The line, cut with an ellipsis where it is wider than so many cells."""
    if sum(width(text) for _, text in line) <= cells:
        return line
    clipped: Line = []
    room = max(0, cells - 1)
    for style, text in line:
        taken = ""
        for char in text:
            room -= width(char)
            if room < 0:
                return [*clipped, (style, taken + "…")] if cells > 0 else []
            taken += char
        clipped.append((style, taken))
    return clipped


def short_path(path: str, home: str) -> str:
    """The path with `~` for the home folder."""
    if home and (path == home or path.startswith(home.rstrip("/") + "/")):
        return "~" + path[len(home.rstrip("/")) :]
    return path


def footer_lines(facts: Facts, cells: int, styles: dict[str, str]) -> list[Line]:
    """The footer: one line where all of it has room, else two; clipped, never wrapped.

    styles: of `dim`, `muted`, `warning` and `error`.
    """
    dim = styles.get("dim", "")
    where = facts.cwd + (f" ({facts.branch})" if facts.branch else "")
    left: Line = [(dim, where)]
    if facts.name:
        left += [(dim, " • "), (styles.get("muted", ""), facts.name)]
    numbers = _numbers(facts, styles)
    model = "" if facts.model is None else facts.model or "no model (/login or /model)"
    if facts.reasoning and facts.model:
        model += f" • {facts.level}"
    right: Line = [(dim, model)]
    if facts.statuses:
        texts = " · ".join(facts.statuses[key] for key in sorted(facts.statuses))
        right = [(dim, f"{texts} · "), *right]
    whole = [*left, (dim, "  "), *numbers] if numbers else left
    used, needed = cells_of(whole), cells_of(right)
    if used + 2 + needed <= cells:
        return [[*whole, (dim, " " * (cells - used - needed)), *right]]
    if not numbers:
        return [clip(left, cells), clip(right, cells)]
    gap = cells - cells_of(numbers) - needed
    if gap < 2:  # how full the window is and what it costs comes before what it consists of
        numbers = _numbers(facts, styles, short=True)
        gap = max(2, cells - cells_of(numbers) - needed)
    return [clip(left, cells), clip([*numbers, (dim, " " * gap), *right], cells)]


def cells_of(line: Line) -> int:
    """Cells of a line."""
    return sum(width(text) for _, text in line)


def _numbers(facts: Facts, styles: dict[str, str], *, short: bool = False) -> Line:
    """What was used. short: only the share of the window, and the cost."""
    dim, usage = styles.get("dim", ""), facts.usage
    counts = (
        ("↑", usage.input),
        ("↓", usage.output),
        ("R", usage.cache_read),
        ("W", usage.cache_write),
    )
    parts = [] if short else [f"{sign}{count(number)}" for sign, number in counts if number]
    if usage.cost.total:
        parts.append(f"${usage.cost.total:.3f}{_BASIS.get(facts.basis, '')}")
    line: Line = [(dim, " ".join(parts))] if parts else []
    if facts.window:
        look = dim
        if facts.context is None:
            text = f"?/{count(facts.window)}"
        else:
            percent = facts.context * 100 / facts.window
            text = f"{percent:.1f}%/{count(facts.window)}"
            look = styles.get("error" if percent > 90 else "warning" if percent > 70 else "dim", "")
        share: Line = [(look, text)]
        gap: Line = [(dim, " ")] if line else []
        line = [*share, *gap, *line] if short else [*line, *gap, *share]
    return line


def git_branch(cwd: str) -> str:
    """The branch of the work tree that `cwd` is in, the short commit if there is none, or ""."""
    for folder in (Path(cwd), *Path(cwd).parents):
        dot_git = folder / ".git"
        try:
            if dot_git.is_dir():
                return _head(dot_git)
            if dot_git.is_file():  # a worktree or a submodule
                target = dot_git.read_text(encoding="utf-8", errors="replace").strip()
                if target.startswith("gitdir:"):
                    return _head(folder / target.removeprefix("gitdir:").strip())
        except OSError:
            return ""
        if os.path.ismount(folder):
            return ""
    return ""


def _head(git: Path) -> str:
    try:
        text = (git / "HEAD").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
    if text == "ref: refs/heads/.invalid":  # reftable: HEAD is in a binary file
        return ""
    if text.startswith("ref:"):
        name = text.removeprefix("ref:").strip().removeprefix("refs/heads/")
        return "".join(char for char in name if char.isprintable())[:80]
    return text[:8] if text.isalnum() else ""
