"""The certificate: what may be wrong with it, and which one a connection gets."""

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.authority import EXPIRES, Authority, Pair
from ticker.certificates import Certificate
from ticker.errors import CertificateError


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def shaken(certificate: Certificate, client: ssl.SSLContext, name: str | None = "localhost") -> ssl.SSLObject:
    """The client's side of a handshake in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = certificate.context.wrap_bio(to_server, to_client, server_side=True)
    peer = client.wrap_bio(to_client, to_server, server_hostname=name)
    for _ in range(10):
        for side in (peer, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return peer


def serial(certificate: Certificate, authority: Authority, name: str = "localhost") -> str:
    found = shaken(certificate, authority.trusting(), name).getpeercert()
    assert found
    return str(found["serialNumber"])


def of(pair: Pair) -> Certificate:
    return Certificate(pair.certificate, pair.key)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])  # the latter without a name in the handshake
def test_what_is_taken_up_is_for_the_next_connection(authority: Authority, name: str) -> None:
    old, new = authority.pair("old", EXPIRES - timedelta(days=1)), authority.pair("new")
    certificate = of(old)
    assert certificate.expires == EXPIRES - timedelta(days=1)
    first = serial(certificate, authority, name)
    certificate.take_up(new.certificate, new.key)
    assert certificate.expires == EXPIRES
    assert serial(certificate, authority, name) != first
    assert serial(certificate, authority, name) == serial(of(new), authority, name)


def test_what_cannot_be_used_changes_nothing(authority: Authority) -> None:
    old, new = authority.pair("old"), authority.pair("new", EXPIRES + timedelta(days=1))
    certificate = of(old)
    before = serial(certificate, authority)
    with pytest.raises(CertificateError):
        certificate.take_up(new.certificate, old.key)
    assert (serial(certificate, authority), certificate.expires) == (before, EXPIRES)


def test_each_problem_is_told_with_its_file(authority: Authority, tmp_path: Path) -> None:
    one, other = authority.pair("one"), authority.pair("other")
    nothing, rubbish, locked = tmp_path / "nothing", tmp_path / "rubbish", tmp_path / "locked"
    rubbish.write_text("-----BEGIN")
    key = load_pem_private_key(one.key.read_bytes(), None)
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    for certificate, its, said in (
        (nothing, one.key, f"certificate: {nothing} cannot be read: No such file"),
        (one.certificate, nothing, f"key: {nothing} cannot be read: No such file"),
        (rubbish, one.key, f"{rubbish} holds no certificate as PEM"),
        (one.certificate, other.key, f"{other.key} is not the key of the certificate in {one.certificate}"),
        (one.certificate, rubbish, f"{rubbish} and {one.certificate} cannot be used"),
        (one.certificate, locked, "it has a password"),
    ):
        with pytest.raises(CertificateError) as caught:
            Certificate(certificate, its)
        assert said in str(caught.value)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the old versions
def test_what_is_older_than_tls_1_2_is_refused(authority: Authority) -> None:
    client = authority.trusting()
    client.minimum_version, client.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    client.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        shaken(of(authority.pair("one")), client)


def test_tls_1_2_is_spoken(authority: Authority) -> None:
    client = authority.trusting()
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert shaken(of(authority.pair("one")), client).version() == "TLSv1.2"
