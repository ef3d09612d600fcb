"""The application's robot in chats with people: who got it, who is unknown, and who may get it later."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from connectors.contract import Addresses, Draft, Fact, Outcome, Reached, Resend
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.app.person import PATH
from tests.connectors.dingtalk.app.vendor import CLIENT, CUT, Said, Vendor, refusal

USERS = ["amy", "ben", "cho"]
DRAFT = Draft("Order SO-1042", (Fact("Order released", "SO-1042", "https://crm.example.com/1"),), open_label="Open")


def answer(*, invalid: list[str] | None = None, late: list[str] | None = None, handle: str = "m1") -> Said:
    return Said(
        200,
        {"processQueryKey": handle, "invalidStaffIdList": invalid or [], "flowControlledStaffIdList": late or []},
    )


def test_everybody_gets_it(vendor: Vendor) -> None:
    vendor.on(PATH, answer())
    sender = vendor.sender("person", users=USERS)
    receipt = sender.send(sender.freeze(DRAFT, "key-1"))
    assert (receipt.outcome, receipt.handle) == (Outcome.DELIVERED, "m1")
    assert receipt.people == dict.fromkeys(USERS, Reached.TAKEN)
    assert vendor.to(PATH)[0].body["userIds"] == USERS
    assert sender.resend is Resend.DUPLICATES


def test_unknown_and_throttled_people_are_told_apart(vendor: Vendor) -> None:
    vendor.on(PATH, answer(invalid=["ben"], late=["cho"]))
    sender = vendor.sender("person", users=USERS)
    receipt = sender.send(sender.freeze(DRAFT, "key-1"))
    # it must not go out again as it is: amy has it
    assert (receipt.outcome, receipt.code) == (Outcome.PARTLY, "partly")
    assert receipt.people == {"amy": Reached.TAKEN, "ben": Reached.INVALID, "cho": Reached.THROTTLED}
    assert "1 of 3" in receipt.reason
    assert "does not know ben" in receipt.reason
    assert "kept it from cho" in receipt.reason


def test_the_rest_goes_to_those_who_were_throttled_alone(vendor: Vendor) -> None:
    vendor.on(PATH, answer(late=["cho"]), answer())
    sender = vendor.sender("person", users=USERS)
    frozen = sender.freeze(DRAFT, "key-1")
    again = sender.send(sender.send(frozen).rest)
    assert (again.outcome, again.people) == (Outcome.DELIVERED, {"cho": Reached.TAKEN})
    first, second = (one.body for one in vendor.to(PATH))
    assert second == {**first, "userIds": ["cho"]}


def test_when_everybody_is_throttled_the_same_bytes_wait(vendor: Vendor) -> None:
    vendor.on(PATH, answer(late=USERS, handle=""))
    sender = vendor.sender("person", users=USERS)
    frozen = sender.freeze(DRAFT, "key-1")
    receipt = sender.send(frozen)
    assert (receipt.outcome, receipt.rest) == (Outcome.RETRY, b"")
    assert receipt.after is not None


def test_nobody_is_known(vendor: Vendor) -> None:
    vendor.on(PATH, answer(invalid=USERS, handle=""))
    sender = vendor.sender("person", users=USERS)
    receipt = sender.send(sender.freeze(DRAFT, "key-1"))
    assert (receipt.outcome, receipt.rest) == (Outcome.REFUSED, b"")
    assert "0 of 3" in receipt.reason


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (Said(200, {"invalidStaffIdList": []}), Outcome.UNKNOWN),
        (Said(200, {"processQueryKey": "m1", "invalidStaffIdList": "ben"}), Outcome.UNKNOWN),
        (CUT, Outcome.UNKNOWN),
        (refusal("chatbotId.notAllow.sendOTO"), Outcome.MISCONFIGURED),
        (refusal("too.many.people"), Outcome.THROTTLED),
        (refusal("staffId.notExisted"), Outcome.REFUSED),
    ],
)
def test_what_becomes_of_a_message(vendor: Vendor, said: Said, outcome: Outcome) -> None:
    vendor.on(PATH, said)
    sender = vendor.sender("person", users=USERS)
    assert sender.send(sender.freeze(DRAFT, "key-1")).outcome is outcome


def test_any_number_of_people_twenty_at_a_time(vendor: Vendor) -> None:
    people = [f"user-{n}" for n in range(45)]
    bodies = [json.loads(each) for each in vendor.sender("person", users=["amy"]).freeze_for(DRAFT, people)]
    assert [len(body["userIds"]) for body in bodies] == [20, 20, 5]
    assert [user for body in bodies for user in body["userIds"]] == people


@pytest.mark.parametrize("users", [["amy", "amy"], ["a,b"], [f"u{n}" for n in range(21)]])
def test_people_that_cannot_be_written_to(vendor: Vendor, users: list[str]) -> None:
    with pytest.raises(ValidationError):
        vendor.sender("person", users=users)


def test_who_has_read_it(vendor: Vendor) -> None:
    path = "v1.0/robot/oToMessages/readStatus"
    rows = [{"name": "Amy", "userId": "amy", "readStatus": "READ"}, {"userId": "ben", "readStatus": "UNREAD"}]
    vendor.on(path, Said(200, {"sendStatus": "SUCESS", "messageReadInfoList": rows}))
    handle = "4v+AzU/x="
    assert vendor.sender("person", users=USERS).read_by(handle) == {"amy": Reached.READ, "ben": Reached.UNREAD}
    assert vendor.to(path)[0].query == {"robotCode": CLIENT, "processQueryKey": handle}


def test_a_recall(vendor: Vendor) -> None:
    path = "v1.0/robot/otoMessages/batchRecall"
    vendor.on(path, Said(200, {"successResult": ["m1"], "failedResult": {}}))
    assert vendor.sender("person", users=USERS).recall(["m1"]).gone == ("m1",)
    assert vendor.to(path)[0].body == {"robotCode": CLIENT, "processQueryKeys": ["m1"]}


@pytest.mark.parametrize(
    "kind", [{"kind": "person"}, {"kind": "work", "agent_id": "1"}, {"kind": "card", "template": "t"}]
)
def test_who_names_no_reader_reaches_single_people(vendor: Vendor, kind: dict[str, str]) -> None:
    given = CONNECTOR.settings.model_validate({**kind, "application": vendor.application()})
    one = CONNECTOR.addressed(given, "amy")
    assert one is not None
    client = CONNECTOR.build("staff", one, vendor.services())
    assert isinstance(client, Addresses)
    assert client.reader == "amy"
    assert CONNECTOR.addressed(one, "bob") is None
