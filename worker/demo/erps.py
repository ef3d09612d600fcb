"""The ERPs around the bridge, in which people work: NetSuite, Business Central and Dataverse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import requests

from worker.demo.outside import json_of

MARGIN = "custbody_margin"
"""The company's own field of NetSuite's orders that holds the margin in percent."""

NOTIFIED_AFTER_S = 0.1
"""So long after a change Business Central's twin calls; the vendor takes half a minute."""


@dataclass(frozen=True, slots=True)
class NetSuite:
    """The twin of NetSuite."""

    base_url: str
    http: requests.Session

    @property
    def _control(self) -> str:
        return f"{self.base_url}/__sandbox"

    def add_margin(self) -> None:
        """Give orders a field for the margin: the account's free field becomes it."""
        change = {"table": "transaction", "field": "custbody_priority", "name": MARGIN, "type": "number"}
        json_of(self.http.post(f"{self._control}/schema", json=change))

    def orders(self) -> dict[str, datetime]:
        """Return when each sales or purchase order was changed last, in whole seconds as queries show it, by id."""
        rows = [row for record in ("salesOrder", "purchaseOrder") for row in self._rows(record)]
        return {str(row["id"]): datetime.fromtimestamp(row["lastmodifieddate"] // 1000, UTC) for row in rows}

    def named(self, record: str, name: str) -> str:
        """Return the id of a customer or vendor by its company's name, of anything else by its own."""
        keys = ("companyname", "itemid", "entityid", "name")
        return next(str(row["id"]) for row in self._rows(record) if name in {row.get(key) for key in keys})

    def unit(self, name: str) -> str:
        """Return the id of a unit of measure."""
        lines = (line for row in self._rows("unitsType") for line in row["lines"])
        return next(str(line["internalid"]) for line in lines if line["unitname"] == name)

    def create(self, user: str, record: str, values: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> str:
        """Let somebody write an order with its lines; returns its id."""
        body = {"values": {**values, "item": {"items": list(lines)}}, "user": user}
        return str(json_of(self.http.post(f"{self._control}/records/{record}", json=body))["ids"][0])

    def change(self, user: str, record: str, order: str, values: Mapping[str, Any]) -> None:
        """Let somebody change the order with this id."""
        body = {"values": dict(values), "user": user}
        json_of(self.http.patch(f"{self._control}/records/{record}/{order}", json=body))

    def ship(self, order: str) -> None:
        """Let the warehouse ship all that is left of a sales order."""
        json_of(self.http.post(f"{self._control}/goods", json={"type": "salesOrder", "id": int(order)}))

    def _rows(self, record: str) -> Any:
        return json_of(self.http.get(f"{self._control}/records/{record}"))["records"]


@dataclass(frozen=True, slots=True)
class BusinessCentral:
    """The twin of Business Central. It does not tell who changed something."""

    base_url: str
    http: requests.Session

    @property
    def _control(self) -> str:
        return f"{self.base_url}/__sandbox"

    @property
    def _side(self) -> str:
        return f"{self._control}/businesscentral"

    def hurry(self) -> None:
        """Let calls go out soon after a change."""
        json_of(self.http.post(f"{self._control}/settings", json={"notify_delay": NOTIFIED_AFTER_S}))

    def stock(self, names: Sequence[str]) -> None:
        """Put further items on stock, counted in the unit of what is there."""
        (there,) = self._rows("items")
        for number, name in enumerate(names, 2001):
            values = {key: there[key] for key in ("type", "baseUnitOfMeasureId", "baseUnitOfMeasureCode")}
            self._add("items", {**values, "number": f"{number}", "displayName": name, "inventory": 500})

    def called(self) -> list[str]:
        """Return the addresses for which subscriptions were made."""
        rows = json_of(self.http.get(f"{self._control}/received", params={"path": "/subscriptions$"}))["received"]
        made = (row for row in rows if row["method"] == "POST" and row["status"] == 201)
        return [msgspec.json.decode(row["body"])["notificationUrl"] for row in made]

    def orders(self) -> dict[str, datetime]:
        """Return when each sales order was changed last, by id."""
        return {row["id"]: datetime.fromisoformat(row["lastModifiedDateTime"]) for row in self._rows("salesOrders")}

    def items(self) -> dict[str, str]:
        """Return the ids of the items by name."""
        return {row["displayName"]: row["id"] for row in self._rows("items")}

    def enter(self, order: Mapping[str, Any]) -> str:
        """Let somebody enter a sales order; returns its id."""
        return self._add("salesOrders", order)

    def change(self, table: str, row_id: str, values: Mapping[str, Any]) -> None:
        """Let somebody change a record."""
        json_of(self.http.patch(f"{self._side}/records/{table}/{row_id}", json={"values": dict(values)}))

    def _add(self, table: str, values: Mapping[str, Any]) -> str:
        return str(json_of(self.http.post(f"{self._side}/records/{table}", json={"values": dict(values)}))["ids"][0])

    def _rows(self, table: str) -> Any:
        return json_of(self.http.get(f"{self._side}/records/{table}"))["records"]


@dataclass(frozen=True, slots=True)
class Dataverse:
    """The twin of Dataverse."""

    base_url: str
    http: requests.Session

    @property
    def _side(self) -> str:
        return f"{self.base_url}/__sandbox/dataverse"

    def orders(self) -> dict[str, datetime]:
        """Return when each order was changed last, by id."""
        return {row["salesorderid"]: datetime.fromisoformat(row["modifiedon"]) for row in self._rows("salesorder")}

    def customer(self, name: str) -> str:
        """Return a customer's id."""
        return next(str(row["accountid"]) for row in self._rows("account") if row["name"] == name)

    def create(self, user: str, values: Mapping[str, Any]) -> str:
        """Let somebody enter an order; returns its id."""
        body = {"values": dict(values), "user": user}
        return str(json_of(self.http.post(f"{self._side}/records/salesorder", json=body))["ids"][0])

    def change(self, user: str, order: str, values: Mapping[str, Any]) -> None:
        """Let somebody change the order with this id."""
        body = {"values": dict(values), "user": user}
        json_of(self.http.patch(f"{self._side}/records/salesorder/{order}", json=body))

    def _rows(self, table: str) -> Any:
        return json_of(self.http.get(f"{self._side}/records/{table}"))["records"]
