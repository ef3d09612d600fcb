"""Decisions, permissions, pushes and sign-in at the twin, which was written without a look at the connector."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.contract import (
    Acted,
    Action,
    Choice,
    Effect,
    Misconfigured,
    RawRequest,
    Received,
    Record,
    Refusal,
    Retryable,
    Verb,
)
from connectors.salesforce.client import Client
from tests.connectors.salesforce.reader import Reader
from tests.connectors.salesforce.sandbox.served import Served

MANAGER, SALES = "wilmot@harbour.example", "tessa@harbour.example"
KEY = "a-long-secret-of-the-address"


@dataclass
class Desk:
    """The twin with a client that acts as its people."""

    sf: Served
    reader: Reader

    @property
    def client(self) -> Client:
        return self.reader.client

    def user(self, username: str) -> str:
        rows = self.sf.query("SELECT Id, Username FROM User")["records"]
        return next(str(row["Id"]) for row in rows if row["Username"] == username)

    def record(self, number: int = 1042) -> Record:
        (found,) = self.client.read("Opportunity", [self.sf.deal(number)])
        assert isinstance(found, Record)
        return found

    def action(self, verb: Verb, actor: str, key: str = "k1", number: int = 1042, **more: Any) -> Action:
        seen = self.record(number)
        return Action(key, verb, "Opportunity", seen.id, self.user(actor), seen.version, **more)

    def submit(self, number: int = 1042) -> None:
        body = {"requests": [{"actionType": "Submit", "contextId": self.sf.deal(number)}]}
        answer = self.sf.call("POST", "/process/approvals/", json=body)
        assert answer.ok, answer.text

    def steps(self, number: int = 1042) -> list[tuple[str, str]]:
        query = "SELECT StepStatus, Comments FROM ProcessInstanceStep WHERE ProcessInstance.TargetObjectId = "
        found = self.sf.query(f"{query}'{self.sf.deal(number)}'")["records"]
        return [(each["StepStatus"], each["Comments"] or "") for each in found if each["StepStatus"] != "Started"]


@pytest.fixture
def desk(sf: Served) -> Desk:
    facts = sf.facts
    signer = {"client_id": facts["client_id"], "private_key": facts["jwt"]["private_key"]}
    push = {"organization": facts["org_id"], "key": KEY}
    return Desk(sf, Reader(sf, {"acting": signer, "push": push}))


def test_a_field_is_set_as_the_person_and_the_change_is_theirs(desk: Desk) -> None:
    acted = desk.client.act(desk.action(Verb.SET, SALES, fields={"NextStep": "Call", "Amount": Decimal("97000.25")}))
    assert (acted.effect, acted.reason) == (Effect.DONE, "")
    assert acted.record is not None
    assert acted.record.fields["NextStep"] == "Call"
    assert acted.record.changed_by is not None
    assert acted.record.changed_by.id == desk.user(SALES)


def test_twice_is_once_and_what_moved_is_left_alone(desk: Desk) -> None:
    seen = desk.action(Verb.SET, SALES, fields={"NextStep": "Call"})
    assert desk.client.act(seen).effect is Effect.DONE
    assert desk.client.act(seen).effect is Effect.ALREADY
    desk.reader.change(desk.sf.deal(1042), values={"NextStep": "Visit"})
    assert desk.client.act(seen).effect is Effect.MOVED


def test_a_write_whose_answer_is_lost_is_found(desk: Desk) -> None:
    desk.sf.control(
        "POST", "/faults", {"path": "sobjects/Opportunity/006", "method": "PATCH", "drop": True, "after": True}
    )
    assert desk.client.act(desk.action(Verb.SET, SALES, fields={"NextStep": "Call"})).effect is Effect.DONE


def test_a_session_that_ends_before_the_write_keeps_the_condition(desk: Desk) -> None:
    seen = desk.action(Verb.SET, SALES, fields={"NextStep": "Call"})
    desk.client.act(desk.action(Verb.SET, SALES, number=1043, fields={"NextStep": "Call"}))
    desk.sf.control("POST", "/expire-tokens", {"user": SALES})
    assert desk.client.act(seen).effect is Effect.DONE


def test_a_field_that_they_may_not_change_is_denied(desk: Desk) -> None:
    hidden = {"object": "Opportunity", "field": "NextStep", "user": SALES, "read_only": True}
    desk.sf.control("POST", "/hide", hidden)
    wanted = desk.action(Verb.SET, SALES, fields={"NextStep": "Call"})
    assert not desk.client.may(wanted.actor, wanted).allowed
    acted = desk.client.act(wanted)
    assert acted.effect in {Effect.DENIED, Effect.REFUSED}
    assert desk.record().fields["NextStep"] != "Call"


@pytest.mark.parametrize("status", [403, 400])
def test_a_record_that_they_may_not_edit_is_denied(desk: Desk, status: int) -> None:
    desk.sf.control("POST", "/switches", {"insufficient_access_status": status})
    deal, user = desk.sf.deal(1042), desk.user(SALES)
    desk.sf.control("POST", "/share", {"user": SALES, "target": deal, "access": "Read"})
    wanted = desk.action(Verb.SET, SALES, fields={"NextStep": "Call"})
    assert not desk.client.may(user, wanted).allowed
    assert desk.client.act(wanted).effect is Effect.DENIED


ANSWERS: tuple[dict[str, str], ...] = (
    {},
    {"approval_failure": "result"},
    {"decided_error": "ENTITY_IS_DELETED"},
    {"foreign_approver_error": "INSUFFICIENT_ACCESS_OR_READONLY"},
)


@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.REJECT])
def test_an_approval_is_decided_by_its_approver_once(desk: Desk, verb: Verb) -> None:
    desk.submit()
    wanted = desk.action(verb, MANAGER, comment="Fine.")
    assert desk.client.may(wanted.actor, wanted).allowed
    acted = desk.client.act(wanted)
    assert (acted.effect, acted.reason) == (Effect.DONE, "")
    assert desk.client.act(wanted).effect is Effect.DONE
    ((status, comment),) = desk.steps()
    assert status == {Verb.APPROVE: "Approved", Verb.REJECT: "Rejected"}[verb]
    assert comment.startswith("Fine. [dingbridge ")
    other = desk.client.act(desk.action(verb, MANAGER, key="another press"))
    assert other.effect is Effect.ALREADY
    assert other.by is not None
    assert other.by.id == desk.user(MANAGER)


def test_who_is_no_approver_is_denied_and_without_a_submission_it_is_refused(desk: Desk) -> None:
    assert desk.client.act(desk.action(Verb.APPROVE, MANAGER)).effect is Effect.REFUSED
    desk.submit()
    assert desk.client.act(desk.action(Verb.APPROVE, SALES)).effect is Effect.DENIED
    assert desk.steps() == []


def test_an_approval_whose_answer_is_lost_is_found(desk: Desk) -> None:
    desk.submit()
    desk.sf.control("POST", "/faults", {"path": "process/approvals", "drop": True, "after": True})
    assert desk.client.act(desk.action(Verb.APPROVE, MANAGER)).effect is Effect.DONE
    assert len(desk.steps()) == 1


def test_two_who_press_together_are_one_decision(desk: Desk) -> None:
    desk.submit()
    wanted = [desk.action(Verb.APPROVE, MANAGER, key=key) for key in ("k1", "k2")]
    found: list[Acted] = []

    def press(action: Action) -> None:
        found.append(desk.client.act(action))

    threads = [threading.Thread(target=partial(press, each)) for each in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(each.effect for each in found) == [Effect.ALREADY, Effect.DONE]
    assert len(desk.steps()) == 1


def test_a_locked_record_tells_the_vendors_words(desk: Desk) -> None:
    desk.submit()
    acted = desk.client.act(desk.action(Verb.SET, SALES, fields={"NextStep": "Call"}))
    assert acted.effect in {Effect.REFUSED, Effect.DENIED}
    assert "locked" in acted.reason


def test_what_a_person_sees_is_what_the_org_grants(desk: Desk) -> None:
    deal, sales = desk.sf.deal(1042), desk.user(SALES)
    fields = desk.client.sees(sales, "Opportunity", [deal])[deal]
    assert "Amount" in fields
    assert "Account.Name" in fields
    # the twin's company hides discounts from its salespeople
    assert "Discount__c" not in fields
    desk.sf.control("POST", "/share", {"user": SALES, "target": deal, "access": "None"})
    assert desk.client.sees(sales, "Opportunity", [deal]) == {}


@pytest.mark.parametrize("dies", [True, False])
def test_a_refresh_token_that_rotates_goes_on_and_a_lost_answer_is_told(sf: Served, dies: bool) -> None:
    sf.control("POST", "/settings", {"rotate_refresh_tokens": True})
    sf.control("POST", "/switches", {"rotated_token_dies": dies})
    facts = sf.facts
    client = {"client_id": facts["client_id"], "client_secret": facts["client_secret"]}
    reader = Reader(sf, {"auth": {"refresh": {**client, "refresh_token": facts["refresh_token"]}}})
    for _ in range(3):
        sf.control("POST", "/expire-tokens")
        assert reader.page()
        reader.cursor = None
    sf.control("POST", "/expire-tokens")
    sf.control("POST", "/faults", {"path": "oauth2/token", "after": True, "drop": True})
    with pytest.raises(Retryable):
        reader.page()
    if dies:
        with pytest.raises(Misconfigured, match="approve the app again"):
            reader.page()
    else:
        assert reader.page()


@dataclass
class Hook:
    """A relay that has stored what it took, or not, when it answers."""

    address: str
    took: list[Received]
    stores: bool = True


@pytest.fixture
def hook(desk: Desk) -> Iterator[Hook]:
    took: list[Received] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            raw = RawRequest("POST", headers, self.path.partition("?")[2], body, datetime.now(UTC))
            received = desk.client.receive(raw)
            reply = received.reply if found.stores else desk.client.refuse(Refusal.OVERLOADED)
            if found.stores:
                took.append(received)
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_args: Any) -> None:
            """Keep the output of the tests clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Hook(f"http://127.0.0.1:{server.server_port}/hooks/crm?key={KEY}", took)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield found
        server.shutdown()


def test_a_message_is_sent_until_it_is_acknowledged_and_then_no_more(desk: Desk, hook: Hook) -> None:
    sent = {"url": hook.address, "object": "Opportunity", "fields": ["Id", "SystemModstamp"], "held": True}
    desk.sf.control("POST", "/outbound", sent)
    deal = desk.sf.deal(1042)
    desk.reader.change(deal, values={"NextStep": "Call"})
    hook.stores = False
    desk.sf.control("POST", "/outbound/send", {})
    assert hook.took == []
    hook.stores = True
    desk.sf.control("POST", "/outbound/send", {})
    (received,) = hook.took
    (hint,) = received.hints
    assert (hint.kind, hint.id) == ("Opportunity", deal)
    assert hint.stamp == desk.record().stamp
    desk.sf.control("POST", "/outbound/send", {})
    assert len(hook.took) == 1


def test_the_stage_is_set_by_its_code(desk: Desk) -> None:
    wanted = desk.action(Verb.SET, SALES, fields={"StageName": Choice("Closed Won", "Gewonnen")})
    acted = desk.client.act(wanted)
    assert acted.effect is Effect.DONE, acted.reason
    assert acted.record is not None
    assert acted.record.fields["StageName"] == Choice("Closed Won", "Closed Won")
