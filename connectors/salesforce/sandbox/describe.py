"""Describe: the metadata of objects and fields for one user.

See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-describe.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.salesforce.sandbox.catalogue import Catalogue
from connectors.salesforce.sandbox.schema import IDS, NUMBERS, Field, SObject, Type
from connectors.salesforce.sandbox.values import Limits

SOAP_TYPES = {
    Type.ID: "tns:ID",
    Type.REFERENCE: "tns:ID",
    Type.CURRENCY: "xsd:double",
    Type.PERCENT: "xsd:double",
    Type.DOUBLE: "xsd:double",
    Type.INT: "xsd:int",
    Type.DATE: "xsd:date",
    Type.DATETIME: "xsd:dateTime",
    Type.BOOLEAN: "xsd:boolean",
}


def describe_global(objects: Sequence[SObject], base: str) -> dict[str, Any]:
    """Return the list of objects; `base` is the path of the API version."""
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [describe_brief(o, base) for o in objects]}


def describe_brief(sobject: SObject, base: str) -> dict[str, Any]:
    """Return an object's metadata without its fields."""
    url = f"{base}/sobjects/{sobject.name}"
    return {
        "activateable": False,
        "createable": sobject.createable,
        "custom": False,
        "customSetting": False,
        "deletable": sobject.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": sobject.createable,
        "hasSubtypes": False,
        "isSubtype": False,
        "keyPrefix": sobject.prefix,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "layoutable": sobject.createable,
        "mergeable": False,
        "mruEnabled": sobject.createable,
        "name": sobject.name,
        "queryable": True,
        "replicateable": sobject.replicateable,
        "retrieveable": sobject.stored,
        "searchable": sobject.createable,
        "triggerable": sobject.createable,
        "undeletable": sobject.deletable,
        "updateable": sobject.updateable,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }


def describe(sobject: SObject, catalogue: Catalogue, limits: Limits, base: str) -> dict[str, Any]:
    """Return an object's metadata with the fields that the caller may see, and which of them they may write."""
    fields = [describe_field(sobject, f, limits) for f in sobject.fields.values() if f.name not in limits.hidden]
    children = [
        {
            "cascadeDelete": child.cascades,
            "childSObject": child.sobject.name,
            "deprecatedAndHidden": False,
            "field": child.field.name,
            "relationshipName": child.field.children,
        }
        for child in catalogue.children(sobject)
    ]
    return describe_brief(sobject, base) | {"childRelationships": children, "recordTypeInfos": [], "fields": fields}


def describe_field(sobject: SObject, field: Field, limits: Limits) -> dict[str, Any]:
    """Return one field's metadata."""
    return {
        **_kind(field),
        **_behaviour(field, fixed=field.name in limits.fixed),
        "nameField": field.name == sobject.name_field,
        "autoNumber": field.name == sobject.auto_number,
        "picklistValues": [
            {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}
            for value in field.picklist
        ],
        "restrictedPicklist": field.restricted,
        "dependentPicklist": False,
        "referenceTo": list(field.references),
        "relationshipName": field.relationship or None,
        "relationshipOrder": None,
        "polymorphicForeignKey": field.polymorphic,
        "namePointing": field.polymorphic,
    }


def _kind(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type.value,
        "soapType": SOAP_TYPES.get(field.type, "xsd:string"),
        "custom": field.custom,
        "length": 0 if field.type in NUMBERS else field.length,
        "byteLength": 0 if field.type in NUMBERS else field.length * (1 if field.type in IDS else 3),
        "precision": field.precision,
        "scale": field.scale,
        "digits": field.precision if field.type is Type.INT else 0,
        "extraTypeInfo": "plaintextarea" if field.type is Type.TEXTAREA else None,
    }


def _behaviour(field: Field, *, fixed: bool) -> dict[str, Any]:
    kept_by_vendor = not field.createable
    return {
        "createable": field.createable and not fixed,
        "updateable": field.updateable and not fixed,
        "nillable": not field.required and field.type is not Type.BOOLEAN,
        "defaultedOnCreate": kept_by_vendor or field.name in {"OwnerId", "CurrencyIsoCode"},
        "defaultValue": False if field.type is Type.BOOLEAN else None,
        "filterable": field.filterable,
        "sortable": field.filterable,
        "groupable": field.filterable and field.type not in {*NUMBERS, Type.DATETIME},
        "aggregatable": field.filterable and field.type is not Type.BOOLEAN,
        "permissionable": not field.required and field.createable,
        "idLookup": field.type is Type.ID or field.external_id,
        "externalId": field.external_id,
        "unique": field.unique,
        "caseSensitive": False,
        "calculated": False,
        "calculatedFormula": None,
        "encrypted": False,
        "deprecatedAndHidden": False,
        "htmlFormatted": False,
        "inlineHelpText": None,
    }
