"""`/quit`, `/exit`: end the program in order."""

from pi.coding.extensions.surface import Context

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """What was said is in the file already."""
    front = context.front
    if front is not None:
        front.quit()
    else:
        context.shutdown()
