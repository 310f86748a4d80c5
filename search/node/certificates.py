"""The certificates of a node: an authority of its own, and what it signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = timedelta(days=36500)
"""As long as anything: a new pair is made by deleting ``ca.crt`` and starting the node again."""
LOOPBACK = ("127.0.0.1", "localhost")
AUTHORITY, NODE, KEY = "ca.crt", "node.crt", "node.key"
"""What the files are called."""


@dataclass(frozen=True)
class Certificates:
    """What a node needs to prove who it is, as PEM."""

    authority: str
    """For those who ask it."""
    node: str
    """For the node, with ``key``."""
    key: str


def make(hosts: Sequence[str] = LOOPBACK) -> Certificates:
    """A new authority and a certificate of it for a node that is reached under these names and addresses.

    The authority's own key is forgotten at once: there will never be another certificate that its clients trust.
    """
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name, name = (_name(text) for text in ("Wirewatch CA", "wirewatch"))
    identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    authority = (
        _certificate(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(ca_key, SHA256())
    )
    # Nodes are each other's clients too.
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    node = (
        _certificate(name, ca_name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.SubjectAlternativeName([_place(host) for host in hosts]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(ca_key, SHA256())
    )
    return Certificates(
        authority=authority.public_bytes(Encoding.PEM).decode(),
        node=node.public_bytes(Encoding.PEM).decode(),
        key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )


def keep(folder: Path, hosts: Sequence[str]) -> bool:
    """Make certificates for a node, and keep them in a folder as :data:`AUTHORITY`, :data:`NODE` and :data:`KEY`, the
    key readable for the folder's group; whether they were made now, and not there already.
    """
    if (folder / AUTHORITY).exists():
        return False
    made = make(hosts)
    # The authority's is written last: with it there are all.
    for name, text, mode in ((KEY, made.key, 0o640), (NODE, made.node, 0o644), (AUTHORITY, made.authority, 0o644)):
        (folder / name).touch(0o600)
        (folder / name).write_text(text)
        (folder / name).chmod(mode)
    return True


def _place(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(yesterday)
        .not_valid_after(yesterday + LIFE)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
