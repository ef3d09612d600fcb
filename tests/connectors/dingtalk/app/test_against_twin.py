"""The application against the twin: what it says it did is what people then see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Draft, Fact, Format, Level, Line, Outcome, Reached, Retryable, Services
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.app.approvals import Approvals, Request
from connectors.dingtalk.app.calls import Calls
from connectors.dingtalk.app.cards import Card, Cards, Place
from connectors.dingtalk.app.settings import Application
from tests.connectors.dingtalk.sandbox.served import Client
from tests.contract.case import Secrets, Tokens
from tests.served import served_session

FACT = Fact(
    "Order released", "SO-1042", "https://crm.example.com/SO-1042", "10:32", (Line("Amount", "HKD 2", "HKD 1"),)
)
KINDS: dict[str, dict[str, Any]] = {
    "group": {"conversation": "cid-sales-hk"},
    "person": {"users": ["u-amy", "u-ben"]},
    "work": {"agent_id": "100000001", "users": ["u-amy"], "departments": ["30"]},
    "card": {"template": "sandbox-buttons.schema", "conversation": "cid-sales-hk"},
}
GROUP = "cid-sales-hk"


def draft(form: Format = Format.MARKDOWN) -> Draft:
    return Draft("Order SO-1042", (FACT,), form, open_label="Open")


def application(twin: Client) -> dict[str, Any]:
    known = twin.control("")["apps"][0]
    return {"client_id": known["client_id"], "client_secret": known["client_secret"], "site": twin.base}


def services() -> Services:
    return Services(
        session=served_session,
        tokens=Tokens(),
        now=lambda: datetime.now(UTC),
        observe=lambda _key, _used, _limit: None,
        vault=Secrets(),
    )


def sender(twin: Client, kind: str, **changes: Any) -> Any:
    given = {"kind": kind, "application": application(twin), **KINDS[kind], **changes}
    return CONNECTOR.build("sales", CONNECTOR.settings.model_validate(given), services())


def calls(twin: Client) -> Calls:
    return Calls(Application.model_validate(application(twin)), services())


def post(client: Any, form: Format = Format.MARKDOWN, key: str = "key-1") -> Any:
    [(part, _)] = client.pack(draft(form))
    return client.send(client.freeze(part, key))


def lacking(twin: Client, *scopes: str) -> None:
    twin.control(f"apps/{application(twin)['client_id']}", {"lacks": list(scopes)}, method="PATCH")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", Format)
def test_every_kind_in_every_format_is_taken(twin: Client, kind: str, form: Format) -> None:
    receipt = post(sender(twin, kind), form)
    assert receipt.outcome is Outcome.DELIVERED, receipt
    assert receipt.handle


@pytest.mark.parametrize("kind", KINDS)
def test_the_probe_of_every_kind_finds_nothing_wrong(twin: Client, kind: str) -> None:
    assert [each for each in sender(twin, kind).probe() if each.level is not Level.FINE] == []


@pytest.mark.parametrize(
    ("kind", "scope"),
    [("group", "qyapi_robot_sendmsg"), ("person", "qyapi_robot_sendmsg"), ("card", "Card.Instance.Write")],
)
def test_a_missing_permission_is_named_by_message_and_probe(twin: Client, kind: str, scope: str) -> None:
    lacking(twin, scope)
    client = sender(twin, kind)
    receipt = post(client)
    assert receipt.outcome is Outcome.MISCONFIGURED
    assert scope in receipt.reason
    assert [each.about for each in client.probe() if each.level is Level.WRONG] == [f"permission {scope}"]


def test_people_who_are_unknown_are_named_and_the_others_have_it(twin: Client) -> None:
    receipt = post(sender(twin, "person", users=["u-amy", "u-nobody"]))
    assert receipt.outcome is Outcome.PARTLY
    assert receipt.people == {"u-amy": Reached.TAKEN, "u-nobody": Reached.INVALID}


def test_a_work_notification_that_is_sent_again_comes_once(twin: Client) -> None:
    work = sender(twin, "work", users=["u-amy", "u-nobody"], departments=[])
    first, second = post(work), post(work)
    other = post(work, key="key-2")
    assert work.told(first.handle) == {"u-amy": Reached.UNREAD, "u-nobody": Reached.INVALID}
    assert work.told(second.handle)["u-amy"] is Reached.REPEATED
    assert work.told(other.handle)["u-amy"] is Reached.UNREAD
    assert work.finished(first.handle)


def test_a_message_is_recalled(twin: Client) -> None:
    group = sender(twin, "group")
    handle = post(group).handle
    recalled = group.recall([handle, "unknown"])
    assert recalled.gone == (handle,)
    assert list(recalled.kept) == ["unknown"]


@pytest.mark.parametrize("kind", ["group", "person", "work"])
def test_a_message_may_be_recalled_twice(twin: Client, kind: str) -> None:
    client = sender(twin, kind)
    handle = post(client).handle
    assert [client.recall([handle]).gone, client.recall([handle]).gone] == [(handle,)] * 2


def test_people_have_not_read_it_yet(twin: Client) -> None:
    person = sender(twin, "person")
    assert person.read_by(post(person).handle) == {"u-amy": Reached.UNREAD, "u-ben": Reached.UNREAD}


@pytest.mark.parametrize("answer", ["refused", "ignored"])
def test_a_card_that_is_sent_again_is_there_once(twin: Client, answer: str) -> None:
    twin.switch(used_out_track_id=answer)
    card = sender(twin, "card")
    assert [post(card).outcome, post(card).outcome] == [Outcome.DELIVERED, Outcome.DELIVERED]
    assert len(twin.control("cards")["cards"]) == 1


def test_a_card_is_changed_for_everybody_and_for_one(twin: Client) -> None:
    cards = Cards(calls(twin))
    card = Card("order-1042", "sandbox-approval.schema", {"title": "SO-1042"}, {"u-amy": {"buttons": "true"}})
    assert cards.deliver(cards.freeze(card, Place(conversation=GROUP))).outcome is Outcome.DELIVERED
    cards.update("order-1042", {"title": "SO-1042 released"}, {"u-amy": {"buttons": "false"}})
    [shown] = twin.control("cards")["cards"]
    assert "SO-1042 released" in str(shown)


def test_a_card_for_nobody_is_told(twin: Client) -> None:
    receipt = post(sender(twin, "card", conversation=None, user="u-nobody"))
    assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "notDelivered")


def test_a_burst_above_the_limit_is_throttling_and_no_permission(twin: Client) -> None:
    group, work = sender(twin, "group"), sender(twin, "work")
    outcomes = {
        each: [post(client, key=f"k{n}").outcome for n in range(30)] for each, client in (("g", group), ("w", work))
    }
    for found in outcomes.values():
        assert set(found) == {Outcome.DELIVERED, Outcome.THROTTLED}


def test_an_approval_is_found_by_its_number(twin: Client) -> None:
    approvals = Approvals(calls(twin))
    request = Request("PROC-SANDBOX-OPEN", "u-ben", "Order", {"Order": "SO-7"}, department="11", approvers=("u-amy",))
    tried = datetime.now(UTC)
    instance = approvals.create(request)
    assert approvals.find(request, tried, datetime.now(UTC)) == instance
    never = Request("PROC-SANDBOX-OPEN", "u-ben", "Order", {"Order": "SO-8"}, department="11", approvers=("u-amy",))
    with pytest.raises(Retryable):
        approvals.find(never, tried, datetime.now(UTC))
    assert approvals.find(never, tried - timedelta(minutes=3), datetime.now(UTC)) is None


def test_an_approval_is_withdrawn_and_once_more(twin: Client) -> None:
    approvals = Approvals(calls(twin))
    request = Request("PROC-SANDBOX-OPEN", "u-ben", "Order", {"Order": "SO-7"}, department="11", approvers=("u-amy",))
    instance = approvals.create(request)
    twin.control("clock", {"seconds": 20})
    past = datetime.now(UTC) - timedelta(minutes=1)
    approvals.terminate(instance, past, datetime.now(UTC))
    approvals.terminate(instance, past, datetime.now(UTC))
    assert approvals.read(instance).status == "TERMINATED"
