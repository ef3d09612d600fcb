"""Which fields a type of record has, by the metadata catalogue.

The catalogue is made for each request, which takes a minute and more: it is asked for one type at a time, never while
anything is read, and kept for an hour.
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545129726.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.contract import Choice, Described, Ref
from connectors.netsuite.approval import RECORDS
from connectors.netsuite.errors import unreadable
from connectors.netsuite.wire import Account, Call

AGE = timedelta(hours=1)
_SCHEMA = {"Accept": "application/schema+json"}


class Schema:
    """The account's types of records as one role sees them."""

    def __init__(self, account: Account, now: Callable[[], datetime]) -> None:
        self._account = account
        self._now = now
        self._known: dict[str, tuple[datetime, list[Described]]] = {}

    def described(self, record: str) -> list[Described]:
        """Return the fields of a type, by its name in REST, that can be mapped. Raises the contract's errors."""
        known = self._known.get(record)
        if known is None or self._now() - known[0] >= AGE:
            known = (self._now(), self._read(record))
            self._known[record] = known
        return known[1]

    def _read(self, record: str) -> list[Described]:
        body = self._account.call(Call("GET", f"{RECORDS}metadata-catalog/{record}", headers=_SCHEMA)).body
        try:
            return list(_fields(body["properties"]))
        except (AttributeError, KeyError, TypeError):
            raise unreadable(str(body)[:1000].encode()) from None


def _fields(properties: Mapping[str, Any]) -> Iterator[Described]:
    for name, entry in properties.items():
        value = _value(entry)
        if value is not None and name not in {"id", "links"}:
            # Which numbers are amounts the catalogue does not tell (A-NETSUITE-307).
            yield Described(name, str(entry.get("title") or name), value)


def _value(entry: Mapping[str, Any]) -> type | None:
    """Return the class of a field's values, None for sublists and subrecords."""
    kind, form = entry.get("type"), entry.get("format")
    if kind == "object" or "$ref" in entry:
        return _reference(entry)
    if kind == "string":
        return {"date": date, "date-time": datetime}.get(str(form), str)
    return {"boolean": bool, "integer": Decimal, "number": Decimal}.get(str(kind))


def _reference(entry: Mapping[str, Any]) -> type | None:
    inner = entry.get("properties") or {}
    if str(entry.get("$ref", "")).endswith("/nsLink"):
        return Ref
    if "id" not in inner or "refName" not in inner:
        return None
    return Choice if "enum" in inner["id"] else Ref
