"""Reading a served twin: what people are told does not hang on what nobody has verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import Choice, Misconfigured, Money, Quantity, Record, Ref, Services
from connectors.netsuite.client import Client
from connectors.netsuite.sandbox import create
from connectors.netsuite.settings import NetSuiteSettings
from tests.connectors.netsuite.parts import drained
from tests.connectors.netsuite.sandbox.served import Served, fresh
from tests.contract.case import local_services
from tests.served import Host, served_session, serving

ORDERS = {"fields": ["total", "entity", "status", "tranDate", "item.item", "item.quantity", "item.amount"]}
ANSWERS: tuple[dict[str, Any], ...] = (
    {},
    {"numbers": "json"},
    {"empty_fields": "null"},
    {"line_signs": "positive"},
    {"line_quantity": "transaction_unit"},
    {"stamps": "hidden_milliseconds"},
    {"id_order": "text"},
)


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@pytest.fixture
def served(host: Host) -> Iterator[Served]:
    with fresh(host) as served:
        yield served


class Clock:
    """Our clock, which tests set ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def services(self) -> Services:
        return replace(local_services(), session=served_session, now=lambda: datetime.now(UTC) + self.ahead)


def client(served: Served, clock: Clock, **changes: Any) -> Client:
    facts = served.twin.describe(served.base)
    token = facts["tokens"]["integration"]
    tba = {key: facts[key] for key in ("consumer_key", "consumer_secret")}
    whole = {
        "account": facts["account"],
        "zone": facts["company_zone"],
        "base_url": served.base,
        "auth": {"tba": tba | {"token_id": token["token"], "token_secret": token["secret"]}},
        "kinds": {"salesOrder": ORDERS},
        "units": "base",
        "page_size": 2,
    }
    return Client("erp", NetSuiteSettings.model_validate(whole | changes), clock.services())


@pytest.mark.parametrize("answer", ANSWERS, ids=str)
def test_an_order_is_told_the_same_whatever_the_open_questions_turn_out_to_be(
    served: Served, answer: dict[str, Any]
) -> None:
    served.switch(**answer)
    units = "own" if answer.get("line_quantity") else "base"
    records = [each for page in drained(client(served, Clock(), units=units), "salesOrder") for each in page.records]
    assert [record.number for record in records] == ["SO-1041", "SO-1042", "SO-1043"]
    fields = dict(records[0].fields)
    assert isinstance(fields.pop("tranDate"), date)
    boxes = Quantity(Decimal(100), "Box", Quantity(Decimal(1200), "Each"))
    assert fields == {
        "total": Money(Decimal(105000), "HKD"),
        "entity": Ref("entity", "11", "Lotus Foods"),
        "status": Choice("A", "Sales Order : Pending Approval"),
        "item": (
            {"item": Ref("item", "1", "TS-20"), "quantity": boxes, "amount": Money(Decimal(95000), "HKD")},
            {
                "item": Ref("item", "2", "GW-4"),
                "quantity": Quantity(Decimal(2), "Each"),
                "amount": Money(Decimal(10000), "HKD"),
            },
        ),
    }


@pytest.mark.parametrize("zone", ["utc", "pacific", "company"])
def test_a_stamp_is_the_same_moment_in_every_zone_that_it_may_be_written_in(served: Served, zone: str) -> None:
    name = {"utc": "UTC", "pacific": "America/Los_Angeles", "company": "Asia/Hong_Kong"}[zone]
    known = served.control("GET", "/records/salesOrder")["records"]
    served.switch(suiteql_zone=zone)
    found = client(served, Clock(), zone=name).read("salesOrder", [str(each["id"]) for each in known])
    stamps = [each.stamp for each in found if isinstance(each, Record)]
    assert stamps == [datetime.fromtimestamp(each["lastmodifieddate"] // 1000, UTC) for each in known]


def test_a_change_and_a_deletion_are_seen(served: Served) -> None:
    served.settings(clock_skew=3600)
    clock = Clock()
    made = client(served, clock)
    cursor = drained(made, "salesOrder")[-1].cursor
    order, gone = (served.id_of("salesOrder", name) for name in ("SO-1042", "SO-1043"))
    served.control("PATCH", f"/records/salesOrder/{order}", {"values": {"memo": "changed"}})
    served.control("DELETE", f"/records/salesOrder/{gone}")
    clock.ahead = timedelta(minutes=11)
    pages = drained(made, "salesOrder", cursor)
    told = [(record.id, record.deleted) for page in pages for record in page.records]
    assert told == [(order, False), (gone, True)]


def test_a_clock_that_is_wrong_is_named(served: Served) -> None:
    clock = Clock()
    clock.ahead = timedelta(minutes=11)
    with pytest.raises(Misconfigured, match="clock"):
        client(served, clock).pull("salesOrder", None)


def test_both_ways_of_signing_in_read_the_same(served: Served) -> None:
    facts = served.twin.describe(served.base)
    found = []
    for algorithm in ("PS256", "ES256"):
        certificate = facts["certificates"][algorithm]
        way = {
            "client_id": facts["client_id"],
            "certificate_id": certificate["kid"],
            "private_key": certificate["private_key"],
            "algorithm": algorithm,
        }
        found.append(client(served, Clock(), auth={"oauth2": way}).read("salesOrder", ["1001"]))
    assert found[0] == found[1] == client(served, Clock()).read("salesOrder", ["1001"])
