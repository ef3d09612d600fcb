"""The org's people: https://www.zoho.com/crm/developer/docs/api/v8/get-users.html."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from connectors.contract import Misconfigured, Record, Ref, Value
from connectors.zoho.wire import Account, Call, info_of, rows_of

SCOPE = "ZohoCRM.users.READ"
USERS = "users"
MOST_PAGES = 50


class Names:
    """The names of people, which a query does not give beside their ids (A-ZOHO-106); read again after `age`.

    Without the scope for users people stay ids: nothing else depends on it.
    """

    def __init__(self, account: Account, age: timedelta, now: Callable[[], datetime]) -> None:
        self._account = account
        self._age = age
        self._now = now
        self._known: tuple[datetime, Mapping[str, str]] | None = None

    def told(self, record: Record) -> Record:
        """Return the record with its people named. Raises the contract's errors, but none for a missing scope."""
        nameless = [value for value in (record.changed_by, *record.fields.values()) if _nameless(value)]
        if not nameless:
            return record
        names = self._names()
        fields = {name: _named(value, names) for name, value in record.fields.items()}
        by = record.changed_by
        return replace(record, fields=MappingProxyType(fields), changed_by=by and _person(by, names))

    def _names(self) -> Mapping[str, str]:
        now = self._now()
        if self._known is None or now - self._known[0] >= self._age:
            try:
                self._known = (now, self._read())
            except Misconfigured:
                self._known = (now, {})
        return self._known[1]

    def _read(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for page in range(1, MOST_PAGES + 1):
            params = {"type": "AllUsers", "page": str(page), "per_page": "200"}
            answer = self._account.call(Call("GET", USERS, SCOPE, params))
            for row in rows_of(answer, USERS):
                if isinstance(row, dict):
                    found[str(row.get("id"))] = str(row.get("full_name") or "")
            if info_of(answer).get("more_records") is not True:
                break
        return found


def user_of(account: Account, user: str) -> Mapping[str, Any] | None:
    """Return a user, `CurrentUser` being the asking one; None where there is none. Raises the contract's errors."""
    path, params = (USERS, {"type": user}) if user == "CurrentUser" else (f"users/{user}", {})
    rows = rows_of(account.call(Call("GET", path, SCOPE, params)), USERS)
    return rows[0] if rows and isinstance(rows[0], dict) else None


def _nameless(value: Value) -> bool:
    return isinstance(value, Ref) and value.kind == USERS and not value.label


def _named(value: Value, names: Mapping[str, str]) -> Value:
    return _person(value, names) if isinstance(value, Ref) and _nameless(value) else value


def _person(ref: Ref, names: Mapping[str, str]) -> Ref:
    return ref if ref.label else replace(ref, label=names.get(ref.id, ""))
