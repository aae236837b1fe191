"""What can go wrong with a session file, in words for the person who owns the file."""

from pi.ai.errors import ConfigError

__all__ = ["SessionError"]


class SessionError(ConfigError):
    """A session cannot be found, read or written. The message names the file and what to do."""
