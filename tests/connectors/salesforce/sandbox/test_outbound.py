"""Outbound messages: what is sent, how often, in which order, and what counts as an acknowledgement."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.connectors.salesforce.sandbox.served import Served
from tests.served import DEADLINE_S

OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
RECORD = "{urn:sobject.enterprise.soap.sforce.com}"
ACK = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>{}</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)


@dataclass
class Receiver:
    """An endpoint. `answers` are given in turn, the last one for ever."""

    url: str
    answers: list[Response]
    messages: list[ET.Element] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        self.messages.append(ET.fromstring(request.data))  # noqa: S314 - the twin wrote it
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def notifications(self) -> list[ET.Element]:
        return [one for message in self.messages for one in message.iter(f"{OUTBOUND}Notification")]

    def records(self) -> list[str]:
        return [str(one.findtext(f"{OUTBOUND}sObject/{RECORD}Id")) for one in self.notifications()]


def xml(body: str, status: int = 200) -> Response:
    return Response(body, status, content_type="text/xml")


@pytest.fixture
def receiver(httpserver: HTTPServer) -> Receiver:
    made = Receiver(httpserver.url_for("/in"), [xml(ACK.format("true"))])
    httpserver.expect_request("/in", method="POST").respond_with_handler(made.answer)
    return made


def subscribe(sf: Served, url: str, **more: Any) -> str:
    fields = ["Amount", "CloseDate", "NextStep", "IsWon"]
    body = {"url": url, "object": "Opportunity", "fields": fields, "wait": 0.05, **more}
    return str(sf.control("POST", "/outbound", body)["id"])


def change(sf: Served, number: int, **values: Any) -> None:
    path = f"/sobjects/Opportunity/{sf.deal(number)}"
    assert sf.call("PATCH", path, json=values or {"NextStep": "x"}).status_code == 204


def states(sf: Served) -> list[tuple[str, int]]:
    return [(one["state"], one["attempts"]) for one in sf.control("GET", "/outbound")["notifications"]]


def until(told: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not told():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_change_is_pushed_with_the_chosen_fields(sf: Served, receiver: Receiver) -> None:
    action = subscribe(sf, receiver.url)
    change(sf, 1041, Amount=12_500_000.5)
    until(lambda: states(sf) == [("acknowledged", 1)])
    (message,), (note,) = receiver.messages, receiver.notifications()
    head = next(message.iter(f"{OUTBOUND}notifications"))
    record, session = note.find(f"{OUTBOUND}sObject"), head.find(f"{OUTBOUND}SessionId")
    assert record is not None
    assert session is not None
    assert head.findtext(f"{OUTBOUND}OrganizationId") == sf.facts["org_id"]
    assert head.findtext(f"{OUTBOUND}ActionId") == action
    assert session.attrib == {NIL: "true"}
    assert str(head.findtext(f"{OUTBOUND}PartnerUrl")).startswith(f"{sf.base}/services/Soap/u/")
    assert {one.tag.removeprefix(RECORD): one.text for one in record} == {
        "Id": sf.deal(1041),
        "Amount": "12500000.5",
        "CloseDate": sf.call("GET", f"/sobjects/Opportunity/{sf.deal(1041)}").json()["CloseDate"],
        "NextStep": "Call the buyer",
        "IsWon": "false",
    }


def test_other_objects_and_uncommitted_changes_are_not_pushed(sf: Served, receiver: Receiver) -> None:
    subscribe(sf, receiver.url, held=True)
    opened = sf.control("POST", "/transactions")["id"]
    sf.control("PATCH", f"/records/Opportunity/{sf.deal(1041)}", {"values": {"NextStep": "x"}, "transaction": opened})
    sf.call("POST", "/sobjects/Account", json={"Name": "x"})
    before = states(sf)
    sf.control("POST", f"/transactions/{opened}/commit")
    assert (before, states(sf)) == ([], [("waiting", 0)])


def test_what_was_rolled_back_is_not_pushed(sf: Served, receiver: Receiver) -> None:
    subscribe(sf, receiver.url, held=True)
    kind = {"attributes": {"type": "Opportunity"}}
    records = [kind | {"id": sf.deal(1041), "NextStep": "x"}, kind | {"id": sf.deal(1042), "Name": ""}]
    sf.call("PATCH", "/composite/sobjects", json={"allOrNone": True, "records": records})
    assert states(sf) == []


@pytest.mark.parametrize(
    "bad",
    [
        xml(ACK.format("false")),
        xml("<Ack>true</Ack>", 500),
        xml("not xml"),
        xml("<other/>"),
        Response("", 404),
    ],
)
def test_what_is_not_acknowledged_comes_again(sf: Served, receiver: Receiver, bad: Response) -> None:
    receiver.answers = [bad, bad, xml(ACK.format("true"))]
    subscribe(sf, receiver.url)
    change(sf, 1041)
    until(lambda: states(sf) == [("acknowledged", 3)])
    ids = {note.findtext(f"{OUTBOUND}Id") for note in receiver.notifications()}
    assert len(ids) == 1


@pytest.mark.parametrize(("reading", "state"), [("namespaced", "waiting"), ("any", "acknowledged")])
def test_an_acknowledgement_in_another_namespace(sf: Served, receiver: Receiver, reading: str, state: str) -> None:
    sf.control("POST", "/switches", {"acknowledgement": reading})
    receiver.answers = [xml("<notificationsResponse><Ack>true</Ack></notificationsResponse>")]
    subscribe(sf, receiver.url, held=True)
    change(sf, 1041)
    sf.control("POST", "/outbound/send")
    assert states(sf) == [(state, 1)]


def test_held_messages_have_the_latest_values_in_any_order_and_twice(sf: Served, receiver: Receiver) -> None:
    subscribe(sf, receiver.url, held=True)
    change(sf, 1041, NextStep="first")
    change(sf, 1042)
    change(sf, 1041, NextStep="second")
    sf.control("POST", "/outbound/send", {"sequence": "reverse", "times": 2})
    steps = [note.findtext(f"{OUTBOUND}sObject/{RECORD}NextStep") for note in receiver.notifications()]
    assert receiver.records() == [sf.deal(1041), sf.deal(1042), sf.deal(1041)] * 2
    assert steps == ["second", "x", "second"] * 2
    sf.control("POST", "/outbound/send", {"sequence": "shuffled", "again": True})
    assert len(receiver.notifications()) == 9


def test_up_to_100_notifications_share_a_message(sf: Served, receiver: Receiver) -> None:
    subscribe(sf, receiver.url, held=True)
    new = {"Name": "Bulk", "StageName": "Prospecting", "CloseDate": "2027-01-31"}
    sf.control("POST", "/records/Opportunity", {"records": [new] * 130})
    sf.control("POST", "/outbound/send", {"together": 500})
    sizes = [len(list(message.iter(f"{OUTBOUND}Notification"))) for message in receiver.messages]
    assert sizes == [100, 30]


def test_a_record_that_is_gone_is_an_id(sf: Served, receiver: Receiver) -> None:
    subscribe(sf, receiver.url, held=True)
    change(sf, 1041)
    sf.call("DELETE", f"/sobjects/Opportunity/{sf.deal(1041)}")
    sf.control("POST", "/outbound/send")
    record = receiver.notifications()[0].find(f"{OUTBOUND}sObject")
    assert record is not None
    assert [one.tag for one in record] == [f"{RECORD}Id"]


@pytest.mark.parametrize("sent", [True, False])
def test_empty_fields_are_sent_as_nil_or_not(sf: Served, receiver: Receiver, sent: bool) -> None:
    sf.control("POST", "/switches", {"empty_fields_sent": sent})
    subscribe(sf, receiver.url, held=True)
    change(sf, 1042, NextStep=None)
    sf.control("POST", "/outbound/send")
    nothing = receiver.notifications()[0].find(f"{OUTBOUND}sObject/{RECORD}NextStep")
    assert (nothing is not None) is sent


def test_a_session_comes_along_when_wanted(sf: Served, receiver: Receiver) -> None:
    subscribe(sf, receiver.url, user="tessa@harbour.example")
    change(sf, 1041)
    until(lambda: bool(receiver.messages))
    session = next(receiver.messages[0].iter(f"{OUTBOUND}SessionId")).text
    assert sf.call("GET", "/limits", token=str(session)).status_code == 200


def test_an_endpoint_that_is_away_is_tried_until_it_stops(sf: Served) -> None:
    subscribe(sf, "http://127.0.0.1:9/in", held=True)
    change(sf, 1041)
    told = sf.control("POST", "/outbound/send")["notifications"][0]
    assert (told["state"], told["trouble"]) == ("waiting", "ConnectionError")
    sf.control("DELETE", "/outbound")
    change(sf, 1042)
    assert len(states(sf)) == 1


def test_what_nobody_acknowledges_is_given_up(sf: Served, receiver: Receiver) -> None:
    receiver.answers = [Response("", 503)]
    subscribe(sf, receiver.url, give_up=0.3)
    change(sf, 1041)
    until(lambda: states(sf)[0][0] == "given up")
    assert 1 < states(sf)[0][1] < 5
