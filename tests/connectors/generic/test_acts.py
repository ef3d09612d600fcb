"""Decisions carried into the twin, and each answer of the protocol by itself."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import (
    HIDDEN,
    Choice,
    Effect,
    Misconfigured,
    Money,
    Quantity,
    Record,
    Ref,
    Retryable,
    Scalar,
    Throttled,
    Unknown,
    Verb,
)
from tests.connectors.generic.office import approve, client, put
from tests.connectors.generic.sandbox.served import ADA, KIND, LIN, PIA, TOM, Served, decision

ACTIONS = r"actions$"
LOOKED_UP = r"actions/"
RECORD = r"/501$"
NAMED = {"kind": KIND, "id": "501"}


def test_an_approval_is_written_and_told_with_the_new_state(erp: Served) -> None:
    acted = client(erp).act(approve())
    assert acted.effect is Effect.DONE
    assert acted.by == Ref("user", ADA)
    assert acted.record is not None
    assert acted.record.version == "2"
    assert acted.record.fields["request.state"] == "approved"
    assert acted.record.fields["request.comment"] == "fine"
    assert erp.writes() == 1


def test_what_is_sent_is_what_the_readme_says(erp: Served) -> None:
    client(erp).act(approve(key="Schlüssel 1", version="1"))
    (sent,) = erp.control("GET", f"/received?path={ACTIONS}")["received"]
    assert (sent["method"], sent["status"]) == ("POST", 200)
    assert sent["headers"]["idempotency-key"] == '"Schl%C3%BCssel%201"'
    assert sent["headers"]["if-match"] == '"1"'
    assert sent["headers"]["content-type"] == "application/json"
    assert sent["body"] == (
        '{"action":"approve","actor":"u-204","version":"1","fields":{},"transition":"","comment":"fine"}'
    )


def test_ten_presses_write_once(erp: Served) -> None:
    ours = client(erp)
    effects = [ours.act(approve()).effect for _press in range(10)]
    assert set(effects) == {Effect.DONE}
    assert erp.writes() == 1


def test_ten_presses_at_once_write_once(erp: Served) -> None:
    erp.control("POST", "/pace", {"seconds": 0.3})

    def press(_n: int) -> str:
        try:
            return client(erp).act(approve()).effect
        except Retryable as error:
            return f"again after {error.after}"

    with ThreadPoolExecutor(10) as pool:
        said = list(pool.map(press, range(10)))
    assert set(said) <= {Effect.DONE, "again after 0:00:01"}
    assert Effect.DONE in said
    assert erp.writes() == 1


def test_a_changed_record_is_left_alone(erp: Served) -> None:
    erp.change(note="another lorry")
    acted = client(erp).act(approve())
    assert acted.effect is Effect.MOVED
    assert acted.by == Ref("user", "u-201")
    assert acted.record is not None
    assert acted.record.fields["request.note"] == "another lorry"
    assert erp.writes() == 0


def test_what_was_decided_before_names_who_did(erp: Served) -> None:
    assert erp.act(decision("reject", LIN), key="other").status_code == 200
    acted = client(erp).act(approve())
    assert acted.effect is Effect.ALREADY
    assert acted.by == Ref("user", LIN, "Lin Yun")
    assert acted.reason == "It was rejected before."
    assert acted.record is not None
    assert acted.record.fields["request.state"] == "rejected"


def test_a_limit_of_authority_denies_in_the_system_s_words(erp: Served) -> None:
    acted = client(erp).act(approve("502"))
    assert (acted.effect, acted.reason) == (Effect.DENIED, "Your limit is HKD 50,000.")
    assert client(erp).act(approve("502", actor=LIN, key="2")).effect is Effect.DONE


def test_a_rule_refuses_in_the_system_s_words(erp: Served) -> None:
    order = approve(verb=Verb.TRANSITION, transition="order", actor=PIA)
    acted = client(erp).act(order)
    assert acted.effect is Effect.REFUSED
    assert acted.reason == "order is not possible for a request that is submitted."
    assert client(erp).act(approve(key="2")).effect is Effect.DONE
    assert client(erp).act(replace(order, key="3", version="2")).effect is Effect.DONE


def test_what_is_gone_has_moved(erp: Served) -> None:
    erp.control("DELETE", "/records/501")
    for action in (approve(), approve("999"), put({"request.note": "x"})):
        acted = client(erp).act(action)
        assert acted.effect is Effect.MOVED
        assert acted.record is not None
        assert acted.record.deleted


@pytest.mark.parametrize(
    ("fields", "name", "shown"),
    [
        ({"request.note": "urgent"}, "request.note", "urgent"),
        ({"request.note": None}, "request.note", None),
        ({"request.amount": Decimal("12345678901234567.890")}, "request.amount", Decimal("12345678901234567.890")),
        ({"request.amount": Money(Decimal("97000.25"), "HKD")}, "request.amount", Decimal("97000.25")),
        ({"request.limit": Decimal("14000.50")}, "request.limit", "14000.50"),
        ({"request.cost_centre": Choice("CC-20", "Filling")}, "request.cost_centre", "CC-20"),
    ],
)
def test_values_are_set_digit_by_digit(erp: Served, fields: Mapping[str, Scalar], name: str, shown: Any) -> None:
    erp.change(note="before")
    acted = client(erp).act(put(fields, version="2"))
    assert acted.effect is Effect.DONE, acted.reason
    assert acted.record is not None
    assert acted.record.fields[name] == shown
    assert str(acted.record.fields[name]) == str(shown)


def test_numbers_money_and_quantities_have_their_form(erp: Served) -> None:
    fields: dict[str, Scalar] = {
        "a": Decimal("0.10"),
        "b": Money(Decimal("1E+3"), "HKD"),
        "c": Quantity(Decimal(12), "pc", Quantity(Decimal(144), "each")),
        "d": (datetime(2026, 11, 22, 17, 30, tzinfo=UTC) + timedelta(0)),
        "e": date(2026, 11, 22),
        "f": ("x", "y"),
        "g": Ref("user", "u-1", "Somebody"),
        "h": True,
    }
    assert client(erp).act(put(fields)).effect is Effect.REFUSED
    (sent,) = erp.control("GET", f"/received?path={ACTIONS}")["received"]
    assert (
        '"fields":{"a":0.10,"b":{"amount":1E+3,"currency":"HKD"},"c":{"value":12,"unit":"pc"},'
        '"d":"2026-11-22T17:30:00Z","e":"2026-11-22","f":["x","y"],"g":"u-1","h":true}'
    ) in sent["body"]


@pytest.mark.parametrize("value", [HIDDEN, Decimal("NaN"), Money(Decimal("Infinity"), "HKD")])
def test_what_cannot_be_written_is_not_sent(erp: Served, value: Scalar) -> None:
    acted = client(erp).act(put({"request.amount": value}))
    assert acted.effect is Effect.REFUSED
    assert "request.amount" in acted.reason
    assert erp.control("GET", f"/received?path={ACTIONS}")["received"] == []


def test_values_that_stand_there_already_are_not_written(erp: Served) -> None:
    fields = {"request.limit": Decimal("13000.0"), "request.note": None}
    acted = client(erp).act(put(fields))
    assert acted.effect is Effect.ALREADY
    assert erp.control("GET", f"/received?path={ACTIONS}")["received"] == []


def test_money_in_a_bare_number_is_not_taken_for_the_same(erp: Served) -> None:
    acted = client(erp).act(put({"request.amount": Money(Decimal("4620.00"), "CNY")}))
    assert (acted.effect, acted.reason) == (Effect.REFUSED, "Requests are kept in HKD.")


def test_a_value_that_the_system_did_not_keep_is_told(erp: Served) -> None:
    stands = erp.control("GET", "/records/501")
    erp.fault(path=ACTIONS, status=200, body={**stands, "revision": 2})
    acted = client(erp).act(put({"request.note": "urgent"}))
    assert acted.effect is Effect.REFUSED
    assert "request.note" in acted.reason


@pytest.mark.parametrize(
    "answer", [{"status": 200, "body": {"ok": True}}, {"status": 201, "body": ""}, {"status": 204}]
)
def test_an_answer_without_the_record_makes_us_read_it(erp: Served, answer: dict[str, Any]) -> None:
    erp.fault(path=ACTIONS, after=True, **answer)
    acted = client(erp).act(approve())
    assert acted.effect is Effect.DONE
    assert acted.record is not None
    assert acted.record.version == "2"
    assert erp.writes() == 1


def test_what_was_done_is_told_though_it_cannot_be_read(erp: Served) -> None:
    erp.fault(path=ACTIONS, status=204, after=True)
    erp.fault(path=RECORD, status=503, headers={"Retry-After": "60"})
    acted = client(erp).act(approve())
    assert (acted.effect, acted.record) == (Effect.DONE, None)
    assert "cannot be read" in acted.reason


@pytest.mark.parametrize(
    ("status", "body", "effect", "reason"),
    [
        (403, {"detail": "Not\n you."}, Effect.DENIED, "Not you."),
        (409, {"by": None, "detail": "Done."}, Effect.ALREADY, "Done."),
        (409, {"by": {"id": 7}}, Effect.ALREADY, ""),
        (410, {}, Effect.MOVED, "The record is no longer there."),
        (404, NAMED, Effect.MOVED, "The record is no longer there."),
        (412, {}, Effect.MOVED, "The record has changed since you saw it; nothing was written."),
        (422, {"detail": "The period is closed."}, Effect.REFUSED, "The period is closed."),
        (422, "<html>", Effect.REFUSED, "The system refused it and gave no reason."),
    ],
)
def test_each_refusal_has_its_effect(erp: Served, status: int, body: Any, effect: Effect, reason: str) -> None:
    erp.fault(path=ACTIONS, status=status, body=body)
    acted = client(erp).act(approve())
    assert (acted.effect, acted.reason) == (effect, reason)
    assert erp.writes() == 0


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, {}, "signature"),
        (403, "<html>", "403"),
        (404, {"error": "no route"}, "404"),
        (404, {"kind": KIND, "id": "502"}, "404"),
        (302, {}, "302"),
        (400, {}, "400"),
        (405, {}, "405"),
    ],
)
def test_what_somebody_has_to_set_right_is_told(erp: Served, status: int, body: Any, told: str) -> None:
    erp.fault(path=ACTIONS, status=status, body=body, headers={"Location": "/elsewhere"})
    with pytest.raises(Misconfigured, match=told):
        client(erp).act(approve())
    assert erp.writes() == 0


def test_a_wrong_key_is_a_setting_to_correct(erp: Served) -> None:
    with pytest.raises(Misconfigured, match=r"write_back\.key"):
        client(erp, {"key": "another-key-of-sixteen"}).act(approve())


def test_too_much_stops_the_source_for_as_long_as_it_says(erp: Served) -> None:
    ours = client(erp)
    erp.fault(path=ACTIONS, status=429, headers={"Retry-After": "120"})
    with pytest.raises(Throttled) as caught:
        ours.act(approve())
    assert caught.value.after == timedelta(seconds=120)
    assert [budget.key for budget in ours.budgets()] == [caught.value.scope]
    erp.fault(path=ACTIONS, status=429)
    with pytest.raises(Throttled) as caught:
        ours.act(approve())
    assert caught.value.after == timedelta(seconds=30)


@pytest.mark.parametrize(("status", "body"), [(503, ""), (409, {"detail": "still at it"})])
def test_not_now_is_tried_again_when_it_says(erp: Served, status: int, body: Any) -> None:
    erp.fault(path=ACTIONS, status=status, body=body, headers={"Retry-After": "20"})
    with pytest.raises(Retryable) as caught:
        client(erp).act(approve())
    assert caught.value.after == timedelta(seconds=20)
    assert client(erp).act(approve()).effect is Effect.DONE
    assert erp.writes() == 1


@pytest.mark.parametrize("lost", [{"drop": True}, {"status": 500}, {"status": 502}, {"hang": 2.5}])
def test_an_answer_that_is_lost_after_writing_is_found(erp: Served, lost: dict[str, Any]) -> None:
    erp.fault(path=ACTIONS, after=True, **lost)
    acted = client(erp).act(approve())
    assert acted.effect is Effect.DONE
    assert acted.by == Ref("user", ADA)
    assert acted.record is not None
    assert acted.record.version == "2"
    assert erp.writes() == 1


@pytest.mark.parametrize("lost", [{"drop": True}, {"status": 500}])
def test_a_write_that_never_arrived_is_tried_again_later(erp: Served, lost: dict[str, Any]) -> None:
    erp.fault(path=ACTIONS, **lost)
    ours = client(erp)
    with pytest.raises(Retryable, match="nothing is written") as caught:
        ours.act(approve())
    assert caught.value.after == timedelta(seconds=30)
    assert len(erp.control("GET", f"/received?path={ACTIONS}")["received"]) == 1
    assert ours.act(approve()).effect is Effect.DONE
    assert erp.writes() == 1


def test_a_write_that_never_arrived_and_comes_too_late_has_moved(erp: Served) -> None:
    erp.change(note="meanwhile")
    erp.fault(path=ACTIONS, drop=True)
    assert client(erp).act(approve()).effect is Effect.MOVED
    assert erp.writes() == 0


def test_silence_is_unknown(erp: Served) -> None:
    erp.fault(path=ACTIONS, drop=True, after=True)
    erp.fault(drop=True, seconds=60)
    with pytest.raises(Unknown):
        client(erp).act(approve())
    assert len(erp.control("GET", f"/received?path={ACTIONS}")["received"]) == 1
    erp.control("DELETE", "/faults")
    assert client(erp).act(approve()).effect is Effect.DONE
    assert erp.writes() == 1


@pytest.mark.parametrize("body", ["Not Found", {"kind": KIND, "id": "502"}])
def test_where_nobody_knows_of_keys_it_is_unknown(erp: Served, body: Any) -> None:
    erp.fault(path=ACTIONS, drop=True)
    erp.fault(path=LOOKED_UP, status=404, body=body)
    with pytest.raises(Unknown):
        client(erp).act(approve())


def test_nobody_there_is_not_sent(erp: Served) -> None:
    with pytest.raises(Retryable, match="cannot be reached"):
        client(erp, {"url": "http://127.0.0.1:9"}).act(approve())
    assert erp.writes() == 0


@pytest.mark.parametrize("id_", [".", ".."])
def test_an_id_that_is_a_step_of_a_path_leads_nowhere(erp: Served, id_: str) -> None:
    with pytest.raises(Misconfigured, match="dots"):
        client(erp).act(approve(id_))
    assert erp.control("GET", "/received")["received"] == []


def test_an_id_keeps_its_slashes(erp: Served) -> None:
    assert client(erp).act(approve("../7/3 ü")).effect is Effect.MOVED
    (sent,) = erp.control("GET", f"/received?path={ACTIONS}")["received"]
    assert sent["status"] == 404


def test_who_may_is_asked_and_nothing_written(erp: Served) -> None:
    ours = client(erp)
    assert ours.may(ADA, approve()).allowed
    told = ours.may(ADA, approve("502"))
    assert (told.allowed, told.reason) == (False, "Your limit is HKD 50,000.")
    assert not ours.may(TOM, put({"request.limit": Decimal(1)})).allowed
    assert ours.may(ADA, put({"request.note": HIDDEN})).reason.startswith("request.note")
    assert ours.may(ADA, approve("999")).reason == "The record is no longer there."
    assert erp.writes() == 0


def test_who_may_not_without_a_word_gets_one(erp: Served) -> None:
    erp.fault(path=r"/may$", status=200, body={"allowed": False})
    assert client(erp).may(ADA, approve()).reason == "The system does not let you do this."


def test_what_somebody_sees(erp: Served) -> None:
    ours = client(erp)
    seen = ours.sees(ADA, KIND, ["501", "502", "999"])
    assert set(seen) == {"501", "502"}
    (record,) = ours.read(KIND, ["501"])
    assert isinstance(record, Record)
    assert set(record.fields) - seen["501"] == {"request.supplier_account"}
    assert ours.sees(TOM, KIND, ["501"]) == {}
    assert ours.sees(ADA, KIND, []) == {}


def test_many_records_are_asked_for_in_parts(erp: Served) -> None:
    assert set(client(erp).sees(ADA, KIND, [str(n) for n in range(450)] + ["501"])) == {"501"}
    assert len(erp.control("GET", "/received?path=sees")["received"]) == 3
