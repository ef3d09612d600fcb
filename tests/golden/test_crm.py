"""What a CRM returns, by its vendor's pages, and the exact line that readers then see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import pytest

from connectors.contract import Record
from pipelines.case import Event, program
from pipelines.chain import decide
from pipelines.plan import PUBLIC, Destination, FieldMap, Kind, Plan, Route
from pipelines.stages.clearance import clear
from pipelines.stages.render import render
from pipelines.verdict import HELD
from tests.golden import salesforce, zoho
from tests.golden.rows import Row, read
from tests.golden.shipped import spec_of

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ROWS = read()
READ: Mapping[str, Callable[[Row, Iterable[str]], Record]] = {"salesforce": salesforce.record, "zoho": zoho.record}


def shown(row: Row) -> str:
    """The row's way through the product: read, mapped, trusted, cleared and rendered for one group."""
    spec = spec_of(row)
    paths = dict.fromkeys(path for path in (spec.path, spec.currency_path, spec.unit_path) if path)
    return told(READ[row.vendor](row, paths), spec, Destination("group", row.zone, row.locale))


def told(record: Record, spec: FieldMap, group: Destination) -> str:
    key = (record.source, record.kind)
    kind = Kind(*key, (spec,))
    route = Route("route", *key, (group.name,), "Title", (spec.name,))
    decision = decide(
        program(Plan("", {key: kind}, (route,), {group.name: group}))[key], Event(1, record, False, None), NOW
    )
    [verdict] = decision.verdicts
    if verdict.reason in HELD:
        return f"held: {verdict.reason}"
    [notice] = decision.notices
    cleared = clear(notice, kind, frozenset({PUBLIC, spec.data_class}))
    fact = render(notice, cleared, route, group, {spec.name: spec}, NOW)
    return "\n".join(f"{line.label}: {line.value}" for line in fact.lines)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_reader_sees_exactly_what_the_vendor_holds(row: Row) -> None:
    line = shown(row)
    assert line == row.line, f"{row.vendor} {row.kind}.{row.field}\n  is:     {line!r}\n  must be: {row.line!r}"


def test_each_row_has_its_own_name_and_the_vendors_page() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS) >= 80
    assert [row.id for row in ROWS if not row.source.startswith("https://")] == []
    assert {(row.vendor, row.kind) for row in ROWS} == {
        *(("salesforce", kind) for kind in ("Opportunity", "Account", "Case", "Quote")),
        *(("zoho", kind) for kind in ("Deals", "Accounts", "Cases", "Quotes")),
    }
