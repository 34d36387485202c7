"""The service's certificate and key: read from files, and again when they change, without dropping anyone.

A connection keeps the certificate that it began with. Which one a new connection gets is chosen in its handshake
(`sni_callback`, which OpenSSL calls also where the client names no server), so that a certificate and a key are taken
up together or not at all.
"""

import ssl
from datetime import datetime
from pathlib import Path

from cryptography import x509

from ticker.errors import CertificateError

CHANGES_NEED = "the certificate in [tls] certificate, with its chain behind it, and the key in [tls] key, both as PEM"


class Certificate:
    """One service's. Raises CertificateError where the files cannot be used."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.context, self.expires = _read(certificate, key)
        self._newest = self.context
        self.context.sni_callback = self._choose

    def take_up(self, certificate: Path, key: Path) -> None:
        """Use what the files hold now for the connections to come. Raises CertificateError, and all stays as it was."""
        self._newest, self.expires = _read(certificate, key)

    def _choose(self, connection: ssl.SSLObject, _: str | None, __: ssl.SSLContext) -> None:
        connection.context = self._newest


def _read(certificate: Path, key: Path) -> tuple[ssl.SSLContext, datetime]:
    """A context with them, and when the certificate expires."""
    pem = _bytes("certificate", certificate)
    _bytes("key", key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        first, *_ = x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise CertificateError(f"[tls] certificate: {certificate} holds no certificate as PEM") from None
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            problem = f"{key} is not the key of the certificate in {certificate}"
        else:
            problem = f"{key} and {certificate} cannot be used: {error.reason or error}"
        raise CertificateError(f"[tls] {problem}. Needed: {CHANGES_NEED}") from None
    return context, first.not_valid_after_utc


def _bytes(name: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateError(f"[tls] {name}: {path} cannot be read: {error.strerror}") from None


def _no_password() -> str:
    """In place of asking for one on the terminal."""
    raise CertificateError("[tls] key: it has a password; needed is one without, in a file that only we can read")
