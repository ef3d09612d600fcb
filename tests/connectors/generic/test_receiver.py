from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Receives, Refusal
from tests.connectors.generic.signing import KEY, receive, receiver, request, take
from tests.contract.common import assert_record


def test_it_receives() -> None:
    assert isinstance(receiver(), Receives)


def test_a_push_is_answered_as_configured() -> None:
    reply = receive(b'{"id":"1"}', reply={"status": "202", "body": '{"ok":true}'}).reply
    assert (reply.status, reply.body) == (202, b'{"ok":true}')


@pytest.mark.parametrize(("overload", "status"), [(None, 503), (429, 429)])
def test_overload_asks_to_come_again(overload: int | None, status: int) -> None:
    reply = receiver(reply={"overload": overload} if overload else {}).refuse(Refusal.OVERLOADED)
    assert (reply.status, dict(reply.headers)) == (status, {"retry-after": "30"})


def test_each_refusal_has_its_status() -> None:
    client = receiver()
    statuses = {refusal: client.refuse(refusal).status for refusal in Refusal}
    assert statuses == {
        Refusal.UNSIGNED: 401,
        Refusal.BAD_SIGNATURE: 401,
        Refusal.STALE: 401,
        Refusal.TOO_LARGE: 413,
        Refusal.TOO_DEEP: 400,
        Refusal.MALFORMED: 400,
        Refusal.INCOMPLETE: 400,
        Refusal.OVERLOADED: 503,
    }


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 5000, b"\xff", b'{"id":1e999999}'])
def test_nothing_is_parsed_before_the_signature_holds(body: bytes) -> None:
    assert receiver().receive(request(body, signed=False)).refusal is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b'"x"',
        b"null",
        b"{'id':1}",
        b'{"id":"1"}x',
        b'{"id":"1",}',
        b'{"id":"\xff"}',
        b'{"\xed\xa0\x80":1,"id":"1"}',
        b'{"id":"1","x":"\\ud800"}',
        b'{"id":"1","x":NaN}',
        b'{"id":"1","x":-Infinity}',
        b'{"id":"1","x":1e999999}',
        b'{"id":"1","x":1e-999999}',
        b'{"id":"1","x":0e999999999999999999999}',
        b'{"id":"1","x":0.' + b"1" * 200 + b"}",
        b'{"id":"1","x":' + b"1" * 200 + b"}",
        b'{"id":"1","x":' + b"1" * 5000 + b"}",
        b'{"id":"1","x":[' + b"1" * 200 + b"]}",
        b'{"id":' + b"1" * 200 + b"}",
    ],
)
def test_what_is_no_sound_json_object_is_malformed(body: bytes) -> None:
    received = receive(body)
    assert received.refusal is Refusal.MALFORMED
    assert received.reply.status == 400


def test_text_is_kept_as_it_is() -> None:
    fields = take(b'{"id":"1","x":"a\\u0000b\\n\\ud83d\\ude00 \xe9\xa6\x99"}').fields
    assert fields["x"] == "a\x00b\n😀 香"


def test_of_a_key_that_stands_twice_the_last_counts() -> None:
    assert take(b'{"id":"1","x":1,"x":2}').fields["x"] == Decimal(2)


def nested(depth: int, left: bytes = b"[", right: bytes = b"]") -> bytes:
    """An object that holds `depth - 1` further levels."""
    return b'{"id":"1","x":' + left * (depth - 1) + right * (depth - 1) + b"}"


def test_depth_is_counted_exactly() -> None:
    # 40 arrays beside each other are not deep
    beside = b'{"id":"1","x":[' + b",".join([b"[]"] * 40) + b"]}"
    assert receive(beside).refusal is None
    assert receive(nested(32) + b" ").refusal is None
    assert receive(nested(33)).refusal is Refusal.TOO_DEEP
    assert receive(nested(4), max_depth=3).refusal is Refusal.TOO_DEEP
    assert receive(nested(3), max_depth=3).refusal is None


def test_brackets_in_texts_are_not_depth() -> None:
    brackets = "[{" * 50 + '\\"' + "[" * 50
    assert take({"id": "1", "x": brackets, "[[[[": '"\\'}, max_depth=2).fields["x"] == brackets


@pytest.mark.parametrize("left", [b"[", b'{"a":', b'[{"a":'])
def test_a_very_deep_body_is_refused_quickly(left: bytes) -> None:
    body = b'{"id":"1","x":' + left * (200_000 // len(left))
    begin = time.perf_counter()
    assert receive(body).refusal is Refusal.TOO_DEEP
    assert time.perf_counter() - begin < 1


def test_long_names_do_not_multiply() -> None:
    name = "n" * 100
    body = b"1"
    for _level in range(20):
        body = json.dumps({name: 0}).encode().replace(b"0", body)
    received = receive(b'{"id":"1","x":' + body + b"}")
    assert received.refusal is Refusal.MALFORMED
    assert "name of a field" in received.reason


def test_a_body_of_the_largest_size_is_taken() -> None:
    body = b'{"id":"1"}'.ljust(262_144)
    assert receive(body).refusal is None
    assert receive(body + b" ").refusal is Refusal.TOO_LARGE


def test_the_reason_holds_no_payload() -> None:
    for body in (
        b'{"id":"1","x":TOPSECRET}',
        b'{"TOPSECRET":1}',
        b'{"id":{"TOPSECRET":"TOPSECRET"}}',
        b'["TOPSECRET"]',
    ):
        received = receive(body)
        assert received.reason
        assert b"TOPSECRET" not in received.reason.encode() + received.reply.body


def test_a_receiver_does_not_show_its_keys() -> None:
    assert KEY not in repr(receiver()) + str(receiver())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)
EVENTS = st.fixed_dictionaries(
    {"id": st.text() | st.integers() | JSON},
    optional=dict.fromkeys(("v", "at", "no", "url", "by", "gone", "rows"), JSON),
)
BODIES = (
    st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | EVENTS.map(lambda value: json.dumps(value).encode())
    | st.text(alphabet='{}[]":,.\\eE+-0123456789id ntrufalsx', max_size=80).map(str.encode)
)
PLAIN = receiver()
FULL = receiver(version="v", time="at", number="no", url="url", changed_by="by", deleted="gone", max_depth=6)
MANY = receiver(items="rows", fields=["id", "rows.0.x"])


@settings(max_examples=300, deadline=None)
@given(BODIES, st.booleans())
def test_any_bytes_become_records_or_a_refusal(body: bytes, signed: bool) -> None:
    for client in (PLAIN, FULL, MANY):
        received = client.receive(request(body, signed=signed))
        assert signed or received.refusal is Refusal.BAD_SIGNATURE
        assert (received.refusal is None) == (received.reply.status == 200)
        assert bool(received.reason) == (received.refusal is not None)
        assert received.refusal is None or received.records == ()
        for record in received.records:
            assert_record(record, "erp")
