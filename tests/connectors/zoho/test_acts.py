from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import (
    Action,
    Choice,
    Effect,
    Misconfigured,
    Money,
    Ref,
    Retryable,
    Scalar,
    Throttled,
    Unknown,
    Verb,
)
from connectors.zoho.client import Client
from connectors.zoho.people import vault_key
from tests.connectors.zoho.parts import DEAL, DEALS, MEI, PERSONAL, Desk, action, client, settings
from tests.connectors.zoho.vendor import TOKEN, Asked, Said, Vendor, error, payload, rows

ONE = f"Deals/{DEAL}"
BLUEPRINT = f"{ONE}/actions/blueprint"
APPROVED = Choice("Approved", "Approved")
KINDS = {
    "Deals": {
        **DEALS,
        "approve": "Approve",
        "reject": "Reject",
        "transitions": {"Approve": "Approved", "Reject": "Rejected"},
    }
}


def deal(stamp: str = "2026-03-02T16:40:00+08:00", **cells: Any) -> dict[str, Any]:
    found: dict[str, Any] = payload("query__deal")["data"][0]
    return found | {"Modified_Time": stamp} | cells


MOVED = "2026-03-02T17:00:01+08:00"


def stands(vendor: Vendor, *states: dict[str, Any]) -> None:
    vendor.on("POST", "coql", *[rows(state) for state in states])


def set_stage(**changes: Any) -> Action:
    return action(Verb.SET, fields={"Stage": APPROVED}, **changes)


@pytest.fixture
def own(vendor: Vendor, desk: Desk) -> Client:
    """A client that holds Mei's own refresh token."""
    desk.vault.store(vault_key(settings(vendor), MEI), PERSONAL)
    stands(vendor, deal(), deal(MOVED, Stage="Approved"))
    vendor.on("PUT", ONE, Said(200, payload("update__success")))
    vendor.on("GET", BLUEPRINT, Said(200, payload("blueprint__offered")))
    vendor.on("PUT", BLUEPRINT, Said(200, payload("blueprint__moved")))
    return client(vendor, desk, kinds=KINDS)


def writes(vendor: Vendor) -> list[Asked]:
    return [one for one in vendor.asked if one.method == "PUT"]


def as_whom(vendor: Vendor, asked: Asked) -> str:
    """The refresh token behind the access token of a call."""
    number = int(asked.headers["authorization"].rsplit("-", 1)[1])
    return vendor.calls(TOKEN)[number - 1].form["refresh_token"]


def test_a_value_is_set_as_the_person_and_only_if_nothing_changed(vendor: Vendor, own: Client) -> None:
    found = own.act(set_stage())
    assert found.effect is Effect.DONE
    assert found.record is not None
    assert found.record.fields["Stage"] == APPROVED
    assert found.by == Ref("users", MEI)
    write = writes(vendor)[0]
    assert write.headers["if-unmodified-since"] == "2026-03-02T08:40:00+00:00"
    assert write.body == {"data": [{"Stage": "Approved", "id": DEAL}]}
    assert as_whom(vendor, write) == PERSONAL


def test_the_same_decision_twice_writes_once(vendor: Vendor, own: Client) -> None:
    assert own.act(set_stage()).effect is Effect.DONE
    again = own.act(set_stage())
    assert again.effect is Effect.ALREADY
    assert again.by == Ref("users", MEI)
    assert len(writes(vendor)) == 1


def test_a_token_that_ends_in_the_middle_keeps_the_condition(vendor: Vendor, own: Client) -> None:
    vendor.on("PUT", ONE, error("INVALID_TOKEN", 401), Said(200, payload("update__success")))
    assert own.act(set_stage()).effect is Effect.DONE
    assert [one.headers.get("if-unmodified-since") for one in writes(vendor)] == ["2026-03-02T08:40:00+00:00"] * 2


def test_a_record_that_is_not_what_the_person_saw_is_not_written(vendor: Vendor, own: Client) -> None:
    stands(vendor, deal(MOVED, Amount=2_000_000))
    found = own.act(set_stage())
    assert found.effect is Effect.MOVED
    assert found.by == Ref("users", MEI)
    assert writes(vendor) == []


@pytest.mark.parametrize(("stage", "effect"), [("Negotiation", Effect.MOVED), ("Approved", Effect.ALREADY)])
def test_who_is_faster_by_a_moment_is_told_apart(vendor: Vendor, own: Client, stage: str, effect: Effect) -> None:
    vendor.on("PUT", ONE, Said(412, payload("update__already_modified")))
    stands(vendor, deal(), deal(MOVED, Stage=stage))
    assert own.act(set_stage()).effect is effect


def test_a_record_that_is_gone_has_moved(vendor: Vendor, own: Client) -> None:
    vendor.on("POST", "coql", Said(204))
    vendor.on("GET", "Deals", Said(204))
    found = own.act(set_stage())
    assert found.effect is Effect.MOVED
    assert found.record is not None
    assert found.record.deleted


def test_without_a_credential_nobody_writes(vendor: Vendor, desk: Desk) -> None:
    stands(vendor, deal())
    found = client(vendor, desk).act(set_stage())
    assert found.effect is Effect.DENIED
    assert "connect" in found.reason
    assert vendor.asked == []


@pytest.mark.usefixtures("own")
def test_the_integration_user_writes_only_where_the_settings_say_so(vendor: Vendor, desk: Desk) -> None:
    desk.vault.kept.clear()
    found = client(vendor, desk, act_as_integration_user=True).act(set_stage())
    assert found.effect is Effect.DONE
    assert as_whom(vendor, writes(vendor)[0]) != PERSONAL


@pytest.mark.usefixtures("own")
def test_a_persons_token_may_stand_in_the_settings(vendor: Vendor, desk: Desk) -> None:
    desk.vault.kept.clear()
    assert client(vendor, desk, actors={MEI: PERSONAL}).act(set_stage()).effect is Effect.DONE
    assert as_whom(vendor, writes(vendor)[0]) == PERSONAL


def refused_row(code: str, **details: Any) -> dict[str, Any]:
    return {"data": [{"code": code, "message": "no", "status": "error", "details": details}]}


@pytest.mark.parametrize("status", [200, 202, 207, 400])
@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("MANDATORY_NOT_FOUND", ({"api_name": "Reason"}, Effect.REFUSED, "Reason")),
        ("INVALID_DATA", ({"api_name": "Stage"}, Effect.REFUSED, "Stage")),
        ("INVALID_DATA", ({"api_name": "id"}, Effect.DENIED, "show")),
        ("RECORD_LOCKED", ({}, Effect.REFUSED, "locked")),
        ("RECORD_IN_BLUEPRINT", ({}, Effect.REFUSED, "Blueprint")),
        ("NOT_APPROVED", ({}, Effect.REFUSED, "approval")),
        ("NO_PERMISSION", ({"permissions": ["Edit"]}, Effect.DENIED, "profile")),
        ("AUTHORIZATION_FAILED", ({}, Effect.DENIED, "profile")),
        ("NEVER_SEEN", ({}, Effect.REFUSED, "NEVER_SEEN")),
    ],
)
def test_a_refused_row_inside_any_answer_is_no_success(
    vendor: Vendor, own: Client, status: int, code: str, told: tuple[dict[str, Any], Effect, str]
) -> None:
    details, effect, word = told
    vendor.on("PUT", ONE, Said(status, refused_row(code, **details)))
    found = own.act(set_stage())
    assert found.effect is effect
    assert word in found.reason


@pytest.mark.usefixtures("own")
def test_a_permission_that_the_integration_user_lacks_is_the_operators(vendor: Vendor, desk: Desk) -> None:
    desk.vault.kept.clear()
    vendor.on("PUT", ONE, error("NO_PERMISSION", 403, permissions=["Crm_Implied_Edit_Deals"]))
    with pytest.raises(Misconfigured):
        client(vendor, desk, act_as_integration_user=True).act(set_stage())


def test_a_lost_write_in_the_second_of_the_version_is_found_by_its_value(vendor: Vendor, own: Client) -> None:
    vendor.on("PUT", ONE, Said(cut=True))
    stands(vendor, deal(), deal(Stage="Approved"))
    assert own.act(set_stage()).effect is Effect.DONE


@pytest.mark.parametrize("said", [Said(cut=True), Said(500, {"code": "INTERNAL_ERROR"})])
def test_after_a_lost_answer_the_record_tells(vendor: Vendor, own: Client, said: Said) -> None:
    vendor.on("PUT", ONE, said)
    assert own.act(set_stage()).effect is Effect.DONE
    stands(vendor, deal())
    with pytest.raises(Retryable):
        own.act(set_stage())
    stands(vendor, deal(), deal(MOVED, Stage="Closed Won"))
    with pytest.raises(Unknown):
        own.act(set_stage())
    vendor.on("POST", "coql", rows(deal()), Said(503))
    with pytest.raises(Unknown):
        own.act(set_stage())


def test_a_value_that_the_vendor_passes_over_is_no_success(vendor: Vendor, own: Client) -> None:
    stands(vendor, deal(), deal())
    found = own.act(set_stage())
    assert found.effect is Effect.REFUSED
    assert "Stage" in found.reason


def test_too_much_is_no_outcome(vendor: Vendor, own: Client) -> None:
    vendor.on("PUT", ONE, error("TOO_MANY_REQUESTS", 429))
    with pytest.raises(Throttled):
        own.act(set_stage())


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Money(Decimal("0.10"), "HKD"), "0.10"),
        (Decimal("12345678901234567.89"), "12345678901234567.89"),
        (Choice("Approved", "Genehmigt"), '"Approved"'),
        (Ref("users", "5"), '{"id":"5"}'),
        (("North", "South"), '["North","South"]'),
        (date(2026, 4, 30), '"2026-04-30"'),
        (datetime(2026, 4, 30, 8, 0, 0, 5, tzinfo=UTC), '"2026-04-30T08:00:00+00:00"'),
        (True, "true"),
        (None, "null"),
        ("text", '"text"'),
    ],
)
def test_values_are_written_as_the_vendor_takes_them(vendor: Vendor, own: Client, value: Scalar, written: str) -> None:
    own.act(action(Verb.SET, fields={"Some_Field": value}))
    assert f'"Some_Field":{written}' in writes(vendor)[0].text


def test_an_amount_in_another_currency_is_not_written(vendor: Vendor, own: Client) -> None:
    found = own.act(action(Verb.SET, fields={"Amount": Money(Decimal(5), "USD")}))
    assert found.effect is Effect.REFUSED
    assert "HKD" in found.reason
    assert writes(vendor) == []


def test_an_approval_is_the_persons_own_transition(vendor: Vendor, own: Client) -> None:
    found = own.act(action(Verb.APPROVE, comment="by phone"))
    assert found.effect is Effect.DONE
    asked = vendor.calls(BLUEPRINT)
    assert [one.method for one in asked] == ["GET", "PUT"]
    assert asked[1].body == {"blueprint": [{"transition_id": "554023000000310017", "data": {"Notes": "by phone"}}]}
    assert {as_whom(vendor, one) for one in asked} == {PERSONAL}


@pytest.mark.parametrize("name", ["Reject", "554023000000310019"])
def test_a_transition_is_named_by_name_or_id(vendor: Vendor, own: Client, name: str) -> None:
    own.act(action(Verb.TRANSITION, transition=name))
    assert writes(vendor)[0].body["blueprint"][0]["transition_id"] == "554023000000310019"


def test_a_transition_that_is_not_offered_to_this_person_is_denied(vendor: Vendor, own: Client) -> None:
    offered = payload("blueprint__offered")
    offered["blueprint"]["transitions"] = []
    vendor.on("GET", BLUEPRINT, Said(200, offered))
    assert own.act(action(Verb.APPROVE)).effect is Effect.DENIED
    assert writes(vendor) == []


@pytest.mark.parametrize("transitions", [{}, {"Escalate": "Negotiation"}])
@pytest.mark.usefixtures("own")
def test_a_transition_whose_condition_is_not_met_is_refused(
    vendor: Vendor, desk: Desk, transitions: dict[str, str]
) -> None:
    """One that leads to the present state is not taken for one that was taken."""
    made = client(vendor, desk, kinds={"Deals": {**DEALS, "transitions": transitions}})
    assert made.act(action(Verb.TRANSITION, transition="Escalate")).effect is Effect.REFUSED
    assert writes(vendor) == []


def state(name: str) -> dict[str, Any]:
    found: dict[str, Any] = payload("blueprint__offered")
    found["blueprint"]["process_info"]["field_value"] = name
    found["blueprint"]["transitions"] = []
    return found


@pytest.mark.parametrize(
    ("said", "stage", "effect"),
    [
        (Said(200, state("Approved")), "Approved", Effect.ALREADY),
        (Said(200, state("Rejected")), "Rejected", Effect.MOVED),
        (error("RECORD_NOT_IN_PROCESS"), "Approved", Effect.ALREADY),
        (error("RECORD_NOT_IN_PROCESS"), "Closed Won", Effect.MOVED),
        (Said(204), "Approved", Effect.ALREADY),
    ],
)
def test_decided_already_is_not_the_same_as_changed(
    vendor: Vendor, own: Client, said: Said, stage: str, effect: Effect
) -> None:
    stands(vendor, deal(MOVED, Stage=stage))
    vendor.on("GET", BLUEPRINT, said)
    found = own.act(action(Verb.APPROVE))
    assert found.effect is effect
    assert found.by == Ref("users", MEI)
    assert writes(vendor) == []


@pytest.mark.parametrize(("after", "effect"), [("Approved", Effect.ALREADY), ("Rejected", Effect.MOVED)])
@pytest.mark.parametrize("code", ["RECORD_NOT_IN_PROCESS", "INVALID_DATA"])
def test_somebody_who_decides_a_moment_earlier_is_seen(
    vendor: Vendor, own: Client, code: str, after: str, effect: Effect
) -> None:
    vendor.on("PUT", BLUEPRINT, error(code))
    vendor.on("GET", BLUEPRINT, Said(200, payload("blueprint__offered")), Said(200, state(after)))
    stands(vendor, deal(), deal(MOVED, Stage=after))
    assert own.act(action(Verb.APPROVE)).effect is effect


def test_a_field_that_a_transition_demands_is_named(vendor: Vendor, own: Client) -> None:
    vendor.on("PUT", BLUEPRINT, error("INVALID_DATA", api_name="Discount"))
    found = own.act(action(Verb.APPROVE))
    assert found.effect is Effect.REFUSED
    assert "Discount" in found.reason


def test_a_lost_answer_to_a_transition_is_read_again(vendor: Vendor, own: Client) -> None:
    vendor.on("PUT", BLUEPRINT, Said(cut=True))
    vendor.on("GET", BLUEPRINT, Said(200, payload("blueprint__offered")), Said(200, state("Approved")))
    assert own.act(action(Verb.APPROVE)).effect is Effect.DONE
    vendor.on("GET", BLUEPRINT, Said(200, payload("blueprint__offered")))
    stands(vendor, deal())
    with pytest.raises(Retryable):
        own.act(action(Verb.APPROVE))
    assert len(writes(vendor)) == 2


@pytest.mark.usefixtures("own")
def test_an_approval_that_no_setting_names_says_which_to_give(vendor: Vendor, desk: Desk) -> None:
    found = client(vendor, desk).act(action(Verb.APPROVE))
    assert found.effect is Effect.REFUSED
    assert "approve" in found.reason
    assert writes(vendor) == []
