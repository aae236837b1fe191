"""Errors that a mode or a command tells apart from others, to ask what is to be done."""

from pathlib import Path

from pi.ai.errors import ConfigError

__all__ = ["FolderGone"]


class FolderGone(ConfigError):
    """The folder that a session works in does not exist any more."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"the folder of this session is gone: {folder}; make it again, or copy the session"
            " into this folder with --fork"
        )
        self.folder = folder
