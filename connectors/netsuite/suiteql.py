"""Query text with its bound parameters: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html.

A page is asked for by the place of the row before it, (stamp, id), and never by an offset: rows that move while pages
are read would come twice or not at all. Dates and times are written by TO_CHAR and read by TO_TIMESTAMP, or the
account's own format would decide. Places are compared as they are written, so that parts of a second which nobody shows
change nothing (A-NETSUITE-103); the comparison of times beside it keeps the query short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.netsuite.layout import Column, Layout
from connectors.netsuite.moments import SQL_DATE, SQL_MOMENT
from connectors.netsuite.settings import Form, LineUnits

Place = tuple[str, str]
"""(stamp, id) of a row: the stamp as the account's clock shows it."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query, and what stands for its question marks."""

    text: str
    params: tuple[str, ...] = ()


# Names are held to the vendor's alphabet by the settings; all else is bound.


def page_query(layout: Layout, since: str | None, last: Place | None) -> Query:
    """Ask for the next rows of a round in the order of (stamp, id); `last` is the row before, `since` a wall time."""
    where, params = _from(layout, since, last)
    return _ordered(layout, _select(layout), where, params)


def versions_query(layout: Layout, since: str, until: str, last: Place | None) -> Query:
    """Ask for the next ids and stamps of [since, until), two wall times."""
    where, params = _from(layout, since, last)
    select = f"SELECT t.id AS id, {_stamp(layout)} FROM {layout.table} t"  # noqa: S608 - see above
    return _ordered(layout, select, [*where, f"t.{layout.stamp} < {READ}"], (*params, until))


def ids_query(layout: Layout, ids: Sequence[str]) -> Query:
    """Ask for the present state of some records, a thousand at most."""
    where, params = _type(layout)
    return _ordered(layout, _select(layout), [*where, f"t.id IN ({marks(ids)})"], (*params, *ids))


def lines_query(layout: Layout, ids: Sequence[str], last: tuple[str, str] | None, units: LineUnits) -> Query:
    """Ask for the next lines of some transactions, by (transaction, line); `last` is the one before.

    The main line, tax lines and the cost of goods sold are no lines that people entered.
    """
    columns = [column for row in layout.lines.values() for column in row]
    names = ["n.transaction AS doc_id", "n.id AS id", "n.item AS item", *named(columns)]
    joins = ""
    if units is not LineUnits.NONE:
        names += [f"{sql} AS {name}" for name, sql in _UNITS.items()]
        # Ids of units are unique over all types of units (A-NETSUITE-107).
        joins = " LEFT JOIN unitstypeuom u ON u.internalid = n.units"
        joins += " LEFT JOIN unitstypeuom b ON b.unitstype = u.unitstype AND b.baseunit = 'T'"
    where = [
        f"n.transaction IN ({marks(ids)})",
        "n.mainline = 'F'",
        "n.taxline = 'F'",
        *(["n.iscogs = 'F'"] if layout.costs else []),
    ]
    params = tuple(ids)
    if last is not None:
        where.append("(n.transaction > ? OR (n.transaction = ? AND n.id > ?))")
        params = (*params, last[0], last[0], last[1])
    text = (
        f"SELECT {', '.join(names)} FROM transactionline n{joins} WHERE {' AND '.join(where)} "  # noqa: S608 - see above
        "ORDER BY n.transaction ASC, n.id ASC"
    )
    return Query(text, params)


def changed_query(layout: Layout, since: str, last: Place | None) -> Query:
    """Ask for the next lines changed at or after a wall time whose transaction has an older stamp, by (stamp, key)."""
    stamp = "n.linelastmodifieddate"
    begins: tuple[list[str], tuple[str, ...]] = ([f"{stamp} >= {READ}"], (since,))
    where, params = begins if last is None else behind(stamp, "n.uniquekey", last)
    text = written(stamp, Form.MOMENT)
    return Query(
        f"SELECT n.transaction AS doc_id, n.uniquekey AS id, {text} AS stamp FROM transactionline n "  # noqa: S608 - see above
        f"JOIN transaction t ON t.id = n.transaction WHERE {' AND '.join(where)} AND t.type = ? "
        f"AND t.{layout.stamp} < {READ} ORDER BY {text} ASC, n.uniquekey ASC",
        (*params, layout.type, since),
    )


READ = f"TO_TIMESTAMP(?, '{SQL_MOMENT}')"
_UNITS = {"unit_name": "u.unitname", "unit_rate": "u.conversionrate", "base_name": "b.unitname"}


def written(sql: str, form: Form) -> str:
    """Return how a column is asked for."""
    if form is Form.DATE:
        return f"TO_CHAR({sql}, '{SQL_DATE}')"
    return f"TO_CHAR({sql}, '{SQL_MOMENT}')" if form is Form.MOMENT else sql


def _select(layout: Layout) -> str:
    names = ["t.id AS id", _stamp(layout), *named(layout.header)]
    joins = ""
    if layout.by:
        names += ["t.lastmodifiedby AS changed_by", "BUILTIN.DF(t.lastmodifiedby) AS changed_byl"]
    if layout.money:
        names.append("y.symbol AS currency_code")
        joins += " LEFT JOIN currency y ON y.id = t.currency"
    if any(column.sql.startswith("m.") for column in layout.columns):
        joins += " LEFT JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'"
    return f"SELECT {', '.join(names)} FROM {layout.table} t{joins}"  # noqa: S608 - see above


def named(columns: Sequence[Column]) -> list[str]:
    """Return what is asked for of these columns: each value under its alias, and the text that people see of it."""
    names = []
    for column in columns:
        names.append(f"{written(column.sql, column.form)} AS {column.alias}")
        if column.form in {Form.LINK, Form.CHOICE}:
            names.append(f"BUILTIN.DF({column.sql}) AS {column.alias}l")
    return names


def _stamp(layout: Layout) -> str:
    return f"{written(f't.{layout.stamp}', Form.MOMENT)} AS stamp"


def behind(stamp: str, record_id: str, last: Place) -> tuple[list[str], tuple[str, ...]]:
    """Return the conditions of the rows behind a place, and what stands for their question marks."""
    text = written(stamp, Form.MOMENT)
    where = [f"{stamp} >= {READ}", f"({text} > ? OR ({text} = ? AND {record_id} > ?))"]
    return where, (last[0], last[0], last[0], last[1])


def _type(layout: Layout) -> tuple[list[str], tuple[str, ...]]:
    return (["t.type = ?"], (layout.type,)) if layout.type else ([], ())


def _from(layout: Layout, since: str | None, last: Place | None) -> tuple[list[str], tuple[str, ...]]:
    where, params = _type(layout)
    if last is not None:
        conditions, bound = behind(f"t.{layout.stamp}", "t.id", last)
        return [*where, *conditions], (*params, *bound)
    if since is not None:
        return [*where, f"t.{layout.stamp} >= {READ}"], (*params, since)
    return where, params


def _ordered(layout: Layout, select: str, where: Sequence[str], params: tuple[str, ...]) -> Query:
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    stamp = written(f"t.{layout.stamp}", Form.MOMENT)
    return Query(f"{select}{condition} ORDER BY {stamp} ASC, t.id ASC", params)


def marks(ids: Sequence[str]) -> str:
    """Return as many question marks as there are ids."""
    return ", ".join("?" for _ in ids)
