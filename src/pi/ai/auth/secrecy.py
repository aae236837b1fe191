"""Knows the secrets of this process, and masks them wherever text leaves it.

Secret are the keys and tokens that stand in the store, in the variables of the providers and in
`models.json`, whether they are used or not, and whatever was handed out. Transcripts are masked
exactly: nothing that only looks like a key. A short or plain word that serves as a key, as servers
on one's own machine have it, is left alone, because it would be masked in everybody's prose.
"""

import re
from collections.abc import Iterable, Iterator

from pi.ai.auth.base import ApiKey
from pi.ai.auth.file import AuthFileError
from pi.ai.auth.masks import Masker
from pi.ai.auth.rows import Catalog, UserProvider
from pi.ai.auth.store import Credentials
from pi.ai.auth.values import Environment, at_hand, names_secret

__all__ = ["Secrecy", "is_telling"]

_WORD = re.compile(r"[-_. ]")
_SHORTEST = 12
_LONG = 20


class Secrecy:
    """What is secret. Nothing is read before the first text is masked."""

    def __init__(self, catalog: Catalog, store: Credentials, env: Environment) -> None:
        self._catalog = catalog
        self._store = store
        self._env = env
        self._masker = Masker(shapes=False)
        self._seen: object = None

    @property
    def masker(self) -> Masker:
        """Masks all that is secret now."""
        try:
            stored = self._store.snapshot()
        except AuthFileError:
            stored = {}
        if stored != self._seen:  # at first, and when a login was refreshed or added
            self._seen = stored
            self.add(self._known())
        return self._masker

    def add(self, secrets: Iterable[str]) -> None:
        """Keep these secret as well."""
        self._masker.add(filter(is_telling, secrets))

    def mask(self, text: str) -> str:
        """`text` with every secret replaced."""
        return self.masker.mask(text)

    def mask_bytes(self, data: bytes) -> bytes:
        """UTF-8 or a line of JSON with every secret replaced."""
        return self.masker.mask_bytes(data)

    # -- where they are ----------------------------------------------------------------------------

    def _known(self) -> Iterator[str]:
        yield from self._stored()
        for row in self._catalog.providers.values():
            others = filter(names_secret, (*row.auth.required_env, *row.auth.optional_env))
            yield from filter(None, map(self._env.get, (*row.auth.env, *others)))
            user = self._catalog.user_provider(row.id)
            if user is not None:
                yield from self._written(user)

    def _stored(self) -> Iterator[str]:
        try:
            names = self._store.names()
        except AuthFileError:
            return
        for name in names:
            try:
                credential = self._store.entry(name)
            except AuthFileError:
                continue
            if isinstance(credential, ApiKey):
                env = Environment(self._env.process, credential.env)
                yield at_hand(credential.key or "", env) or ""
                yield from (value for key, value in credential.env.items() if names_secret(key))
            elif credential is not None:
                yield from (credential.access, credential.refresh)

    def _written(self, user: UserProvider) -> Iterator[str]:
        """The secrets of an entry of `models.json`."""
        yield at_hand(user.api_key or "", self._env) or ""
        for headers in (user.headers, *user.model_headers.values()):
            for name, spec in headers.items():
                value = at_hand(spec, self._env) or ""
                if names_secret(name):
                    yield from (value, value.rpartition(" ")[2])


def is_telling(secret: str) -> bool:
    """Whether a text is most likely nothing but a secret, so that masking it hurts nobody."""
    secret = secret.strip()
    words = _WORD.split(secret)
    if len(secret) < _SHORTEST or (
        all(word.isalpha() and word.islower() for word in words if word)
        and (len(words) > 1 or len(secret) < 2 * _SHORTEST)
    ):
        return False
    if len(secret) >= _LONG:
        return True
    return len(words) == 1 and not secret.isalpha() and not secret.isdigit()
