"""Describe: the metadata of objects and fields for one user.

See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-describe.html
"""

from __future__ import annotations

from typing import Any

from connectors.salesforce.sandbox.schema import IDS, NUMBERS, Field, SObject, Type

SOAP_TYPES = {
    Type.ID: "tns:ID",
    Type.REFERENCE: "tns:ID",
    Type.CURRENCY: "xsd:double",
    Type.PERCENT: "xsd:double",
    Type.DATE: "xsd:date",
    Type.DATETIME: "xsd:dateTime",
    Type.BOOLEAN: "xsd:boolean",
}


def describe_global(objects: list[SObject], base: str) -> dict[str, Any]:
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
        "feedEnabled": True,
        "hasSubtypes": False,
        "isSubtype": False,
        "keyPrefix": sobject.prefix,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "layoutable": True,
        "mergeable": False,
        "mruEnabled": True,
        "name": sobject.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": sobject.deletable,
        "updateable": True,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }


def describe(sobject: SObject, hidden: frozenset[str], base: str) -> dict[str, Any]:
    """Return an object's metadata with the fields that are not `hidden` from the caller."""
    fields = [describe_field(f) for f in sobject.fields.values() if f.name not in hidden]
    return describe_brief(sobject, base) | {"childRelationships": [], "recordTypeInfos": [], "fields": fields}


def describe_field(field: Field) -> dict[str, Any]:
    """Return one field's metadata."""
    return {
        **_kind(field),
        **_behaviour(field),
        "picklistValues": [
            {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}
            for value in field.picklist
        ],
        "restrictedPicklist": field.restricted,
        "dependentPicklist": False,
        "referenceTo": [field.references] if field.references else [],
        "relationshipName": field.relationship or None,
        "relationshipOrder": None,
        "polymorphicForeignKey": False,
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
        "digits": 0,
        "nameField": field.name == "Name",
        "extraTypeInfo": "plaintextarea" if field.type is Type.TEXTAREA else None,
    }


def _behaviour(field: Field) -> dict[str, Any]:
    kept_by_vendor = not field.createable
    return {
        "createable": field.createable,
        "updateable": field.updateable,
        "nillable": not field.required and field.type is not Type.BOOLEAN,
        "defaultedOnCreate": kept_by_vendor or field.name in {"OwnerId", "CurrencyIsoCode"},
        "defaultValue": False if field.type is Type.BOOLEAN else None,
        "filterable": field.filterable,
        "sortable": field.filterable,
        "groupable": field.filterable and field.type not in {*NUMBERS, Type.DATETIME},
        "aggregatable": field.filterable and field.type is not Type.BOOLEAN,
        "permissionable": not field.required and field.createable,
        "idLookup": field.type is Type.ID,
        "externalId": False,
        "unique": False,
        "caseSensitive": False,
        "calculated": False,
        "calculatedFormula": None,
        "autoNumber": False,
        "encrypted": False,
        "deprecatedAndHidden": False,
        "htmlFormatted": False,
        "namePointing": False,
        "inlineHelpText": None,
    }
