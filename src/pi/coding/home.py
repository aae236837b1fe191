"""What belongs to the user and the folder: settings, models, credentials.

Opening a home reads the settings and knows where everything else is; models and keys are read when
somebody asks. Lists of models need no more than this, so nothing here loads an event loop.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from pi.ai.auth.resolve import Resolver
from pi.ai.auth.store import CredentialStore
from pi.ai.catalog import Catalog
from pi.ai.errors import ConfigError
from pi.coding.demo import DEMO, demo_model
from pi.coding.migrate import migrate
from pi.coding.settings import Settings, agent_dir
from pi.coding.settings_file import load

__all__ = ["Home", "open_home"]


class Home(Struct, frozen=True):
    """What belongs to the user and the folder. notes: what a person should know about it."""

    folder: Path
    cwd: Path
    settings: Settings
    catalog: Catalog
    resolver: Resolver
    env: Mapping[str, str]
    notes: tuple[str, ...] = ()


def working_folder() -> Path:
    """The folder in which pi was started. Raises `ConfigError` if it is gone."""
    try:
        cwd = Path.cwd()
        os.scandir(cwd).close()
    except OSError as error:
        raise ConfigError(
            f"the working folder cannot be used ({error.strerror}): change to another one"
        ) from None
    return cwd


def open_home(env: Mapping[str, str]) -> Home:
    """Read settings and know where everything else is; models and keys are read when needed."""
    cwd = working_folder()
    folder = agent_dir(env)
    notes = list(migrate(folder))
    loaded = load(folder, cwd, env=env)
    catalog = Catalog(folder / "models.json", folder / "models")
    store = CredentialStore(folder / "auth.json")
    resolver = Resolver(catalog, store, env=env)
    problem = store.problem
    notes += [*loaded.notes, *([problem.message] if problem else []), *catalog.problems]
    catalog.add_provider(DEMO, [demo_model()], owner="pi")
    return Home(folder, cwd, loaded.settings, catalog, resolver, env, tuple(notes))
