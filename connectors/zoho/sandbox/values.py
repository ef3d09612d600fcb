"""Field values: what a writer may send, and how a reader gets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.zoho.sandbox import ids, moments
from connectors.zoho.sandbox.errors import RowError
from connectors.zoho.sandbox.people import USERS, Access, Rules, User
from connectors.zoho.sandbox.schema import LINKS, NUMBERS, WORDS, Field, Module, Type
from connectors.zoho.sandbox.store import Store
from connectors.zoho.sandbox.switches import Switches


class _WrongTypeError(Exception):
    """A value that is not of its field's type."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Checks the rows of one writer. `user` None: whoever holds the control API, who may write everything."""

    store: Store
    rules: Rules
    switches: Switches
    user: User | None = None

    def accept(self, module: Module, given: Mapping[str, Any], index: int, *, creating: bool) -> dict[str, object]:
        """Return typed values of a row. Raises `RowError` that names the field and its JSON path."""
        accepted: dict[str, object] = {}
        for name, value in given.items():
            field = module.find(name)
            if name == "id" or name.startswith("$"):
                continue
            if field is None:
                self._unknown(name, index)
            elif self._writable(module, field, index):
                accepted[name] = self._typed(field, value, index)
        if creating:
            _check_mandatory(module, accepted, index)
        elif missing := next((n for n, v in accepted.items() if v is None and module.fields[n].mandatory), None):
            raise _mandatory(missing, index)
        return accepted

    def _unknown(self, name: str, index: int) -> None:
        # A-ZOHO-64: no page says what becomes of a field that is not there
        if self.switches.unknown_written_field == "refused":
            raise RowError("INVALID_DATA", "No field found", _at(name, index))

    def _writable(self, module: Module, field: Field, index: int) -> bool:
        if self.user is None:
            return True
        if field.read_only:
            return False
        if self.rules.access(self.user.profile, module, field.name) is Access.READ_WRITE:
            return True
        # A-ZOHO-66: the status page names the code, no page the case
        if self.switches.read_only_written == "refused":
            raise RowError("NO_PERMISSION", "Field Edit Permission not given", _at(field.name, index))
        return False

    def _typed(self, field: Field, value: Any, index: int) -> object:
        if value is None or value == "":
            return None
        try:
            typed = _TYPED.get(field.type, _word)(field, value)
        except _WrongTypeError:
            raise _invalid(field, index) from None
        if field.choices and field.type in {Type.PICKLIST, Type.MULTISELECT}:
            self._check_choices(field, typed, index)
        if field.type in LINKS:
            self._check_link(field, typed, index)
        return typed

    def _check_choices(self, field: Field, typed: object, index: int) -> None:
        known = {choice.actual for choice in field.choices}
        wanted = typed if isinstance(typed, tuple) else (typed,)
        # A-ZOHO-63: older versions stored any text
        if self.switches.unknown_choice == "refused" and not known.issuperset(wanted):
            raise _invalid(field, index)

    def _check_link(self, field: Field, typed: object, index: int) -> None:
        known = typed in USERS if field.type is Type.OWNER else self.store.find(field.lookup, typed)
        if not known:
            raise RowError("INVALID_DATA", "the id given seems to be invalid", _at(field.name, index))


def _check_mandatory(module: Module, accepted: Mapping[str, object], index: int) -> None:
    for field in module.fields.values():
        if field.mandatory and accepted.get(field.name) is None:
            raise _mandatory(field.name, index)


def _mandatory(name: str, index: int) -> RowError:
    return RowError("MANDATORY_NOT_FOUND", "required field not found", _at(name, index))


def _invalid(field: Field, index: int) -> RowError:
    details: dict[str, Any] = {"expected_data_type": field.type.value, **_at(field.name, index)}
    if field.type in WORDS:
        details["maximum_length"] = field.length
    return RowError("INVALID_DATA", "invalid data", details)


def _at(name: str, index: int) -> dict[str, Any]:
    return {"api_name": name, "json_path": f"$.data[{index}].{name}"}


def _word(field: Field, value: Any) -> object:
    if not isinstance(value, str) or len(value) > field.length:
        raise _WrongTypeError
    return value


def _number(_field: Field, value: Any) -> object:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise _WrongTypeError
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise _WrongTypeError from None
    if not number.is_finite():
        raise _WrongTypeError
    return number


def _whole(_field: Field, value: Any) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _WrongTypeError
    return value


def _flag(_field: Field, value: Any) -> object:
    if not isinstance(value, bool):
        raise _WrongTypeError
    return value


def _day(_field: Field, value: Any) -> object:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _WrongTypeError from None


def _moment(_field: Field, value: Any) -> object:
    moment = moments.parse(value)
    if moment is None:
        raise _WrongTypeError
    return moment


def _several(_field: Field, value: Any) -> object:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _WrongTypeError
    return tuple(value)


def _link(_field: Field, value: Any) -> object:
    number = ids.parse(value.get("id") if isinstance(value, dict) else value)
    if number is None:
        raise _WrongTypeError
    return number


def _rows(_field: Field, value: Any) -> object:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise _WrongTypeError
    return tuple(value)


_TYPED: dict[Type, Callable[[Field, Any], object]] = {
    **dict.fromkeys(NUMBERS, _number),
    **dict.fromkeys(LINKS, _link),
    Type.INTEGER: _whole,
    Type.BOOLEAN: _flag,
    Type.DATE: _day,
    Type.DATETIME: _moment,
    Type.MULTISELECT: _several,
    Type.SUBFORM: _rows,
}


def retyped(field: Field, value: object) -> object:
    """Return a stored value as the field's present type, or None when it cannot be one."""
    if value is None:
        return None
    shown = value.isoformat() if isinstance(value, date) else value
    try:
        return _TYPED.get(field.type, _word)(field, str(shown) if field.type in WORDS else shown)
    except _WrongTypeError:
        return None
