"""Values of a record as text: each is read as the mapping says, and becomes what a connector would give."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NoReturn

from config.declared import unknown
from config.problem import Problem, problem
from config.tree import Items, Node, Table, Text
from config.values import DAY, moment
from connectors.contract import HIDDEN, Choice, Money, Quantity, Ref, Scalar, Value
from pipelines.plan import FieldMap, FieldType

_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_MONEY = re.compile(rf"(?:([A-Z]{{3}}) )?({_NUMBER})")
_QUANTITY = re.compile(rf"({_NUMBER})(?: ([^=\s][^=]*?))?(?: = ({_NUMBER}) (\S[^=]*))?")
_SHAPES: Mapping[FieldType, str] = {
    FieldType.BOOL: "true or false",
    FieldType.NUMBER: "a number such as 12.50",
    FieldType.MONEY: "money such as HKD 1000000.00, or the number alone where the currency stands in a field of its own",
    FieldType.QUANTITY: "a quantity such as 100 PCS, or the number alone where the unit stands in a field of its own",
    FieldType.CHOICE: "a code, or {code: CLOSED, label: Closed}",
    FieldType.REF: "an id, or {id: u1, label: Ann, kind: user}",
    FieldType.DATE: "a day such as 2026-11-01",
    FieldType.DATETIME: "a time with its zone, such as 2026-11-01T09:00:00+08:00",
    FieldType.LIST: "a list of texts",
    FieldType.TABLE: "a list of rows, each a mapping of the columns' paths",
    FieldType.TEXT: "a text",
}
_ANYTHING = '; "" for nothing, {text: X} for a text in any case, {hidden: true} for what we may not read'


class Unreadable(Exception):
    """A value that is none. `problems` say where and why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__()
        self.problems = problems


def values(table: Table, specs: Sequence[FieldMap], what: str) -> dict[str, Value]:
    """Read the values of a record or row by path; `what` names it. Raises Unreadable with all that is wrong."""
    readers = _readers(specs)
    found: dict[str, Value] = {}
    problems: list[Problem] = []
    for path, node in table.entries.items():
        spec = readers.get(path)
        if spec is None:
            problems.append(problem(table.keys[path], unknown(path, readers, f"path that {what} is read from")))
            continue
        try:
            found[path] = _value(node, spec)
        except Unreadable as error:
            problems += error.problems
    if problems:
        raise Unreadable(*problems)
    return found


def _readers(specs: Sequence[FieldMap]) -> dict[str, FieldMap]:
    """Return how each path is read; where several fields share one, by the field that is more than a text."""
    readers: dict[str, FieldMap] = {}
    for spec in specs:
        if spec.path not in readers or readers[spec.path].type is FieldType.TEXT:
            readers[spec.path] = spec
    for spec in specs:
        for path in filter(None, (spec.currency_path, spec.unit_path)):
            readers.setdefault(path, FieldMap(path, path, FieldType.TEXT, path))
    return readers


def _value(node: Node, spec: FieldMap) -> Value:
    if isinstance(node, Table) and node.entries.keys() == {"text"}:
        return _texts(node, ("text",))["text"]
    if isinstance(node, Table) and node.entries.keys() == {"hidden"} and node.text("hidden") == "true":
        return HIDDEN
    if isinstance(node, Text) and not node.value:
        return None
    return _of_type(node, spec)


def _of_type(node: Node, spec: FieldMap) -> Value:
    match spec.type:
        case FieldType.TABLE if isinstance(node, Items):
            return tuple(_row(each, spec) for each in node.items)
        case FieldType.LIST if isinstance(node, Items):
            return tuple(each.value if isinstance(each, Text) else _wrong(each, spec) for each in node.items)
        case FieldType.CHOICE if isinstance(node, Table):
            given = _texts(node, ("code", "label"))
            return Choice(given["code"], given["label"])
        case FieldType.REF if isinstance(node, Table):
            given = _texts(node, ("id", "label", "kind"))
            return Ref(given["kind"], given["id"], given["label"])
        case _ if isinstance(node, Text) and spec.type in _READ:
            return _scalar(node, spec)
    return _wrong(node, spec)


def _scalar(node: Text, spec: FieldMap) -> Scalar:
    try:
        return _READ[spec.type](node.value)
    except ValueError:
        return _wrong(node, spec)


def _row(node: Node, spec: FieldMap) -> dict[str, Scalar]:
    if not isinstance(node, Table):
        return _wrong(node, spec)
    read = values(node, spec.columns, f"a row of {spec.name}")
    # a column is never a table: the configuration checks that
    return {path: value for path, value in read.items() if not _is_table(value)}  # type: ignore[misc]  # narrowed above


def _is_table(value: Value) -> bool:
    return isinstance(value, tuple) and any(isinstance(each, Mapping) for each in value)


def _texts(table: Table, allowed: Sequence[str]) -> dict[str, str]:
    wrong = [problem(table.keys[key], unknown(key, allowed, "key here")) for key in table.entries if key not in allowed]
    first = allowed[0]
    if first not in table.entries:
        wrong.append(problem(table.place, f"'{first}' is missing here"))
    wrong += [
        problem(table.keys[key], "must be a text")
        for key in allowed
        if isinstance(table.entries.get(key), Table | Items)
    ]
    if wrong:
        raise Unreadable(*wrong)
    return {key: table.text(key) or "" for key in allowed}


def _wrong(node: Node, spec: FieldMap) -> NoReturn:
    raise Unreadable(problem(node.place, f"{spec.name} is {spec.type}: write {_SHAPES[spec.type]}{_ANYTHING}"))


def _match(pattern: re.Pattern[str], text: str) -> Iterator[str | None]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError(text)
    yield from found.groups()


def _bool(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(text)
    return text == "true"


def _number(text: str) -> Decimal:
    if re.fullmatch(_NUMBER, text) is None:
        raise ValueError(text)
    return Decimal(text)


def _money(text: str) -> Money | Decimal:
    currency, amount = _match(_MONEY, text)
    return Money(Decimal(str(amount)), currency) if currency else Decimal(str(amount))


def _quantity(text: str) -> Quantity | Decimal:
    value, unit, base, base_unit = _match(_QUANTITY, text)
    if not unit:
        return Decimal(str(value))
    return Quantity(Decimal(str(value)), unit, Quantity(Decimal(base), base_unit) if base and base_unit else None)


def _date(text: str) -> date:
    if re.fullmatch(DAY, text) is None:
        raise ValueError(text)
    return date.fromisoformat(text)


_READ: Mapping[FieldType, Callable[[str], Scalar]] = {
    FieldType.TEXT: str,
    FieldType.CHOICE: str,
    FieldType.REF: str,
    FieldType.BOOL: _bool,
    FieldType.NUMBER: _number,
    FieldType.MONEY: _money,
    FieldType.QUANTITY: _quantity,
    FieldType.DATE: _date,
    FieldType.DATETIME: moment,
}
