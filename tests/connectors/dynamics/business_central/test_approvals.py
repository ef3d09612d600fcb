"""A page of one's own with approval entries: whose approval is due stands in the record, and it is decided once."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Effect, Retryable, Verb
from connectors.dynamics.business_central.client import Client
from tests.connectors.dynamics.business_central.books import personal
from tests.connectors.dynamics.business_central.parts import (
    ENTRIES,
    ENTRIES_METADATA,
    ORDER,
    OWN_PAGE,
    PERSONAL,
    SARA,
    Desk,
    client,
    deciding,
    entry,
)
from tests.connectors.dynamics.business_central.vendor import COMPANY, Said, Vendor, error, rows

PAGE = f"{OWN_PAGE}companies({COMPANY})/approvalEntries"
APPROVE = f"{PAGE}({ORDER})/Microsoft.NAV.approve"


def shows(vendor: Vendor, *found: dict[str, Any]) -> None:
    vendor.on("GET", PAGE, rows(*found))


@pytest.fixture
def page(vendor: Vendor) -> Vendor:
    personal(vendor, {PERSONAL: "access-sara"})
    vendor.on("GET", f"{OWN_PAGE}$metadata", Said(200, ENTRIES_METADATA))
    shows(vendor, entry())
    return vendor


@pytest.fixture
def stand_in(page: Vendor, desk: Desk) -> Client:
    return client(page, desk, kinds={"approval": ENTRIES}, act_as_integration_user=True)


@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.REJECT])
@pytest.mark.parametrize("approver", ["SARA", "sara"])
def test_the_approver_of_an_entry_that_is_due_may_decide_it(
    page: Vendor, stand_in: Client, verb: Verb, approver: str
) -> None:
    shows(page, entry(approverId=approver))
    assert stand_in.may(SARA, deciding(verb)).allowed


@pytest.mark.parametrize(
    "found",
    [
        [],
        [entry(approverId="ALEX")],
        [entry(approverId="")],
        [entry(approverId="SARAH")],
        [entry(status="Created")],
        [entry(status="Approved")],
        [entry(status="")],
    ],
)
def test_an_entry_that_is_anothers_or_not_due_is_nobody_elses_to_decide(
    page: Vendor, stand_in: Client, found: list[dict[str, Any]]
) -> None:
    shows(page, *found)
    answer = stand_in.may(SARA, deciding())
    assert not answer.allowed
    assert "wait" in answer.reason


def test_an_approver_that_we_may_not_read_is_nobody(page: Vendor, stand_in: Client) -> None:
    hidden = ENTRIES_METADATA.replace(b'<Property Name="approverId" Type="Edm.String" />', b"")
    page.on("GET", f"{OWN_PAGE}$metadata", Said(200, hidden))
    assert not stand_in.may(SARA, deciding()).allowed


def test_a_page_that_does_not_tell_its_approver_is_decided_by_nobody(page: Vendor, desk: Desk) -> None:
    untold = {name: value for name, value in ENTRIES.items() if name != "approvals"}
    answer = client(page, desk, kinds={"approval": untold}, act_as_integration_user=True).may(SARA, deciding())
    assert not answer.allowed
    assert "does not tell" in answer.reason


def test_what_is_no_approval_is_not_allowed_by_the_entry(stand_in: Client) -> None:
    answer = stand_in.may(SARA, deciding(Verb.TRANSITION, transition="approve"))
    assert not answer.allowed
    assert "cannot be asked" in answer.reason


def test_an_approver_with_an_account_has_to_see_the_entry_and_others_need_one(page: Vendor, desk: Desk) -> None:
    ours = client(page, desk, kinds={"approval": ENTRIES}, actors={SARA: PERSONAL})
    assert ours.may(SARA, deciding()).allowed
    assert "access-sara" in page.calls(PAGE)[-1].headers["authorization"]
    assert "connect" in ours.may("ALEX", deciding(actor="ALEX")).reason

    def shown(asked: Any) -> Said:
        if asked.headers["authorization"] == "Bearer access-sara":
            return error("Authorization_RequestDenied", 403)
        return rows(entry())

    page.on("GET", PAGE, shown)
    assert "show" in ours.may(SARA, deciding()).reason


def test_a_lost_answer_of_an_entry_still_due_is_asked_for_again_later(page: Vendor, stand_in: Client) -> None:
    """The vendor decides open entries alone, so that asking twice decides once."""
    page.on("POST", APPROVE, Said(cut=True))
    with pytest.raises(Retryable) as raised:
        stand_in.act(deciding())
    assert raised.value.after is not None
    assert len(page.calls(APPROVE)) == 1


def test_a_lost_answer_of_an_entry_that_is_decided_by_then_is_done(page: Vendor, stand_in: Client) -> None:
    def lost(_asked: object) -> Said:
        shows(page, entry(status="Approved", lastModifiedDateTime="2026-03-02T08:59:00Z"))
        return Said(cut=True)

    page.on("POST", APPROVE, lost)
    assert stand_in.act(deciding()).effect is Effect.DONE
    assert stand_in.act(deciding()).effect is Effect.ALREADY
    assert len(page.calls(APPROVE)) == 1
