"""A company's orders behind odata-v4-server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import requests

from connectors import odata
from tests.clients.node import Client
from tests.served import served_session

SET = "salesOrders"
TENANT = "tenant.example"
API = f"/v2.0/{TENANT}/production/api/v2.0/"
COMPANY = {"id": "f64eba74-dacd-4854-a584-1834f68cfc3a", "name": "Harbour", "displayName": "Harbour Trading"}
PLAIN = ["Harbour Trading", "O'Neil's", "it''s", "a+b", "(a), b: c@d", "Müller 中国", "'", ""]
ENCODED = [
    "Fish & Chips",
    "50% off",
    "a/b",
    "no. #1",
    "x=y?",
    'a"b\\c',
    "<a>{b}|^`~",
    "a//b",
    "%26",
    "&$top=1",
    "a\tb\n",
    "😀;$",
]
BEGAN = datetime(2026, 3, 2, 8, 40, 7, 120_000, tzinfo=UTC)
ORDERS: list[dict[str, Any]] = [
    {
        "id": UUID(int=0xB6F4017A_B749_4E11_AD0B_000000000000 + place * 7919),
        "number": f"SO-{1000 + place}",
        "orderDate": date(2026, 2, 25) + timedelta(days=place),
        "customerName": name,
        "currencyCode": "SEK",
        "totalAmountIncludingTax": Decimal("1299.95") + place * Decimal("0.1"),
        "lastModifiedDateTime": BEGAN + timedelta(milliseconds=37 * place),
    }
    for place, name in enumerate([*PLAIN, *ENCODED])
]
MIDDLE = ORDERS[7]


class Server:
    """The orders behind odata-v4-server."""

    def __init__(self, port: str, session: requests.Session) -> None:
        self.base = f"http://127.0.0.1:{int(port)}"
        self._service = f"{self.base}{API}"
        self._session = session

    def get(self, path: str, options: Mapping[str, str] | None = None) -> tuple[str, odata.Answer]:
        url = odata.address(self._service, path, options)
        return url, odata.send(self._session, odata.Request("GET", url), (5.0, 10.0))

    def rows(self, **options: str) -> list[odata.RawRow]:
        url, answer = self.get(SET, {f"${name}": value for name, value in options.items()})
        assert answer.status == 200, answer.content
        return list(odata.page(answer.body, url).rows)

    def numbers(self, condition: str) -> list[str]:
        return [row["number"] for row in self.rows(filter=condition, orderby=odata.ascending("number"))]


@contextmanager
def selling(node: Client) -> Iterator[Server]:
    """Serve the orders from a process of their own."""
    orders = [{name: _sent(value) for name, value in order.items()} for order in ORDERS]
    given = {"path": API, "company": COMPANY, "orders": orders}
    with node.serving("serve.cjs", given) as port, served_session() as session:
        yield Server(port, session)


def _sent(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)
