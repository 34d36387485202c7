"""Certificates for tests, of an authority that only they know."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import trustme

EXPIRES = datetime(2036, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Pair:
    """A certificate with its chain, and its key, as files."""

    certificate: Path
    key: Path

    def replace(self, other: "Pair") -> None:
        """Put another pair's contents in their place, as whoever renews certificates does."""
        for mine, its in ((self.certificate, other.certificate), (self.key, other.key)):
            renewed = mine.with_suffix(".new")
            renewed.write_bytes(its.read_bytes())
            renewed.rename(mine)


class Authority:
    """Signs certificates for this machine."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._authority = trustme.CA()
        self.file = directory / "authority.pem"
        self._authority.cert_pem.write_to_path(self.file)

    def pair(self, name: str, expires: datetime = EXPIRES) -> Pair:
        """A new certificate, in files of this name."""
        issued = self._authority.issue_cert("127.0.0.1", "localhost", not_after=expires)
        pair = Pair(self._directory / f"{name}.crt", self._directory / f"{name}.key")
        issued.private_key_pem.write_to_path(pair.key)
        pair.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        return pair

    def trusting(self) -> ssl.SSLContext:
        """What a client needs that trusts this authority alone."""
        return ssl.create_default_context(cafile=self.file)
