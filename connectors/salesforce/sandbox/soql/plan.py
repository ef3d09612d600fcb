"""A query bound to the fields that one user may see, ready to run over rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.catalogue import Child
from connectors.salesforce.sandbox.errors import ApiError, unsupported
from connectors.salesforce.sandbox.schema import IDS, NUMBERS, Field, SObject, Type
from connectors.salesforce.sandbox.soql.syntax import (
    Among,
    Compare,
    Condition,
    Group,
    Literal,
    LiteralKind,
    Negation,
    Order,
    Path,
    Query,
    Within,
)
from connectors.salesforce.sandbox.soql.tokens import point
from connectors.salesforce.sandbox.soql.view import View
from connectors.salesforce.sandbox.store import Row

MAX_HOPS = 5
ADVICE = "Please reference your WSDL or the describe call for the appropriate names."

Test = Callable[[Row], bool]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


@dataclass(frozen=True, slots=True)
class Bound:
    """A path that leads to a field: the references to follow, then the field of `sobject`."""

    hops: tuple[Field, ...]
    sobject: SObject
    field: Field

    def value(self, row: Row, view: View) -> Any:
        """Return the field's value, None where a parent is missing."""
        at = row
        for hop in self.hops:
            parent = view.follow(hop, at)
            if parent is None:
                return None
            at = parent.row
        return at.values.get(self.field.name)


class Plan:
    """A query that is known to be good. Binding raises `ApiError` 400 as the vendor would."""

    def __init__(self, query: Query, view: View, child: Child | None = None) -> None:
        """Bind a query, or with `child` one that stands inside the SELECT of another."""
        self._query = query
        self._view = view
        self.child = child
        self.sobject = child.sobject if child else self._source()
        self.columns = [self._bind(path) for path in query.fields]
        self._refuse_duplicates()
        self.children = [self._child(inner) for inner in query.children]
        self._test = self._condition(query.where) if query.where else None
        self._orders = [(order, self._sortable(order)) for order in query.orders]

    def run(self, rows: Iterable[Row], *, deleted: bool) -> list[Row]:
        """Return the rows of the answer in their order; `deleted` ones too, as queryAll does."""
        found = [r for r in rows if (deleted or r.deleted_at is None) and (self._test is None or self._test(r))]
        found.sort(key=lambda r: r.id)
        for order, bound in reversed(self._orders):
            found.sort(key=self._key(order, bound), reverse=order.descending)
        end = None if self._query.limit is None else self._query.offset + self._query.limit
        return found[self._query.offset : end]

    def _source(self) -> SObject:
        source = self._query.source
        sobject = self._view.catalogue.find(source.parts[0]) if len(source.parts) == 1 else None
        if sobject is None:
            name = ".".join(source.parts)
            raise self._error(
                source.at,
                "INVALID_TYPE",
                f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to "
                f"append the '__c' after the entity name. {ADVICE}",
            )
        return sobject

    def _child(self, inner: Query) -> Plan:
        if inner.children or self.child:
            raise unsupported("queries two levels below the outer one")
        source = inner.source
        child = self._view.child(self.sobject, source.parts[0]) if len(source.parts) == 1 else None
        if child is None:
            raise self._no_relation(source, source.parts[-1], "FROM part of query call")
        return Plan(inner, self._view, child)

    def _bind(self, path: Path) -> Bound:
        parts = path.parts
        own = {self._query.alias.casefold(), self.sobject.name.casefold()}
        if len(parts) > 1 and parts[0].casefold() in own and not self.sobject.relation(parts[0]):
            parts = parts[1:]
        objects: Sequence[SObject] = [self.sobject]
        hops: list[Field] = []
        for name in parts[:-1]:
            hop = next((f for o in objects if (f := self._view.relation(o, name))), None)
            if hop is None or len(hops) == MAX_HOPS:
                raise self._no_relation(path, name, "field path")
            hops.append(hop)
            objects = self._view.targets(hop)
        for sobject in objects:
            field = self._view.field(sobject, parts[-1])
            if field is not None:
                return Bound(tuple(hops), sobject, field)
        raise self._no_column(path, parts[-1], objects[0])

    def _no_column(self, path: Path, name: str, sobject: SObject) -> ApiError:
        message = (
            f"No such column '{name}' on entity '{sobject.name}'. If you are attempting to use a custom field, be sure "
            f"to append the '__c' after the custom field name. {ADVICE}"
        )
        return self._error(path.at, "INVALID_FIELD", message)

    def _no_relation(self, path: Path, name: str, place: str) -> ApiError:
        message = (
            f"Didn't understand relationship '{name}' in {place}. If you are attempting to use a custom "
            f"relationship, be sure to append the '__r' after the custom relationship name. {ADVICE}"
        )
        return self._error(path.at, "INVALID_FIELD", message)

    def _refuse_duplicates(self) -> None:
        for index, column in enumerate(self.columns):
            if column in self.columns[:index]:
                message = f"duplicate field selected: {column.field.name}"
                raise self._error(self._query.fields[index].at, "MALFORMED_QUERY", message)

    def _sortable(self, order: Order) -> Bound:
        bound = self._bind(order.path)
        if not bound.field.filterable:
            message = f"field '{bound.field.name}' can not be sorted in a query call"
            raise self._error(order.path.at, "INVALID_FIELD", message)
        return bound

    def _key(self, order: Order, bound: Bound) -> Callable[[Row], tuple[int, Any]]:
        # the rank of a null is turned round with the direction, so that it ends up where the query wants it
        null = 2 if order.nulls_last != order.descending else 0

        def key(row: Row) -> tuple[int, Any]:
            value = bound.value(row, self._view)
            return (null, 0) if value is None else (1, _comparable(bound.field, value))

        return key

    def _condition(self, condition: Condition) -> Test:
        match condition:
            case Negation(inner):
                test = self._condition(inner)
                return lambda row: not test(row)
            case Group(every, conditions):
                tests = [self._condition(c) for c in conditions]
                join = all if every else any
                return lambda row: join(test(row) for test in tests)
            case Among(path, literals, negated):
                return self._among(path, literals, negated=negated)
            case Within(path, query, negated):
                return self._within_query(path, query, negated=negated)
            case Compare(path, operator, literal):
                return self._compare(path, operator, literal)

    def _among(self, path: Path, literals: tuple[Literal, ...], *, negated: bool) -> Test:
        bound = self._filterable(path)
        odd = [literal for literal in literals if literal.kind in {LiteralKind.NULL, LiteralKind.RANGE}]
        tests = [self._check(bound.field, "=", literal) for literal in odd]
        wanted = frozenset(self._operand(bound.field, literal) for literal in literals if literal not in odd)

        def found(row: Row) -> bool:
            value = bound.value(row, self._view)
            if value is not None and _comparable(bound.field, value) in wanted:
                return not negated
            return any(test(value) for test in tests) != negated

        return found

    def _within_query(self, path: Path, query: Query, *, negated: bool) -> Test:
        bound = self._filterable(path)
        inner = Plan(query, self._view)
        if len(inner.columns) != 1 or inner.children or bound.field.type not in IDS:
            raise self._error(
                path.at, "MALFORMED_QUERY", "a query inside IN selects one id, for a field that holds one"
            )
        rows = inner.run(self._view.rows(inner.sobject), deleted=False)
        wanted = {inner.columns[0].value(row, self._view) for row in rows}
        return lambda row: (bound.value(row, self._view) in wanted) != negated

    def _compare(self, path: Path, operator: str, literal: Literal) -> Test:
        bound = self._filterable(path)
        check = self._check(bound.field, operator, literal)
        return lambda row: check(bound.value(row, self._view))

    def _filterable(self, path: Path) -> Bound:
        bound = self._bind(path)
        if not bound.field.filterable:
            message = f"field '{bound.field.name}' can not be filtered in a query call"
            raise self._error(path.at, "INVALID_FIELD", message)
        return bound

    def _check(self, field: Field, operator: str, literal: Literal) -> Callable[[Any], bool]:
        if operator == "LIKE":
            return self._like(field, literal)
        if literal.kind is LiteralKind.NULL or literal.value == "":
            return self._is_null(operator, literal)
        if literal.kind is LiteralKind.RANGE and isinstance(literal.value, tuple):
            return self._within(field, operator, literal, literal.value)
        wanted = self._operand(field, literal)
        # A-SALESFORCE-61: an empty field is unequal to every value, and neither below nor above one
        if operator in {"=", "!="}:
            equal = operator == "="
            return lambda value: (value is not None and _comparable(field, value) == wanted) == equal
        if field.type is Type.BOOLEAN:
            raise self._no_operator(literal, operator)
        compare = _COMPARE[operator]
        return lambda value: value is not None and compare(_comparable(field, value), wanted)

    def _is_null(self, operator: str, literal: Literal) -> Callable[[Any], bool]:
        if operator not in {"=", "!="}:
            raise self._no_operator(literal, operator)
        equal = operator == "="
        return lambda value: (value is None) == equal

    def _within(self, field: Field, operator: str, literal: Literal, days: tuple[date, date]) -> Callable[[Any], bool]:
        """Compare with a range of days: `=` is inside, `>` is after its end, `>=` from its beginning."""
        if field.type not in {Type.DATE, Type.DATETIME}:
            raise self._wrong_type(field, literal)
        first, after = (_moment(day) for day in days) if field.type is Type.DATETIME else days
        tests: dict[str, Callable[[Any], bool]] = {
            "=": lambda value: first <= value < after,
            "!=": lambda value: not first <= value < after,
            "<": lambda value: value < first,
            "<=": lambda value: value < after,
            ">": lambda value: value >= after,
            ">=": lambda value: value >= first,
        }
        test = tests[operator]
        return lambda value: test(value) if value is not None else operator == "!="

    def _like(self, field: Field, literal: Literal) -> Callable[[Any], bool]:
        if field.type in {*IDS, *NUMBERS, Type.DATE, Type.DATETIME, Type.BOOLEAN}:
            raise self._no_operator(literal, "LIKE")
        if literal.kind is not LiteralKind.STRING:
            raise self._wrong_type(field, literal)
        pattern = re.compile(_like_pattern(str(literal.value)), re.IGNORECASE | re.DOTALL)
        return lambda value: value is not None and pattern.fullmatch(value) is not None

    def _operand(self, field: Field, literal: Literal) -> Any:
        if literal.kind is not _literal_kind(field):
            raise self._wrong_type(field, literal)
        if field.type in IDS:
            full = ids.canonical(str(literal.value))
            if full is None:
                message = f"invalid ID field: {literal.value}"
                raise self._error(literal.at, "INVALID_QUERY_FILTER_OPERATOR", message)
            return full
        return _comparable(field, literal.value)

    def _wrong_type(self, field: Field, literal: Literal) -> ApiError:
        kind = _literal_kind(field)
        quotes = "should be enclosed" if kind is LiteralKind.STRING else "should not be enclosed"
        message = f"value of filter criterion for field '{field.name}' must be of type {kind} and {quotes} in quotes"
        return self._error(literal.at, "INVALID_FIELD", message)

    def _no_operator(self, literal: Literal, operator: str) -> ApiError:
        return self._error(literal.at, "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator: {operator}")

    def _error(self, at: int, code: str, message: str) -> ApiError:
        return point(self._query.text, at, code, message)


def _literal_kind(field: Field) -> LiteralKind:
    if field.type in NUMBERS:
        return LiteralKind.NUMBER
    kinds = {
        Type.DATE: LiteralKind.DATE,
        Type.DATETIME: LiteralKind.DATETIME,
        Type.BOOLEAN: LiteralKind.BOOLEAN,
    }
    return kinds.get(field.type, LiteralKind.STRING)


def _comparable(field: Field, value: Any) -> Any:
    """Return what is compared and sorted: text regardless of case, ids by character."""
    return value.casefold() if isinstance(value, str) and field.type not in IDS else value


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _like_pattern(text: str) -> str:
    r"""Turn % and _ into a regular expression; \% and \_ are the characters themselves."""
    signs = {"%": ".*", "_": "."}
    parts = re.findall(r"\\[%_]|.", text, flags=re.DOTALL)
    return "".join(signs.get(part) or re.escape(part.removeprefix("\\") if len(part) > 1 else part) for part in parts)
