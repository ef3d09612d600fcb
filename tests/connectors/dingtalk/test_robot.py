"""A robot says truly what became of a message, signs each attempt, and resends the same bytes with the same key."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import (
    Delivers,
    Draft,
    Fact,
    Format,
    Guarantee,
    Line,
    Outcome,
    Probes,
    Resend,
    Services,
    Window,
)
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.robot import sign
from connectors.transport import NotSent, open_session
from tests.connectors.dingtalk.scripted import NOW, UNHURRIED, WEBHOOK, NoTokens, Scripted, robot, settings
from tests.contract.case import Secrets

DELIVERED = (200, b'{"errcode":0,"errmsg":"ok"}')
FACT = Fact("Order released", "SO-1042", "https://crm.example.com/1", lines=(Line("Amount", "HKD 1.00"),))
DRAFT = Draft("Order SO-1042", (FACT,), open_label="Open")


@pytest.mark.parametrize(
    ("stamp", "secret", "signature"),
    [
        (1577262236757, b"this is a secret", "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA="),
        (1700000000000, b"SEC0123456789abcdef", "TSZbRFUuvaSQaRKUpF970OPCb2/LcQAP3wOvwZIzBZk="),
    ],
)
def test_the_signature_of_known_times(stamp: int, secret: bytes, signature: str) -> None:
    assert sign(secret, stamp) == signature


def test_time_and_signature_are_in_the_url_encoded_once() -> None:
    adapter = Scripted(DELIVERED)
    robot(adapter, secret="SEC0123456789abcdef").send(b"{}")
    url = adapter.sent[0].url
    assert url == f"{WEBHOOK}&timestamp=1700000000000&sign=TSZbRFUuvaSQaRKUpF970OPCb2%2FLcQAP3wOvwZIzBZk%3D"


@UNHURRIED
@given(st.integers(0, 4_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC)))
def test_every_signature_survives_its_url(moment: datetime) -> None:
    adapter = Scripted(DELIVERED)
    robot(adapter, now=moment, secret="SECx").send(b"{}")
    query = parse_qs(urlsplit(adapter.sent[0].url or "").query)
    assert query["sign"] == [sign(b"SECx", int(query["timestamp"][0]))]
    assert abs(int(query["timestamp"][0]) - moment.timestamp() * 1000) <= 1


def test_each_attempt_is_signed_anew_over_the_same_bytes() -> None:
    adapter = Scripted((500, b""), DELIVERED)
    frozen = robot().freeze(DRAFT, "key-1")
    first = robot(adapter, secret="SECx").send(frozen)
    second = robot(adapter, secret="SECx", now=NOW + timedelta(minutes=5)).send(frozen)
    assert (first.outcome, second.outcome) == (Outcome.UNKNOWN, Outcome.DELIVERED)
    assert adapter.sent[0].body == adapter.sent[1].body == frozen
    assert adapter.sent[0].url != adapter.sent[1].url


def test_a_robot_without_a_secret_does_not_sign_and_drops_an_old_signature() -> None:
    adapter = Scripted(DELIVERED)
    robot(adapter, webhook=f"{WEBHOOK}&timestamp=1&sign=old").send(b"{}")
    assert parse_qs(urlsplit(adapter.sent[0].url or "").query) == {"access_token": ["t0k3n"]}


def test_the_content_type_is_what_dingtalk_asks_for() -> None:
    adapter = Scripted(DELIVERED)
    robot(adapter).send(b"{}")
    assert adapter.sent[0].headers["Content-Type"] == "application/json; charset=utf-8"


def test_the_same_draft_and_key_freeze_to_the_same_bytes() -> None:
    assert robot().freeze(DRAFT, "key-1") == robot().freeze(DRAFT, "key-1")
    assert robot().freeze(DRAFT, "key-1") != robot().freeze(DRAFT, "key-2")


def test_the_key_is_the_msg_uuid_unless_that_is_switched_off() -> None:
    on, off = robot(), robot(idempotency=False)
    assert msgspec.json.decode(on.freeze(DRAFT, "key-1"))["msgUuid"] == "key-1"
    assert "msgUuid" not in msgspec.json.decode(off.freeze(DRAFT, "key-1"))
    assert (on.resend, off.resend) == (Resend.IDEMPOTENT, Resend.DUPLICATES)


def test_the_bytes_are_compact_utf8() -> None:
    frozen = robot().freeze(Draft("值", ()), "k")
    assert frozen == '{"msgtype":"markdown","markdown":{"title":"值","text":"值"},"msgUuid":"k"}'.encode()


def test_an_empty_preview_puts_nothing_of_the_facts_on_a_lock_screen() -> None:
    body = msgspec.json.decode(robot().freeze(Draft("", (FACT,)), "k"))
    assert body["markdown"]["title"] == "…"


@pytest.mark.parametrize("format_", list(Format))
def test_the_keyword_is_in_the_text_of_every_message_and_not_only_in_its_title(format_: Format) -> None:
    client = robot(keyword="警报*")
    for draft in (Draft("p", (FACT,), format_), Draft("警报* p", (FACT, FACT), format_), Draft("", (), format_)):
        message = msgspec.json.decode(client.freeze(draft, "k"))
        part = message[message["msgtype"]]
        assert "警报*" in part.get("content", part.get("text"))


def test_the_keyword_is_not_added_to_what_holds_it() -> None:
    body = msgspec.json.decode(robot(keyword="SO-1042").freeze(Draft("p", (FACT,)), "k"))
    assert body["markdown"]["title"] == "p"


def test_the_budget_is_declared_and_holds_no_secret() -> None:
    budget = robot(quota={"limit": 5, "window": "2s", "block": "3s"}).budgets()[0]
    assert (budget.windows, budget.slots, budget.block) == ((Window(5, 2.0),), 2, 3.0)
    assert budget.key == "dingtalk:robot:b81c829ac55e"
    assert robot().budgets()[0].windows == (Window(20, 60.0),)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (NotSent("ConnectionRefusedError"), Outcome.RETRY),
        (requests.ReadTimeout("https://x/?access_token=t0k3n"), Outcome.UNKNOWN),
        (requests.ConnectionError("https://x/?access_token=t0k3n"), Outcome.UNKNOWN),
        (urllib3.exceptions.ProtocolError("https://x/?access_token=t0k3n"), Outcome.UNKNOWN),
        (ConnectionResetError("https://x/?access_token=t0k3n"), Outcome.UNKNOWN),
    ],
)
def test_a_fault_of_the_network_is_an_outcome_and_shows_no_token(fault: Exception, outcome: Outcome) -> None:
    delivery = robot(Scripted(fault)).send(b"{}")
    assert delivery.outcome is outcome
    assert delivery.reason
    assert "t0k3n" not in repr(delivery)


@pytest.mark.parametrize("body", [b'{"errcode":130101,"errmsg":"send too fast"}', b'{"errcode":"410100"}'])
def test_a_throttled_robot_waits_as_long_as_its_settings_declare(body: bytes) -> None:
    delivery = robot(Scripted((200, body)), quota={"block": "4s"}).send(b"{}")
    assert (delivery.outcome, delivery.after) == (Outcome.THROTTLED, timedelta(seconds=4))


def test_http_200_alone_is_not_delivered() -> None:
    assert robot(Scripted((200, b'{"errcode":400106,"errmsg":"robot does not exist"}'))).send(b"{}").outcome is (
        Outcome.MISCONFIGURED
    )


def test_a_real_session_and_a_closed_port_are_a_retry(unused_port: Callable[[], int]) -> None:
    services = Services(
        session=lambda: open_session(connect=1, read=1, ca=None, proxy=None, pool=2),
        tokens=NoTokens(),
        now=lambda: NOW,
        observe=lambda *_: None,
        vault=Secrets(),
    )
    webhook = f"http://127.0.0.1:{unused_port()}/robot/send?access_token=t0k3n"
    client = CONNECTOR.build("sales", settings(webhook=webhook), services)
    assert isinstance(client, Delivers)
    assert client.send(b"{}").outcome is Outcome.RETRY


@pytest.fixture
def unused_port() -> Callable[[], int]:
    def find() -> int:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            return int(probe.getsockname()[1])

    return find


def test_what_a_robot_cannot_do_is_declared_with_a_page() -> None:
    rows = {row.name: row for row in CONNECTOR.capabilities}
    for name in ("Recall a message", "See who has read it", "Send to one person"):
        assert rows[name].guarantee is Guarantee.PARTLY
        assert "custom robot" in rows[name].note.lower() or "application" in rows[name].note
    assert rows["See who is in the group"].guarantee is Guarantee.NO
    assert all(row.source.startswith("https://open.dingtalk.com/document/") for row in CONNECTOR.capabilities)
    assert frozenset({Delivers, Probes}) == CONNECTOR.fulfils
