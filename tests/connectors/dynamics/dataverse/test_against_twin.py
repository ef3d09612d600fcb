"""The connector against the twin, over HTTP, also with the other answer to each open question."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests

from connectors.contract import HIDDEN, Money, Page, Quantity, Record
from connectors.dynamics.dataverse import CONNECTOR
from connectors.dynamics.dataverse.client import Client
from tests.connectors.dynamics.dataverse.parts import Desk, drained, told
from tests.served import Host, served_session

KINDS = {
    "account": {"fields": ["name", "creditlimit", "ownerid"], "number": "accountnumber"},
    "salesorder": {"fields": ["totalamount", "statuscode", "salesorderdetail.quantity"], "number": "ordernumber"},
}
LONG_AGO, NEVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass
class Twin:
    base: str
    facts: Any

    def __post_init__(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.facts["client_id"],
            "client_secret": self.facts["client_secret"],
            "scope": f"{self.base}/.default",
        }
        self.session = served_session()
        token = self.session.post(self.facts["token_url"], data=form).json()["access_token"]
        self.session.headers.update({"Authorization": f"Bearer {token}", "Content-Type": "application/json"})

    def asked(self, method: str, path: str, **cells: Any) -> requests.Response:
        body = json.dumps(cells) if cells else None
        said = self.session.request(method, f"{self.base}/api/data/v9.2/{path}", data=body)
        assert said.ok, said.text
        return said

    def make(self, name: str) -> str:
        made = self.asked("POST", "accounts", name=name).headers["OData-EntityId"]
        return made.rstrip(")").rpartition("(")[2]

    def change(self, row_id: str, name: str) -> None:
        self.asked("PATCH", f"accounts({row_id})", name=name)

    def drop(self, row_id: str) -> None:
        self.asked("DELETE", f"accounts({row_id})")

    def control(self, path: str, **what: Any) -> None:
        assert self.session.post(f"{self.base}/__sandbox/{path}", json=what).ok

    def client(self, desk: Desk | None = None, **changes: Any) -> Client:
        whole = {
            "url": self.base,
            "login_url": self.base,
            "tenant": self.facts["tenant_id"],
            "client_id": self.facts["client_id"],
            "client_secret": self.facts["client_secret"],
            "kinds": KINDS,
            "page_size": 2,
        } | changes
        services = desk.services() if desk else replace(Desk().services(), now=lambda: datetime.now(UTC))
        built = CONNECTOR.build("crm", CONNECTOR.settings.model_validate(whole), services)
        assert isinstance(built, Client)
        return built


@pytest.fixture
def twin(host: Host) -> Twin:
    made = host.fresh()
    return Twin(host.base, made.describe(host.base))


def names(pages: list[Page]) -> list[object]:
    return [record.fields.get("name") for page in pages for record in page.records]


def test_what_is_read_can_be_read_by_id_and_is_listed(twin: Twin) -> None:
    client = twin.client()
    for kind in KINDS:
        found = [record for page in drained(client, kind) for record in page.records]
        assert found
        again = client.read(kind, [each.id for each in found])
        assert again == found
        assert dict(client.versions(kind, LONG_AGO, NEVER)) == {each.id: each.version for each in found}


def test_an_order_has_its_money_and_the_units_of_its_lines(twin: Twin) -> None:
    ((order,),) = [page.records for page in drained(twin.client(), "salesorder")]
    assert isinstance(order, Record)
    assert order.fields["totalamount"] == Money(Decimal(288_000), "HKD")
    lines = order.fields["salesorderdetail"]
    assert isinstance(lines, tuple)
    assert [dict(line) for line in lines if not isinstance(line, str)] == [
        {"quantity": Quantity(Decimal(100), "Case of 24", Quantity(Decimal(2400), "Piece"))}
    ]


def test_a_certificate_signs_in_as_well(twin: Twin) -> None:
    pair = {key: twin.facts["certificate"][key] for key in ("certificate", "private_key")}
    assert drained(twin.client(client_secret=None, certificate=pair), "account")


@pytest.mark.parametrize("switch", [{}, {"delta_link": "each_page"}, {"paging": "by_number"}], ids=str)
def test_changes_and_deletions_come_by_the_delta_link(twin: Twin, switch: dict[str, str]) -> None:
    if switch:
        twin.control("switches", **switch)
    client = twin.client()
    rows = [twin.make(f"a{number}") for number in range(7)]
    cursor = drained(client, "account")[-1].cursor
    twin.change(rows[0], "changed")
    twin.drop(rows[1])
    short = twin.make("short-lived")
    twin.drop(short)
    pages = drained(client, "account", cursor)
    assert {rows[0]} <= {each for each, deleted in told(pages) if not deleted}
    assert {each for each, deleted in told(pages) if deleted} == {rows[1], short}
    assert told(drained(client, "account", pages[-1].cursor)) == []


@pytest.mark.parametrize("switch", [{}, {"expired_delta_status": 410}, {"expired_delta_code": "0x80072495"}], ids=str)
def test_after_a_lapsed_link_changes_come_at_once_and_what_is_gone_is_not_listed(
    twin: Twin, switch: dict[str, Any]
) -> None:
    client = twin.client()
    changed, gone = twin.make("changed"), twin.make("gone")
    cursor = drained(client, "account")[-1].cursor
    if switch:
        twin.control("switches", **switch)
    twin.control("settings", change_tracking_days=0.000_001)
    time.sleep(0.2)
    twin.drop(gone)
    twin.change(changed, "in the gap")
    first = client.pull("account", cursor)
    twin.control("settings", change_tracking_days=7.0)
    pages = [first, *drained(client, "account", first.cursor)]
    assert "in the gap" in names(pages)
    listed = {each for page in pages if page.listing for each in page.listing.ids}
    assert changed in listed
    assert gone not in listed
    twin.change(changed, "after the gap")
    assert names(drained(client, "account", pages[-1].cursor)) == ["after the gap"]


@pytest.mark.parametrize("answer", ["null", "absent"])
def test_a_column_that_is_secured_later_is_hidden_however_that_looks(twin: Twin, answer: str) -> None:
    twin.control("switches", secured_column=answer)
    desk = Desk(now=datetime.now(UTC))
    client = twin.client(desk=desk)
    row = twin.make("open")
    client.read("account", [row])
    twin.control("dataverse/hide", table="account", column="name")
    desk.later(minutes=2)
    (found,) = client.read("account", [row])
    assert isinstance(found, Record)
    assert found.fields["name"] == HIDDEN


def test_without_change_tracking_changes_come_by_their_stamps(twin: Twin) -> None:
    client = twin.client(kinds={"account": {**KINDS["account"], "tracking": False}})
    cursor = drained(client, "account")[-1].cursor
    late = twin.make("late")
    assert late in {each for each, _ in told(drained(client, "account", cursor))}
