"""The functions of SuiteQL that the twin knows.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156257799794.html (built-in functions) and
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156257790831.html (supported functions)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.errors import bad_query, unsupported
from connectors.netsuite.sandbox.schema import Type
from connectors.netsuite.sandbox.suiteql.terms import Bound, Custom, Fixed, Term, fit, mismatch
from connectors.netsuite.sandbox.suiteql.view import View

AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG"})
_DATES = {
    "TO_DATE": "MM/DD/YYYY",
    "TO_TIMESTAMP": "YYYY-MM-DD HH24:MI:SS",
    "TO_TIMESTAMP_TZ": "YYYY-MM-DD HH24:MI:SS TZH:TZM",
}
CHAR = "ns_char"
"""The SQL function behind TO_CHAR: value, type, format model."""


def call(name: str, arguments: Sequence[Bound], view: View, custom: Custom) -> Bound:
    """Bind a function. Raises `ApiError` 400 for wrong arguments, 501 for a function that the twin does not know."""
    if name in _DATES:
        return _date(name, arguments, custom)
    if name == "TO_CHAR":
        return _char(arguments, custom)
    if name in {"BUILTIN.DF", "BUILTIN.CF"}:
        return _builtin(name, arguments, view)
    terms = [as_term(one) for one in arguments]
    sql = _scalar(name, [term.sql for term in terms])
    kind = {"TO_NUMBER": Type.NUMBER, "NVL": terms[0].type, "COALESCE": terms[0].type}.get(name, Type.TEXT)
    return Term(sql, tuple(value for term in terms for value in term.values), kind)


def _scalar(name: str, arguments: Sequence[str]) -> str:
    match name, len(arguments):
        case (("UPPER" | "LOWER" | "TRIM"), 1):
            return f"{name}({arguments[0]})"
        case "CONCAT", 2:
            # in Oracle's database an empty text is no reason for an empty result
            return f"(COALESCE({arguments[0]}, '') || COALESCE({arguments[1]}, ''))"
        case (("NVL" | "COALESCE"), count) if count > 1:
            return f"COALESCE({', '.join(arguments)})"
        case "TO_NUMBER", 1:
            return f"CAST({arguments[0]} AS REAL)"
    raise unsupported(f"the function {name}")


def aggregate(name: str, argument: Term, *, distinct: bool) -> Term:
    """Bind a function over many rows."""
    inner = f"DISTINCT {argument.sql}" if distinct else argument.sql
    kept = name in {"MIN", "MAX"}
    return Term(f"{name}({inner})", argument.values, argument.type if kept else Type.NUMBER, aggregate=True)


def as_term(bound: Bound) -> Term:
    """Return a value as SQL."""
    if isinstance(bound, Term):
        return bound
    if isinstance(bound.value, datetime):
        return Term("?", (moments.of(bound.value),), Type.DATETIME)
    if isinstance(bound.value, Decimal):
        return Term("?", (fit(bound, Type.NUMBER, _PLAIN),), Type.NUMBER)
    return Term("?", (bound.value,), Type.TEXT)


_PLAIN = Custom(UTC, "", text_ids=False)


def _date(name: str, arguments: Sequence[Bound], custom: Custom) -> Fixed:
    texts = [one.value for one in arguments if isinstance(one, Fixed) and isinstance(one.value, str)]
    if len(texts) != len(arguments) or len(texts) not in {1, 2}:
        raise unsupported(f"{name} of anything but a text")
    model = texts[1] if len(texts) == 2 else _DATES[name]
    try:
        return Fixed(moments.read(texts[0], model, custom.zone))
    except ValueError as error:
        raise bad_query(f"Search error occurred: {error}.") from error


def _char(arguments: Sequence[Bound], custom: Custom) -> Term:
    value = as_term(arguments[0]) if arguments else None
    if value is None:
        raise mismatch()
    if len(arguments) == 1:
        if value.type is Type.DATETIME or value.type is Type.DATE:
            return Term(f"{CHAR}({value.sql}, ?, ?)", (*value.values, value.type, custom.date_format), Type.TEXT)
        return Term(f"CAST({value.sql} AS TEXT)", value.values, Type.TEXT)
    model = arguments[1]
    if not isinstance(model, Fixed) or not isinstance(model.value, str):
        raise mismatch()
    if value.type not in {Type.DATE, Type.DATETIME}:
        raise unsupported("TO_CHAR of a number with a format")
    return Term(f"{CHAR}({value.sql}, ?, ?)", (*value.values, value.type, model.value), Type.TEXT)


def _builtin(name: str, arguments: Sequence[Bound], view: View) -> Term:
    column = arguments[0] if len(arguments) == 1 else None
    if not isinstance(column, Term) or column.column is None:
        raise mismatch()
    if name == "BUILTIN.CF" and column.column.typed:
        return Term(f'("{column.alias}"."type" || \':\' || {column.sql})', (), Type.TEXT)
    if name == "BUILTIN.CF":
        return column
    if column.type in {Type.REFERENCE, Type.CHOICE, Type.BOOLEAN}:
        return Term(view.label(column.column, column.alias), (), Type.TEXT)
    return column
