"""The modules of the organisation, as a fresh trial account has them, with a few custom fields."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from connectors.zoho.sandbox import ids
from connectors.zoho.sandbox.schema import Choice, Field, Module, Type


def _field(name: str, kind: Type = Type.TEXT, label: str = "", **more: Any) -> Field:
    return Field(name, kind, label or name.replace("_", " "), **more)


def _choices(*values: str) -> Sequence[Choice]:
    """Return choices; `stored|shown` where the two differ."""
    return tuple(Choice(*(value.split("|") if "|" in value else (value, value))) for value in values)


def _to(name: str, module: str, **more: Any) -> Field:
    return _field(name, Type.LOOKUP, lookup=module, **more)


INDUSTRY = _choices("-None-", "Shipping", "Food & Beverage", "Retail", "Manufacturing")
CURRENCIES = _choices("HKD", "CNY", "USD", "EUR")
# the first was renamed after records had it: what is stored is not what people read
STAGES = _choices(
    "Qualification|First contact",
    "Needs Analysis",
    "Proposal/Price Quote",
    "Negotiation/Review",
    "Closed Won",
    "Closed Lost",
)


def _money() -> list[Field]:
    return [
        _field("Currency", Type.PICKLIST, choices=CURRENCIES),
        _field("Exchange_Rate", Type.DOUBLE),
    ]


def _system() -> list[Field]:
    stamps = [_field(name, Type.DATETIME, read_only=True) for name in ("Created_Time", "Modified_Time")]
    people = [_field(name, Type.OWNER, read_only=True) for name in ("Created_By", "Modified_By")]
    return [_field("Owner", Type.OWNER), *stamps, *people, _field("Description", Type.TEXTAREA, length=32_000)]


_SHAPES: tuple[tuple[str, str, str, str, tuple[str, ...], tuple[Field, ...]], ...] = (
    (
        "Accounts",
        "Account",
        "Accounts",
        "Account_Name",
        ("Account_Name",),
        (
            _field("Account_Name", mandatory=True),
            _field("ERP_Number", label="ERP Number*", unique=True),
            _field("Industry", Type.PICKLIST, choices=INDUSTRY),
            _field("Phone", Type.PHONE),
            _field("Annual_Revenue", Type.CURRENCY),
            *_money(),
        ),
    ),
    (
        "Contacts",
        "Contact",
        "Contacts",
        "Last_Name",
        ("Email",),
        (
            _field("Last_Name", mandatory=True, length=80),
            _field("First_Name", length=40),
            _field("Email", Type.EMAIL, unique=True, length=100),
            _field("Phone", Type.PHONE),
            _to("Account_Name", "Accounts"),
        ),
    ),
    (
        "Deals",
        "Deal",
        "Deals",
        "Deal_Name",
        ("Deal_Name",),
        (
            _field("Deal_Name", mandatory=True, length=120),
            _field("Deal_Number", label="Deal Number*", unique=True),
            _to("Account_Name", "Accounts"),
            _to("Contact_Name", "Contacts"),
            _field("Stage", Type.PICKLIST, mandatory=True, choices=STAGES),
            _field("Amount", Type.CURRENCY),
            *_money(),
            _field("Discount", Type.PERCENT, label="Discount*"),
            _field("Closing_Date", Type.DATE),
            _field("Probability", Type.INTEGER),
            _field("Next_Step"),
            _field("Reason", Type.TEXTAREA, label="Reason*", length=2000),
            _field("Channels", Type.MULTISELECT, label="Channels*", choices=_choices("Fair", "Web", "Referral")),
        ),
    ),
    (
        "Quotes",
        "Quote",
        "Quotes",
        "Subject",
        ("Subject",),
        (
            _field("Subject", mandatory=True, length=255),
            _field("Quote_Number", read_only=True),
            _field("Quote_Stage", Type.PICKLIST, choices=_choices("Draft", "Negotiation", "Confirmed", "Closed Lost")),
            _to("Account_Name", "Accounts", mandatory=True),
            _to("Deal_Name", "Deals"),
            _field("Valid_Till", Type.DATE),
            _field("Grand_Total", Type.CURRENCY),
            *_money(),
            _field("Quoted_Items", Type.SUBFORM),
        ),
    ),
    (
        "Sales_Orders",
        "Sales Order",
        "Sales Orders",
        "Subject",
        ("Subject",),
        (
            _field("Subject", mandatory=True),
            _field("SO_Number"),
            _field("Status", Type.PICKLIST, choices=_choices("Created", "Approved", "Delivered", "Cancelled")),
            _to("Account_Name", "Accounts", mandatory=True),
            _to("Quote_Name", "Quotes"),
            _field("Due_Date", Type.DATE),
            _field("Grand_Total", Type.CURRENCY),
            *_money(),
            _field("Ordered_Items", Type.SUBFORM),
        ),
    ),
    (
        "Tasks",
        "Task",
        "Tasks",
        "Subject",
        ("Subject",),
        (
            _field("Subject", mandatory=True),
            _field("Status", Type.PICKLIST, choices=_choices("Not Started", "In Progress", "Completed")),
            _field("Priority", Type.PICKLIST, choices=_choices("High", "Normal", "Low")),
            _field("Due_Date", Type.DATE),
            _to("What_Id", "Deals"),
            _field("Closed_Time", Type.DATETIME, read_only=True),
        ),
    ),
    (
        "Cases",
        "Case",
        "Cases",
        "Subject",
        ("Subject",),
        (
            _field("Subject", mandatory=True),
            _field("Case_Number", read_only=True),
            _field("Status", Type.PICKLIST, mandatory=True, choices=_choices("New", "On Hold", "Escalated", "Closed")),
            _field("Case_Origin", Type.PICKLIST, mandatory=True, choices=_choices("Email", "Phone", "Web")),
            _field("Priority", Type.PICKLIST, choices=_choices("High", "Medium", "Low")),
            _to("Account_Name", "Accounts"),
            _field("Escalated", Type.BOOLEAN, label="Escalated*"),
        ),
    ),
)


def make_modules() -> dict[str, Module]:
    """Return the modules of a fresh organisation; each has fields of its own, because a field may be changed."""
    numbers = count(1)
    made: dict[str, Module] = {}
    for place, (name, singular, plural, title, duplicates, own) in enumerate(_SHAPES):
        fields = [_copy(f, next(numbers)) for f in (*own, *_system())]
        made[name] = Module(name, singular, plural, title, ids.MODULES + place, duplicates, {f.name: f for f in fields})
    return made


def _copy(field: Field, number: int) -> Field:
    settled = {n: getattr(field, n) for n in ("mandatory", "unique", "read_only", "length", "lookup", "choices")}
    return Field(field.name, field.type, field.label, ids.FIELDS + number, **settled)
