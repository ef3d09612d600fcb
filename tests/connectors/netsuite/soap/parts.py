"""What these tests share: settings, services with a clock, and a reading at a scripted vendor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from connectors.contract import Page, Services, TokenStore, Vault
from connectors.netsuite.by_soap import Deleted
from connectors.netsuite.pressure import Pressure
from connectors.netsuite.settings import NetSuiteSettings
from connectors.netsuite.soap.reading import Reading
from connectors.netsuite.soap.searches import Searches
from connectors.netsuite.soap.wire import Port
from connectors.transport import open_session
from tests.connectors.netsuite.soap.schema import WSDL, version
from tests.connectors.netsuite.soap.vendor import Vendor

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STAMP = "2026-03-02T00:40:00.000-08:00"
VERSION = "2026-03-02T08:40:00+00:00"
ORDERS = {
    "fields": ["entity", "tranDate", "total", "orderStatus", "item.quantity", "item.rate", "item.amount"],
    "reading": "soap",
    "deletions": "none",
}
TBA = {
    "consumer_key": "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
    "consumer_secret": "consumer-secret-1",
    "token_id": "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
    "token_secret": "token-secret-1",
}


class Nothing:
    """Tokens and vault of a source that is signed and keeps nothing: whatever is asked of them is a mistake."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


@dataclass
class Desk:
    """The runner's side, with a clock that tests set."""

    now: datetime = NOW

    def services(self) -> Services:
        return Services(
            session=lambda: open_session(connect=5.0, read=20.0, ca=None, proxy=None, pool=4),
            tokens=cast("TokenStore", Nothing()),
            now=lambda: self.now,
            observe=cast("Callable[[str, int, int], None]", Nothing()),
            vault=cast("Vault", Nothing()),
        )

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


def settings(vendor: Vendor, **changes: Any) -> NetSuiteSettings:
    whole = {
        "account": "123456_SB1",
        "base_url": vendor.base,
        "auth": {"tba": TBA},
        "zone": "Asia/Hong_Kong",
        "soap": {"wsdl": str(WSDL), "version": version()},
        "kinds": {"salesOrder": ORDERS},
        "read_timeout": "20s",
    } | changes
    return NetSuiteSettings.model_validate(whole)


def reading(vendor: Vendor, desk: Desk, queries: Deleted | None = None, **changes: Any) -> Reading:
    made, services = settings(vendor, **changes), desk.services()
    pressure = Pressure(made.calls_key, services.now)
    port = Port(made, services, pressure, sleep=lambda _: None)
    return Reading("erp", made, services, Searches(port), queries or cast("Deleted", Nothing()))


def drained(source: Reading, kind: str, cursor: str | None = None) -> list[Page]:
    """Pull until the round is over."""
    pages: list[Page] = []
    while not pages or pages[-1].more:
        assert len(pages) < 100, "the round does not end"
        pages.append(source.pull(kind, cursor))
        cursor = pages[-1].cursor
    return pages


def ids(pages: Sequence[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]
