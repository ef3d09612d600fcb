"""Subscriptions are made once, renewed in time, and missed when they are gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.contract import Misconfigured, RawRequest, Retryable, Unknown
from connectors.dynamics.business_central.client import Client
from connectors.dynamics.business_central.push import client_state
from tests.connectors.dynamics.business_central.books import Books, open_books
from tests.connectors.dynamics.business_central.parts import NOW, STATE, Desk, client, settings
from tests.connectors.dynamics.business_central.vendor import API, COMPANY, Said, error

ADDRESS = "https://bridge.example.test/hooks/erp"
FIELDS = {"fields": ["number"]}
KINDS = {
    "salesOrders": FIELDS,
    "customers": FIELDS,
    "purchaseOrders": FIELDS,
    "salesInvoices": {**FIELDS, "push": False},
    "stock": {"entity_set": "items", "reading": "snapshot", **FIELDS},
}
SUBSCRIPTIONS = f"{API}subscriptions"


@pytest.fixture
def books(desk: Desk) -> Iterator[Books]:
    with open_books(lambda: desk.now) as books:
        yield books


@pytest.fixture
def ours(books: Books, desk: Desk) -> Client:
    return client(books.vendor, desk, kinds=KINDS)


def resources(books: Books) -> list[str]:
    return sorted(each["resource"] for each in books.subscriptions.values())


def test_what_is_notified_of_is_subscribed_to_with_one_secret(books: Books, ours: Client) -> None:
    of = ours.subscribe(ADDRESS, None)
    assert resources(books) == [
        f"/api/v2.0/companies({COMPANY})/customers",
        f"/api/v2.0/companies({COMPANY})/salesOrders",
    ]
    states = {each["clientState"] for each in books.subscriptions.values()}
    assert states == {client_state("erp", settings())}
    assert of.renew_at == NOW + timedelta(hours=1), "it is looked for each hour"
    assert of.silent_since is None
    assert not [each for each in (STATE, *states) if each in of.state]


def test_the_vendor_really_hears_the_token_from_the_receiver(books: Books, ours: Client) -> None:
    def called(url: str, token: str) -> str:
        assert url == ADDRESS
        reply = ours.receive(RawRequest("POST", {}, f"validationToken={token}", b"", NOW)).reply
        return reply.body.decode() if reply.status == 200 else ""

    books.called = called
    ours.subscribe(ADDRESS, ours.subscribe(ADDRESS, None).state)
    assert len(books.subscriptions) == 2


def test_a_young_subscription_is_looked_at_and_left_alone(books: Books, ours: Client, desk: Desk) -> None:
    state = ours.subscribe(ADDRESS, None).state
    books.vendor.forget()
    desk.later(hours=1)
    ours.subscribe(ADDRESS, state)
    assert [one.method for one in books.vendor.calls(SUBSCRIPTIONS)] == ["GET"]


def test_before_half_of_its_life_it_is_renewed_with_its_tag(books: Books, ours: Client, desk: Desk) -> None:
    state = ours.subscribe(ADDRESS, None).state
    before = dict(books.subscriptions)
    desk.later(hours=33)
    of = ours.subscribe(ADDRESS, state)
    patches = books.vendor.calls(SUBSCRIPTIONS, "PATCH")
    assert len(patches) == 2
    assert all(one.headers["if-match"].startswith('W/"') for one in patches)
    assert all("('" in one.path for one in patches), "the id stands in quotes"
    assert all(books.subscriptions[key]["expirationDateTime"] > before[key]["expirationDateTime"] for key in before)
    assert of.silent_since is None


def test_one_that_the_vendor_deleted_is_made_anew_and_the_time_between_is_compared(
    books: Books, ours: Client, desk: Desk
) -> None:
    state = ours.subscribe(ADDRESS, None).state
    desk.later(hours=1)
    proved = ours.subscribe(ADDRESS, state)
    gone = next(key for key, each in books.subscriptions.items() if each["resource"].endswith("customers"))
    del books.subscriptions[gone]
    desk.later(hours=1)
    again = ours.subscribe(ADDRESS, proved.state)
    assert len(resources(books)) == 2
    assert again.silent_since == NOW + timedelta(hours=1)


def test_one_that_ended_while_nobody_was_there_is_renewed_and_compared(books: Books, ours: Client, desk: Desk) -> None:
    state = ours.subscribe(ADDRESS, None).state
    desk.later(days=4)
    again = ours.subscribe(ADDRESS, state)
    assert len(books.subscriptions) == 2
    assert again.silent_since == NOW


def test_a_lost_state_makes_no_second_one(books: Books, ours: Client) -> None:
    ours.subscribe(ADDRESS, None)
    for state in (None, "", "nonsense", '{"v":1}'):
        ours.subscribe(ADDRESS, state)
    assert len(books.subscriptions) == 2


def test_another_secret_is_written_into_what_there_is(books: Books, ours: Client, desk: Desk) -> None:
    state = ours.subscribe(ADDRESS, None).state
    changed = client(books.vendor, desk, kinds=KINDS, client_state="the-next-state-of-ours")
    changed.subscribe(ADDRESS, state)
    assert len(books.subscriptions) == 2
    token = client_state("erp", settings(client_state="the-next-state-of-ours"))
    assert {each["clientState"] for each in books.subscriptions.values()} == {token}


def test_what_calls_another_address_is_anothers(books: Books, ours: Client) -> None:
    ours.subscribe("https://elsewhere.example.test/hooks/erp", None)
    ours.subscribe(ADDRESS, None)
    assert len(books.subscriptions) == 4


def test_a_handshake_that_fails_says_what_to_do(books: Books, ours: Client) -> None:
    books.called = lambda _url, _token: "nothing"
    with pytest.raises(Misconfigured, match="handshake"):
        ours.subscribe(ADDRESS, None)


def test_without_a_secret_it_says_what_to_do(books: Books, desk: Desk) -> None:
    with pytest.raises(Misconfigured, match="client_state"):
        client(books.vendor, desk, kinds=KINDS, client_state=None).subscribe(ADDRESS, None)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error("Request_EntityChanged", 409), Retryable),
        (Said(412), Retryable),
        (error("Authorization_RequestDenied", 403), Misconfigured),
        (Said(500), Unknown),
        (Said(cut=True), Unknown),
    ],
)
def test_what_goes_wrong_has_a_name(books: Books, ours: Client, answer: Said, expected: type[Exception]) -> None:
    books.vendor.on("POST", SUBSCRIPTIONS, answer)
    with pytest.raises(expected):
        ours.subscribe(ADDRESS, None)


def test_a_custom_page_is_subscribed_to_below_its_own_api(books: Books, desk: Desk) -> None:
    custom = "/v2.0/contoso.example/production/api/contoso/fleet/v1.0/subscriptions"
    made: dict[str, Any] = {}

    def post(asked: Any) -> Said:
        made.update(asked.body)
        return Said(201, {"subscriptionId": "1", **asked.body, "expirationDateTime": "2026-03-05T09:00:00Z"})

    books.vendor.on("GET", custom, Said(200, {"value": []}))
    books.vendor.on("POST", custom, post)
    kinds = {"trucks": {**FIELDS, "api": "contoso/fleet/v1.0"}}
    of = client(books.vendor, desk, kinds=kinds).subscribe(ADDRESS, None)
    assert made["resource"] == f"/api/contoso/fleet/v1.0/companies({COMPANY})/trucks"
    assert of.renew_at > NOW
