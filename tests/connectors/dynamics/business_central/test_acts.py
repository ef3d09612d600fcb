"""A decision is written once, as the person who made it, and only onto what they saw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import (
    Action,
    Choice,
    Effect,
    Hidden,
    Malformed,
    Misconfigured,
    Money,
    Retryable,
    Unknown,
    Verb,
)
from connectors.dynamics.business_central.client import Client
from tests.connectors.dynamics.business_central.books import Books, gid, open_books, personal
from tests.connectors.dynamics.business_central.parts import NOW, PERSONAL, SARA, Desk, action, client
from tests.connectors.dynamics.business_central.vendor import BELOW, Asked, Said, error, rows

ORDER = gid(1)
SEEN = NOW - timedelta(hours=1)
VERSION = "2026-03-02T08:00:00.000Z"
FIELDS = ["externalDocumentNumber", "status", "totalAmountIncludingTax", "orderDate", "fullyShipped", "customerId"]
KIND = {
    "fields": FIELDS,
    "approve": "approveRequest",
    "transitions": {"approveRequest": "Open", "shipAndInvoice": "gone", "reopen": ""},
}
CELLS: dict[str, Any] = {
    "externalDocumentNumber": "",
    "status": "Draft",
    "totalAmountIncludingTax": 100,
    "currencyCode": "GBP",
    "orderDate": "2026-03-01",
    "fullyShipped": False,
    "customerId": gid(900),
}


@pytest.fixture
def books(desk: Desk) -> Iterator[Books]:
    with open_books(lambda: desk.now) as books:
        books.put("salesOrders", 1, SEEN, **CELLS)
        personal(books.vendor, {PERSONAL: "access-sara"})
        yield books


@pytest.fixture
def ours(books: Books, desk: Desk) -> Client:
    return client(books.vendor, desk, kinds={"salesOrders": KIND}, actors={SARA: PERSONAL})


def setting(**changes: Any) -> Action:
    return action(id=ORDER, version=VERSION, **changes)


def moving(verb: Verb = Verb.TRANSITION, **changes: Any) -> Action:
    return action(verb, id=ORDER, version=VERSION, **{"transition": "shipAndInvoice", **changes})


def test_a_field_is_set_as_the_person_onto_the_state_that_they_saw(books: Books, ours: Client) -> None:
    acted = ours.act(setting())
    assert acted.effect is Effect.DONE
    assert acted.record is not None
    assert acted.record.fields["externalDocumentNumber"] == "PO-77"
    assert acted.by is not None
    assert acted.by.id == SARA
    (patch,) = books.vendor.calls("salesOrders", "PATCH")
    assert patch.headers["authorization"] == "Bearer access-sara"
    assert patch.headers["if-match"].startswith('W/"')
    assert patch.body == {"externalDocumentNumber": "PO-77"}


def test_ten_presses_write_once(books: Books, ours: Client) -> None:
    effects = [ours.act(setting()).effect for _ in range(10)]
    assert effects == [Effect.DONE] + [Effect.ALREADY] * 9
    assert books.writes == 1


def test_values_go_back_as_the_vendor_takes_them(books: Books, ours: Client) -> None:
    fields = {
        "status": Choice("In Review", "In Review"),
        "totalAmountIncludingTax": Money(Decimal("12345678901234567.89"), "GBP"),
        "orderDate": None,
        "fullyShipped": True,
    }
    ours.act(setting(fields=fields))
    (patch,) = books.vendor.calls("salesOrders", "PATCH")
    assert patch.text == (
        '{"status":"In_x0020_Review","totalAmountIncludingTax":12345678901234567.89,"orderDate":"0001-01-01",'
        '"fullyShipped":true}'
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"totalAmountIncludingTax": Money(Decimal(5), "USD")}, "currency"),
        ({"status": Choice("Closed", "Closed")}, "no value Closed"),
        ({"fullyShipped": None}, "cannot be empty"),
        ({"externalDocumentNumber": Hidden()}, "hidden"),
        ({"salesperson": "JO"}, "mapped"),
        ({}, "Nothing"),
    ],
)
def test_what_cannot_be_written_is_refused_before(books: Books, ours: Client, fields: Any, reason: str) -> None:
    acted = ours.act(setting(fields=fields))
    assert acted.effect is Effect.REFUSED
    assert reason in acted.reason
    assert books.writes == 0


def test_a_record_that_has_changed_since_is_left_alone(books: Books, ours: Client) -> None:
    books.touch("salesOrders", ORDER, SEEN + timedelta(milliseconds=1))
    acted = ours.act(setting())
    assert acted.effect is Effect.MOVED
    assert acted.reason
    assert books.writes == 0


@pytest.mark.parametrize("status", [409, 412, 404])
def test_a_record_that_changes_between_reading_and_writing_is_left_alone(
    books: Books, ours: Client, status: int
) -> None:
    books.vendor.on("PATCH", f"salesOrders({ORDER})", error("Request_EntityChanged", status))
    assert ours.act(setting()).effect is Effect.MOVED


def test_a_record_that_is_gone_has_moved(books: Books, ours: Client) -> None:
    del books.sets["salesOrders"][ORDER]
    acted = ours.act(setting())
    assert acted.effect is Effect.MOVED
    assert acted.record is not None
    assert acted.record.deleted


def test_nobody_writes_for_somebody_without_an_account_of_theirs(books: Books, ours: Client) -> None:
    acted = ours.act(setting(actor="ALEX"))
    assert acted.effect is Effect.DENIED
    assert "connect" in acted.reason
    assert books.writes == 0


def test_the_application_writes_where_the_settings_say_so(books: Books, desk: Desk) -> None:
    made = client(books.vendor, desk, kinds={"salesOrders": KIND}, act_as_integration_user=True)
    assert made.act(setting(actor="ALEX")).effect is Effect.DONE
    assert books.vendor.calls("salesOrders", "PATCH")[0].headers["authorization"] == "Bearer access-app"


def test_a_person_whose_sign_in_has_ended_is_told_so(books: Books, desk: Desk) -> None:
    made = client(books.vendor, desk, kinds={"salesOrders": KIND}, actors={SARA: "refresh-that-ended"})
    acted = made.act(setting())
    assert acted.effect is Effect.DENIED
    assert "again" in acted.reason


def test_a_refresh_token_that_follows_is_kept_for_the_next_time(books: Books, desk: Desk) -> None:
    def granted(asked: Asked) -> Said:
        if asked.form["grant_type"] == "client_credentials":
            return books.vendor.granted()
        assert asked.form["scope"] == "https://api.businesscentral.dynamics.com/.default offline_access"
        return books.vendor.granted(refresh_token="refresh-2")

    books.vendor.on("POST", "/contoso.example/oauth2/v2.0/token", granted)
    client(books.vendor, desk, kinds={"salesOrders": KIND}, actors={SARA: PERSONAL}).act(setting())
    assert list(desk.vault.kept.values()) == ["refresh-2"]
    assert next(iter(desk.vault.kept)).endswith(f":actor:{SARA}")


@pytest.mark.parametrize("status", [403, 401])
def test_a_right_that_a_person_lacks_is_theirs_and_one_of_the_application_is_a_fault(
    books: Books, ours: Client, desk: Desk, status: int
) -> None:
    refusal = error("Authorization_RequestDenied", 403, "(TableData 36 Sales Header Modify: Base Application)")
    books.vendor.on("PATCH", f"salesOrders({ORDER})", refusal if status == 403 else Said(401))
    if status == 403:
        assert ours.act(setting()).effect is Effect.DENIED
    stand_in = client(books.vendor, desk, kinds={"salesOrders": KIND}, act_as_integration_user=True)
    with pytest.raises(Misconfigured, match="TableData 36 Sales Header Modify" if status == 403 else "token"):
        stand_in.act(setting())


def test_the_vendors_own_rule_is_told_to_the_person(books: Books, ours: Client) -> None:
    rule = "You cannot change Ext. Doc. No. because the order is released."
    books.vendor.on("PATCH", f"salesOrders({ORDER})", error("Application_DialogException", 400, rule))
    acted = ours.act(setting())
    assert acted.effect is Effect.REFUSED
    assert acted.reason == rule


def test_a_value_that_was_not_kept_is_no_success(books: Books, ours: Client) -> None:
    books.vendor.on("PATCH", f"salesOrders({ORDER})", Said(200, {}))
    acted = ours.act(setting())
    assert acted.effect is Effect.REFUSED
    assert "externalDocumentNumber" in acted.reason


def test_a_record_without_an_etag_is_not_written(books: Books, ours: Client) -> None:
    books.vendor.on("GET", "salesOrders", rows({"id": ORDER, "lastModifiedDateTime": VERSION, "number": "1", **CELLS}))
    with pytest.raises(Malformed, match="etag"):
        ours.act(setting())


@pytest.mark.parametrize("lost", [Said(cut=True), Said(500)])
def test_a_lost_answer_is_looked_up(books: Books, ours: Client, lost: Said) -> None:
    def written(_asked: Asked) -> Said:
        books.touch("salesOrders", ORDER, externalDocumentNumber="PO-77")
        return lost

    books.vendor.on("PATCH", f"salesOrders({ORDER})", written)
    assert ours.act(setting()).effect is Effect.DONE


def test_a_lost_answer_with_nothing_written_is_tried_again(books: Books, ours: Client) -> None:
    books.vendor.on("PATCH", f"salesOrders({ORDER})", Said(cut=True))
    with pytest.raises(Retryable):
        ours.act(setting())


def test_a_lost_answer_beside_anothers_change_is_unknown(books: Books, ours: Client) -> None:
    def meanwhile(_asked: Asked) -> Said:
        books.touch("salesOrders", ORDER, externalDocumentNumber="PO-78")
        return Said(cut=True)

    books.vendor.on("PATCH", f"salesOrders({ORDER})", meanwhile)
    with pytest.raises(Unknown):
        ours.act(setting())


def test_a_named_action_is_carried_out_as_the_person(books: Books, ours: Client) -> None:
    acted = ours.act(moving())
    assert acted.effect is Effect.DONE
    assert acted.record is not None
    assert acted.record.deleted, "the order is used up by its posting"
    (posted,) = books.vendor.calls("salesOrders", "POST")
    assert posted.path == f"{BELOW}salesOrders({ORDER})/Microsoft.NAV.shipAndInvoice"
    assert posted.headers["authorization"] == "Bearer access-sara"
    assert ours.act(moving()).effect is Effect.ALREADY
    assert books.writes == 1


def test_an_approval_is_the_action_that_the_settings_name(books: Books, ours: Client) -> None:
    assert ours.act(moving(Verb.APPROVE)).effect is Effect.DONE
    assert books.vendor.calls("salesOrders", "POST")[0].path.endswith("Microsoft.NAV.approveRequest")
    assert ours.act(moving(Verb.APPROVE)).effect is Effect.ALREADY


@pytest.mark.parametrize(
    ("asked", "reason"),
    [(moving(Verb.REJECT), "custom API page"), (moving(transition="deleteAll"), "transitions")],
)
def test_what_the_settings_do_not_name_is_never_called(books: Books, ours: Client, asked: Action, reason: str) -> None:
    acted = ours.act(asked)
    assert acted.effect is Effect.REFUSED
    assert reason in acted.reason
    assert not books.vendor.calls("salesOrders", "POST")


def test_an_action_onto_another_state_than_was_seen_is_not_called(books: Books, ours: Client) -> None:
    assert ours.act(replace(moving(), version="2026-03-02T07:00:00.000Z")).effect is Effect.MOVED
    assert books.writes == 0


def test_an_action_whose_answer_is_lost_is_not_called_again_by_itself(books: Books, ours: Client) -> None:
    """Posting may go on for minutes after the connection broke."""
    books.vendor.on("POST", f"salesOrders({ORDER})/Microsoft.NAV.shipAndInvoice", Said(cut=True))
    with pytest.raises(Unknown):
        ours.act(moving())
    assert len(books.vendor.calls("salesOrders", "POST")) == 1


def test_a_snapshot_is_not_written_to(books: Books, desk: Desk) -> None:
    kinds = {"stock": {"entity_set": "items", "reading": "snapshot", "fields": ["inventory"]}}
    made = client(books.vendor, desk, kinds=kinds, act_as_integration_user=True)
    assert made.act(action(kind="stock")).effect is Effect.REFUSED
