"""Prints what readers see of every row of both oracles and of many made values, one JSON text a line."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from config.compile import kind
from config.declared import Declared
from config.model import KindEntry
from connectors.contract import Choice, Money, Quantity, Record
from pipelines.plan import Destination
from tests.golden import test_crm, test_units

SEED = 20261123
COUNT = 200
LOCALES = ("en", "zh_Hant_HK", "zh_Hans_CN", "id", "tr", "ar")
ZONES = ("Asia/Hong_Kong", "America/New_York", "Pacific/Kiritimati", "UTC")


def lines() -> Iterator[str]:
    """Give the lines of the oracles, then those of the made values, always the same."""
    yield from (test_crm.shown(row) for row in test_crm.ROWS)
    yield from (test_units.shown(row) for row in test_units.ROWS)
    yield from made(random.Random(SEED))


def made(dice: random.Random) -> Iterator[str]:
    """Make values by chance, and show each to a group of a zone and a locale."""
    nothing = Declared({}, frozenset(), frozenset(), (), complete=False)
    for _ in range(COUNT):
        entry, value = dice.choice(WAYS)(dice)
        spec = KindEntry.model_validate({"fields": {"told": {"path": "it", **entry}}}, context=nothing)
        fields = value if isinstance(value, dict) else {"it": value}
        record = Record("erp", "Order", "1", "1", datetime(2026, 11, 23, 1, 0, tzinfo=UTC), fields)
        group = Destination("group", dice.choice(ZONES), dice.choice(LOCALES))
        yield test_crm.told(record, kind("erp", "Order", spec).fields[0], group)


def _digits(dice: random.Random) -> Decimal:
    return Decimal(dice.randrange(-(10**15), 10**15)).scaleb(-dice.randrange(7))


def _instant(dice: random.Random) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(525_600))


WAYS: tuple[Any, ...] = (
    lambda dice: ({"type": "money"}, Money(_digits(dice), dice.choice(["HKD", "JPY", "KWD", "IDR"]))),
    lambda dice: ({"type": "number", "format": dice.choice(["plain", "ratio"])}, _digits(dice)),
    lambda dice: ({"type": "quantity"}, Quantity(_digits(dice), dice.choice(["Case", "KGM", "箱"]))),
    lambda dice: (
        {"type": "quantity", "unit_path": "u"},
        {"it": _digits(dice), "u": Choice(dice.choice(["XBX", "LTR", "PCS"]), "")},
    ),
    lambda dice: ({"type": "date", "format": dice.choice(["iso", "full"])}, _instant(dice).date()),
    lambda dice: ({"type": "date"}, str(date(dice.randrange(1900, 2100), 2, 28))),
    lambda dice: ({"type": "datetime"}, _instant(dice)),
    lambda dice: ({"type": "datetime", "format": "iso"}, _instant(dice)),
)
"""An operator's entry and what comes, made by chance."""


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(json.dumps(line) + "\n")
