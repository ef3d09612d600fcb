"""Business Central's connector reads orders from odata-v4-server, by the description that this server gives of itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Money, Record, Services, Token
from connectors.dynamics.business_central.client import Client
from connectors.dynamics.business_central.records import written
from connectors.dynamics.business_central.settings import BusinessCentralSettings
from tests.clients.odata_server import COMPANY, ENCODED, MIDDLE, ORDERS, SET, TENANT, Server
from tests.contract.case import Secrets
from tests.served import served_session

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIELDS = ("orderDate", "customerName", "totalAmountIncludingTax")
NOBODY = "00000000-0000-4000-8000-000000000001"


class HeldToken:
    """A token store that always has one: this server asks for none."""

    def get(self, _key: str, _renew: Callable[[], Token]) -> Token:
        return Token("held", "", NOW + timedelta(days=2))

    def spoil(self, _key: str, _token: Token) -> None:
        raise AssertionError("no token is refused here")


def _client(server: Server, now: datetime = NOW) -> Client:
    settings = BusinessCentralSettings.model_validate(
        {
            "tenant": TENANT,
            "company": COMPANY["displayName"],
            "api_url": server.base,
            "client_id": "7a0c3f7e-0000-4000-8000-5f5e100c0de1",
            "client_secret": "client-secret",
            "kinds": {SET: {"fields": [*FIELDS, "currencyCode"]}},
        }
    )
    services = Services(served_session, HeldToken(), lambda: now, lambda *_: None, Secrets())
    return Client("erp", settings, services)


def _meant(order: dict[str, Any]) -> tuple[Any, ...]:
    amount = Money(order["totalAmountIncludingTax"], order["currencyCode"])
    # Business Central writes an empty text where there is none
    name = order["customerName"] or None
    return str(order["id"]), order["number"], order["lastModifiedDateTime"], order["orderDate"], name, amount


def _told(record: Any) -> tuple[Any, ...]:
    assert isinstance(record, Record)
    return record.id, record.number, record.stamp, *(record.fields[name] for name in FIELDS)


def test_all_orders_are_pulled_and_their_ids_listed(odata_server: Server) -> None:
    client = _client(odata_server)
    changes = client.pull(SET, None)
    assert [_told(record) for record in changes.records] == [_meant(order) for order in ORDERS]
    assert changes.more
    listed = client.pull(SET, changes.cursor)
    assert listed.listing is not None
    assert sorted(listed.listing.ids) == sorted(str(order["id"]) for order in ORDERS)
    assert not listed.more


def test_the_next_round_asks_for_what_is_younger(odata_server: Server) -> None:
    first = _client(odata_server)
    cursor = first.pull(SET, first.pull(SET, None).cursor).cursor
    assert _client(odata_server, NOW + timedelta(hours=1)).pull(SET, cursor).records == ()


def test_records_are_read_by_id_and_one_that_is_not_there_is_gone(odata_server: Server) -> None:
    wanted = [ORDERS[9], ORDERS[2]]
    *found, gone = _client(odata_server).read(SET, [*(str(order["id"]) for order in wanted), NOBODY])
    assert [_told(record) for record in found] == [_meant(order) for order in wanted]
    assert isinstance(gone, Record)
    assert (gone.id, gone.deleted) == (NOBODY, True)
    assert wanted[0]["customerName"] in ENCODED, "a text's signs do not matter in an answer"


def test_versions_of_a_window_are_listed(odata_server: Server) -> None:
    since = MIDDLE["lastModifiedDateTime"]
    until = since + timedelta(milliseconds=150)
    meant = [order for order in ORDERS if since <= order["lastModifiedDateTime"] < until]
    listed = list(_client(odata_server).versions(SET, since, until))
    assert listed == [(str(order["id"]), written(order["lastModifiedDateTime"])) for order in meant]
