"""The error tree. Every error has a `kind`; nobody downstream reads prose to decide anything.

    PiError
    ├── AuthError        auth         no credential, or the service refused it
    ├── RateLimitError   rate_limit   slow down; `retry_after` may say for how long
    ├── OverloadedError  overloaded   the service failed on its side and may recover (5xx, 529)
    ├── QuotaError       quota        money or plan is used up: waiting does not help
    ├── ContextOverflowError overflow  the request is larger than the model's context window
    ├── RefusedError     refused      the provider's filter or the model's refusal ended the answer
    ├── TransportError   transport    DNS, connect, TLS, proxy, reset, time-out, cut stream
    ├── ProtocolError    protocol     the request was rejected as invalid, or the answer is not
    │                                 what the wire promises
    ├── ConfigError      config       something the user can set is missing or wrong
    └── AbortedError     aborted      somebody stopped it

`ErrorInfo` is the same as data: it travels in the `error` event and is never an exception there.
Messages never contain a credential: the message of a failed request is the service's answer, and
the places that handle keys raise with names of variables and files only.
"""

from msgspec import Struct

from pi.ai.messages import ErrorKind

__all__ = [
    "RETRYABLE",
    "AbortedError",
    "AuthError",
    "ConfigError",
    "ContextOverflowError",
    "ErrorInfo",
    "OverloadedError",
    "PiError",
    "ProtocolError",
    "QuotaError",
    "RateLimitError",
    "RefusedError",
    "TransportError",
    "to_exception",
]

RETRYABLE: frozenset[ErrorKind] = frozenset({"rate_limit", "overloaded", "transport"})
"""Kinds for which the same request may succeed later."""


class ErrorInfo(Struct, frozen=True, rename="camel", omit_defaults=True):
    """An error as data. `retry_after` is in seconds, `status` the HTTP status if there was one."""

    kind: ErrorKind
    message: str
    status: int | None = None
    retry_after: float | None = None

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.kind in RETRYABLE


class PiError(Exception):
    """Base of all errors of this package."""

    kind: ErrorKind = "protocol"

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.retry_after = retry_after

    @property
    def info(self) -> ErrorInfo:
        """This error as data."""
        return ErrorInfo(self.kind, self.message, self.status, self.retry_after)


class AuthError(PiError):
    """No usable credential, or the service refused it."""

    kind: ErrorKind = "auth"


class RateLimitError(PiError):
    """Too many requests for now."""

    kind: ErrorKind = "rate_limit"


class OverloadedError(PiError):
    """The service failed on its side and may recover."""

    kind: ErrorKind = "overloaded"


class QuotaError(PiError):
    """Money or plan is used up; waiting does not help."""

    kind: ErrorKind = "quota"


class ContextOverflowError(PiError):
    """The request is larger than the model's context window."""

    kind: ErrorKind = "overflow"


class RefusedError(PiError):
    """A content filter or a refusal ended the answer."""

    kind: ErrorKind = "refused"


class TransportError(PiError):
    """The bytes did not arrive."""

    kind: ErrorKind = "transport"


class ProtocolError(PiError):
    """The request was rejected as invalid, or the answer is not what the wire promises."""

    kind: ErrorKind = "protocol"


class ConfigError(PiError):
    """Something the user can set is missing or wrong."""

    kind: ErrorKind = "config"


class AbortedError(PiError):
    """Somebody stopped the call."""

    kind: ErrorKind = "aborted"


_BY_KIND: dict[str, type[PiError]] = {
    cls.kind: cls
    for cls in (
        AuthError,
        RateLimitError,
        OverloadedError,
        QuotaError,
        ContextOverflowError,
        RefusedError,
        TransportError,
        ProtocolError,
        ConfigError,
        AbortedError,
    )
}


def to_exception(info: ErrorInfo) -> PiError:
    """The exception that says what `info` says."""
    return _BY_KIND[info.kind](info.message, status=info.status, retry_after=info.retry_after)
