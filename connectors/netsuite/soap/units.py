"""A line's unit with its factor, from the account's types of units.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3439878.html
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from connectors.contract import Misconfigured
from connectors.netsuite.soap.searches import Searches
from connectors.netsuite.values import Unit
from connectors.soap_values import Part, Typed, Unreadable

AGE = timedelta(hours=1)
"""A unit that is not known is looked for again after this time."""


class Units:
    """Every unit of the account by its internal id, which is its own in all types of units (A-NETSUITE-207)."""

    def __init__(self, searches: Searches) -> None:
        self._searches = searches
        self._reading = threading.Lock()
        self._read_at: datetime | None = None
        self._known: Mapping[str, Unit] = MappingProxyType({})

    def known(self, wanted: frozenset[str], now: datetime) -> Mapping[str, Unit]:
        """Return the units; reads them where one that is wanted is not known, at most once an hour (`now`: aware).

        Of what the role may not see nothing is known: a quantity then has its unit, and no factor. Raises the contract's
        errors.
        """
        with self._reading:
            if not wanted <= self._known.keys() and (self._read_at is None or now - self._read_at >= AGE):
                self._known, self._read_at = MappingProxyType(dict(self._all())), now
            return self._known

    def _all(self) -> Iterator[tuple[str, Unit]]:
        try:
            parts = self._searches.unit_types()
        except Misconfigured:
            return
        for part in parts:
            yield from _units(part)


def _units(part: Part) -> Sequence[tuple[str, Unit]]:
    """Read the units of one type; none where they make no sense."""
    try:
        whole = part.read({"uomList"}).fields.get("uomList")
    except Unreadable:
        return ()
    rows = whole.fields.get("uom", ()) if isinstance(whole, Typed) else ()
    uoms = [each.fields for each in rows if isinstance(each, Typed)] if isinstance(rows, tuple) else []
    base = next((str(each.get("unitName") or "") for each in uoms if each.get("baseUnit") is True), "")
    found = []
    for each in uoms:
        rate, name, record_id = each.get("conversionRate"), each.get("unitName"), each.get("internalId")
        if isinstance(rate, Decimal) and rate > 0 and name and record_id:
            found.append((str(record_id), Unit(str(name), rate, base)))
    return found
