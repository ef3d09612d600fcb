"""A person's decision on a field: as that person, on the state that they saw, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from werkzeug import Request, Response

from connectors.contract import (
    Action,
    Choice,
    ConnectorError,
    Effect,
    Misconfigured,
    Ref,
    Retryable,
    Scalar,
    Throttled,
    Verb,
)
from tests.connectors.salesforce.office import ANN, BOB, DEAL, PEM, STAMP, Office, opened, refusal, shown
from tests.connectors.salesforce.parts import CLIENT_CREDENTIALS, Desk
from tests.served import served_session

ROW = "sobjects/Opportunity/006"
SOLD: dict[str, Scalar] = {"StageName": Choice("Sold", "Sold")}


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as found:
        yield found


def action(office: Office, fields: dict[str, Scalar] | None = None, **changes: Any) -> Action:
    usual = {"key": "k1", "verb": Verb.SET, "kind": "Opportunity", "id": DEAL, "actor": ANN}
    return Action(**{**usual, "version": shown(office.stamp), "fields": SOLD if fields is None else fields, **changes})


def test_it_is_written_as_the_person_on_the_condition_and_read_back(office: Office) -> None:
    acted = office.client().act(action(office, {**SOLD, "Amount": Decimal("480001.25")}))
    assert acted.effect is Effect.DONE
    assert (acted.by, acted.reason) == (Ref("User", ANN), "")
    assert acted.record is not None
    assert acted.record.changed_by == Ref("User", ANN, "Ann Approver")
    (written,) = office.calls(ROW)
    assert written.headers["If-Unmodified-Since"] == "Mon, 02 Mar 2026 08:15:42 GMT"
    assert b"480001.25" in written.get_data()
    assert office.tokens == ["bridge", "Ann Approver@example.com"]


def test_only_what_the_mapping_names_comes_back(office: Office) -> None:
    acted = office.client().act(action(office, {"NextStep": "Call"}))
    assert acted.record is not None
    assert acted.record.fields.keys() == {"Amount", "StageName"}


def test_a_record_that_moved_is_left_alone(office: Office) -> None:
    seen = action(office)
    office.change(BOB, Amount=1)
    acted = office.client().act(seen)
    assert (acted.effect, acted.by) == (Effect.MOVED, Ref("User", BOB, "Bob Buyer"))
    assert office.calls(ROW) == []


def test_the_same_decision_twice_writes_once(office: Office) -> None:
    seen, client = action(office), office.client()
    assert client.act(seen).effect is Effect.DONE
    again = client.act(seen)
    assert (again.effect, again.by) == (Effect.ALREADY, Ref("User", ANN, "Ann Approver"))
    assert len(office.calls(ROW)) == 1


def test_what_another_was_faster_with_is_told(office: Office) -> None:
    def faster(_: Request) -> None:
        office.change(BOB, StageName="Sold")

    office.fail(ROW, faster)
    acted = office.client().act(action(office))
    assert (acted.effect, acted.by) == (Effect.ALREADY, Ref("User", BOB, "Bob Buyer"))


def test_a_change_between_look_and_write_is_refused_by_the_condition(office: Office) -> None:
    def other(_: Request) -> None:
        office.change(BOB, Amount=1)

    office.fail(ROW, other)
    assert office.client().act(action(office)).effect is Effect.MOVED
    assert office.values["StageName"] == "Proposal"


def test_a_change_within_the_second_of_the_last_one_is_seen(office: Office) -> None:
    desk = Desk(now=STAMP + timedelta(milliseconds=300), session=served_session())
    client, waited = office.client(desk), []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        office.change(BOB, at=STAMP, Amount=1)

    client._actions = type(client._actions)(
        client._org, client._reading, client._people, client._approvals, desk.services().now, sleep
    )
    assert client.act(action(office)).effect is Effect.MOVED
    assert waited == [1.0]
    assert office.calls(ROW) == []


@pytest.mark.parametrize("done", [True, False])
def test_after_a_lost_answer_the_record_is_read_again(office: Office, done: bool) -> None:
    office.lose(ROW, carried_out=done)
    client, seen = office.client(), action(office)
    if done:
        assert client.act(seen).effect is Effect.DONE
    else:
        with pytest.raises(Retryable, match="tried again"):
            client.act(seen)
        assert client.act(seen).effect is Effect.DONE
    assert office.values["StageName"] == "Sold"


def test_an_ended_session_keeps_the_condition(office: Office) -> None:
    office.fail(ROW, refusal(401, "INVALID_SESSION_ID"))
    assert office.client().act(action(office)).effect is Effect.DONE
    conditions = [each.headers["If-Unmodified-Since"] for each in office.calls(ROW)]
    assert conditions == ["Mon, 02 Mar 2026 08:15:42 GMT"] * 2
    assert office.tokens == ["bridge", *["Ann Approver@example.com"] * 2]


@pytest.mark.parametrize(
    ("status", "code", "effect"),
    [
        (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", Effect.REFUSED),
        (400, "REQUIRED_FIELD_MISSING", Effect.REFUSED),
        (400, "ENTITY_IS_LOCKED", Effect.REFUSED),
        (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Effect.REFUSED),
        (400, "A_CODE_OF_NEXT_YEAR", Effect.REFUSED),
        (400, "INSUFFICIENT_ACCESS_OR_READONLY", Effect.DENIED),
        (400, "INVALID_FIELD_FOR_INSERT_UPDATE", Effect.DENIED),
        (404, "NOT_FOUND", Effect.DENIED),
    ],
)
def test_a_refusal_tells_the_vendors_own_words(office: Office, status: int, code: str, effect: Effect) -> None:
    office.fail(ROW, refusal(status, code, "A discount above\n10 % needs a reason."))
    acted = office.client().act(action(office))
    assert acted.effect is effect
    assert acted.reason.endswith("A discount above 10 % needs a reason.")
    assert acted.record is not None


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (refusal(400, "UNABLE_TO_LOCK_ROW"), Retryable),
        (refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), Throttled),
        (Response("<html>", 503), Retryable),
    ],
)
def test_what_passes_by_itself_is_no_refusal(office: Office, fault: Response, error: type[ConnectorError]) -> None:
    office.fail(ROW, fault)
    with pytest.raises(error):
        office.client().act(action(office))


def test_no_words_of_the_vendor_are_in_the_text_of_an_error(office: Office) -> None:
    office.fail(ROW, refusal(400, "UNABLE_TO_LOCK_ROW", "value 480000.5 of Pump station 7"))
    with pytest.raises(Retryable) as caught:
        office.client().act(action(office))
    assert "480000" not in f"{caught.value!r} {caught.value} {caught.value.detail}"


def test_who_left_is_denied_and_without_an_app_nobody_can(office: Office) -> None:
    left = office.client().act(action(office, actor="005Dn000001GonEIAS"))
    assert (left.effect, left.record) == (Effect.DENIED, None)
    with pytest.raises(Misconfigured, match="`acting`"):
        office.client(acting=None).act(action(office))
    with pytest.raises(Misconfigured, match="kinds"):
        office.client().act(action(office, kind="Lead"))
    assert office.calls(ROW) == []


def test_the_app_that_signs_for_the_bridge_signs_for_people_too(office: Office) -> None:
    signed = {"jwt": {"client_id": "key-2", "username": "bridge@example.com", "private_key": PEM}}
    assert office.client(auth=signed, acting=None).act(action(office)).effect is Effect.DONE
    assert office.tokens == ["bridge@example.com", "Ann Approver@example.com"]
    assert office.client(auth=CLIENT_CREDENTIALS).act(action(office)).effect is Effect.ALREADY


def test_what_salesforce_makes_of_it_is_said(office: Office) -> None:
    def rewrites(request: Request) -> Response:
        office.change(ANN, StageName="Closed", Amount=request.get_json().get("Amount"))
        return Response("", 204)

    office.fail(ROW, rewrites)
    acted = office.client().act(action(office))
    assert (acted.effect, acted.reason) == (Effect.DONE, "Salesforce shows another value for StageName than was set.")


def test_there_is_no_transition_and_no_odd_name(office: Office) -> None:
    client = office.client()
    acted = client.act(action(office, verb=Verb.TRANSITION, transition="Close"))
    assert acted.effect is Effect.REFUSED
    with pytest.raises(Misconfigured):
        client.act(action(office, {"Name, (SELECT Id FROM Contacts)": "x"}))
