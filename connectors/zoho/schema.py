"""What the vendor says of modules and fields: https://www.zoho.com/crm/developer/docs/api/v8/field-meta.html."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache

from connectors.contract import Choice, Described, Money, Ref
from connectors.zoho.errors import ModuleUnknown, unreadable
from connectors.zoho.layout import CURRENCY, Describe, Fields, Form, type_of
from connectors.zoho.wire import Account, Call, rows_of

SCOPE = "ZohoCRM.settings.fields.READ"

_VALUES: Mapping[Form, type] = {
    Form.TEXT: str,
    Form.NUMBER: Decimal,
    Form.MONEY: Money,
    Form.TRUTH: bool,
    Form.DATE: date,
    Form.MOMENT: datetime,
    Form.CHOICE: Choice,
    Form.CHOICES: tuple,
    Form.LINK: Ref,
    Form.PERSON: Ref,
    Form.LINKS: tuple,
}


class Schema:
    """The org's fields as one user sees them."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def fields(self, module: str) -> Fields:
        """Return a module's fields by API name. Raises the contract's errors."""
        answer = self._account.call(Call("GET", "settings/fields", SCOPE, {"module": module}))
        rows = rows_of(answer, "fields")
        if not rows:
            raise ModuleUnknown(f"Zoho shows no field of {module}: check its API name, and grant View on the module.")
        try:
            return {str(entry["api_name"]): entry for entry in rows}
        except (KeyError, TypeError):
            raise unreadable(str(rows[:1]).encode()) from None

    def once(self) -> Describe:
        """Return a way to ask for each module at most once."""
        return cache(self.fields)

    def described(self, module: str) -> list[Described]:
        """Return the fields that can be mapped, with the class of their values."""
        fields = self.fields(module)
        beside = CURRENCY if CURRENCY in fields else ""
        found = []
        for name, entry in fields.items():
            form = type_of(entry)
            if form is not None and entry.get("visible") is not False:
                label = str(entry.get("display_label") or entry.get("field_label") or name)
                found.append(Described(name, label, _VALUES[form], beside if form is Form.MONEY else ""))
        return found
