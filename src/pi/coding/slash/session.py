"""`/session`: file, size and use of this session."""

from pi.coding.api.answers import ContextUsage, SessionState, SessionStats
from pi.coding.api.commands import GetSessionStats, GetState
from pi.coding.extensions.surface import Context
from pi.coding.slash.words import count, dollars, plural, show

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """Numbers are about all branches."""
    state: SessionState = await context.send(GetState())
    stats: SessionStats = await context.send(GetSessionStats())
    file = state.session_file if isinstance(state.session_file, str) else "(kept in memory only)"
    name = state.session_name if isinstance(state.session_name, str) else "(none: /name)"
    tokens = stats.tokens
    rows = [
        ("Name", name),
        ("Id", f"`{stats.session_id}`"),
        ("File", f"`{file}`"),
        ("Folder", f"`{context.cwd}`"),
        ("Model", f"{state.model.provider}/{state.model.id}, thinking: {state.thinking_level}"),
        (
            "Messages",
            f"{plural(stats.user_messages, 'prompt')}, "
            f"{plural(stats.assistant_messages, 'answer')}, "
            f"{plural(stats.tool_calls, 'tool call')}",
        ),
        (
            "Tokens",
            f"{count(tokens.input)} in, {count(tokens.output)} out, "
            f"{count(tokens.cache_read)} from the cache, {count(tokens.cache_write)} into it",
        ),
        ("Window", _window(stats.context_usage)),
        ("Cost", f"{dollars(stats.cost)} (/cost says what for)"),
    ]
    show(context, "\n".join(f"- {name}: {value}" for name, value in rows))


def _window(usage: object) -> str:
    if not isinstance(usage, ContextUsage):
        return "not known"
    if usage.tokens is None or usage.percent is None:
        return f"? of {count(usage.context_window)}, known after the next answer"
    return f"{count(usage.tokens)} of {count(usage.context_window)} ({usage.percent:.1f} %)"
