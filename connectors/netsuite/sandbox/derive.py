"""What the account works out by itself: numbers of documents, amounts, status, names, the main line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import count
from typing import Any

from connectors.netsuite.sandbox.database import FACTOR, NAME, SIGN, Database
from connectors.netsuite.sandbox.schema import RecordType, Row
from connectors.netsuite.sandbox.tables.transactions import AFTER, PENDING

PREFIX = {"SalesOrd": "SO", "CustInvc": "INV", "PurchOrd": "PO", "VendBill": "BILL"}
FIRST_NUMBER = 1041
CENT = 2


class Books:
    """Completes rows before they are stored."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[str, count[int]] = defaultdict(lambda: count(FIRST_NUMBER))
        self._factors: dict[int, float] = {}

    def fresh(self, record: RecordType, given: Mapping[str, Any]) -> Row:
        """Return a new row with what the account sets where the writer says nothing."""
        row: Row = {"isinactive": "F", **given}
        if not record.code:
            if record.table == "item":
                row.setdefault("itemtype", "InvtPart")
            return row
        row |= {"type": record.code, "recordtype": record.name.casefold()}
        row.setdefault("tranid", f"{PREFIX[record.code]}-{next(self._numbers[record.code])}")
        row.setdefault("approvalstatus", PENDING)
        row.setdefault("status", AFTER[record.code][PENDING])
        if {"currency", "subsidiary", "exchangerate"} <= row.keys():
            return row
        entity = self._entity(row.get("entity"))
        row.setdefault("currency", entity.get("currency") or 1)
        row.setdefault("subsidiary", entity.get("subsidiary") or 1)
        currency = self._database.one("currency", "id", row["currency"]) or {}
        row.setdefault("exchangerate", currency.get("exchangerate") or 1.0)
        return row

    def settle(self, record: RecordType, row: Row, lines: list[Row]) -> None:
        """Set what follows from other values, in a row and in its lines."""
        for line in lines:
            self._settle_line(record, row, line)
        if record.code:
            amounts = [float(line["foreignamount"] or 0) for line in lines]
            row["foreigntotal"] = round(sum(amounts), CENT) if lines else row.get("foreigntotal") or 0.0
        row[NAME] = self._name(record, row)

    def main_line(self, record: RecordType, row: Row, key: int | None) -> Row:
        """Return the line that stands for the transaction itself; `key` is the one that it had."""
        total = row["foreigntotal"]
        return {
            "uniquekey": key,
            "transaction": row["id"],
            "id": 0,
            "linesequencenumber": 0,
            "mainline": "T",
            "taxline": "F",
            "iscogs": "F",
            "foreignamount": total,
            "netamount": round(total * row["exchangerate"], CENT),
            "subsidiary": row["subsidiary"],
            "isclosed": "F",
            "linelastmodifieddate": row["lastmodifieddate"],
            SIGN: 1 if record.sells else -1,
            FACTOR: 1.0,
        }

    def cost_lines(self, record: RecordType, row: Row, lines: list[Row], keys: Mapping[int, int]) -> list[Row]:
        """Return what the sold items of an invoice cost, a line for each; `keys` are those that they had."""
        # A-NETSUITE-43: whether an invoice has such lines
        if record.code != "CustInvc":
            return []
        number = max((int(line["linesequencenumber"]) for line in lines), default=0)
        costs: list[Row] = []
        for line in lines:
            cost = self._cost(line)
            if not cost:
                continue
            number += 1
            numbered = {"uniquekey": keys.get(number), "id": number, "linesequencenumber": number}
            amounts = {"foreignamount": round(cost / row["exchangerate"], CENT), "netamount": cost, "rate": None}
            costs.append({**line, **numbered, **amounts, "iscogs": "T", SIGN: -line[SIGN]})
        return costs

    def _cost(self, line: Row) -> float:
        item = self._database.one("item", "id", line.get("item")) or {}
        sold = float(line.get("quantity") or 0) * float(line[FACTOR])
        return round(float(item.get("averagecost") or 0) * sold, CENT)

    def _settle_line(self, record: RecordType, row: Row, line: Row) -> None:
        if not record.code:
            line[NAME] = line.get("unitname")
            self._factors.clear()
            return
        amount = line.get("foreignamount")
        if line.get("rate") is not None and line.get("quantity") is not None:
            amount = round(line["rate"] * line["quantity"], CENT)
        line |= {"foreignamount": amount, "netamount": round((amount or 0.0) * row["exchangerate"], CENT)}
        line |= {"mainline": "F", "taxline": "F", "iscogs": "F", "subsidiary": row["subsidiary"]}
        line.setdefault("isclosed", "F")
        line |= {SIGN: -1 if record.sells else 1, FACTOR: self._factor(line.get("units"))}

    def _factor(self, unit: int | None) -> float:
        if unit is None:
            return 1.0
        if unit not in self._factors:
            found = self._database.one("unitstypeuom", "internalid", unit)
            self._factors[unit] = float(found["conversionrate"]) if found else 1.0
        return self._factors[unit]

    def _entity(self, entity: int | None) -> Row:
        for table in ("customer", "vendor"):
            found = self._database.one(table, "id", entity)
            if found:
                return found
        return {}

    def _name(self, record: RecordType, row: Row) -> str:
        if record.code:
            return f"{record.label} #{row['tranid']}"
        if record.table == "employee" and not row.get("entityid"):
            row["entityid"] = " ".join(str(row[k]) for k in ("firstname", "lastname") if row.get(k))
        if record.table in {"customer", "vendor"}:
            row.setdefault("entityid", row.get("companyname"))
            return str(row.get("companyname") or row["entityid"])
        if record.table == "location":
            row["fullname"] = row.get("name")
        return str(row.get("entityid") or row.get("itemid") or row.get("name") or row["id"])
