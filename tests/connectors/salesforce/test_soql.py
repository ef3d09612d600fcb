"""Query text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from connectors.contract import Misconfigured
from connectors.salesforce.layout import Layout
from connectors.salesforce.poll import Scan
from connectors.salesforce.soql import ids_query, literal, page_query

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
WRITTEN = "2026-03-02T08:00:00Z"


def layout(*system: str) -> Layout:
    return Layout("Case", (), (), "SystemModstamp", "", system or ("Id", "SystemModstamp"), logged=True)


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (AT, "2026-03-02T08:00:00Z"),
        (AT.replace(microsecond=250_000), "2026-03-02T08:00:00.250Z"),
        (datetime(2026, 3, 2, 16, 0, tzinfo=timezone(timedelta(hours=8))), "2026-03-02T08:00:00Z"),
    ],
)
def test_times_are_unquoted_utc(moment: datetime, written: str) -> None:
    assert literal(moment) == written


@pytest.mark.parametrize(
    ("scan", "where"),
    [
        (Scan(None, AT, AT), ""),
        (Scan(AT, AT, AT), "WHERE SystemModstamp >= 2026-03-02T08:00:00Z "),
        (
            Scan(AT, AT, AT, (AT, "500Dn000001QwErIAK")),
            f"WHERE (SystemModstamp = {WRITTEN} AND Id > '500Dn000001QwErIAK') OR SystemModstamp > {WRITTEN} ",
        ),
    ],
)
def test_a_page_goes_on_behind_the_last_row(scan: Scan, where: str) -> None:
    start, end = "SELECT Id,SystemModstamp FROM Case ", "ORDER BY SystemModstamp ASC, Id ASC LIMIT 50"
    assert page_query(layout(), scan, 50) == start + where + end


def test_ids_are_listed() -> None:
    query = ids_query(layout(), ["500Dn000001QwErIAK", "500Dn000001QwEsIAK"])
    assert query.endswith("FROM Case WHERE Id IN ('500Dn000001QwErIAK','500Dn000001QwEsIAK')")


def test_a_query_that_the_vendor_would_cut_off_is_not_sent() -> None:
    with pytest.raises(Misconfigured, match="fewer fields"):
        page_query(layout(*(f"Field_{n:090}__c" for n in range(200))), Scan(None, AT, AT), 50)
