"""Records read from the twin, and answers that break the protocol."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import (
    ConnectorError,
    Effect,
    Level,
    Malformed,
    Misconfigured,
    Record,
    Retryable,
    Throttled,
    Unread,
)
from tests.connectors.generic.office import approve, client
from tests.connectors.generic.sandbox.served import ADA, KIND, Served, decision

RECORD = r"/501$"


def test_it_is_read_again_as_it_is_now(erp: Served) -> None:
    erp.act(decision())
    (record,) = client(erp).read(KIND, ["501", "501"])
    assert isinstance(record, Record)
    assert (record.source, record.kind, record.id, record.version) == ("erp", KIND, "501", "2")
    assert record.number == "PR-1042"
    assert record.changed_by is not None
    assert record.changed_by.id == ADA


@pytest.mark.parametrize(
    "body",
    [
        "<html>",
        "[1]",
        '{"type":"purchase_request","id":501}',
        '{"type":"purchase_request","id":502,"revision":1,"changed_at":1795339800}',
        '{"type":"invoice","id":501,"revision":1,"changed_at":1795339800}',
        '{"id":"' + "x" * 300_000 + '"}',
        "[" * 50 + "]" * 50,
    ],
    ids=len,
)
def test_one_that_breaks_its_description_is_set_aside(erp: Served, body: str) -> None:
    erp.fault(path=RECORD, status=200, body=body)
    aside, other = client(erp).read(KIND, ["501", "502"])
    assert isinstance(aside, Unread)
    assert (aside.id, aside.body[:20]) == ("501", body[:20].encode())
    assert aside.sentence
    assert isinstance(other, Record)


def test_a_decision_on_a_broken_record_keeps_its_bytes(erp: Served) -> None:
    erp.fault(path=r"actions$", status=412)
    erp.fault(path=RECORD, status=200, body="[1]")
    with pytest.raises(Malformed) as caught:
        client(erp).act(approve())
    assert caught.value.body == b"[1]"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 401}, Misconfigured),
        ({"status": 404, "body": "Not Found"}, Misconfigured),
        ({"status": 301}, Misconfigured),
        ({"status": 412}, Misconfigured),
        ({"status": 429}, Throttled),
        ({"status": 500}, Retryable),
        ({"hang": 2.5}, Retryable),
    ],
)
def test_what_keeps_us_from_reading_is_told(erp: Served, fault: dict[str, Any], error: type[ConnectorError]) -> None:
    erp.fault(path=RECORD, **fault)
    with pytest.raises(error) as caught:
        client(erp).read(KIND, ["501"])
    assert type(caught.value) is error
    assert erp.base not in f"{caught.value} {caught.value.detail}"


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 502}, {"status": 503, "headers": {"Retry-After": "1"}}])
def test_what_passes_soon_is_asked_again_with_a_proof_of_its_own(erp: Served, fault: dict[str, Any]) -> None:
    erp.fault(path=RECORD, count=2, **fault)
    (record,) = client(erp).read(KIND, ["501"])
    assert isinstance(record, Record)
    assert len(erp.control("GET", f"/received?path={RECORD}")["received"]) == 3


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ("90", timedelta(seconds=90)),
        ("999999", timedelta(hours=1)),
        ("Fri, 22 Nov 2019 09:30:00 GMT", timedelta(0)),
        ("Fri, 22 Nov 2099 09:30:00 GMT", timedelta(hours=1)),
        ("soon", None),
        ("Fri, 22 Nov 2019 09:30:00 -0000", None),
    ],
)
def test_the_wait_that_it_asks_for_is_kept_within_reason(erp: Served, said: str, after: timedelta | None) -> None:
    erp.fault(path=RECORD, status=503, headers={"Retry-After": said}, count=9)
    with pytest.raises(Retryable) as caught:
        client(erp).read(KIND, ["501"])
    assert caught.value.after == after


def test_another_kind_is_not_asked_for(erp: Served) -> None:
    with pytest.raises(Misconfigured, match="invoice"):
        client(erp, kind="purchase_request", kind_path=None).read("invoice", ["501"])
    assert erp.control("GET", "/received")["received"] == []


@pytest.mark.parametrize("body", ["[]", '{"501":"all"}', '{"501":[""]}', '{"501":[7]}'])
def test_what_names_no_fields_is_no_permission(erp: Served, body: str) -> None:
    erp.fault(path="sees$", status=200, body=body)
    with pytest.raises(Malformed):
        client(erp).sees(ADA, KIND, ["501"])


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"allowed":"yes"}', '{"allowed":1}'])
def test_what_says_neither_yes_nor_no_is_no_permission(erp: Served, body: str) -> None:
    erp.fault(path="may$", status=200, body=body)
    with pytest.raises(Malformed):
        client(erp).may(ADA, approve())


@pytest.mark.parametrize("status", [403, 404, 409])
def test_a_question_has_no_other_answers(erp: Served, status: int) -> None:
    erp.fault(path="(may|sees)$", status=status, body="<html>", count=2)
    with pytest.raises(Misconfigured, match=str(status)):
        client(erp).may(ADA, approve())
    with pytest.raises(Misconfigured, match=str(status)):
        client(erp).sees(ADA, KIND, ["501"])


def test_a_look_tells_whether_address_and_key_are_right(erp: Served) -> None:
    assert [each.level for each in client(erp).probe()] == [Level.FINE]
    for wrong in ({"key": "another-key-of-sixteen"}, {"url": f"{erp.base}/elsewhere"}, {"url": "http://127.0.0.1:9"}):
        (finding,) = client(erp, wrong).probe()
        assert finding.level is Level.WRONG
        assert finding.sentence


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    id_=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(
        lambda text: text.isprintable() and text not in {".", ".."}
    ),
    version=st.text(st.characters(codec="utf-8"), max_size=30),
)
def test_any_id_and_version_arrive_as_they_are(erp: Served, id_: str, version: str) -> None:
    (record,) = client(erp).read(KIND, [id_])
    assert isinstance(record, Record)
    assert (record.id, record.deleted) == (id_, id_ not in {"501", "502", "503"})
    acted = client(erp).act(approve(id_, version=version, key=version))
    assert acted.effect in {Effect.MOVED, Effect.DONE}
    sent = erp.control("GET", "/received?path=actions")["received"][-1]
    assert unquote(sent["headers"]["if-match"][1:-1]) == unquote(sent["headers"]["idempotency-key"][1:-1]) == version
