"""Writes the summary of a compaction itself, instead of a model."""

from pi.extensions import Context, Pi, SessionBeforeCompact, SessionCompact, Summary, UserMessage


def extension(pi: Pi) -> None:
    @pi.on("session_before_compact")
    def summarise(event: SessionBeforeCompact, context: Context) -> Summary:
        said = [m.content for m in event.messages if isinstance(m, UserMessage)]
        lines = "\n".join(f"- {text}" for text in said if isinstance(text, str))
        return Summary(f"The user has asked for:\n{lines}", details={"prompts": len(said)})

    @pi.on("session_compact")
    def done(event: SessionCompact, context: Context) -> None:
        context.ui.notify(f"summarised; by an extension: {event.from_extension}")
