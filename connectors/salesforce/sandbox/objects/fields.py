"""The kinds of field that many objects have."""

from __future__ import annotations

from connectors.salesforce.sandbox.schema import Field, Type

CURRENCIES = ("HKD", "CNY", "EUR", "SGD", "USD")
CORPORATE_CURRENCY = CURRENCIES[0]


def identity() -> Field:
    """Return the Id."""
    return Field("Id", Type.ID, "Record ID", length=18, required=True, createable=False, updateable=False)


def read_only(name: str, kind: Type, label: str, length: int = 0) -> Field:
    """Return a field that the vendor fills."""
    return Field(name, kind, label, length=length, required=True, createable=False, updateable=False)


def deleted() -> Field:
    """Return the mark of what lies in the recycle bin."""
    return read_only("IsDeleted", Type.BOOLEAN, "Deleted")


def reference(name: str, label: str, *targets: str, children: str = "") -> Field:
    """Return a look-up to one object, or to several."""
    relationship = name.removesuffix("Id")
    return Field(name, Type.REFERENCE, label, 18, references=targets, relationship=relationship, children=children)


def kept_reference(name: str, label: str, *targets: str, children: str = "") -> Field:
    """Return a look-up that the vendor fills."""
    return Field(
        name,
        Type.REFERENCE,
        label,
        18,
        references=targets,
        relationship=name.removesuffix("Id"),
        children=children,
        required=True,
        createable=False,
        updateable=False,
    )


def owner(*targets: str) -> Field:
    """Return the owner: a user, or one of several kinds."""
    return reference("OwnerId", "Owner ID", *(targets or ("User",)))


def creation() -> list[Field]:
    """Return who made a record and when, and when it was last touched."""
    return [
        read_only("CreatedDate", Type.DATETIME, "Created Date"),
        kept_reference("CreatedById", "Created By ID", "User"),
        read_only("SystemModstamp", Type.DATETIME, "System Modstamp"),
    ]


def audit() -> list[Field]:
    """Return who made and who last changed a record, and when."""
    created_date, created_by, stamp = creation()
    return [
        created_date,
        created_by,
        read_only("LastModifiedDate", Type.DATETIME, "Last Modified Date"),
        kept_reference("LastModifiedById", "Last Modified By ID", "User"),
        stamp,
    ]


def currency_code() -> Field:
    """Return the record's currency, in an org that has several."""
    return Field("CurrencyIsoCode", Type.PICKLIST, "Currency", 3, picklist=CURRENCIES, restricted=True)


def money(name: str, label: str, precision: int = 18, scale: int = 2) -> Field:
    """Return an amount in the record's currency."""
    return Field(name, Type.CURRENCY, label, precision=precision, scale=scale)


def percent(name: str, label: str, precision: int, scale: int) -> Field:
    """Return a percentage."""
    return Field(name, Type.PERCENT, label, precision=precision, scale=scale)


def choice(name: str, label: str, *values: str) -> Field:
    """Return a picklist that takes other values too."""
    return Field(name, Type.PICKLIST, label, 255, picklist=values)


def text(name: str, label: str, length: int = 255) -> Field:
    """Return a line of text."""
    return Field(name, Type.STRING, label, length)


def long_text(name: str, label: str) -> Field:
    """Return text that cannot be searched."""
    return Field(name, Type.TEXTAREA, label, 32000)


def foreign_key(name: str, label: str, *, unique: bool) -> Field:
    """Return a custom field that holds another system's key."""
    return Field(name, Type.STRING, label, 64, external_id=True, unique=unique)
