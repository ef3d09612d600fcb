"""Bodies of writes: names and values checked, references found.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156570709583.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.errors import bad_content, bad_header
from connectors.netsuite.sandbox.schema import Column, RecordType, Row, Type

ALWAYS = frozenset({"links", "id", "refname"})


class Strictness(StrEnum):
    """What becomes of a name or a value that is not good."""

    IGNORE = "ignore"
    WARNING = "warning"
    ERROR = "error"


def strictness(headers: Mapping[str, str], name: str, default: Strictness) -> Strictness:
    """Read a header. Raises `ApiError` 400."""
    text = headers.get(name, default).casefold()
    try:
        return Strictness(text)
    except ValueError as error:
        raise bad_header(name, f"Invalid value '{text}' for the header {name}.") from error


@dataclass(slots=True)
class Reader:
    """Reads bodies. What it lets pass is told in `warnings`."""

    account: Account
    names: Strictness
    values: Strictness
    warnings: list[str] = field(default_factory=list)

    def record(self, body: Any, columns: Iterable[Column], path: str = "") -> Row:
        """Return the values of a record or a line by their keys; unknown names go by `names`."""
        if not isinstance(body, dict):
            raise bad_content(path, "The request body is not a JSON object.")
        known = {column.rest.casefold(): column for column in columns}
        row: Row = {}
        for name, given in body.items():
            column = known.get(name.casefold())
            place = f"{path}.{name}" if path else name
            if column is None:
                self._unknown(name, place)
            elif column.writable:
                self._take(row, column, given, place)
        return row

    def lines(self, given: Any, record: RecordType, columns: Iterable[Column]) -> list[Row]:
        """Return the lines of a body."""
        if record.sublist is None or given is None:
            return []
        items = given.get("items") if isinstance(given, dict) else given
        if items is None:
            return []
        if not isinstance(items, list):
            raise bad_content(record.sublist.name, "The items of a sublist have to be an array.")
        fields = list(columns)
        return [self.record(one, fields, f"{record.sublist.name}.items[{at}]") for at, one in enumerate(items)]

    def _unknown(self, name: str, place: str) -> None:
        if name.casefold() in ALWAYS or self.names is Strictness.IGNORE:
            return
        if self.names is Strictness.ERROR:
            raise bad_content(place, f"Unknown reference or property name {name}.")
        self.warnings.append(f"{place}: unknown property name")

    def _take(self, row: Row, column: Column, given: Any, place: str) -> None:
        try:
            row[column.key] = self._value(column, given, place)
        except (ValueError, TypeError, ArithmeticError) as error:
            if self.values is Strictness.ERROR:
                raise bad_content(place, f"Invalid value for the field {column.rest}.") from error
            if self.values is Strictness.WARNING:
                self.warnings.append(f"{place}: invalid value")

    def _value(self, column: Column, given: Any, place: str) -> Any:
        """Return a value as it is stored. Raises `ValueError` for syntax, `ApiError` for what does not exist."""
        if given is None or given == "":
            return None
        if column.type is Type.REFERENCE:
            return self._reference(column, given, place)
        if column.type is Type.CHOICE:
            code = str(given.get("id", "")) if isinstance(given, dict) else str(given)
            if code not in column.choices:
                raise _no_such(code, column, place)
            return code
        read: Callable[[Any], Any] = _READ.get(column.type, _text)
        return read(given)

    def _reference(self, column: Column, given: Any, place: str) -> int:
        table = self.account.catalogue.table(column.target)
        unique = table.unique if table else "id"
        key, value = (unique, given) if not isinstance(given, dict) else self._key(given, unique)
        found = self.account.database.one(column.target, key, int(value) if key == unique else value)
        if found is None:
            raise _no_such(str(value), column, place)
        return int(found[unique])

    def _key(self, given: dict[str, Any], unique: str) -> tuple[str, Any]:
        if "id" in given:
            return unique, given["id"]
        if "externalId" in given:
            return "externalid", given["externalId"]
        raise ValueError(given)


def _flag(given: Any) -> str:
    if not isinstance(given, bool):
        raise TypeError(given)
    return "T" if given else "F"


def _number(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | Decimal | str):
        raise TypeError(given)
    number = Decimal(given)
    if not number.is_finite():
        raise ValueError(given)
    return float(number)


def _whole(given: Any) -> int:
    return int(_number(given))


def _text(given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int | Decimal):
        raise TypeError(given)
    return str(given)


_READ: dict[Type, Callable[[Any], Any]] = {
    Type.BOOLEAN: _flag,
    Type.DATE: moments.day,
    Type.ID: _whole,
    Type.INTEGER: _whole,
    Type.NUMBER: _number,
}


def _no_such(value: str, column: Column, place: str) -> Exception:
    text = f"You have entered an Invalid Field Value {value} for the following field: {column.rest}"
    return bad_content(place, text)
