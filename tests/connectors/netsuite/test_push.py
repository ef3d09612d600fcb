from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Hint, RawRequest, Refusal
from connectors.netsuite.push import MAX_BODY, TOLERANCE, Receiver

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY, NEXT_KEY = b"shared-key-of-the-script-1", b"shared-key-of-the-script-2"
KINDS = {"purchaseOrder": "purchaseOrder", "salesOrder": "salesOrder", "bigOrder": "salesOrder"}
RECEIVER = Receiver("123456_SB1", KINDS, [KEY])


def request(body: Any = None, *, key: bytes = KEY, at: datetime = NOW, **changes: Any) -> RawRequest:
    """A push as the script signs it."""
    told = {
        "account": "123456_SB1",
        "event": "edit",
        "type": "purchaseorder",
        "id": "1042",
        "stamp": "2026-03-02T08:40:07.123Z",
    } | changes
    raw = body if isinstance(body, bytes) else json.dumps(told).encode()
    time = str(int(at.timestamp()))
    signature = hmac.digest(key, f"{time}.".encode() + raw, "sha256").hex()
    headers = {"x-dingbridge-time": time, "x-dingbridge-signature": signature}
    return RawRequest("POST", headers, "", raw, NOW)


def test_a_push_names_what_to_read_again_until_its_second_is_reached() -> None:
    received = RECEIVER.receive(request())
    assert received.refusal is None
    assert received.reply.status == 200
    assert received.hints == (Hint("purchaseOrder", "1042", datetime(2026, 3, 2, 8, 40, 7, tzinfo=UTC)),)
    assert received.records == (), "what stands in a push is not the state"


@pytest.mark.parametrize("event", ["create", "xedit", "delete", "approve", "something new"])
def test_every_event_is_read_again_also_without_a_stamp(event: str) -> None:
    assert RECEIVER.receive(request(event=event, stamp=None)).hints == (Hint("purchaseOrder", "1042"),)


def test_an_account_is_known_however_it_is_written() -> None:
    assert Receiver("123456-sb1", KINDS, [KEY]).receive(request(type="salesorder")).hints


def test_every_kind_of_a_record_type_is_read_again() -> None:
    hints = RECEIVER.receive(request(type="salesorder", stamp=None)).hints
    assert hints == (Hint("salesOrder", "1042"), Hint("bigOrder", "1042"))


def test_two_keys_hold_while_the_key_is_changed() -> None:
    changing = Receiver("123456_SB1", KINDS, [KEY, NEXT_KEY])
    assert changing.receive(request()).hints
    assert changing.receive(request(key=NEXT_KEY)).hints
    assert RECEIVER.receive(request(key=NEXT_KEY)).refusal is Refusal.BAD_SIGNATURE


def test_without_keys_nothing_is_believed() -> None:
    assert Receiver("123456_SB1", KINDS, []).receive(request(key=b"")).refusal is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize("late", [TOLERANCE, -TOLERANCE])
def test_a_recorded_push_does_not_come_again_later(late: timedelta) -> None:
    assert RECEIVER.receive(request(at=NOW - late)).refusal is None
    received = RECEIVER.receive(request(at=NOW - late * 1.1))
    assert received.refusal is Refusal.STALE
    assert received.reply.status == 401


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"account": "123456"}, Refusal.INCOMPLETE),
        ({"type": "vendorbill"}, Refusal.INCOMPLETE),
        ({"type": None}, Refusal.MALFORMED),
        ({"id": "null"}, Refusal.MALFORMED),
        ({"id": "1 OR 1=1"}, Refusal.MALFORMED),
        ({"id": "--7"}, Refusal.MALFORMED),
        ({"id": "\u0661"}, Refusal.MALFORMED),
        ({"id": "1" * 30}, Refusal.MALFORMED),
        ({"id": 1042}, Refusal.MALFORMED),
        ({"stamp": "3/2/2026 8:40 am"}, Refusal.MALFORMED),
        ({"stamp": "2026-03-02T08:40:07"}, Refusal.MALFORMED),
    ],
)
def test_what_cannot_be_read_again_is_refused_with_a_sentence(changes: dict[str, Any], refusal: Refusal) -> None:
    received = RECEIVER.receive(request(**changes))
    assert received.refusal is refusal
    assert received.hints == ()
    assert received.reply.status == 400
    assert received.reason


def test_a_refreshed_sandbox_says_what_is_wrong() -> None:
    received = RECEIVER.receive(request(account="123456_SB2"))
    assert "another NetSuite account" in received.reason
    assert "SB2" not in received.reason


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"[" * 5000, b'{"account": 1e999}'])
def test_whatever_the_bytes_are_they_get_an_answer(body: bytes) -> None:
    assert RECEIVER.receive(request(body)).refusal is Refusal.MALFORMED


def test_too_large_is_refused_before_it_is_parsed() -> None:
    assert RECEIVER.receive(request(b" " * (MAX_BODY + 1))).refusal is Refusal.TOO_LARGE
    assert RECEIVER.refuse(Refusal.OVERLOADED).status == 503
