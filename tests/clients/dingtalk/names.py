"""The vendor's names on this machine: the twin behind TLS, with a certificate that the clients of a test trust.

Some clients have no setting for their address. Their programs look the vendor's names up here instead, as with a line in
/etc/hosts, and find the twin.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.types import Receive, Scope, Send

from tests.served import DEADLINE_S, Host

NAMES = ("api.dingtalk.com", "oapi.dingtalk.com", "eco.taobao.com")


@dataclass(frozen=True, slots=True)
class Names:
    """Where the names lead, and the file with the certificate to trust."""

    port: int
    trusted: Path

    @property
    def env(self) -> dict[str, str]:
        """What the environment of a client's program says of them."""
        return {
            "VENDOR_NAMES": " ".join(NAMES),
            "VENDOR_PORT": str(self.port),
            "NODE_EXTRA_CA_CERTS": str(self.trusted),
            "REQUESTS_CA_BUNDLE": str(self.trusted),
        }


@contextmanager
def vendor_names(host: Host, folder: Path) -> Iterator[Names]:
    """Serve what `host` serves under the vendor's names as well; certificate and key are kept in `folder`."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await host.twin.app(scope, receive, send)

    _certify(folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            serve,
            interface="asgi3",
            log_level="error",
            lifespan="off",
            timeout_graceful_shutdown=2,
            ssl_certfile=folder / "names.pem",
            ssl_keyfile=folder / "key.pem",
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + DEADLINE_S
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.005)
        yield Names(listener.getsockname()[1], folder / "names.pem")
        server.should_exit = True
        thread.join(DEADLINE_S)


def _certify(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "DingTalk of a test")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in NAMES])
    public = key.public_key()
    built = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(own)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "names.pem").write_bytes(built.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))
