"""What the tests of decisions share: one order, its people, and the parts of the connector at a scripted vendor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.contract import Action, Money, Record, Ref, Services, Verb
from connectors.dynamics.dataverse.settings import DataverseSettings
from tests.connectors.dynamics.dataverse.parts import NOW, Desk, settings
from tests.connectors.dynamics.dataverse.scripted import Counter, counters, no
from tests.connectors.dynamics.dataverse.vendor import Asked, Said, rows

ORDER = "6d81597f-0f9f-e711-8122-000d3aa2331c"
OTHER = "6d81597f-0f9f-e711-8122-000d3aa2331d"
MEI = "75c2dd85-e89e-e711-8122-000d3aa2331c"
MEI_OBJECT = "e39c5d16-675b-48d1-8e67-667427e9c084"
BRIDGE = "278742b0-1e61-4fb5-84ef-c7de308c19e2"
BEFORE, AFTER = 'W/"470867"', 'W/"470868"'
ORDERS = {
    "fields": ["name", "totalamount", "statuscode", "ownerid", "salesorderdetail.quantity"],
    "number": "ordernumber",
    # As the configuration hands them over: all is text.
    "approve": {"statecode": "1", "statuscode": "3"},
    "reject": {"new_approval": "100000002"},
    "transitions": {"Hold": {"new_onhold": "true"}},
    "comment": "new_comment",
}


@dataclass
class Office:
    """A scripted vendor, and the runner's side of a source that asks it."""

    vendor: Counter
    desk: Desk = field(default_factory=Desk)

    @property
    def now(self) -> datetime:
        return self.desk.now

    def services(self) -> Services:
        return self.desk.services()

    def settings(self, **changes: Any) -> DataverseSettings:
        return settings(self.vendor.base, **{"kinds": {"salesorder": ORDERS}, **changes})

    def later(self, **span: float) -> None:
        self.desk.later(**span)


@contextmanager
def offices() -> Iterator[Office]:
    with counters() as vendor:
        described(vendor)
        vendor.on("GET", f"systemusers({MEI})", user())
        yield Office(vendor)


def user(*, disabled: bool = False, object_id: str | None = MEI_OBJECT) -> Said:
    row = {"@odata.etag": 'W/"1"', "systemuserid": MEI, "azureactivedirectoryobjectid": object_id}
    return Said(200, row | {"isdisabled": disabled})


def attribute(name: str, kind: str, *, secured: bool = False) -> dict[str, Any]:
    return {
        "LogicalName": name,
        "AttributeType": kind,
        "AttributeTypeName": {"Value": f"{kind}Type"},
        "IsSecured": secured,
        "IsValidForRead": True,
        "DisplayName": {"UserLocalizedLabel": {"Label": name.title()}},
    }


COLUMNS = (
    attribute("name", "String"),
    attribute("ordernumber", "String"),
    attribute("totalamount", "Money"),
    attribute("statecode", "State"),
    attribute("statuscode", "Status"),
    attribute("new_approval", "Picklist"),
    attribute("new_onhold", "Boolean"),
    attribute("new_comment", "Memo"),
    attribute("new_limit", "Money"),
    attribute("new_colors", "MultiSelectPicklist"),
    attribute("new_margin", "Money", secured=True),
    attribute("new_margin_base", "Money"),
    attribute("ownerid", "Owner"),
    attribute("modifiedon", "DateTime"),
    attribute("modifiedby", "Lookup"),
    attribute("transactioncurrencyid", "Lookup"),
)
LINE_COLUMNS = (
    attribute("salesorderid", "Lookup"),
    attribute("quantity", "Decimal"),
    attribute("new_cost", "Decimal", secured=True),
)


def described(vendor: Counter) -> None:
    """Describe the tables: https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api."""
    tables: Mapping[str, tuple[str, tuple[dict[str, Any], ...]]] = {
        "salesorder": ("salesorders", COLUMNS),
        "salesorderdetail": ("salesorderdetails", LINE_COLUMNS),
        "systemuser": ("systemusers", ()),
        "team": ("teams", ()),
    }
    for name, (entity_set, columns) in tables.items():
        path = f"EntityDefinitions(LogicalName='{name}')"
        whole = {
            "LogicalName": name,
            "EntitySetName": entity_set,
            "PrimaryIdAttribute": f"{name}id",
            "PrimaryNameAttribute": "name",
            "ChangeTrackingEnabled": True,
            "IsOptimisticConcurrencyEnabled": True,
            "Attributes": list(columns),
        }
        vendor.on("GET", path, Said(200, whole))
        vendor.on("GET", f"{path}/Attributes/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata", rows())
        links = [{"LogicalName": "ownerid", "Targets": ["systemuser", "team"]}] if name == "salesorder" else []
        parent = [{"LogicalName": "salesorderid", "Targets": ["salesorder"]}] if name == "salesorderdetail" else []
        vendor.on("GET", f"{path}/Attributes/Microsoft.Dynamics.CRM.LookupAttributeMetadata", rows(*links, *parent))


def order(tag: str = BEFORE, **cells: Any) -> Said:
    row = {
        "@odata.context": "http://127.0.0.1/$metadata#salesorders/$entity",
        "@odata.etag": tag,
        "salesorderid": ORDER,
        "modifiedon": "2026-03-02T08:40:00Z",
        "statecode": 0,
        "statuscode": 1,
        "totalamount": 1250.5,
        "new_approval": None,
    }
    return Said(200, row | cells)


def record(version: str = BEFORE, *, by: str = BRIDGE, deleted: bool = False, **fields: Any) -> Record:
    known: dict[str, Any] = {"totalamount": Money(Decimal("1250.5"), "HKD"), "ownerid": Ref("systemuser", MEI)} | fields
    return Record(
        source="dataverse",
        kind="salesorder",
        id=ORDER,
        version=version,
        stamp=NOW,
        fields=known,
        changed_by=Ref("systemuser", by),
        deleted=deleted,
    )


def action(verb: Verb = Verb.APPROVE, **changes: Any) -> Action:
    whole: Mapping[str, Any] = {
        "key": "decision-1",
        "verb": verb,
        "kind": "salesorder",
        "id": ORDER,
        "actor": MEI,
        "version": BEFORE,
        **changes,
    }
    return Action(**whole)


def lacking(message: str = "SecLib::AccessCheckEx failed.") -> Said:
    return no(403, "0x80048306", message)


def rights(text: str) -> Said:
    return Said(200, {"@odata.context": "http://127.0.0.1/$metadata#x", "AccessRights": text})


def access(asked: Asked) -> str:
    """The record that a question for rights names."""
    return asked.params["@t"]
