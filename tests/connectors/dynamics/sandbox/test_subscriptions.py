"""Business Central: subscriptions, and the notifications that they bring."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.connectors.dynamics.sandbox.inbox import Inbox
from tests.connectors.dynamics.sandbox.served import Served, error


def wanted(d365: Served, inbox: Inbox, resource: str = "customers", **more: Any) -> dict[str, Any]:
    return {
        "notificationUrl": inbox.url,
        "resource": f"/api/v2.0{d365.company()}/{resource}",
        "clientState": "s1",
        **more,
    }


def subscribe(d365: Served, inbox: Inbox, resource: str = "customers") -> Any:
    answer = d365.bc("POST", "/subscriptions", json=wanted(d365, inbox, resource))
    assert answer.status_code == 201, answer.text
    return answer.json()


def send(d365: Served, **more: Any) -> Any:
    return d365.control("POST", "/businesscentral/notifications/send", more)["deliveries"]


def hold(d365: Served) -> None:
    d365.control("POST", "/businesscentral/notifications", {"held": True})


def told(inbox: Inbox) -> list[tuple[str, str]]:
    value = [one for request in inbox.arrived for one in json.loads(request.body)["value"]]
    return [(one["changeType"], one["resource"]) for one in value]


def test_a_subscription_begins_with_a_handshake_and_lives_three_days(d365: Served, inbox: Inbox) -> None:
    made = subscribe(d365, inbox)
    ends = datetime.fromisoformat(made["expirationDateTime"])
    listed = d365.bc("GET", "/subscriptions").json()["value"]
    assert inbox.hellos[0].method == "POST"
    assert abs(ends - datetime.now(UTC) - timedelta(days=3)) < timedelta(minutes=1)
    assert [one["subscriptionId"] for one in listed] == [made["subscriptionId"]]
    assert listed[0]["clientState"] == "s1"


def test_the_handshake_may_be_a_get(d365: Served, inbox: Inbox) -> None:
    d365.switch(handshake_method="GET")
    subscribe(d365, inbox)
    assert inbox.hellos[0].method == "GET"


def test_without_the_token_in_the_answer_there_is_no_subscription(d365: Served, inbox: Inbox) -> None:
    inbox.shakes = False
    refused = d365.bc("POST", "/subscriptions", json=wanted(d365, inbox))
    assert error(refused) == (400, "Application_DialogException")
    assert d365.bc("GET", "/subscriptions").json()["value"] == []


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"resource": "/api/v2.0/customers"}, (400, "BadRequest")),
        ({"clientState": "x" * 2049}, (400, "Application_StringExceededLength")),
        ({"notificationUrl": "http://127.0.0.1:9/"}, (400, "Application_DialogException")),
    ],
)
def test_what_cannot_be_subscribed(d365: Served, inbox: Inbox, more: Any, refusal: tuple[int, str]) -> None:
    assert error(d365.bc("POST", "/subscriptions", json=wanted(d365, inbox, **more))) == refusal


def test_purchase_orders_tell_nobody(d365: Served, inbox: Inbox) -> None:
    path = f"{d365.base}/v2.0/production/api/microsoft/runtime/beta{d365.company()}/webhookSupportedResources"
    listed = {one["resource"] for one in d365.bc("GET", path).json()["value"]}
    assert error(d365.bc("POST", "/subscriptions", json=wanted(d365, inbox, "purchaseOrders")))[0] == 400
    assert "v2.0/salesOrders" in listed
    assert "v2.0/purchaseOrders" not in listed


def test_a_renewal_needs_the_version_and_shakes_hands_again(d365: Served, inbox: Inbox) -> None:
    made = subscribe(d365, inbox)
    path = f"/subscriptions('{made['subscriptionId']}')"
    match = {"If-Match": made["@odata.etag"]}
    assert error(d365.bc("PATCH", path, json={})) == (400, "BadRequest_InvalidToken")
    d365.settings(subscription_seconds=7 * 86_400)
    renewed = d365.bc("PATCH", path, json=wanted(d365, inbox, clientState="s2"), headers=match).json()
    assert renewed["expirationDateTime"] > made["expirationDateTime"]
    assert renewed["clientState"] == "s2"
    assert len(inbox.hellos) == 2
    assert error(d365.bc("PATCH", path, json={}, headers=match)) == (409, "Request_EntityChanged")
    inbox.shakes = False
    assert d365.bc("PATCH", path, json={}, headers={"If-Match": "*"}).status_code == 400


def test_subscriptions_end(d365: Served, inbox: Inbox) -> None:
    made = subscribe(d365, inbox)
    path = f"/subscriptions('{made['subscriptionId']}')"
    assert d365.bc("DELETE", path).status_code == 204
    assert d365.bc("GET", path).status_code == 404
    d365.settings(subscription_seconds=0.05)
    subscribe(d365, inbox)
    threading.Event().wait(0.1)
    assert d365.bc("GET", "/subscriptions").json()["value"] == []


def test_there_are_not_more_than_the_environment_allows(d365: Served, inbox: Inbox) -> None:
    d365.settings(subscriptions_max=1)
    subscribe(d365, inbox)
    assert error(d365.bc("POST", "/subscriptions", json=wanted(d365, inbox))) == (400, "Application_DialogException")


def test_changes_are_told_late_together_and_without_their_data(d365: Served, inbox: Inbox) -> None:
    d365.settings(notify_delay=0.3)
    made = subscribe(d365, inbox)
    lotus, kite = d365.record("customers", "C01002"), d365.record("customers", "C01003")
    for phone in ("1", "2"):
        d365.bc("PATCH", lotus, json={"phoneNumber": phone}, headers={"If-Match": "*"})
    d365.bc("DELETE", kite)
    value = json.loads(inbox.wait(1)[0].body)["value"]
    assert told(inbox) == [("updated", f"api/v2.0{lotus}"), ("deleted", f"api/v2.0{kite}")]
    assert set(value[0]) == {
        "subscriptionId",
        "clientState",
        "expirationDateTime",
        "resource",
        "changeType",
        "lastModifiedDateTime",
    }
    assert value[0]["subscriptionId"] == made["subscriptionId"]
    assert value[0]["clientState"] == "s1"


def test_what_was_made_and_changed_is_created(d365: Served, inbox: Inbox) -> None:
    hold(d365)
    subscribe(d365, inbox)
    path = f"{d365.company()}/customers"
    made = d365.bc("POST", path, json={"displayName": "New"}).json()["id"]
    d365.bc("PATCH", f"{path}({made})", json={"email": "a@new.example"}, headers={"If-Match": "*"})
    send(d365)
    assert told(inbox) == [("created", f"api/v2.0{path}({made})")]


@pytest.mark.parametrize("moves", [True, False])
def test_a_line_tells_of_its_order(d365: Served, inbox: Inbox, *, moves: bool) -> None:
    hold(d365)
    d365.switch(line_moves_header=moves)
    subscribe(d365, inbox, "salesOrders")
    path = d365.record("salesOrders", "S-ORD101042")
    d365.bc("POST", f"{path}/salesOrderLines", json={"quantity": 1, "unitPrice": 1})
    send(d365)
    assert told(inbox) == [("updated", f"api/v2.0{path}")]


def test_very_many_changes_are_one_notification(d365: Served, inbox: Inbox) -> None:
    hold(d365)
    d365.settings(notify_max=10)
    subscribe(d365, inbox)
    body = {"values": {"displayName": "Bulk {n}"}, "copies": 11, "stamp": "2026-02-03T04:05:06Z"}
    d365.control("POST", "/businesscentral/records/customers", body)
    send(d365)
    kind, resource = told(inbox)[0]
    assert len(told(inbox)) == 1
    assert kind == "collection"
    assert resource.startswith(f"/api/v2.0{d365.company()}/customers?$filter=lastDateTimeModified%20gt%202026-02-03")


@pytest.mark.parametrize(
    ("status", "state", "left"),
    [
        (204, "acknowledged", 1),
        (429, "waiting", 1),
        (408, "waiting", 1),
        (503, "waiting", 1),
        (404, "subscription deleted", 0),
        (401, "subscription deleted", 0),
    ],
)
def test_what_an_answer_does_to_the_subscription(
    d365: Served, inbox: Inbox, status: int, state: str, left: int
) -> None:
    hold(d365)
    subscribe(d365, inbox)
    d365.bc("PATCH", d365.record("customers", "C01002"), json={"email": "x"}, headers={"If-Match": "*"})
    inbox.answer(status)
    assert send(d365)[0]["state"] == state
    assert len(d365.bc("GET", "/subscriptions").json()["value"]) == left


def test_what_could_not_be_taken_comes_again_and_is_given_up_in_the_end(d365: Served, inbox: Inbox) -> None:
    d365.settings(notify_delay=0.01, notify_retry=0.05, notify_give_up=0.4)
    subscribe(d365, inbox)
    inbox.answer(503, 503, 200)
    change = {"json": {"email": "x"}, "headers": {"If-Match": "*"}}
    d365.bc("PATCH", d365.record("customers", "C01002"), **change)
    inbox.wait(3)
    inbox.answer(503)
    d365.bc("PATCH", d365.record("customers", "C01002"), **change)
    threading.Event().wait(1)
    states = [one["state"] for one in d365.control("GET", "/businesscentral/notifications")["deliveries"]]
    assert states == ["acknowledged", "given up"]
    assert inbox.arrived[0].body == inbox.arrived[2].body


def test_twice_and_backwards(d365: Served, inbox: Inbox) -> None:
    hold(d365)
    subscribe(d365, inbox)
    for number in ("C01001", "C01002"):
        d365.bc("PATCH", d365.record("customers", number), json={"email": "x"}, headers={"If-Match": "*"})
        inbox.answer(503)
        send(d365)
    inbox.arrived.clear()
    inbox.answer(200)
    send(d365, sequence="reverse", times=2)
    first, second = (f"api/v2.0{d365.record('customers', number)}" for number in ("C01001", "C01002"))
    assert [resource for _kind, resource in told(inbox)] == [second, first, second, first]


def test_all_subscriptions_can_be_ended_by_hand(d365: Served, inbox: Inbox) -> None:
    subscribe(d365, inbox)
    d365.control("DELETE", "/businesscentral/subscriptions")
    assert d365.bc("GET", "/subscriptions").json()["value"] == []
