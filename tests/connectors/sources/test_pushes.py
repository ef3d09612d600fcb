"""What all vendors push, changed on the way, late, twice and out of order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.contract import RawRequest, Received, Refusal
from tests.connectors.sources.desk import Client, Desk
from tests.connectors.sources.twins import Ear, hearing
from tests.connectors.sources.vendor import Lack, Vendor
from tests.contract.common import whole

STATES = ("first", "second", "third")


@pytest.fixture
def client(vendor: Vendor) -> Client:
    return vendor.client(Desk())


@pytest.fixture
def ear(vendor: Vendor, client: Client) -> Iterator[Ear]:
    """An ear that has heard three changes of one record, each with the state of its time."""
    with hearing(client) as ear:
        _told(vendor, client, ear)
        yield ear


def _told(vendor: Vendor, client: Client, ear: Ear) -> None:
    vendor.listen(client, ear.address)
    for number, text in enumerate(STATES):
        vendor.change(vendor.deals[0], text)
        ear.wait(number + 1)


def test_pushes_that_come_twice_and_out_of_order_lead_to_what_the_record_is_now(
    vendor: Vendor, ear: Ear, client: Client
) -> None:
    for request in reversed((*ear.heard, *ear.heard)):
        received = client.receive(request)
        assert (received.refusal, received.records) == (None, ())
        (hint,) = received.hints
        assert (hint.kind, hint.id) == (vendor.kind, vendor.deals[0])
        (record,) = whole(client.read(hint.kind, [hint.id]))
        assert record.fields[vendor.text] == STATES[-1]
        assert hint.stamp is None or hint.stamp <= record.stamp, "one reading is enough"


def test_a_push_that_is_repeated_is_the_same_again_however_late(vendor: Vendor, ear: Ear, client: Client) -> None:
    for request in ear.heard:
        late = client.receive(replace(request, received_at=request.received_at + timedelta(days=30)))
        assert client.receive(request) == client.receive(request)
        if Lack.SIGNED_TIME in vendor.lacks:
            assert late == client.receive(request)
        else:
            assert (late.refusal, late.hints) == (Refusal.STALE, ())


def test_a_push_with_a_byte_changed_is_refused_or_believed_for_its_ids_alone(
    vendor: Vendor, ear: Ear, client: Client
) -> None:
    request = ear.heard[0]
    refused = 0
    for place in range(len(request.body)):
        received = client.receive(_changed(request, place))
        assert received.records == ()
        assert {hint.kind for hint in received.hints} <= {vendor.kind}
        refused += _refused(received)
    assert refused > 0


def _changed(request: RawRequest, place: int) -> RawRequest:
    body = request.body
    return replace(request, body=body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])


def _refused(received: Received) -> bool:
    return received.refusal is not None and not received.hints
