"""A tool from a plain function: the model reads the types and the docstring."""

from pathlib import Path

from pi.extensions import Pi, ToolError


def extension(pi: Pi) -> None:
    def word_count(path: str) -> int:
        """Count the words of a text file.

        Args:
            path: the file
        """
        try:
            return len(Path(path).read_text().split())
        except OSError as error:
            raise ToolError(f"{path} cannot be read: {error.strerror}") from None

    pi.register_tool(word_count)
