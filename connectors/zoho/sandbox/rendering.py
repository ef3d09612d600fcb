"""Records as answers show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from connectors.zoho.sandbox import moments
from connectors.zoho.sandbox.org import Org
from connectors.zoho.sandbox.people import USERS, Access, Right, User
from connectors.zoho.sandbox.schema import Field, Module, Type
from connectors.zoho.sandbox.store import Row

SYMBOLS = {"HKD": "HK$", "CNY": "CN¥", "USD": "$", "EUR": "€"}


@dataclass(frozen=True, slots=True)
class View:
    """One module as one user sees it."""

    org: Org
    user: User
    module: Module

    @property
    def zone(self) -> tzinfo:
        """The zone of the times in answers."""
        return self.org.zone(self.user)

    def visible(self) -> list[str]:
        """Return the names of the fields that the user may see."""
        hidden = self.org.rules.hidden(self.user, self.module)
        return [name for name in self.module.fields if name not in hidden]

    def reader(self, wanted: Iterable[str]) -> Callable[[Row], dict[str, Any]]:
        """Return what turns a row into an answer with these fields, and the id, which is always there."""
        zone, mine = self.zone, frozenset(self.visible())
        fields = [self.module.fields[name] for name in wanted if name in mine]
        states = [name for name in wanted if name in _STATES]

        def read(row: Row) -> dict[str, Any]:
            shown = {f.name: self.value(f, row.values.get(f.name), zone) for f in fields}
            shown |= {name: _STATES[name](self, row) for name in states}
            return {**shown, "id": str(row.id)}

        return read

    def whole(self, row: Row) -> dict[str, Any]:
        """Return a record with everything that the user may see."""
        return self.reader([*self.visible(), *_STATES])(row)

    def value(self, field: Field, value: object, zone: tzinfo) -> Any:
        """Return a stored value in the form of JSON answers."""
        if isinstance(value, datetime):
            return moments.render(value, zone)
        if isinstance(value, date):
            return value.isoformat()
        shown = _SHOWN.get(field.type)
        return value if shown is None or value is None else shown(self, field, value)

    def choice(self, field: Field, value: object) -> object:
        """Return a picklist's value."""
        # A-ZOHO-62: the pages give both values and not which of them records show
        choice = field.choice(value) if self.org.switches.picklist_shown == "display" else None
        return choice.display if choice else value

    def link(self, field: Field, value: object) -> dict[str, Any] | None:
        """Return a look-up's target with its name, None when it is gone."""
        target = self.org.store.find(field.lookup, value)
        if target is None:
            return None
        return {"name": target.values.get(self.org.modules[field.lookup].title), "id": str(target.id)}


def _several(view: View, field: Field, value: object) -> list[object]:
    return [view.choice(field, one) for one in value] if isinstance(value, tuple) else []


def _person(_view: View, _field: Field, value: object) -> dict[str, str]:
    return USERS[int(str(value))].brief()


_SHOWN: dict[Type, Callable[[View, Field, object], Any]] = {
    Type.PICKLIST: View.choice,
    Type.MULTISELECT: _several,
    Type.LOOKUP: View.link,
    Type.OWNER: _person,
}


def brief(org: Org, row: Row, user: User) -> dict[str, Any]:
    """Return what the result of a write tells of a record."""
    zone = org.zone(user)
    people = {name: USERS[int(str(row.values[name]))].brief() for name in ("Created_By", "Modified_By")}
    told = [{"name": person["name"], "id": person["id"]} for person in people.values()]
    return {
        "Modified_Time": moments.render(row.modified, zone),
        "Modified_By": told[1],
        "Created_Time": moments.render(row.created, zone),
        "id": str(row.id),
        "Created_By": told[0],
        "$approval_state": _state(row),
    }


def _state(row: Row) -> str:
    return "awaiting" if row.awaiting else "approved"


def _approval(view: View, row: Row) -> dict[str, bool]:
    mine = view.user.id in row.awaiting
    return {"delegate": mine, "takeover": False, "approve": mine, "reject": mine, "resubmit": False}


def _editable(view: View, _row: Row) -> bool:
    return (view.user.profile.id, view.module.name, Right.EDIT) not in view.org.rules.denied


def _field_states(view: View, _row: Row) -> list[str] | None:
    fixed = [
        name
        for name in view.visible()
        if view.org.rules.access(view.user.profile, view.module, name) is Access.READ_ONLY
    ]
    return fixed or None


_STATES: dict[str, Callable[[View, Row], Any]] = {
    "$currency_symbol": lambda _view, row: SYMBOLS.get(str(row.values.get("Currency")), "HK$"),
    "$editable": _editable,
    "$field_states": _field_states,
    "$sharing_permission": lambda _view, _row: "full_access",
    "$locked_for_me": lambda _view, row: row.locked,
    "Locked__s": lambda _view, row: row.locked,
    "$in_merge": lambda _view, _row: False,
    "$approval": _approval,
    "$approval_state": lambda _view, row: _state(row),
    "$approved": lambda _view, row: not row.awaiting,
    "$process_flow": lambda _view, row: row.in_process,
    "$state": lambda _view, _row: "save",
}
