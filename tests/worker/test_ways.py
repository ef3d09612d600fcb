"""Mail and signed JSON to operators, against servers on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy

import msgspec
import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from config.operators import Operators, Smtp, Webhook
from tests.mailbox import Mailbox, mailbox
from worker.ledger.faults import Telling
from worker.operators import ways as telling_ways
from worker.operators.letter import Letter
from worker.operators.ways import NotTold, ways

LETTER = Letter("dingbridge: fault:\r\nBcc: x@y.z", ("sales takes no messages", "and crm is silent"))
TELLING = Telling(7, "smtp", msgspec.json.encode(LETTER), 1_790_000_000_000_000, 1)
SECRET = "a-key-that-signs-what-operators-get"


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with mailbox() as one:
        yield one


def smtp(port: int, user: str = "", password: str = "") -> Smtp:
    to = ("ops@example.com", "night@example.com")
    return Smtp("127.0.0.1", port, "none", user, SecretStr(password), "bridge@example.com", to)


def tell(operators: Operators, way: str, telling: Telling = TELLING) -> None:
    ways(operators)[way](telling)


def test_a_mail_reaches_everybody_and_carries_the_same_id_when_it_comes_again(post: Mailbox) -> None:
    for _ in range(2):
        tell(Operators(smtp=smtp(post.port)), "smtp")
    first, again = (message_from_bytes(raw, policy=policy.default) for raw in post.mails)
    assert post.recipients[:2] == ["<ops@example.com>", "<night@example.com>"]
    assert first["Subject"] == "dingbridge: fault: Bcc: x@y.z"
    assert first["Bcc"] is None
    assert first["Message-ID"] == again["Message-ID"] != ""
    assert "sales takes no messages" in first.get_content()


def test_a_refused_login_is_told_without_the_password(post: Mailbox) -> None:
    with pytest.raises(NotTold, match="the mail server") as failed:
        tell(Operators(smtp=smtp(post.port, "bridge", "a-password")), "smtp")
    assert "a-password" not in str(failed.value)
    assert failed.value.__cause__ is None


def test_a_server_that_refuses_or_is_away_is_named(post: Mailbox) -> None:
    post.refuses = True
    with pytest.raises(NotTold, match="refused every recipient"):
        tell(Operators(smtp=smtp(post.port)), "smtp")
    with socket.create_server(("127.0.0.1", 0)) as free:
        away = free.getsockname()[1]
    with pytest.raises(NotTold, match="ConnectionRefusedError"):
        tell(Operators(smtp=smtp(away)), "smtp")


def test_a_server_without_the_promised_tls_gets_nothing(post: Mailbox) -> None:
    with pytest.raises(NotTold):
        tell(Operators(smtp=replace(smtp(post.port, "bridge", "a-password"), security="starttls")), "smtp")
    assert not any("AUTH" in line for line in post.lines)
    assert post.mails == []


def test_a_server_that_says_nothing_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling_ways, "STEP_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotTold):
        tell(Operators(smtp=smtp(silent.getsockname()[1])), "smtp")


def test_a_server_that_answers_drop_by_drop_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling_ways, "WHOLE_S", 0.5)
    done = threading.Event()

    def drip(server: socket.socket) -> None:
        with server.accept()[0] as client:
            client.sendall(b"220 slow\r\n")
            while not done.wait(0.05):
                try:
                    client.sendall(b"2")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,), daemon=True)
        thread.start()
        with pytest.raises(NotTold):
            tell(Operators(smtp=smtp(server.getsockname()[1])), "smtp")
        done.set()
        thread.join(5)


def test_json_is_signed_over_its_time_and_body(httpserver: HTTPServer) -> None:
    taken: list[Request] = []

    def take(request: Request) -> Response:
        taken.append(request)
        return Response(status=204)

    httpserver.expect_request("/faults").respond_with_handler(take)
    tell(Operators(webhook=Webhook(httpserver.url_for("/faults"), SecretStr(SECRET))), "webhook")
    (request,) = taken
    signed = request.headers["X-Dingbridge-Timestamp"].encode() + b"." + request.data
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["X-Dingbridge-Signature"] == f"sha256={expected}"
    assert request.headers["X-Dingbridge-Id"] == "7"
    assert json.loads(request.data)["paragraphs"] == list(LETTER.paragraphs)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_json_that_is_not_taken_is_not_told(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/faults").respond_with_data("", status=status)
    with pytest.raises(NotTold, match=f"HTTP {status}"):
        tell(Operators(webhook=Webhook(httpserver.url_for("/faults"), SecretStr(SECRET))), "webhook")
