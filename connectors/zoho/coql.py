"""Query text: https://www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html.

More than two conditions are bracketed in pairs. Times carry their offset and stand in quotes, as ids do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.zoho.layout import Layout, Subform
from connectors.zoho.records import written

Place = tuple[datetime, str]
"""(stamp, id) of a row."""

# Names are held to \w by the settings, ids to digits, times are written here: nothing else enters a query.


def page_query(layout: Layout, since: datetime | None, last: Place | None, limit: int) -> str:
    """Ask for the next rows of a round in the order of (stamp, id); `last` is the row before.

    The vendor's own order of ids is used in both places, whatever it is (A-ZOHO-103).
    """
    where = "id is not null"
    if last is not None:
        where = _behind(last)
    elif since is not None:
        where = f"Modified_Time >= '{written(since)}'"
    return f"{_select(layout.select, layout.kind)} where {where} {_ORDER} limit {limit}"


def versions_query(kind: str, since: datetime, until: datetime, last: Place | None, limit: int) -> str:
    """Ask for the next ids and stamps of [since, until) in the order of (stamp, id)."""
    begins = f"Modified_Time >= '{written(since)}'" if last is None else _behind(last)
    where = f"({begins} and Modified_Time < '{written(until)}')"
    return f"{_select(('id', 'Modified_Time'), kind)} where {where} {_ORDER} limit {limit}"


def ids_query(layout: Layout, ids: Sequence[str]) -> str:
    """Ask for the present state of some records, a hundred at most."""
    return f"{_select(layout.select, layout.kind)} where id in ({_listed(ids)}) limit {len(ids)}"


def rows_query(subform: Subform, parents: Sequence[str], last: str, limit: int) -> str:
    """Ask for the next rows of a subform of some records, by id; `last` is the row before, or empty.

    A subform is a module of its own whose rows name their record (A-ZOHO-109):
    https://www.zoho.com/crm/developer/docs/api/v8/subforms.html
    """
    columns = dict.fromkeys(("id", "Parent_Id", *(column.path for column in subform.columns)))
    where = f"Parent_Id in ({_listed(parents)})"
    if last:
        where = f"({where} and id > '{last}')"
    return f"{_select(tuple(columns), subform.module)} where {where} order by id asc limit {limit}"


_ORDER = "order by Modified_Time asc, id asc"


def _behind(last: Place) -> str:
    at = written(last[0])
    return f"((Modified_Time = '{at}' and id > '{last[1]}') or Modified_Time > '{at}')"


def _select(columns: Sequence[str], module: str) -> str:
    return f"select {', '.join(columns)} from {module}"  # noqa: S608 - names are held to \w by the settings


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(f"'{each}'" for each in ids)
