"""What lies at the locations, in the base unit of each item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.netsuite.sandbox.database import FACTOR, Database
from connectors.netsuite.sandbox.schema import RecordType, Row
from connectors.netsuite.sandbox.store import Change, Store

OPEN, PARTLY, DONE = "B", "D", "F"
"""Status of an order whose goods are awaited, were moved in part, or were all moved."""
_NUMBER = "linesequencenumber"
_DIRECTION = {"PurchOrd": 1, "SalesOrd": -1}


@dataclass(frozen=True, slots=True)
class Stock:
    """Counts goods, and moves those of orders."""

    database: Database
    store: Store

    def count(self, item: int, location: int, quantity: float) -> None:
        """Say how much lies at a location, in the base unit."""
        self.database.run(
            "INSERT INTO t_stock (item, location, onhand) VALUES (?, ?, ?)"
            " ON CONFLICT (item, location) DO UPDATE SET onhand = excluded.onhand",
            values=(item, location, quantity),
        )

    def move(self, record: RecordType, order_id: int, lines: Mapping[int, float] | None, change: Change) -> None:
        """Receive the goods of a purchase order, or ship those of a sales order.

        `lines` are quantities by the number of the line, in the unit of that line; None: all that is left.
        Raises `ValueError`.
        """
        order = self.store.find(record, order_id)
        if record.code not in _DIRECTION or order is None or order["status"] not in {OPEN, PARTLY}:
            raise ValueError(f"{record.name} {order_id} waits for no goods")
        before = {int(line[_NUMBER]): line for line in self.store.lines(record, order_id)}
        moved = {number: _left(line) for number, line in before.items()} if lines is None else lines
        for number in moved:
            if number not in before or before[number]["location"] is None:
                raise ValueError(f"{record.name} {order_id} has no line {number} with a location")
        for number, quantity in moved.items():
            self._book(before[number], quantity * _DIRECTION[record.code])
        after = [_moved(line, moved.get(number, 0.0)) for number, line in before.items()]
        status = PARTLY if any(_left(line) > 0 for line in after) else DONE
        values = {"status": status} if status != order["status"] else {}
        self.store.update(record, order_id, values, after, change)

    def _book(self, line: Row, quantity: float) -> None:
        """Add a quantity in the unit of the line to what lies there."""
        self.database.run(
            "INSERT INTO t_stock (item, location, onhand) VALUES (?, ?, ?)"
            " ON CONFLICT (item, location) DO UPDATE SET onhand = onhand + excluded.onhand",
            values=(line["item"], line["location"], quantity * line[FACTOR]),
        )


def _moved(line: Row, quantity: float) -> Row:
    return line | {"quantityshiprecv": (line["quantityshiprecv"] or 0.0) + quantity} if quantity else line


def _left(line: Row) -> float:
    return float(line["quantity"] or 0.0) - float(line["quantityshiprecv"] or 0.0)
