"""Which certificates are trusted: the system's, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name.

A context is made when the first TLS connection needs it and kept for the process. Reading a usual
bundle takes some 20 ms without the interpreter lock, so `dial` does it in a thread.
"""

import ssl
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pi.ai.errors import ConfigError

__all__ = ["client_context", "explain", "kept_context", "load_first"]

_contexts: dict[tuple[str, str], ssl.SSLContext] = {}

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Gentoo, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # CentOS, RHEL 7 and later
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # Alpine, the BSDs
    "/etc/pki/tls/cacert.pem",  # OpenELEC
    "/usr/local/share/certs/ca-root-nss.crt",  # FreeBSD
    "/data/data/com.termux/files/usr/etc/tls/cert.pem",  # Termux
)
"""Where systems keep their bundle, for a Python whose OpenSSL looks elsewhere."""


def kept_context(env: Mapping[str, str]) -> ssl.SSLContext | None:
    """The context for `env` if it was made before."""
    return _contexts.get(_key(env))


def client_context(env: Mapping[str, str]) -> ssl.SSLContext:
    """The context for `env`. Blocks while it reads certificates. Raises `ConfigError`."""
    key = _key(env)
    context = _contexts.get(key)
    if context is None:
        context = _contexts[key] = _make(*key)
    return context


def explain(error: ssl.SSLError, host: str) -> str:
    """What went wrong in a TLS handshake with `host`, and what to do about it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = str(getattr(error, "verify_message", "")) or str(error)
        match getattr(error, "verify_code", 0):
            case 10:
                return "its certificate has expired (or this computer's clock is wrong)"
            case 9:
                return "its certificate is not valid yet (or this computer's clock is wrong)"
            case 62 | 64:
                return f"its certificate is not for {host}"
            case 18 | 19 | 20 | 21:
                return (
                    f"its certificate is not trusted: {reason}; if your network or server uses an"
                    " authority of its own, set SSL_CERT_FILE to a file with its certificate"
                )
            case _:
                return f"its certificate is not valid: {reason}"
    match error.reason or "":
        case (
            "WRONG_VERSION_NUMBER" | "HTTP_REQUEST" | "PACKET_LENGTH_TOO_LONG" | "RECORD_TOO_SMALL"
        ):
            return "it does not speak TLS; is it http:// instead of https://?"
        case "UNSUPPORTED_PROTOCOL" | "TLSV1_ALERT_PROTOCOL_VERSION":
            return "it does not speak TLS 1.2 or later"
        case "":
            return "the TLS handshake failed"
        case reason:
            return f"the TLS handshake failed: {reason.lower().replace('_', ' ')}"


def _key(env: Mapping[str, str]) -> tuple[str, str]:
    return env.get("SSL_CERT_FILE", ""), env.get("SSL_CERT_DIR", "")


def _make(file: str, folder: str) -> ssl.SSLContext:
    if sys.platform == "darwin" and not file and not folder:
        from truststore import SSLContext  # the keychain; a dependency on this system only

        context: ssl.SSLContext = SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if file or folder:
            _load_named(context, file, folder)
        elif sys.platform == "win32":
            context.load_default_certs()
        else:
            paths = ssl.get_default_verify_paths()
            load_first(context, (paths.openssl_cafile, *_BUNDLES), paths.openssl_capath)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load_named(context: ssl.SSLContext, file: str, folder: str) -> None:
    if folder and not any(Path(part).is_dir() for part in folder.split(_SEPARATOR)):
        raise ConfigError(f"SSL_CERT_DIR names no directory: {folder}")
    try:
        context.load_verify_locations(file or None, folder or None)
    except ssl.SSLError:
        raise ConfigError(f"SSL_CERT_FILE holds no certificates in PEM form: {file}") from None
    except OSError as error:
        raise ConfigError(f"SSL_CERT_FILE cannot be read: {file}: {error.strerror}") from None


def load_first(context: ssl.SSLContext, files: tuple[str, ...], folder: str) -> None:
    """Load the first bundle that can be read, and trust the folder of certificates besides.

    Raises `ConfigError` if there is neither.
    """
    if hashed := any(Path(folder).glob("*.[0-9]")):
        context.load_verify_locations(capath=folder)
    for file in files:
        with suppress(OSError, ssl.SSLError):
            context.load_verify_locations(file)
            return
    if not hashed:
        raise ConfigError(
            "no CA certificates were found on this system: install the package ca-certificates,"
            " or set SSL_CERT_FILE to a file that holds them"
        )


_SEPARATOR = ";" if sys.platform == "win32" else ":"
