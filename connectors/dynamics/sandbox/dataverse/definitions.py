"""Descriptions of tables, columns, keys and relationships, as documents.

See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/entitymetadata
and https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/attributemetadata
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.dynamics.sandbox.dataverse.access import Right
from connectors.dynamics.sandbox.dataverse.org import Org
from connectors.dynamics.sandbox.dataverse.tables.names import privilege_name, schema_name
from connectors.dynamics.sandbox.schema import CHOICES, LOOKUPS, Column, Table, Type

Document = Mapping[str, Any]
ENUMS = frozenset({"AttributeType", "OwnershipType", "RequiredLevel/Value", "RelationshipType", "Format"})
"""Properties whose values are of an enumeration: a filter has to name it."""
_SPACE = uuid.UUID("6b1f4a9e-0c1d-4a55-9d51-0a6f2c7b8d10")
_DATES = {Type.MOMENT: "UserLocal", Type.DATE: "DateOnly", Type.WALL: "TimeZoneIndependent"}


def id_of(name: str) -> str:
    """Return the MetadataId of something."""
    return str(uuid.uuid5(_SPACE, name))


def label(text: str) -> dict[str, Any]:
    """Return a text in its languages."""
    one = {"Label": text, "LanguageCode": 1033, "IsManaged": True, "MetadataId": id_of(f"label.{text}")}
    return {"LocalizedLabels": [one], "UserLocalizedLabel": one}


def entity(table: Table) -> dict[str, Any]:
    """Describe a table, without its navigations."""
    return {
        "MetadataId": id_of(table.name),
        "LogicalName": table.name,
        "SchemaName": schema_name(table.name),
        "EntitySetName": table.set_name,
        "LogicalCollectionName": table.set_name,
        "PrimaryIdAttribute": table.id_name,
        "PrimaryNameAttribute": table.name_column,
        "ChangeTrackingEnabled": table.tracked,
        "CanChangeTrackingBeEnabled": {"Value": True, "CanBeChanged": True},
        "IsOptimisticConcurrencyEnabled": True,
        "IsCustomEntity": False,
        "IsPrivate": False,
        "IsIntersect": False,
        "IsActivity": False,
        "OwnershipType": "UserOwned" if _owned(table) else "OrganizationOwned",
        "DisplayName": label(table.label),
        "Privileges": privileges(table),
    }


def privileges(table: Table) -> list[dict[str, Any]]:
    """Describe the privileges to do something with the rows of a table.

    See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/securityprivilegemetadata
    """
    owned = _owned(table)
    return [
        {
            "CanBeBasic": owned,
            "CanBeDeep": owned,
            "CanBeGlobal": True,
            "CanBeLocal": owned,
            "CanBeEntityReference": False,
            "CanBeParentEntityReference": False,
            "Name": privilege_name(table.name, right),
            "PrivilegeId": id_of(privilege_name(table.name, right)),
            "PrivilegeType": str(right),
        }
        for right in Right
        if owned or right not in {Right.ASSIGN, Right.SHARE}
    ]


def attribute(org: Org, table: Table, column: Column) -> dict[str, Any]:
    """Describe what all columns have."""
    return {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{kind_of(column)}AttributeMetadata",
        "MetadataId": id_of(f"{table.name}.{column.name}"),
        "LogicalName": column.name,
        "SchemaName": schema_name(column.name),
        "EntityLogicalName": table.name,
        "AttributeOf": None,
        "AttributeType": "DateTime" if column.type in _DATES else str(column.type),
        "AttributeTypeName": {"Value": "DateTimeType" if column.type in _DATES else f"{column.type}Type"},
        "DisplayName": label(column.label),
        "IsCustomAttribute": False,
        "IsLogical": False,
        "IsPrimaryId": column.name == table.id_name,
        "IsPrimaryName": column.name == table.name_column,
        "IsSecured": (table.name, column.name) in org.access.secured,
        "IsValidForCreate": column.writable or column.name == table.id_name,
        "IsValidForRead": column.readable,
        "IsValidForUpdate": column.writable and column.name != table.id_name,
        "RequiredLevel": {
            "Value": "ApplicationRequired" if column.required else "None",
            "CanBeChanged": True,
            "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
        },
    }


def of_kind(column: Column) -> dict[str, Any]:
    """Describe what only columns of this kind have."""
    whole: dict[str, Any] = {}
    for belongs, more in _DETAILS:
        if belongs(column):
            whole |= more(column)
    return whole


def option_sets(table: Table, column: Column) -> dict[str, Any]:
    """Describe the choices of a column: its own, or those that it shares; empty for what has none."""
    if column.type is Type.BOOLEAN:
        pair = {"TrueOption": {"Value": 1, "Label": label("Yes")}, "FalseOption": {"Value": 0, "Label": label("No")}}
        return {"OptionSet": {**_option_set(table, column), **pair}, "GlobalOptionSet": None}
    if column.type not in CHOICES:
        return {}
    listed = {**_option_set(table, column), "Options": [_option(column, code) for code in column.options]}
    # A-DYNAMICS-25: no page says which of the two is there when the choices are shared
    return {"OptionSet": None if column.shared else listed, "GlobalOptionSet": listed if column.shared else None}


def kind_of(column: Column) -> str:
    """Return the kind of a column, by which a path can be cast."""
    if column.type in _DATES:
        return "DateTime"
    return "Lookup" if column.type in LOOKUPS else "UniqueIdentifier" if column.type is Type.ID else str(column.type)


def keys(table: Table) -> list[dict[str, Any]]:
    """Describe the alternate keys of a table."""
    return [
        {"MetadataId": id_of(f"{table.name}.key.{name}"), "KeyAttributes": [name], "EntityKeyIndexStatus": "Active"}
        for name in table.keys
    ]


def many_to_one(org: Org, table: Table) -> list[dict[str, Any]]:
    """Describe the look-ups of a table: which navigation leads where.

    See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/onetomanyrelationshipmetadata
    """
    described = []
    for column in table.columns.values():
        if column.type is Type.OWNER:
            described.append(_relationship(table, column, "owner", "ownerid", column.name, f"owner_{table.name}"))
            continue
        for target in column.targets:
            referenced = org.catalogue.find(target)
            back = _way_back(referenced, table, column) or f"{target}_{table.name}_{column.name}"
            id_name = referenced.id_name if referenced else f"{target}id"
            described.append(_relationship(table, column, target, id_name, table.navigation_to(column, target), back))
    return described


def one_to_many(org: Org, table: Table) -> list[dict[str, Any]]:
    """Describe the look-ups of other tables that lead to this one."""
    others = [one for other in org.catalogue.all() for one in many_to_one(org, other)]
    return [one for one in others if one["ReferencedEntity"] == table.name]


def _relationship(
    table: Table, column: Column, target: str, target_id: str, navigation: str, back: str
) -> dict[str, Any]:
    return {
        "MetadataId": id_of(f"relationship.{back}.{column.name}"),
        "SchemaName": back,
        "RelationshipType": "OneToManyRelationship",
        "IsCustomRelationship": False,
        "ReferencedAttribute": target_id,
        "ReferencedEntity": target,
        "ReferencingAttribute": column.name,
        "ReferencingEntity": table.name,
        "ReferencedEntityNavigationPropertyName": back,
        "ReferencingEntityNavigationPropertyName": navigation,
    }


def _way_back(referenced: Table | None, table: Table, column: Column) -> str:
    collections = referenced.collections.items() if referenced else ()
    return next((name for name, one in collections if (one.table, one.column) == (table.name, column.name)), "")


def _owned(table: Table) -> bool:
    return "ownerid" in table.columns


def _date(column: Column) -> dict[str, Any]:
    day = column.type is Type.DATE
    return {"Format": "DateOnly" if day else "DateAndTime", "DateTimeBehavior": {"Value": _DATES[column.type]}}


def _option_set(table: Table, column: Column) -> dict[str, Any]:
    name = column.shared or f"{table.name}_{column.name}"
    kind = str(column.type)
    whole = {"Name": name, "IsGlobal": bool(column.shared), "IsCustomOptionSet": False, "OptionSetType": kind}
    return {"MetadataId": id_of(f"options.{name}"), "DisplayName": label(column.label), **whole}


def _option(column: Column, code: int) -> dict[str, Any]:
    option: dict[str, Any] = {"Value": code, "Label": label(column.options[code])}
    if column.states:
        option["State"] = column.states[code]
    if column.type is Type.STATE:
        option["InvariantName"] = column.options[code].replace(" ", "")
    return option


_DETAILS: Sequence[tuple[Callable[[Column], bool], Callable[[Column], dict[str, Any]]]] = (
    (lambda c: c.type in _DATES, _date),
    (lambda c: c.type in LOOKUPS, lambda c: {"Targets": list(c.targets)}),
    (lambda c: c.type in {Type.TEXT, Type.MEMO}, lambda c: {"MaxLength": c.length}),
    (lambda c: c.type is Type.TEXT, lambda _c: {"Format": "Text", "FormatName": {"Value": "Text"}}),
    (lambda c: c.type in {Type.DECIMAL, Type.DOUBLE, Type.MONEY}, lambda c: {"Precision": c.scale}),
    (
        lambda c: c.type is Type.MONEY,
        lambda c: {"PrecisionSource": 2, "IsBaseCurrency": c.name.endswith("_base")},
    ),
)
