"""A query bound to what one role sees: SQL for the rows, and how each column of the answer is written."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.netsuite.sandbox.database import quoted
from connectors.netsuite.sandbox.errors import bad_parameter, bad_query
from connectors.netsuite.sandbox.schema import Column, Table, Type
from connectors.netsuite.sandbox.suiteql import functions
from connectors.netsuite.sandbox.suiteql.syntax import (
    Among,
    Between,
    Call,
    Compare,
    Condition,
    Constant,
    Empty,
    Expression,
    Group,
    Name,
    Negation,
    Order,
    Parameter,
    Query,
    Selected,
    Source,
    Star,
)
from connectors.netsuite.sandbox.suiteql.terms import NUMERIC, Bound, Custom, Fixed, Term, fit, joined, mismatch
from connectors.netsuite.sandbox.suiteql.view import View

_COUNT = "SELECT COUNT(*) AS n FROM"
CLOCKS = frozenset({"SYSDATE", "CURRENT_DATE", "CURRENT_TIMESTAMP", "SYSTIMESTAMP"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One column of the answer."""

    label: str
    term: Term


@dataclass(slots=True)
class Plan:
    """A query that is known to be good. Binding raises `ApiError` 400 as the vendor would."""

    query: Query
    view: View
    custom: Custom
    given: Sequence[str | Decimal | None]
    tables: dict[str, Table] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)

    def bind(self) -> Plan:
        """Look up every name."""
        if len(self.given) != self.query.parameters:
            raise bad_parameter(
                "q", f"The query has {self.query.parameters} parameters and {len(self.given)} are given."
            )
        for source in self.query.sources:
            self.tables[source.alias.casefold()] = self.view.table(source.table)
        selected = enumerate(self.query.selected, start=1)
        self.shown = [one for place, column in selected for one in self._selected(column, place)]
        self._check_groups()
        return self

    def statement(self, *, shuffled: bool) -> Term:
        """Return the SQL of the rows, in their order; `shuffled` puts rows that are not parted into any order."""
        parts = [self._core(", ".join(one.term.sql for one in self.shown))]
        values = [value for one in self.shown for value in one.term.values] + list(parts[0].values)
        orders = [self._order(order) for order in self.query.orders]
        if shuffled and not self._whole():
            orders += self._noise()
        sql = parts[0].sql
        if orders:
            sql += " ORDER BY " + ", ".join(order.sql for order in orders)
            values += [value for order in orders for value in order.values]
        return Term(sql, tuple(values), Type.TEXT)

    def count(self) -> Term:
        """Return the SQL that counts the rows."""
        if self._whole():
            term = self.statement(shuffled=False)
            return Term(f"{_COUNT} ({term.sql})", term.values, Type.INTEGER)
        core = self._core("COUNT(*) AS n")
        return Term(core.sql, core.values, Type.INTEGER)

    def _core(self, columns: str) -> Term:
        """Return everything but the order."""
        froms = [self._source(source, first=at == 0) for at, source in enumerate(self.query.sources)]
        parts = ["SELECT", "DISTINCT" if self.query.distinct else "", columns, "FROM", *(one.sql for one in froms)]
        values = [value for one in froms for value in one.values]
        if self.query.where:
            where = self._condition(self.query.where)
            parts += ["WHERE", where.sql]
            values += where.values
        if self.query.groups:
            groups = [functions.as_term(self._expression(group)) for group in self.query.groups]
            parts += ["GROUP BY", ", ".join(group.sql for group in groups)]
            values += [value for group in groups for value in group.values]
        return Term(" ".join(parts), tuple(values), Type.TEXT)

    def _source(self, source: Source, *, first: bool) -> Term:
        table = self.tables[source.alias.casefold()]
        named = f"{self.view.rows(table)} AS {quoted(source.alias.casefold())}"
        if first:
            return Term(named, (), Type.TEXT)
        on = self._condition(source.on) if source.on else Term("1", (), Type.BOOLEAN)
        word = "LEFT JOIN" if source.outer else "JOIN"
        return Term(f"{word} {named} ON {on.sql}", on.values, Type.TEXT)

    def _selected(self, selected: Selected, place: int) -> list[Shown]:
        expression = selected.expression
        if isinstance(expression, Star):
            aliases = [expression.alias.casefold()] if expression.alias else list(self.tables)
            return [self._plain(alias, column) for alias in aliases for column in self._columns(alias)]
        term = functions.as_term(self._expression(expression))
        # A-NETSUITE-29: what has no name is named by its place
        default = expression.name if isinstance(expression, Name) else f"expr{place}"
        return [Shown((selected.label or default).casefold(), term)]

    def _columns(self, alias: str) -> list[Column]:
        if alias not in self.tables:
            raise self._unknown(alias)
        return self.view.columns(self.tables[alias])

    def _plain(self, alias: str, column: Column) -> Shown:
        return Shown(column.name, self._column(alias, column))

    def _column(self, alias: str, column: Column) -> Term:
        return Term(self.view.value(self.tables[alias], column, alias), (), column.type, column, alias)

    def _expression(self, expression: Expression) -> Bound:
        match expression:
            case Constant(value):
                return Fixed(value)
            case Parameter(at):
                return Fixed(self.given[at])
            case Name():
                return self._name(expression)
            case Call("COUNT", (Star(),)):
                return Term("COUNT(*)", (), Type.NUMBER, aggregate=True)
            case Call(name, (argument,)) if name in functions.AGGREGATES:
                inner = functions.as_term(self._expression(argument))
                return functions.aggregate(name, inner, distinct=expression.distinct)
            case Call(name, arguments):
                bound = [self._expression(one) for one in arguments]
                return functions.call(name, bound, self.view, self.custom)
        raise mismatch()

    def _name(self, name: Name) -> Bound:
        if not name.alias and name.name.upper() in CLOCKS:
            return Fixed(datetime.now(UTC))
        alias = name.alias.casefold()
        if alias and alias not in self.tables:
            raise self._unknown(name.alias)
        found = [
            self._column(one, column)
            for one in ([alias] if alias else self.tables)
            if (column := self.view.column(self.tables[one], name.name))
        ]
        if not found:
            raise self._unknown(name.name)
        if len(found) > 1:
            raise bad_query(f"Search error occurred: Column '{name.name}' is ambiguous.")
        return found[0]

    def _unknown(self, name: str) -> Exception:
        known = ", ".join(f"{alias}={table.name}" for alias, table in self.tables.items())
        text = f"Search error occurred: Unknown identifier '{name}'. Available identifiers are: {{{known}}}"
        return bad_query(text)

    def _condition(self, condition: Condition) -> Term:
        match condition:
            case Group(every, conditions):
                inner = [self._condition(one) for one in conditions]
                term = joined(inner, " AND " if every else " OR ")
                return Term(f"({term.sql})", term.values, Type.BOOLEAN)
            case Negation(inner_condition):
                inner_term = self._condition(inner_condition)
                return Term(f"(NOT {inner_term.sql})", inner_term.values, Type.BOOLEAN)
            case Empty(left):
                term = functions.as_term(self._expression(left))
                return Term(f"({term.sql} IS NULL)", term.values, Type.BOOLEAN)
            case Compare(left, operator, right):
                return self._compare(self._expression(left), operator, self._expression(right))
            case Between(left, low, high):
                bound = self._expression(left)
                ends = [self._compare(bound, o, self._expression(e)) for o, e in ((">=", low), ("<=", high))]
                return Term(f"({ends[0].sql} AND {ends[1].sql})", ends[0].values + ends[1].values, Type.BOOLEAN)
            case Among(left, members):
                bound = self._expression(left)
                term = joined([self._compare(bound, "=", self._expression(one)) for one in members], " OR ")
                return Term(f"({term.sql})", term.values, Type.BOOLEAN)

    def _compare(self, left: Bound, operator: str, right: Bound) -> Term:
        if isinstance(left, Fixed) and isinstance(right, Fixed):
            left = functions.as_term(left)
        if isinstance(left, Term) and isinstance(right, Fixed):
            sides = self._side(left), Term("?", (self._fitted(right, left.type, operator),), left.type)
        elif isinstance(left, Fixed) and isinstance(right, Term):
            sides = Term("?", (self._fitted(left, right.type, operator),), right.type), self._side(right)
        elif isinstance(left, Term) and isinstance(right, Term) and _alike(left.type, right.type):
            sides = left, right
        else:
            raise mismatch()
        return Term(f"({sides[0].sql} {operator} {sides[1].sql})", sides[0].values + sides[1].values, Type.BOOLEAN)

    def _fitted(self, fixed: Fixed, other: Type, operator: str) -> Any:
        return fit(fixed, Type.TEXT if operator == "LIKE" else other, self.custom)

    def _side(self, term: Term) -> Term:
        """Return a column as it is compared and ordered."""
        # A-NETSUITE-6: ids as numbers or as text
        if term.type is Type.ID and self.custom.text_ids:
            return Term(f"CAST({term.sql} AS TEXT)", term.values, Type.ID)
        return term

    def _order(self, order: Order) -> Term:
        term = self._side(self._ordered(order.expression))
        nulls = " NULLS FIRST" if order.nulls_first else " NULLS LAST"
        column = term.column
        if term.type is Type.ID or (column is not None and column.type is Type.DATETIME):
            nulls = ""  # never empty: the index serves
        return Term(f"{term.sql}{' DESC' if order.descending else ''}{nulls}", term.values, Type.TEXT)

    def _ordered(self, expression: Expression) -> Term:
        if isinstance(expression, Constant) and isinstance(expression.value, Decimal):
            place = int(expression.value)
            if not 1 <= place <= len(self.shown):
                raise mismatch()
            return self.shown[place - 1].term
        if isinstance(expression, Name) and not expression.alias:
            named = [one.term for one in self.shown if one.label == expression.name.casefold()]
            if named:
                return named[0]
        return functions.as_term(self._expression(expression))

    def _check_groups(self) -> None:
        """Refuse a column that neither is a group nor goes through a function over many rows, as the vendor does."""
        if not self.query.groups and not any(one.term.aggregate for one in self.shown):
            return
        groups = {functions.as_term(self._expression(group)).sql for group in self.query.groups}
        if any(not one.term.aggregate and one.term.sql not in {*groups, "?"} for one in self.shown):
            raise mismatch()

    def _whole(self) -> bool:
        """Tell whether the rows of the answer are no rows of tables."""
        return self.query.distinct or bool(self.query.groups) or any(one.term.aggregate for one in self.shown)

    def _noise(self) -> list[Term]:
        """Return what puts rows into any order that ORDER BY does not part."""
        ordered = [self._ordered(order.expression) for order in self.query.orders]
        seed = random.randrange(1, 2**20)  # noqa: S311 - an order, no secret
        return [
            Term(f"(({quoted(alias)}.{quoted(table.unique)} + ?) * 48271 % 65537)", (seed,), Type.INTEGER)
            for source in self.query.sources
            if not self._follows(source)
            for alias, table in [(source.alias.casefold(), self.tables[source.alias.casefold()])]
            if not any(t.alias == alias and t.column and t.column.key == table.unique for t in ordered)
        ]

    def _follows(self, source: Source) -> bool:
        """Tell whether a joined table has one row at most for each row before it."""
        unique = self.tables[source.alias.casefold()].unique
        parts = source.on.conditions if isinstance(source.on, Group) and source.on.every else (source.on,)
        for part in parts:
            if isinstance(part, Compare) and part.operator == "=":
                for side in (part.left, part.right):
                    if isinstance(side, Name) and (side.alias.casefold(), side.name.casefold()) == (
                        source.alias.casefold(),
                        unique,
                    ):
                        return True
        return False


def _alike(one: Type, other: Type) -> bool:
    return one is other or {one, other} <= NUMERIC or not {one, other} & {*NUMERIC, Type.DATE, Type.DATETIME}
