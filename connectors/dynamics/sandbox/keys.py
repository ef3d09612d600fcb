"""A certificate with its private key, made when the twin starts."""

from __future__ import annotations

import base64
from datetime import timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.directory import Key


@cache
def make() -> Key:
    """Make a self-signed certificate, once in a process: it takes a moment."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dingbridge sandbox")])
    begins = moments.now() - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Key(
        private.decode(),
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        # the vendor identifies certificates by SHA-1 too; nothing is protected by it
        _thumbprint(certificate.fingerprint(hashes.SHA1())),  # noqa: S303 - the vendor's header x5t
        _thumbprint(certificate.fingerprint(hashes.SHA256())),
    )


def _thumbprint(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
