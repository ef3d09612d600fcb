"""Is everything granted that the source needs? Asked with a handful of calls that change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from connectors.contract import Choice, ConnectorError, Described, Finding, Level, Malformed, Money
from connectors.salesforce.layout import Layout, layout_of
from connectors.salesforce.records import moment, record_of
from connectors.salesforce.settings import Kind, SalesforceSettings
from connectors.salesforce.soql import literal
from connectors.salesforce.wire import Said

Describe = Callable[[str], Mapping[str, Any]]
FEW_LEFT = 0.1
ROWS = 20

_VALUES: Mapping[str, type] = {
    "string": str,
    "textarea": str,
    "email": str,
    "phone": str,
    "url": str,
    "picklist": Choice,
    "boolean": bool,
    "int": Decimal,
    "double": Decimal,
    "percent": Decimal,
    "currency": Money,
    "date": date,
    "datetime": datetime,
}
"""https://developer.salesforce.com/docs/platform/object-reference/guide/field-types.html"""


class Asked(Protocol):
    """The way to the org, and what its last answers said beside their content."""

    said: Said

    def call(self, path: str, **request: Any) -> Any:
        """Call the REST API and return the parsed body."""
        ...


def describe(description: Mapping[str, Any]) -> list[Described]:
    """Return the fields of a described object that have a single value."""
    fields = [entry for entry in description["fields"] if entry["type"] in _VALUES]
    several = any(entry["name"] == "CurrencyIsoCode" for entry in description["fields"])
    return [
        Described(
            entry["name"],
            str(entry.get("label") or entry["name"]),
            _VALUES[entry["type"]],
            "CurrencyIsoCode" if several and entry["type"] == "currency" else "",
        )
        for entry in fields
    ]


def probe(
    org: Asked, settings: SalesforceSettings, describe_object: Describe, now: Callable[[], datetime]
) -> list[Finding]:
    """Sign in, then look at quota, clock, and each kind."""
    try:
        org.call("")
        asked_at = now()
    except ConnectorError as error:
        return [_wrong("sign in", str(error), error)]
    found = [Finding("sign in", Level.FINE, "Salesforce gave a token, and takes it.")]
    found += _quota(org.said)
    found += _clock(org.said, asked_at, settings.settle)
    for name, kind in settings.kinds.items():
        try:
            found += _kind(org, name, kind, describe_object)
        except ConnectorError as error:
            found.append(_wrong(name, str(error), error))
    return found


def _wrong(about: str, sentence: str, error: ConnectorError) -> Finding:
    return Finding(about, Level.WRONG, f"{sentence} ({error.detail})" if error.detail else sentence)


def _quota(said: Said) -> Iterator[Finding]:
    if not said.allowed:
        return
    left = said.allowed - said.used
    level = Level.FINE if left > said.allowed * FEW_LEFT else Level.DOUBT
    todo = "" if level is Level.FINE else ": poll less often, or ask for more"
    yield Finding("quota", level, f"{left} of {said.allowed} API calls of 24 hours are left{todo}.")


def _clock(said: Said, now: datetime, most: timedelta) -> Iterator[Finding]:
    """Compare the clocks, to about the second that the header has."""
    if said.clock is None:
        return
    ahead = now - said.clock
    if abs(ahead) <= most:
        yield Finding("clock", Level.FINE, f"This machine's clock differs by {abs(ahead).total_seconds():.0f} s.")
        return
    way = "ahead of" if ahead > timedelta(0) else "behind"
    yield Finding(
        "clock",
        Level.WRONG,
        f"This machine's clock is {abs(ahead).total_seconds():.0f} s {way} Salesforce's: set it right (NTP).",
    )


def _kind(org: Asked, name: str, kind: Kind, describe_object: Describe) -> Iterator[Finding]:
    layout = layout_of(name, kind, describe_object)
    for path in layout.hidden:
        yield Finding(
            f"{name}.{path}",
            Level.WRONG,
            "The integration user may not see this field, or there is none: grant Read on it in the permission set.",
        )
    if not layout.number:
        yield Finding(
            f"{name}.{kind.number}", Level.WRONG, "The field of the number is hidden or missing: grant Read on it."
        )
    query = f"SELECT {','.join(layout.select)} FROM {name} ORDER BY Id LIMIT {ROWS}"  # noqa: S608 - names are held to \w by the settings
    rows = _rows(org, query)
    if not layout.logged:
        yield Finding(
            name,
            Level.DOUBT,
            "Salesforce keeps no log of this object's changes: what appears later than overlap + settle after its stamp "
            "is found by the nightly comparison only.",
        )
    yield from _odd(layout, rows)
    if not rows:
        todo = "share them with the integration user, or grant View All, unless there are none."
        yield Finding(name, Level.DOUBT, f"No record is visible: {todo}")
        return
    seen = f"{len(layout.columns)} fields of it are visible" + ("." if len(rows) < ROWS else ", and records enough.")
    yield Finding(name, Level.FINE, f"The object and {seen}")
    yield from _assumed(org, layout, rows)


def _odd(layout: Layout, rows: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Look whether some rows are as the org describes them."""
    unknown: set[str] = set()
    for row in rows:
        try:
            fields = record_of(row, layout, "", "").fields
        except Malformed as misfit:
            yield Finding(f"{layout.kind} {row.get('Id', '')}".strip(), Level.DOUBT, str(misfit))
            continue
        for column in layout.columns:
            value = fields.get(column.name)
            if isinstance(value, Choice) and value.code not in column.labels:
                unknown.add(column.name)
    for name in sorted(unknown):
        yield Finding(
            f"{layout.kind}.{name}",
            Level.DOUBT,
            "Some records hold a value that is not in the picklist (any more): it is told by its code, and a route that "
            "compares with a present value passes them by.",
        )


def _assumed(org: Asked, layout: Layout, rows: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Test what the vendor's pages leave open and a reader can find out."""
    ids = [str(row["Id"]) for row in rows]
    stamp = layout.stamp
    newest = f"SELECT Id, {stamp} FROM {layout.kind} ORDER BY {stamp} DESC LIMIT 1"  # noqa: S608 - same
    last = _rows(org, newest)[0]
    at = literal(moment(last[stamp]))
    same = f"SELECT Id FROM {layout.kind} WHERE {stamp} = {at} AND Id = '{last['Id']}'"  # noqa: S608 - same
    if not _rows(org, same):
        yield Finding(
            "A-SALESFORCE-1",
            Level.DOUBT,
            f"Stamps of {layout.kind} are finer than they are shown: keep page_size above the rows of one second.",
        )
    middle = len(ids) // 2
    after = f"SELECT Id FROM {layout.kind} WHERE Id > '{ids[middle]}' ORDER BY Id LIMIT {ROWS}"  # noqa: S608 - same
    expected = ids[middle + 1 :]
    if [str(row["Id"]) for row in _rows(org, after)][: len(expected)] != expected:
        yield Finding(
            "A-SALESFORCE-4", Level.WRONG, f"{layout.kind}: ORDER BY Id and Id > differ: rows may be missed. Report it."
        )


def _rows(org: Asked, query: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = org.call("query", params={"q": query})["records"]
    return found
