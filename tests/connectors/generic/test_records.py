from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from connectors.contract import Ref, Refusal
from tests.connectors.generic.signing import NOW, receive, take


def test_values_keep_their_types_and_digits() -> None:
    body = b'{"id":"1","text":"x","yes":true,"none":null,"amount":12345678901234567.890,"count":3,"tiny":1E-7}'
    fields = take(body).fields
    assert fields == {
        "id": "1",
        "text": "x",
        "yes": True,
        "none": None,
        "amount": Decimal("12345678901234567.890"),
        "count": Decimal(3),
        "tiny": Decimal("1E-7"),
    }
    assert str(fields["amount"]) == "12345678901234567.890"
    assert type(fields["count"]) is Decimal


def test_objects_are_flattened_and_arrays_of_objects_are_rows() -> None:
    fields = take(
        {
            "id": "1",
            "customer": {"name": "A", "address": {"city": "B"}, "extra": {}},
            "tags": ["x", 1, 2.5, True, None],
            "none": [],
            "lines": [{"sku": "KX", "qty": 2, "tags": ["a"], "unit": {"code": "pc"}, "taxes": [{"rate": 0.2}]}, {}],
            "mixed": [1, {"a": 1}, [2, 3]],
        }
    ).fields
    assert fields == {
        "id": "1",
        "customer.name": "A",
        "customer.address.city": "B",
        "customer.extra": None,
        "tags": ("x", "1", "2.5", "true", ""),
        "none": (),
        "lines": (
            {"sku": "KX", "qty": Decimal(2), "tags": ("a",), "unit.code": "pc", "taxes.0.rate": Decimal("0.2")},
            {},
        ),
        "mixed.0": Decimal(1),
        "mixed.1.a": Decimal(1),
        "mixed.2": ("2", "3"),
    }


def test_only_the_named_fields_are_read_and_absent_ones_stay_absent() -> None:
    event = {"id": "1", "order": {"lines": [{"sku": "A"}, {"sku": "B"}], "total": 5}, "private": "x"}
    paths = ["order.lines.1.sku", "order.total", "order.lines.7.sku", "order.total.x", "order"]
    fields = take(event, fields=paths[:4]).fields
    assert fields == {"order.lines.1.sku": "B", "order.total": Decimal(5)}
    assert take(event, fields=paths[4:]).fields["order.lines"] == ({"sku": "A"}, {"sku": "B"})


def test_what_a_record_is_known_by() -> None:
    event = {
        "type": "invoice",
        "event": "e-7",
        "doc": {"id": 8801, "no": "INV-7", "link": "https://erp.example/7"},
        "by": 12,
        "gone": True,
    }
    record = take(
        event,
        kind_path="type",
        id="doc.id",
        version="event",
        number="doc.no",
        url="doc.link",
        changed_by="by",
        deleted="gone",
    )
    assert (record.source, record.kind, record.id, record.version) == ("erp", "invoice", "8801", "e-7")
    assert (record.number, record.url) == ("INV-7", "https://erp.example/7")
    assert record.changed_by == Ref("user", "12")
    assert record.deleted is True


def test_what_is_configured_and_not_there_is_left_empty() -> None:
    record = take({"id": "1"}, number="no", url="link", changed_by="by", deleted="gone")
    assert (record.number, record.url, record.changed_by, record.deleted) == ("", "", None, False)


def test_without_paths_the_body_is_the_version_and_the_arrival_the_stamp() -> None:
    body = b'{"id":"1"}'
    record = take(body)
    assert record.version == sha256(body).hexdigest()
    assert record.stamp == NOW


@pytest.mark.parametrize("url", ["javascript:alert(1)", "dingtalk://open", "file:///x", "//host/x", 5, {"a": 1}])
def test_a_link_that_is_no_web_address_is_left_out(url: object) -> None:
    assert take({"id": "1", "link": url}, url="link").url == ""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-22T17:30:00+08:00", NOW),
        ("2026-11-22T09:30:00.250Z", NOW.replace(microsecond=250_000)),
        (1795339800, datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        (1795339800250, NOW.replace(microsecond=250_000)),
        (1795339800.25, NOW.replace(microsecond=250_000)),
        ("1795339800", NOW),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_times(written: object, expected: datetime) -> None:
    record = take({"id": "1", "at": written}, time="at")
    assert record.stamp == expected
    assert record.stamp.tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22T09:30:00",
        "2026-11-22",
        "soon",
        "",
        None,
        True,
        [],
        10**15 * 9,
        -(10**14),
        "9" * 32,
        "9" * 33,
        10**90,
    ],
)
def test_a_time_that_names_no_instant_is_refused(written: object) -> None:
    received = receive(json.dumps({"id": "1", "at": written}).encode(), time="at")
    assert received.refusal is Refusal.INCOMPLETE
    assert "`time`" in received.reason


def test_a_time_without_a_zone_is_refused_with_the_reason() -> None:
    received = receive(b'{"id":"1","at":"2026-11-22T09:30:00"}', time="at")
    assert "with a zone" in received.reason


@pytest.mark.parametrize("event", [{}, {"id": None}, {"id": ""}, {"id": True}, {"id": 1.5}, {"id": {}}, {"id": ["1"]}])
def test_an_event_without_an_id_is_incomplete(event: dict[str, Any]) -> None:
    received = receive(json.dumps(event).encode())
    assert received.refusal is Refusal.INCOMPLETE
    assert received.reply.status == 400


@pytest.mark.parametrize("identity", ["a\x00b", "a\nb", "x" * 513])
def test_an_id_that_no_database_keeps_is_refused(identity: str) -> None:
    assert receive(json.dumps({"id": identity}).encode()).refusal is Refusal.MALFORMED


def test_a_missing_version_or_kind_is_incomplete() -> None:
    assert receive(b'{"id":"1"}', version="event").refusal is Refusal.INCOMPLETE
    assert receive(b'{"id":"1"}', kind_path="type").refusal is Refusal.INCOMPLETE


@pytest.mark.parametrize(
    ("written", "expected"), [(True, True), ("TRUE", True), (1, True), (False, False), ("false", False), (None, False)]
)
def test_deletions(written: object, expected: bool) -> None:
    assert take({"id": "1", "gone": written}, deleted="gone").deleted is expected


@pytest.mark.parametrize("written", ["2026-11-22", 2, [], {}])
def test_an_unclear_deletion_is_refused_rather_than_guessed(written: object) -> None:
    assert receive(json.dumps({"id": "1", "gone": written}).encode(), deleted="gone").refusal is Refusal.INCOMPLETE


def test_several_events_in_one_body() -> None:
    received = receive(b'{"events":[{"id":"1","n":1},{"id":"2","n":2.50}]}', items="events")
    assert [record.id for record in received.records] == ["1", "2"]
    assert received.records[1].fields["n"] == Decimal("2.50")


def test_of_several_events_all_or_none_are_taken() -> None:
    received = receive(b'{"events":[{"id":"1"},{"n":2},{"id":"3"}]}', items="events")
    assert received.records == ()
    assert received.refusal is Refusal.INCOMPLETE
    assert received.reason.startswith("Event 2 of 3: ")


def test_no_events_is_a_push_with_nothing_in_it() -> None:
    received = receive(b'{"events":[]}', items="events")
    assert (received.refusal, received.records, received.reply.status) == (None, (), 200)


@pytest.mark.parametrize("body", [b'{"events":{}}', b"{}", b'{"events":"x"}'])
def test_no_array_of_events_is_incomplete(body: bytes) -> None:
    assert receive(body, items="events").refusal is Refusal.INCOMPLETE


def test_an_event_that_is_no_object_is_malformed() -> None:
    assert receive(b'{"events":[1]}', items="events").refusal is Refusal.MALFORMED
