"""What can be asked is asked as the person; what cannot be known is refused with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.contract import Action, Retryable, Verb
from connectors.dynamics.business_central.client import Client
from tests.connectors.dynamics.business_central.books import Books, gid, open_books, personal
from tests.connectors.dynamics.business_central.parts import NOW, PERSONAL, SARA, Desk, action, client
from tests.connectors.dynamics.business_central.vendor import Said, error, rows

ORDER = gid(1)
KIND = {
    "fields": ["status", "salesOrderLines.quantity", "customer.displayName"],
    "approve": "approveRequest",
    "transitions": {"approveRequest": "Open"},
}


@pytest.fixture
def books(desk: Desk) -> Iterator[Books]:
    with open_books(lambda: desk.now) as books:
        books.put(
            "salesOrders", 1, NOW - timedelta(hours=1), status="In_x0020_Review", salesOrderLines=[], customer=None
        )
        personal(books.vendor, {PERSONAL: "access-sara", "refresh-of-alex": "access-alex"})
        books.forbidden = frozenset({"access-alex"})
        yield books


@pytest.fixture
def ours(books: Books, desk: Desk) -> Client:
    actors = {SARA: PERSONAL, "ALEX": "refresh-of-alex", "GONE": "refresh-that-ended"}
    return client(books.vendor, desk, kinds={"salesOrders": KIND}, actors=actors)


def asked(verb: Verb = Verb.SET, **changes: Any) -> Action:
    return action(verb, id=ORDER, **changes)


def entry(**changes: Any) -> dict[str, Any]:
    return {"approverId": SARA, "status": "Open", "documentType": "Order"} | changes


def test_who_sees_the_record_may_try_to_change_it(ours: Client, books: Books) -> None:
    assert ours.may(SARA, asked()).allowed
    assert "access-sara" in books.vendor.asked[-1].headers["authorization"]


@pytest.mark.parametrize(("actor", "reason"), [("ALEX", "show"), ("GONE", "again"), ("NOBODY", "connect")])
def test_who_may_not_is_told_why(ours: Client, actor: str, reason: str) -> None:
    answer = ours.may(actor, asked())
    assert not answer.allowed
    assert reason in answer.reason


def test_the_applications_own_rights_are_nobodys_answer(books: Books, desk: Desk) -> None:
    stand_in = client(books.vendor, desk, kinds={"salesOrders": KIND}, act_as_integration_user=True)
    answer = stand_in.may("NOBODY", asked())
    assert not answer.allowed
    assert "cannot be asked" in answer.reason
    assert stand_in.sees("NOBODY", "salesOrders", [ORDER]) == {}


def test_whose_approval_is_due_may_approve(books: Books, ours: Client) -> None:
    books.vendor.on("GET", "approvalEntries", rows(entry(approverId="sara")))
    assert ours.may(SARA, asked(Verb.APPROVE)).allowed
    (question,) = books.vendor.calls("approvalEntries")
    assert question.params["$filter"] == "tableId eq 36 and documentNumber eq 'SO-00001'"


@pytest.mark.parametrize(
    "found",
    [
        [],
        [entry(approverId="ALEX")],
        [entry(status="Approved")],
        [entry(status="Created")],
        [entry(documentType="Credit_x0020_Memo")],
    ],
)
def test_another_persons_approval_or_another_documents_is_not_theirs(
    books: Books, ours: Client, found: list[dict[str, Any]]
) -> None:
    books.vendor.on("GET", "approvalEntries", rows(*found))
    answer = ours.may(SARA, asked(Verb.APPROVE))
    assert not answer.allowed
    assert "wait" in answer.reason


def test_an_older_version_without_approval_entries_is_a_refusal(books: Books, ours: Client) -> None:
    books.vendor.on("GET", "approvalEntries", error("BadRequest_ResourceNotFound", 404))
    answer = ours.may(SARA, asked(Verb.APPROVE))
    assert not answer.allowed
    assert "cannot be read" in answer.reason


def test_a_decision_that_no_action_carries_out_is_refused(ours: Client) -> None:
    answer = ours.may(SARA, asked(Verb.REJECT))
    assert not answer.allowed
    assert "no bound action" in answer.reason


def test_a_passing_fault_is_no_answer(books: Books, ours: Client) -> None:
    books.vendor.on("GET", "approvalEntries", Said(503, headers={"Retry-After": "30"}))
    with pytest.raises(Retryable) as raised:
        ours.may(SARA, asked(Verb.APPROVE))
    assert raised.value.after == timedelta(seconds=30)


def test_what_somebody_sees_is_what_the_vendor_shows_them(ours: Client) -> None:
    assert ours.sees(SARA, "salesOrders", [ORDER, gid(2)]) == {
        ORDER: {"status", "salesOrderLines", "salesOrderLines.quantity", "customer.displayName"}
    }
    for actor in ("ALEX", "GONE", "NOBODY"):
        assert ours.sees(actor, "salesOrders", [ORDER]) == {}
    assert ours.sees(SARA, "salesOrders", []) == {}
