"""A call ends in time, says whether it was sent, and is never repeated or redirected behind our back."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.contract import Misconfigured, Retryable, Unknown
from connectors.endpoint import MOST_BYTES, Endpoint
from connectors.transport import NotSent, checked_url, open_session

JSON = {"Content-Type": "application/json"}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Seen: yes\r\n\r\n{}"
Script = Callable[[socket.socket], None]


class Server:
    """Accepts on loopback and runs one script a connection; remembers the raw requests."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self._scripts = scripts
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/robot/send"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        for script in self._scripts:
            try:
                plain, _ = self._listener.accept()
                plain.settimeout(5)
                with self._tls.wrap_socket(plain, server_side=True) if self._tls else plain as connection:
                    script(connection)
            except OSError:
                continue

    def read(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536) or b"\r\n\r\n"
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(row.split(b":")[1]) for row in head.lower().split(b"\r\n") if row[:15] == b"content-length:"), 0
        )
        while len(body) < length:
            body += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return data

    def close(self) -> None:
        self._listener.close()
        self._thread.join(5)


@contextmanager
def serving(*scripts: Callable[[Server, socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server: Server
    ready = threading.Event()

    def bind(script: Callable[[Server, socket.socket], None]) -> Script:
        def run(connection: socket.socket) -> None:
            ready.wait(5)
            script(server, connection)

        return run

    server = Server(*(bind(script) for script in scripts), tls=tls)
    ready.set()
    try:
        yield server
    finally:
        server.close()


def answering(*answers: bytes) -> Callable[[Server, socket.socket], None]:
    def script(server: Server, connection: socket.socket) -> None:
        for answer in answers:
            server.read(connection)
            connection.sendall(answer)

    return script


def dripping(server: Server, connection: socket.socket) -> None:
    server.read(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(40):
        time.sleep(0.05)
        connection.sendall(b"x")


def dripping_headers(server: Server, connection: socket.socket) -> None:
    server.read(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(40):
        time.sleep(0.05)
        connection.sendall(b"X-%d: y\r\n" % number)


def session(**changes: object) -> requests.Session:
    settings: dict[str, object] = {"connect": 0.3, "read": 0.3, "ca": None, "proxy": None, "pool": 2}
    return open_session(**{**settings, **changes})  # type: ignore[arg-type]  # one dictionary of mixed settings


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "twin")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def test_posts_the_body_to_the_url_of_the_call_and_keeps_the_connection() -> None:
    with serving(answering(OK, OK)) as server, session() as ours:
        endpoint = Endpoint(ours, server.url, JSON)
        first = endpoint.post("订单".encode(), f"{server.url}?sign=a%2Fb%3D")
        second = endpoint.post(b"")
        assert (first.status, first.body, first.headers["x-seen"]) == (200, b"{}", "yes")
        assert second.status == 200
    assert server.requests[0].startswith(b"POST /robot/send?sign=a%2Fb%3D HTTP/1.1\r\n")
    assert server.requests[0].endswith(b"\r\n\r\n" + "订单".encode())
    assert b"Content-Type: application/json" in server.requests[0]
    assert server.requests[1].startswith(b"POST /robot/send HTTP/1.1\r\n")


def test_a_refused_connection_was_not_sent() -> None:
    with session() as ours, pytest.raises(Retryable) as caught:
        Endpoint(ours, f"http://127.0.0.1:{free_port()}/?access_token=t0ken", JSON).post(b"x")
    assert caught.value.detail == "ConnectionRefusedError"
    assert "t0ken" not in repr(caught.value)


def test_a_name_that_does_not_resolve_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    with session() as ours, pytest.raises(Retryable) as caught:
        Endpoint(ours, "https://dingtalk.invalid/", JSON).post(b"x")
    assert caught.value.detail == "gaierror"


def test_a_resolver_that_hangs_ends_with_the_connect_time(monkeypatch: pytest.MonkeyPatch) -> None:
    awake = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        awake.wait(5)
        return []

    monkeypatch.setattr("socket.getaddrinfo", hang)
    began = time.monotonic()
    with session() as ours, pytest.raises(Retryable):
        Endpoint(ours, "https://dingtalk.invalid/", JSON).post(b"x")
    awake.set()
    assert time.monotonic() - began < 1.5


def test_all_addresses_of_a_name_share_one_connect_time(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    def silent(_: object, seconds: float, **__: object) -> socket.socket:
        waits.append(seconds)
        time.sleep(seconds)
        raise TimeoutError

    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"192.0.2.{n}", 443)) for n in (1, 2, 3)]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: rows)
    monkeypatch.setattr("connectors.transport.create_connection", silent)
    with session() as ours, pytest.raises(Retryable):
        Endpoint(ours, "https://dingtalk.invalid/", JSON).post(b"x")
    assert len(waits) == 3
    assert waits[0] == pytest.approx(0.1, abs=0.03)
    assert sum(waits) < 0.31


def test_a_failed_handshake_was_not_sent(authority: Path) -> None:
    with serving(answering(OK)) as server, session(ca=str(authority)) as ours, pytest.raises(Retryable):
        Endpoint(ours, server.url.replace("http:", "https:"), JSON).post(b"x")


def test_a_private_authority_is_trusted_only_when_it_is_named(authority: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    with serving(answering(OK), answering(OK), tls=context) as server:
        with session() as strict, pytest.raises(Retryable) as caught:
            Endpoint(strict, server.url, JSON).post(b"x")
        with session(ca=str(authority)) as ours:
            assert Endpoint(ours, server.url, JSON).post(b"x").status == 200
    assert caught.value.detail == "SSLCertVerificationError"


def test_a_missing_file_of_authorities_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        session(ca=str(tmp_path / "none.pem"))


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "proxy.example.com:3128", "http://"])
def test_a_proxy_that_cannot_be_used_is_told_at_once(proxy: str) -> None:
    with pytest.raises(Misconfigured):
        session(proxy=proxy)


def test_a_file_of_authorities_that_goes_away_means_not_sent(tmp_path: Path, authority: Path) -> None:
    copied = tmp_path / "ca.pem"
    copied.write_bytes(authority.read_bytes())
    with session(ca=str(copied)) as ours:
        endpoint = Endpoint(ours, "https://127.0.0.1:1/", JSON)
        copied.unlink()
        with pytest.raises(Retryable):
            endpoint.post(b"x")


@pytest.mark.parametrize("script", [dripping, dripping_headers], ids=["body", "headers"])
def test_a_server_that_drips_does_not_outlast_the_deadline(script: Callable[[Server, socket.socket], None]) -> None:
    with serving(script) as server, session() as ours:
        began = time.monotonic()
        with pytest.raises(Unknown):
            Endpoint(ours, server.url, JSON).post(b"x")
        assert time.monotonic() - began < 1.5


def test_the_deadline_of_an_ordinary_call_is_a_total_too() -> None:
    with serving(dripping) as server, session(read=5.0) as ours:
        began = time.monotonic()
        with pytest.raises(requests.RequestException):
            ours.get(server.url, timeout=0.3)
        assert time.monotonic() - began < 1.5


def test_a_call_without_a_timeout_has_the_sessions() -> None:
    with serving(dripping) as server, session() as ours, pytest.raises(requests.RequestException):
        ours.get(server.url)


def test_an_ordinary_call_can_tell_that_nothing_was_sent() -> None:
    with session() as ours, pytest.raises(NotSent):
        ours.get(f"http://127.0.0.1:{free_port()}/")


def test_silence_after_the_request_is_unknown() -> None:
    def silent(server: Server, connection: socket.socket) -> None:
        server.read(connection)
        time.sleep(0.6)

    with serving(silent) as server, session() as ours, pytest.raises(Unknown):
        Endpoint(ours, server.url, JSON).post(b"x")
    assert len(server.requests) == 1


def test_a_reused_connection_that_dies_is_unknown_and_never_sent_again() -> None:
    def dies_at_the_second(server: Server, connection: socket.socket) -> None:
        server.read(connection)
        connection.sendall(OK)
        server.read(connection)

    with serving(dies_at_the_second, answering(OK)) as server, session() as ours:
        endpoint = Endpoint(ours, server.url, JSON)
        assert endpoint.post(b"one").status == 200
        with pytest.raises(Unknown):
            endpoint.post(b"two")
        assert [request[-3:] for request in server.requests] == [b"one", b"two"]
        assert endpoint.post(b"six").status == 200


def test_a_body_cut_short_is_unknown() -> None:
    short = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"
    with serving(answering(short)) as server, session() as ours, pytest.raises(Unknown):
        Endpoint(ours, server.url, JSON).post(b"x")


def test_nonsense_instead_of_http_is_unknown() -> None:
    with serving(answering(b"SSH-2.0-x\r\n\r\n")) as server, session() as ours, pytest.raises(Unknown):
        Endpoint(ours, server.url, JSON).post(b"x")


def test_no_more_than_a_mebibyte_is_read() -> None:
    def endless(server: Server, connection: socket.socket) -> None:
        server.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(64):
            connection.sendall(b"y" * 65536)

    with serving(endless) as server, session(read=3.0) as ours:
        assert len(Endpoint(ours, server.url, JSON).post(b"x").body) == MOST_BYTES


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_post_follows_no_redirect(status: int) -> None:
    moved = b"HTTP/1.1 %d Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n" % status
    with serving(answering(moved), answering(moved)) as server, session() as ours:
        assert Endpoint(ours, server.url, JSON).post(b"x").status == status
        assert ours.post(server.url, data=b"x").status_code == status
    assert len(server.requests) == 2


def test_a_get_follows_a_redirect() -> None:
    moved = b"HTTP/1.1 302 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(moved, OK)) as server, session() as ours:
        assert ours.get(server.url).status_code == 200
    assert server.requests[1].startswith(b"GET /elsewhere ")


def test_the_proxy_of_the_settings_is_used_and_the_environments_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(OK), answering(refusal)) as server:
        with session() as direct:
            assert Endpoint(direct, server.url, JSON).post(b"x").status == 200
        with session(proxy=f"http://127.0.0.1:{server.port}") as proxied, pytest.raises(Retryable):
            Endpoint(proxied, "https://oapi.dingtalk.com/robot/send", JSON).post(b"x")
    assert server.requests[1].startswith(b"CONNECT oapi.dingtalk.com:443 ")


@pytest.mark.parametrize(
    "url",
    ["https://oapi.dingtalk.com/robot/send?a=b", "http://127.0.0.1:8080/x", "http://localhost/", "http://[::1]:1/"],
)
def test_urls_that_may_be_called(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://oapi.dingtalk.com/robot/send",
        "http://127.0.0.1.example.com/",
        "http://10.0.0.1/",
        "ftp://127.0.0.1/",
        "https://user:secret@oapi.dingtalk.com/",
        "https://@oapi.dingtalk.com/",
        "https:///robot/send",
        "https://oapi.dingtalk.com/#part",
        "oapi.dingtalk.com",
        "https://[::1",
    ],
)
def test_urls_that_may_not_be_called(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL") as caught:
        checked_url(url)
    assert "secret" not in str(caught.value)
