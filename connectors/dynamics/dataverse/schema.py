"""What Dataverse says of its tables, kept for a while.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from connectors.contract import Misconfigured
from connectors.dynamics.dataverse.errors import explain, unreadable
from connectors.dynamics.dataverse.wire import Call, Environment
from connectors.odata import Answer, keyed, selected

_TABLE = ("LogicalName", "EntitySetName", "PrimaryIdAttribute", "PrimaryNameAttribute", "ChangeTrackingEnabled")
_ATTRIBUTE = ("LogicalName", "AttributeType", "AttributeTypeName", "IsSecured", "IsValidForRead", "DisplayName")
_CAST = "Attributes/Microsoft.Dynamics.CRM."


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column: `type` is the vendor's name of its type; `behavior` and `date_only` are those of a DateTime.

    `targets` names the tables that a lookup may point to; `secured` says that column security applies.
    """

    name: str
    type: str
    label: str = ""
    secured: bool = False
    behavior: str = ""
    date_only: bool = False
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name in addresses, the columns of its id and its title, and whether it has change tracking."""

    name: str
    entity_set: str
    key: str
    title: str
    tracked: bool
    attributes: Mapping[str, Attribute]


class Schema:
    """The descriptions of tables, each asked for again when it is older than `age`."""

    def __init__(self, environment: Environment, age: timedelta, now: Callable[[], datetime]) -> None:
        self._environment = environment
        self._age = age
        self._now = now
        self._known: dict[str, tuple[datetime, Table]] = {}

    def table(self, name: str) -> Table:
        """Describe a table by its logical name. Raises the contract's errors, Misconfigured where there is none."""
        known = self._known.get(name)
        if known is None or self._now() - known[0] >= self._age:
            known = (self._now(), self._described(name))
            self._known[name] = known
        return known[1]

    def forget(self, older_than: timedelta = timedelta(0)) -> bool:
        """Describe tables anew when they are needed next, as one may have changed; tells whether any was that old."""
        old = [name for name, (since, _) in self._known.items() if self._now() - since >= older_than]
        for name in old:
            del self._known[name]
        return bool(old)

    def _described(self, name: str) -> Table:
        path = keyed("EntityDefinitions", {"LogicalName": name})
        expand = f"Attributes($select={selected(_ATTRIBUTE)})"
        body = self._asked(path, {"$select": selected(_TABLE), "$expand": expand}, name)
        dates = self._asked(
            f"{path}/{_CAST}DateTimeAttributeMetadata", {"$select": "LogicalName,DateTimeBehavior,Format"}, name
        )
        links = self._asked(f"{path}/{_CAST}LookupAttributeMetadata", {"$select": "LogicalName,Targets"}, name)
        try:
            return _table(body, dates["value"], links["value"])
        except (KeyError, TypeError, AttributeError):
            raise unreadable(b"", f"description of {name}") from None

    def _asked(self, path: str, options: Mapping[str, str], name: str) -> Any:
        url = self._environment.at(path, options)
        answer = self._environment.call(Call("GET", url, refusable=True))
        if answer.status == 404:
            raise Misconfigured(
                f"Dataverse has no table {name}: give the logical name of a table in `kinds`.",
                detail=answer.fault.detail,
            )
        return _body(answer)


def _body(answer: Answer) -> Mapping[str, Any]:
    if answer.status >= 300:
        raise explain(answer.fault)
    if not isinstance(answer.body, dict):
        raise unreadable(answer.content)
    return answer.body


def _table(body: Mapping[str, Any], dates: list[Any], links: list[Any]) -> Table:
    attributes = {each.name: each for each in map(_attribute, body["Attributes"]) if each is not None}
    for row in dates:
        known = attributes.get(row["LogicalName"])
        if known is not None:
            behavior = (row.get("DateTimeBehavior") or {}).get("Value") or "UserLocal"
            attributes[known.name] = replace(known, behavior=behavior, date_only=row.get("Format") == "DateOnly")
    for row in links:
        known = attributes.get(row["LogicalName"])
        if known is not None:
            attributes[known.name] = replace(known, targets=tuple(row.get("Targets") or ()))
    return Table(
        str(body["LogicalName"]),
        str(body["EntitySetName"]),
        str(body["PrimaryIdAttribute"]),
        str(body.get("PrimaryNameAttribute") or ""),
        body.get("ChangeTrackingEnabled") is True,
        MappingProxyType(attributes),
    )


def _attribute(row: Mapping[str, Any]) -> Attribute | None:
    if row.get("IsValidForRead") is False:
        return None
    named = (row.get("AttributeTypeName") or {}).get("Value") or ""
    # The older of the two names calls several kinds of columns Virtual.
    kind = named.removesuffix("Type") if row["AttributeType"] == "Virtual" else row["AttributeType"]
    label = ((row.get("DisplayName") or {}).get("UserLocalizedLabel") or {}).get("Label") or ""
    return Attribute(str(row["LogicalName"]), str(kind), str(label), row.get("IsSecured") is True)
