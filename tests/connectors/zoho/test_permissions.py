from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Choice, Refused, Verb
from connectors.zoho.client import Client
from connectors.zoho.people import vault_key
from tests.connectors.zoho.parts import DEAL, DEALS, MEI, PERSONAL, Desk, action, client, settings
from tests.connectors.zoho.vendor import Said, Vendor, error, payload, rows

KINDS = {"Deals": {**DEALS, "fields": ["Stage", "Amount", "Margin"], "approve": "Approve"}}
SET = action(Verb.SET, fields={"Stage": Choice("Approved", "Approved")})


@pytest.fixture
def own(vendor: Vendor, desk: Desk) -> Client:
    desk.vault.store(vault_key(settings(vendor), MEI), PERSONAL)
    vendor.on("POST", "coql", Said(200, payload("query__deal")))
    vendor.on("GET", f"Deals/{DEAL}/actions/blueprint", Said(200, payload("blueprint__offered")))
    return client(vendor, desk, kinds=KINDS)


def without(vendor: Vendor, name: str, **changes: Any) -> None:
    fields = payload("fields__deals")["fields"]
    kept = [each | changes if each["api_name"] == name else each for each in fields]
    vendor.on("GET", "settings/fields", Said(200, {"fields": kept}))


def test_who_sees_the_record_may_change_its_fields(own: Client) -> None:
    assert own.may(MEI, SET).allowed


@pytest.mark.parametrize(
    "changes", [{"visible": False}, {"read_only": True}, {"operation_type": {"api_update": False}}]
)
def test_a_field_that_is_not_theirs_is_named(vendor: Vendor, own: Client, changes: dict[str, Any]) -> None:
    without(vendor, "Stage", **changes)
    found = own.may(MEI, SET)
    assert not found.allowed
    assert "Stage" in found.reason


def test_a_record_that_is_not_shown_to_them_may_not_be_changed(vendor: Vendor, own: Client) -> None:
    vendor.on("POST", "coql", Said(204))
    vendor.on("GET", "Deals", Said(204))
    assert not own.may(MEI, SET).allowed
    assert own.sees(MEI, "Deals", [DEAL]) == {}


def test_a_transition_is_theirs_only_if_the_vendor_offers_it(vendor: Vendor, own: Client) -> None:
    assert own.may(MEI, action(Verb.APPROVE)).allowed
    assert not own.may(MEI, action(Verb.REJECT)).allowed, "no setting names it"
    assert not own.may(MEI, action(Verb.TRANSITION, transition="Delete everything")).allowed
    vendor.on("GET", f"Deals/{DEAL}/actions/blueprint", error("RECORD_NOT_IN_PROCESS"))
    assert not own.may(MEI, action(Verb.APPROVE)).allowed


def test_fields_are_seen_as_the_person_sees_them(vendor: Vendor, own: Client) -> None:
    vendor.on("POST", "coql", Said(200, payload("query__deal")))
    vendor.on("GET", "Deals", Said(204))
    assert own.sees(MEI, "Deals", [DEAL, "17"]) == {DEAL: frozenset({"Stage", "Amount"})}
    assert len(vendor.calls("settings/fields")) == 1
    own.sees(MEI, "Deals", [DEAL])
    assert len(vendor.calls("settings/fields")) == 1


def test_a_module_that_is_closed_to_them_shows_nothing(vendor: Vendor, own: Client) -> None:
    vendor.on("GET", "settings/fields", error("INVALID_MODULE"))
    assert own.sees(MEI, "Deals", [DEAL]) == {}


def test_without_their_own_credential_nobody_sees_or_may(vendor: Vendor, desk: Desk) -> None:
    made = client(vendor, desk, kinds=KINDS)
    assert made.sees(MEI, "Deals", [DEAL]) == {}
    assert not made.may(MEI, SET).allowed
    assert vendor.asked == []


@pytest.mark.parametrize(
    ("permission", "status", "allowed"),
    [("read_write", "active", True), ("read_only", "active", False), ("read_write", "disabled", False)],
)
def test_where_the_integration_user_writes_the_profile_is_asked(
    vendor: Vendor, desk: Desk, permission: str, status: str, *, allowed: bool
) -> None:
    user = payload("users__mei")
    user["users"][0]["status"] = status
    vendor.on("GET", f"users/{MEI}", Said(200, user))
    profiles = [{"id": "554023000000015975", "name": "Standard", "permission_type": permission}]
    without(vendor, "Stage", profiles=profiles)
    made = client(vendor, desk, kinds=KINDS, act_as_integration_user=True)
    assert made.may(MEI, SET).allowed is allowed
    assert made.sees(MEI, "Deals", [DEAL]) == {}, "what a person sees is never judged for them"


def test_a_user_that_is_unknown_may_nothing(vendor: Vendor, desk: Desk) -> None:
    vendor.on("GET", f"users/{MEI}", Said(204))
    made = client(vendor, desk, kinds=KINDS, act_as_integration_user=True)
    assert not made.may(MEI, SET).allowed


@pytest.mark.parametrize("wrong", ["../users", "1' or '1'='1", ""])
def test_what_is_no_id_enters_no_call(vendor: Vendor, own: Client, wrong: str) -> None:
    for ask in (
        lambda: own.sees(MEI, "Deals", [wrong]),
        lambda: own.sees(wrong, "Deals", [DEAL]),
        lambda: own.may(wrong, SET),
        lambda: own.may(MEI, action(Verb.APPROVE, id=wrong)),
        lambda: own.act(action(Verb.APPROVE, id=wrong)),
    ):
        with pytest.raises(Refused):
            ask()
    assert vendor.asked == []


def test_rows_without_a_place_are_not_seen(vendor: Vendor, own: Client) -> None:
    vendor.on("POST", "coql", rows({"id": DEAL}))
    assert own.sees(MEI, "Deals", [DEAL]) == {}
