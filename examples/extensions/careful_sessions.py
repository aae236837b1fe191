"""Is asked before a session is left, forked, or goes on elsewhere; hears when that is done."""

from pi.extensions import (
    Cancel,
    Context,
    Pi,
    SessionBeforeFork,
    SessionBeforeSwitch,
    SessionBeforeTree,
    SessionShutdown,
    SessionStart,
    SessionTree,
    Summary,
)


def extension(pi: Pi) -> None:
    @pi.on("session_start")
    def start(event: SessionStart, context: Context) -> None:
        context.ui.notify(f"session begins: {event.reason}")

    @pi.on("session_shutdown")
    def end(event: SessionShutdown, context: Context) -> None:
        context.ui.notify(f"session ends: {event.reason}")

    @pi.on("session_before_switch")
    async def before_switch(event: SessionBeforeSwitch, context: Context) -> Cancel | None:
        _, changes, _ = await context.exec("git", "status", "--porcelain")
        if event.reason == "new" and changes:
            return Cancel("there are uncommitted changes")
        return None

    @pi.on("session_before_fork")
    def before_fork(event: SessionBeforeFork, context: Context) -> Cancel | None:
        return Cancel("no copies, please") if event.entry_id is None else None

    @pi.on("session_before_tree")
    def before_tree(event: SessionBeforeTree, context: Context) -> Summary | None:
        return Summary("The first try led nowhere.") if event.summarize else None

    @pi.on("session_tree")
    def went(event: SessionTree, context: Context) -> None:
        context.ui.notify("the session goes on from another entry")
