"""What was deleted.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3497592.html
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.database import stored
from connectors.netsuite.sandbox.schema import Row
from connectors.netsuite.sandbox.soap import render, shapes
from connectors.netsuite.sandbox.soap.envelopes import child, element, every
from connectors.netsuite.sandbox.soap.search import Searches


def found(account: Account, searches: Searches, filters: Element | None) -> Sequence[Row]:
    """Return the deletions that a filter lets through, the oldest first. Raises `StatusError`."""
    parts: list[str] = ["1"]
    values: list[object] = []
    date = child(filters, "deletedDate") if filters is not None else None
    if date is not None:
        condition = searches.dates("deleteddate", date)
        parts.append(condition.sql)
        values += condition.values
    kind = child(filters, "type") if filters is not None else None
    if kind is not None:
        records = [shapes.of_type((one.text or "").strip()) for one in every(kind, "searchValue")]
        negation = "NOT" if kind.get("operator") == "noneOf" else ""
        parts.append(f"type {negation} IN ({', '.join('?' for _ in records)})")
        values += [record.name if record else "" for record in records]
    if filters is not None and child(filters, "scriptId") is not None:
        parts.append("0")  # it names a type of custom records, of which the account has none
    where = ("SELECT * FROM", stored("deletedrecord"), "WHERE", " AND ".join(parts), "ORDER BY deleteddate, key")
    return account.database.rows(*where, values=values)


def shown(account: Account, row: Row) -> str:
    """Return one deletion as XML."""
    date = element("platformCore:deletedDate", render.moment(account, row["deleteddate"]))
    name = element("platformCore:name", row["name"])
    external = f" externalId={quoteattr(str(row['externalid']))}" if row["externalid"] else ""
    own = f'internalId="{row["recordid"]}"{external} type="{row["type"]}" xsi:type="platformCore:RecordRef"'
    record = f"<platformCore:record {own}>{name}</platformCore:record>"
    return f"<platformCore:deletedRecord>{date}{record}</platformCore:deletedRecord>"
