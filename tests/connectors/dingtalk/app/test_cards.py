"""Interactive cards: made once by our key, private to single readers, quiet, and changed for everybody."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import ValidationError

from connectors.contract import (
    Aside,
    Button,
    Draft,
    Fact,
    Format,
    Line,
    Outcome,
    Refused,
    Resend,
    Retryable,
    Showing,
)
from connectors.dingtalk.app.cards import CREATE, DELIVER, MOST_VALUE_BYTES, UPDATE, Card, Cards, Place
from tests.connectors.dingtalk.app.test_work import DRAFTS
from tests.connectors.dingtalk.app.vendor import CLIENT, CUT, Said, Vendor, refusal

GROUP, TEMPLATE = "cidExample==", "4d18414c.schema"
CARD = Card(
    "order-1042",
    TEMPLATE,
    {"title": "SO-1042", "amount": "HKD 1"},
    private={"amy": {"buttons": "true"}},
    preview="An order waits",
    quiet=True,
)
FACT = Fact("Order released", "SO-1042", "https://crm.example.com/1", lines=(Line("Amount", "HKD 2", "HKD 1"),))
DRAFT = Draft("Order SO-1042", (FACT,), open_label="Open")


def delivered(success: object = True, error: str = "") -> Said:
    row = {"spaceType": "IM_GROUP", "spaceId": GROUP, "success": success, "carrierId": "4v+AzU", "errorMsg": error}
    return Said(200, {"success": True, "result": {"outTrackId": "order-1042", "deliverResults": [row]}})


def test_a_card_in_a_group(vendor: Vendor) -> None:
    vendor.on(CREATE, delivered())
    cards = Cards(vendor.calls())
    receipt = cards.deliver(cards.freeze(CARD, Place(conversation=GROUP, readers=("amy",))))
    assert (receipt.outcome, receipt.handle) == (Outcome.DELIVERED, "order-1042")
    body = vendor.to(CREATE)[0].body
    assert body["outTrackId"] == "order-1042"
    assert body["openSpaceId"] == f"dtv1.card//IM_GROUP.{GROUP}"
    assert body["imGroupOpenDeliverModel"] == {"robotCode": CLIENT, "recipients": ["amy"]}
    assert body["privateData"] == {"amy": {"cardParamMap": {"buttons": "true"}}}
    space = body["imGroupOpenSpaceModel"]
    assert space["supportForward"] is False
    assert space["notification"] == {"notificationOff": True, "alertContent": "An order waits"}
    assert set(space["lastMessageI18n"].values()) == {"An order waits"}
    assert body["callbackType"] == "STREAM"


def test_a_card_for_one_person(vendor: Vendor) -> None:
    body = json.loads(Cards(vendor.calls()).freeze(CARD, Place(user="amy")))
    assert body["openSpaceId"] == "dtv1.card//IM_ROBOT.amy"
    assert body["imRobotOpenDeliverModel"] == {"robotCode": CLIENT, "spaceType": "IM_ROBOT"}
    assert "imGroupOpenDeliverModel" not in body


def test_a_key_names_one_card(vendor: Vendor) -> None:
    cards, place = Cards(vendor.calls()), Place(user="amy")
    assert cards.freeze(CARD, place) == cards.freeze(CARD, place)
    long = [json.loads(cards.freeze(replace(CARD, key="k" * 100 + end), place))["outTrackId"] for end in "ab"]
    assert len(set(long)) == 2
    assert all(len(each) <= 64 for each in long)


def test_a_card_that_exists_came_the_first_time(vendor: Vendor) -> None:
    vendor.on(CREATE, CUT, refusal("param.cardAlreadyExist"))
    cards = Cards(vendor.calls())
    frozen = cards.freeze(CARD, Place(user="amy"))
    assert [cards.deliver(frozen).outcome, cards.deliver(frozen).outcome] == [Outcome.UNKNOWN, Outcome.DELIVERED]


def test_success_without_delivery_is_tried_once_more_and_then_told(vendor: Vendor) -> None:
    vendor.on(CREATE, delivered(False, "SYSTEM_ERROR"))
    vendor.on(DELIVER, Said(200, {"success": True, "result": [{"success": "true", "errorMsg": ""}]}))
    cards = Cards(vendor.calls())
    frozen = cards.freeze(CARD, Place(conversation=GROUP))
    assert cards.deliver(frozen).outcome is Outcome.DELIVERED
    again = vendor.to(DELIVER)[0].body
    assert (again["outTrackId"], again["openSpaceId"]) == ("order-1042", f"dtv1.card//IM_GROUP.{GROUP}")
    vendor.on(DELIVER, refusal("param.openSpaceIdInvalid"))
    receipt = cards.deliver(frozen)
    assert receipt.outcome is Outcome.REFUSED
    assert "SYSTEM_ERROR" in receipt.reason


@pytest.mark.parametrize(
    "said", [CUT, refusal("Forbidden.AccessDenied.QpsLimitForApi", 403), delivered(False, "again")]
)
def test_a_card_that_was_made_and_not_delivered_is_not_taken_for_delivered_later(vendor: Vendor, said: Said) -> None:
    vendor.on(CREATE, delivered(False, "SYSTEM_ERROR"), refusal("param.cardAlreadyExist"))
    vendor.on(DELIVER, said)
    cards = Cards(vendor.calls())
    # final, or the runner would send it again and hear that it exists
    assert cards.deliver(cards.freeze(CARD, Place(user="amy"))).outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (refusal("param.templateNotExist"), Outcome.MISCONFIGURED),
        (refusal("param.contentUnsafe"), Outcome.REFUSED),
        (refusal("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", 403), Outcome.THROTTLED),
        (refusal("system.busy", 500), Outcome.RETRY),
        (Said(200, {"success": True, "result": {"outTrackId": "order-1042"}}), Outcome.UNKNOWN),
    ],
)
def test_what_becomes_of_a_card(vendor: Vendor, said: Said, outcome: Outcome) -> None:
    vendor.on(CREATE, said)
    cards = Cards(vendor.calls())
    receipt = cards.deliver(cards.freeze(CARD, Place(user="amy")))
    assert receipt.outcome is outcome
    assert receipt.reason.endswith(".")


def test_a_change_for_everybody_and_for_one_reader_leaves_the_rest(vendor: Vendor) -> None:
    vendor.on(UPDATE, Said(200, {"success": True, "result": True}))
    Cards(vendor.calls()).update("order-1042", {"state": "approved"}, {"amy": {"buttons": "false"}})
    asked = vendor.to(UPDATE)[0]
    assert asked.method == "PUT"
    assert asked.body["cardUpdateOptions"] == {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
    assert asked.body["cardData"] == {"cardParamMap": {"state": "approved"}}
    assert asked.body["privateData"] == {"amy": {"cardParamMap": {"buttons": "false"}}}


def test_a_change_that_dingtalk_did_not_make_is_told(vendor: Vendor) -> None:
    vendor.on(UPDATE, Said(200, {"success": True, "result": False}))
    with pytest.raises(Refused, match="did not change"):
        Cards(vendor.calls()).update("order-1042", {"state": "approved"})


def test_presses_come_by_http_where_an_address_is_registered(vendor: Vendor) -> None:
    cards = sender(vendor, callback_route="bridge")
    body = json.loads(cards.freeze(DRAFT, "key-1"))
    assert (body["callbackType"], body["callbackRouteKey"]) == ("HTTP", "bridge")
    assert "callbackRouteKey" not in json.loads(sender(vendor).freeze(DRAFT, "key-1"))


def test_a_change_may_be_repeated_and_an_unknown_card_is_told(vendor: Vendor) -> None:
    vendor.on(UPDATE, CUT, refusal("param.cardNotExist"))
    cards = Cards(vendor.calls())
    with pytest.raises(Retryable):
        cards.update("order-1042", {"state": "approved"})
    with pytest.raises(Refused, match="does not know this card"):
        cards.update("order-1042", {"state": "approved"})


def sender(vendor: Vendor, **changes: Any) -> Any:
    return vendor.sender("card", **{"template": TEMPLATE, "conversation": GROUP, **changes})


@pytest.mark.parametrize("form", Format)
def test_a_destination_of_cards(vendor: Vendor, form: Format) -> None:
    vendor.on(CREATE, delivered())
    cards = sender(vendor, title="headline", quiet=True)
    [(part, _)] = cards.pack(replace(DRAFT, format=form))
    assert cards.resend is Resend.IDEMPOTENT
    assert cards.send(cards.freeze(part, "a" * 32)).outcome is Outcome.DELIVERED
    body = vendor.to(CREATE)[0].body
    assert body["outTrackId"] == "a" * 32
    values = body["cardData"]["cardParamMap"]
    assert values["headline"] == "Order SO-1042"
    assert "SO-1042" in values["text"]
    assert values["url"] == ("" if form is Format.TEXT else FACT.url)
    assert body["imGroupOpenSpaceModel"]["notification"]["notificationOff"] is True


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DRAFTS)
def test_every_value_is_at_most_a_kilobyte(vendor: Vendor, draft: Draft) -> None:
    cards = sender(vendor)
    for part, _ in cards.pack(draft):
        values = json.loads(cards.freeze(part, "key-1"))["cardData"]["cardParamMap"]
        assert all(len(value.encode()) <= MOST_VALUE_BYTES for value in values.values())


ASKING = replace(
    DRAFT,
    buttons=(Button("approve", "批准"), Button("reject", "拒絕")),
    deciders=("amy", "ben"),
    standing="Waiting for a decision",
)


def test_the_buttons_are_for_those_who_decide(vendor: Vendor) -> None:
    body = json.loads(sender(vendor, state="phase").freeze(ASKING, "key-1"))
    values = body["cardData"]["cardParamMap"]
    assert (values["approve"], values["reject"]) == ("批准", "拒絕")
    assert (values["phase"], values["standing"], values["may_decide"]) == ("open", "Waiting for a decision", "false")
    mine = {"cardParamMap": {"may_decide": "true", "note": ""}}
    assert body["privateData"] == {"amy": mine, "ben": mine}


def test_a_card_that_asks_nothing_has_no_variables_of_a_decision(vendor: Vendor) -> None:
    body = json.loads(sender(vendor).freeze(DRAFT, "key-1"))
    assert set(body["cardData"]["cardParamMap"]) == {"title", "text", "url"}
    assert "privateData" not in body


def test_what_became_of_a_decision_is_shown_to_all_and_why_not_to_one(vendor: Vendor) -> None:
    vendor.on(UPDATE, Said(200, {"success": True, "result": True}))
    showing = Showing("Waiting for a decision", ("amy", "ben"), open=True, notes={"ben": "No: [x](http://y.example)"})
    sender(vendor).show("key-1", showing)
    body = vendor.to(UPDATE)[0].body
    assert body["cardData"]["cardParamMap"] == {"state": "open", "standing": "Waiting for a decision"}
    people = {user: data["cardParamMap"] for user, data in body["privateData"].items()}
    assert people["amy"] == {"may_decide": "true", "note": ""}
    assert people["ben"]["may_decide"] == "true"
    assert "](" not in people["ben"]["note"]


def test_a_closed_card_takes_the_buttons_from_everybody(vendor: Vendor) -> None:
    vendor.on(UPDATE, Said(200, {"success": True, "result": True}))
    sender(vendor).show("key-1", Showing("決" * 900, ("amy",), open=False))
    body = vendor.to(UPDATE)[0].body
    assert body["cardData"]["cardParamMap"]["state"] == "closed"
    assert len(body["cardData"]["cardParamMap"]["standing"].encode()) <= MOST_VALUE_BYTES
    assert body["privateData"]["amy"]["cardParamMap"]["may_decide"] == "false"


def test_a_press_is_of_this_card_where_it_comes_from_its_place(vendor: Vendor) -> None:
    assert sender(vendor).pressed_in == GROUP
    assert sender(vendor, conversation=None, user="amy").pressed_in == "amy"
    assert sender(vendor, note="aside").aside == Aside("aside", "may_decide")
    assert sender(vendor).company == ""
    assert sender(vendor, application=vendor.application(corp_id="dingharbour")).company == "dingharbour"


def test_a_card_has_one_place(vendor: Vendor) -> None:
    with pytest.raises(ValidationError, match="either"):
        sender(vendor, user="amy")


def test_a_card_knows_its_one_reader(vendor: Vendor) -> None:
    assert sender(vendor).reader == ""
    assert sender(vendor, conversation=None, user="amy").reader == "amy"
