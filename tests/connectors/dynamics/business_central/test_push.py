"""Notifications are believed by their client state, and never answered in a way that ends their subscription."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract import Hint, RawRequest, Refusal
from connectors.dynamics.business_central.client import Client
from connectors.dynamics.business_central.push import MAX_BODY, client_state
from tests.connectors.dynamics.business_central.books import gid
from tests.connectors.dynamics.business_central.parts import NOW, STATE, Desk, settings
from tests.connectors.dynamics.business_central.vendor import COMPANY, payload

FIELDS = {"fields": ["number"]}
KINDS = {
    "items": FIELDS,
    "customers": FIELDS,
    "salesInvoices": FIELDS,
    "purchaseOrders": FIELDS,
    "stock": {"entity_set": "items", "reading": "snapshot", **FIELDS},
    "trucks": {"entity_set": "trucks", "api": "contoso/fleet/v1.0", **FIELDS},
}
OURS = settings(kinds=KINDS)
TOKEN = client_state("erp", OURS)


@pytest.fixture
def receiver(desk: Desk) -> Client:
    return Client("erp", OURS, desk.services())


def request(body: Any, query: str = "") -> RawRequest:
    content = body if isinstance(body, bytes) else json.dumps(body, default=str).encode()
    return RawRequest("POST", {"content-type": "application/json"}, query, content, NOW)


def notification(**changes: Any) -> dict[str, Any]:
    return {
        "subscriptionId": "c670ea73cacb459bb51dc1740da2f1db",
        "clientState": TOKEN,
        "expirationDateTime": "2026-03-05T09:00:00Z",
        "resource": f"api/v2.0/companies({COMPANY})/items({gid(1)})",
        "changeType": "updated",
        "lastModifiedDateTime": "2026-03-02T08:59:20.467Z",
    } | changes


def push(*found: dict[str, Any]) -> RawRequest:
    return request({"value": list(found)})


def test_the_vendors_own_example_names_what_to_read(receiver: Client) -> None:
    body = payload("notification__items_customers")
    for each in body["value"]:
        each["clientState"] = TOKEN
    received = receiver.receive(request(body))
    assert received.reply.status == 200
    assert received.refusal is None
    assert received.hints == (
        Hint("items", "26814998-936a-401c-81c1-0e848a64971d", datetime(2018, 10, 26, 12, 54, 18, 467_000, UTC)),
        Hint("customers", "130bbd17-dbb9-4790-9b12-2b0e9c9d22c3", datetime(2018, 10, 26, 12, 54, 24, 57_000, UTC)),
        Hint("customers", "4b4f31f0-dc1c-4033-b2aa-ab03ca1d6ebc"),
    )


def test_too_many_changes_are_acknowledged_and_left_to_polling(receiver: Client) -> None:
    resource = f"api/v2.0/companies({COMPANY})/items?$filter=lastDateTimeModified%20gt%202026-03-02T08:00:00Z"
    received = receiver.receive(push(notification(changeType="collection", resource=resource)))
    assert (received.reply.status, received.hints, received.refusal) == (200, (), None)


def test_one_record_is_named_once_by_its_latest_change(receiver: Client) -> None:
    later = notification(lastModifiedDateTime="2026-03-02T08:59:50Z")
    received = receiver.receive(push(notification(), later, notification(changeType="deleted")))
    assert received.hints == (Hint("items", gid(1), datetime(2026, 3, 2, 8, 59, 48, tzinfo=UTC)),)


@pytest.mark.parametrize(
    "resource",
    [
        f"/api/v2.0/companies({COMPANY})/items({gid(1)})",
        f"https://bc.example.test/v2.0/contoso/production/api/v2.0/companies({COMPANY})/items({gid(1).upper()})",
        f"companies({COMPANY})/items({gid(1)})",
    ],
)
def test_a_resource_is_understood_in_each_of_its_forms(receiver: Client, resource: str) -> None:
    (hint,) = receiver.receive(push(notification(resource=resource))).hints
    assert (hint.kind, hint.id) == ("items", gid(1))


def test_a_custom_page_has_notifications_of_its_own(receiver: Client) -> None:
    resource = f"api/contoso/fleet/v1.0/companies({COMPANY})/trucks({gid(4)})"
    (hint,) = receiver.receive(push(notification(resource=resource))).hints
    assert (hint.kind, hint.id) == ("trucks", gid(4))
    assert receiver.receive(push(notification(resource=resource.replace("fleet", "other")))).hints == ()


def test_a_kind_that_is_no_longer_read_is_acknowledged(receiver: Client) -> None:
    received = receiver.receive(push(notification(resource=f"api/v2.0/companies({COMPANY})/vendors({gid(1)})")))
    assert (received.reply.status, received.hints, received.refusal) == (200, (), None)


def test_the_handshake_hears_its_token_back(receiver: Client) -> None:
    for body in (b"", b"{}"):
        received = receiver.receive(request(body, "validationToken=MzQ4YjZk%2FZjk%3D"))
        assert (received.reply.status, received.reply.body) == (200, b"MzQ4YjZk/Zjk=")
        assert received.reply.content_type.startswith("text/plain")
        assert (received.hints, received.refusal) == ((), None)


def test_a_token_beside_notifications_is_no_way_around_the_client_state(receiver: Client) -> None:
    forged = json.dumps({"value": [notification(clientState="forged")]}).encode()
    assert receiver.receive(request(forged, "validationToken=x")).refusal is Refusal.BAD_SIGNATURE
    assert receiver.receive(request(b"", "validationToken=%0d%0aset-cookie")).refusal is Refusal.MALFORMED


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"value": [notification(clientState="")]}, Refusal.UNSIGNED),
        ({"value": [notification(clientState=None)]}, Refusal.UNSIGNED),
        ({"value": [notification(clientState="someClientState")]}, Refusal.BAD_SIGNATURE),
        ({"value": [notification(), notification(clientState="another")]}, Refusal.BAD_SIGNATURE),
        ({"value": [notification(clientState="\udcff".encode("utf-8", "replace").decode())]}, Refusal.BAD_SIGNATURE),
        ({"value": []}, Refusal.UNSIGNED),
        ({"value": [notification(resource="api/v2.0/nothing")]}, Refusal.MALFORMED),
        ({"value": [notification(lastModifiedDateTime="yesterday")]}, Refusal.MALFORMED),
        ({"value": "none"}, Refusal.MALFORMED),
        (b"", Refusal.MALFORMED),
        (b"\xff\xfe", Refusal.MALFORMED),
        (b"[" * 5000, Refusal.MALFORMED),
        (b" " * (MAX_BODY + 1), Refusal.TOO_LARGE),
    ],
)
def test_no_refusal_makes_the_vendor_delete_the_subscription(receiver: Client, body: Any, refusal: Refusal) -> None:
    """It repeats after 408, 429 and 5xx, and deletes after anything else that is no success."""
    received = receiver.receive(request(body))
    assert received.refusal is refusal
    assert received.reply.status == 503
    assert received.hints == ()
    assert received.reason
    assert TOKEN not in received.reason


def test_the_relays_own_refusals_are_repeated_as_well(receiver: Client) -> None:
    assert {receiver.refuse(each).status for each in Refusal} == {503}


def test_the_client_state_is_this_sources_alone() -> None:
    others = [
        client_state("other", OURS),
        client_state("erp", settings(client_state="another-state-of-ours")),
        client_state("erp", settings(company="CRONUS")),
        client_state("erp", settings(environment="sandbox")),
    ]
    assert len({TOKEN, *others}) == 5
    assert client_state("erp", settings(kinds=KINDS)) == TOKEN, "the same after a restart"
    assert len(TOKEN) == 43
    assert STATE not in TOKEN


def test_without_a_secret_nothing_is_believed(desk: Desk) -> None:
    bare = Client("erp", settings(kinds=KINDS, client_state=None), desk.services())
    assert bare.receive(push(notification(clientState=""))).refusal is Refusal.UNSIGNED
    assert bare.receive(push(notification())).refusal is Refusal.BAD_SIGNATURE
