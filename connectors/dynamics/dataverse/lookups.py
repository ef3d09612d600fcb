"""Currencies and units of measure by id: small tables, of which what was needed once is kept for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from connectors.contract import Misconfigured
from connectors.dynamics.dataverse.wire import Environment
from connectors.odata import RawRow, guid, number, one_of, parts, selected

IDS_A_CALL = 100
DEEPEST = 10
"""Steps from a unit to the base unit of its group; more is a circle."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure: what people call it, and how many of `base` it holds; None where that is not to be had."""

    name: str
    base: str = ""
    factor: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at present: ISO 4217 codes and units by id, and the code of the organization's own currency."""

    currencies: Mapping[str, str]
    units: Mapping[str, Unit]
    home: str


class Lookups:
    """What rows refer to by id; everything is forgotten after `age`."""

    def __init__(self, environment: Environment, age: timedelta, now: Callable[[], datetime]) -> None:
        self._environment = environment
        self._age = age
        self._now = now
        self._since = now()
        self._currencies: dict[str, str] = {}
        self._rows: dict[str, RawRow] = {}
        self._home: str | None = None

    def known(self, currencies: Iterable[str], units: Iterable[str], *, home: bool) -> Known:
        """Return what is known of these ids, after asking for what is not. Raises the contract's errors."""
        if self._now() - self._since >= self._age:
            self._since, self._home = self._now(), None
            self._currencies.clear()
            self._rows.clear()
        if home and self._home is None:
            self._home = self._organization()
        self._learn_currencies({*currencies, self._home or ""} - {""})
        wanted = set(units) - {""}
        self._learn_units(wanted)
        return Known(
            MappingProxyType(self._currencies),
            MappingProxyType({each: self._unit(each) for each in wanted}),
            self._currencies.get(self._home or "", ""),
        )

    def _organization(self) -> str:
        body = self._asked("organizations", {"$select": "_basecurrencyid_value"})
        return str(body[0].get("_basecurrencyid_value") or "") if body else ""

    def _learn_currencies(self, wanted: set[str]) -> None:
        missing = wanted - self._currencies.keys()
        rows = self._by_id("transactioncurrencies", "transactioncurrencyid", ("isocurrencycode",), missing)
        for each in missing:
            self._currencies[each] = str(rows.get(each, {}).get("isocurrencycode") or "")

    def _learn_units(self, wanted: set[str]) -> None:
        """Read units, then the units that they are multiples of, up to each group's base unit.

        Of what the role may not read nothing is known: a quantity then has the name of its unit, and no factor.
        """
        missing = wanted - self._rows.keys()
        for _ in range(DEEPEST):
            if not missing:
                return
            try:
                rows = self._by_id("uoms", "uomid", ("name", "quantity", "_baseuom_value"), missing)
            except Misconfigured:
                rows = {}
            self._rows.update({each: rows.get(each, {}) for each in missing})
            bases = {str(row.get("_baseuom_value") or "") for row in rows.values()} - {""}
            missing = bases - self._rows.keys()

    def _unit(self, unit: str) -> Unit:
        """Multiply the factors on the way to the base unit: a gross is twelve dozen, a dozen twelve pieces."""
        row = self._rows.get(unit, {})
        name, factor = str(row.get("name") or ""), Decimal(1)
        for _ in range(DEEPEST):
            base = str(row.get("_baseuom_value") or "")
            if not base:
                return Unit(name, str(row.get("name") or ""), factor) if row.get("name") else Unit(name)
            try:
                factor *= number(row.get("quantity"))
            except ValueError:
                return Unit(name)
            row = self._rows.get(base, {})
        return Unit(name)

    def _by_id(self, entity_set: str, key: str, columns: tuple[str, ...], ids: set[str]) -> Mapping[str, RawRow]:
        found: dict[str, RawRow] = {}
        for some in parts(sorted(ids), IDS_A_CALL):
            condition = one_of(key, [guid(each) for each in some])
            rows = self._asked(entity_set, {"$select": selected((key, *columns)), "$filter": condition})
            found.update({str(row.get(key)): row for row in rows})
        return found

    def _asked(self, path: str, options: Mapping[str, Any]) -> tuple[RawRow, ...]:
        return self._environment.rows(self._environment.at(path, options), {}).rows
