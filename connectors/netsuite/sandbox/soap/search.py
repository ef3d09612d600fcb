"""Searches and their further pages.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3514306.html and
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3523074.html
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from connectors.netsuite.sandbox import approvals, moments
from connectors.netsuite.sandbox.account import PACIFIC, Account
from connectors.netsuite.sandbox.credentials import ACCOUNT_ID
from connectors.netsuite.sandbox.database import quoted, stored
from connectors.netsuite.sandbox.roles import Caller
from connectors.netsuite.sandbox.schema import Level
from connectors.netsuite.sandbox.soap import shapes
from connectors.netsuite.sandbox.soap.envelopes import StatusError, child, every, local, text, typed
from connectors.netsuite.sandbox.soap.rows import Wanted, wanted
from connectors.netsuite.sandbox.soap.searches import DATE, FLAG, LINE, REFS, SEARCHES, TEXT, Fields, SearchType

_DATES = {"after": ">", "before": "<", "onOrAfter": ">=", "onOrBefore": "<="}
_NEGATED = {
    "notAfter": "after",
    "notBefore": "before",
    "notOn": "on",
    "notOnOrAfter": "onOrAfter",
    "notOnOrBefore": "onOrBefore",
    "notWithin": "within",
    "noneOf": "anyOf",
    "isNot": "is",
    "doesNotContain": "contains",
    "doesNotStartWith": "startsWith",
    "notEmpty": "empty",
}
_SHAPES = ("SearchBasic", "Search", "SearchAdvanced")
_TEXTS = {"is": "{}", "contains": "%{}%", "startsWith": "{}%"}
SMALLEST_PAGE, LARGEST_PAGE = 5, 1000


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in SQL with its values."""

    sql: str
    values: tuple[Any, ...]


@dataclass(slots=True)
class Search:
    """One search that can be paged: last used at `used`, dead at `ends` (monotonic seconds).

    It finds whole records, with their lines where `lines` is set, or rows of `columns`: then each line of a transaction
    is one. `ids` are those of the records or the lines, as they were found last.
    """

    id: str
    caller: Caller
    kind: SearchType
    condition: Condition
    of_lines: Condition | None
    page_size: int
    lines: bool
    columns: Sequence[Wanted]
    ids: list[int] = field(default_factory=list)
    used: float = 0.0
    ends: float = 0.0

    @property
    def by_lines(self) -> bool:
        """Whether each line of a transaction is a row.

        See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3659492.html
        """
        return bool(self.columns) and self.kind.table == "transaction"


@dataclass(slots=True)
class Searches:
    """All searches of one account whose id is still good."""

    account: Account
    _open: dict[str, Search] = field(default_factory=dict)

    def open(self, caller: Caller, search_record: Element | None, preferences: Element | None) -> Search:
        """Run a search. Raises `StatusError`."""
        if search_record is None:
            raise StatusError("USER_ERROR", "A search needs a searchRecord.")
        name = typed(search_record)
        kind = next((one for one in SEARCHES if name in {one.name + end for end in _SHAPES}), None)
        if kind is None:
            raise StatusError("USER_ERROR", f"The sandbox does not know the search {name}.")
        advanced = name.endswith("Advanced")
        columns = self._columns(kind, search_record, preferences) if advanced else []
        named = _named(search_record, name)
        headers = [self._condition(kind.fields, one) for one in named if local(one) not in kind.line_fields]
        lines = [self._condition(kind.line_fields, one) for one in named if local(one) in kind.line_fields]
        found = Search(
            f"WEBSERVICES_{ACCOUNT_ID}_{secrets.token_hex(16)}",
            caller,
            kind,
            _all([self._seen(caller, kind), *headers]),
            _all(lines) if lines else None,
            page_size(self.account, preferences),
            advanced or text(preferences, "bodyFieldsOnly") == "false",
            columns,
        )
        found.ids = self._run(found)
        self._keep(found)
        self._open[found.id] = found
        return found

    def again(self, caller: Caller, search_id: str) -> Search:
        """Return a search for its next page. Raises `StatusError` for one that is unknown or too old."""
        found = self._open.get(search_id)
        if found is None or found.caller != caller:
            raise _dead()
        if found.ends <= time.monotonic() or found.used <= self.account.searches_ended:
            raise _dead()
        # A-NETSUITE-25: the page says that each page searches again
        if self.account.switches.search_again == "each_page":
            found.ids = self._run(found)
        self._keep(found)
        return found

    def dates(self, column: str, one: Element) -> Condition:
        """Return the condition of a date field. Raises `StatusError`."""
        return self._dates(column, one, stamped=True)

    def _keep(self, search: Search) -> None:
        search.used = time.monotonic()
        search.ends = search.used + self.account.settings.search_seconds

    def _columns(self, kind: SearchType, advanced: Element, preferences: Element | None) -> list[Wanted]:
        """Return the columns of an advanced search, none where it is for whole records. Raises `StatusError`.

        See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4170181850.html
        """
        if advanced.get("savedSearchId") or advanced.get("savedSearchScriptId"):
            raise StatusError("INVALID_SAVEDSEARCH", "The sandbox has no saved searches.")
        columns = child(advanced, "columns")
        asked = [] if columns is None else list(wanted(self.account, kind, columns))
        if asked and text(preferences, "returnSearchColumns") != "false":
            return asked
        # A-NETSUITE-46: another page says that whole records are found
        if self.account.switches.columns_missing == "refused":
            raise StatusError("INVALID_SEARCH_PREF", "An advanced search without a saved search returns columns.")
        return []

    def _run(self, search: Search) -> list[int]:
        """Return the ids of what is found, in order."""
        headers = " ".join(["SELECT id FROM", stored(search.kind.table), "WHERE", search.condition.sql])
        values = search.condition.values
        if search.by_lines:
            own = search.of_lines or Condition("1", ())
            costs = "iscogs = 'F'" if self.account.switches.cost_lines == "absent" else "1"
            where = f'{own.sql} AND {costs} AND "transaction" IN ({headers})'
            parts = [
                "SELECT uniquekey FROM",
                stored(LINE),
                "WHERE",
                where,
                'ORDER BY "transaction", linesequencenumber',
            ]
            return self._ids(parts, (*own.values, *values))
        if search.of_lines:
            inside = " ".join(['SELECT "transaction" FROM', stored(LINE), "WHERE", search.of_lines.sql])
            return self._ids([headers, f"AND id IN ({inside}) ORDER BY id"], (*values, *search.of_lines.values))
        return self._ids([headers, "ORDER BY id"], values)

    def _ids(self, parts: Sequence[str], values: Sequence[Any]) -> list[int]:
        return [int(row[0]) for row in self.account.database.run(*parts, values=values)]

    def _seen(self, caller: Caller, kind: SearchType) -> Condition:
        """Return the condition that the role puts on every search. Raises `StatusError`."""
        records = [r for r in self.account.catalogue.records() if r.table == kind.table]
        seen = [record for record in records if caller.role.may(Level.VIEW, record)]
        if not seen:
            raise StatusError("INSUFFICIENT_PERMISSION", f"Permission Violation: you may not search {kind.name}.")
        parts, values = ["1"], list[Any]()
        if kind.table == "transaction" and len(seen) < len(records):
            parts.append(f"type IN ({', '.join('?' for _ in seen)})")
            values += [record.code for record in seen]
        table = self.account.catalogue.table(kind.table)
        restricted = table is not None and any(c.key == "subsidiary" for c in table.columns)
        if caller.role.confined is not None and restricted:
            allowed = ", ".join(str(one) for one in sorted(caller.role.confined))
            parts.append(f"(subsidiary IS NULL OR subsidiary IN ({allowed}))")
        return Condition(" AND ".join(parts), tuple(values))

    def _condition(self, fields: Fields, one: Element) -> Condition:
        known = fields.get(local(one))
        if known is None:
            raise StatusError("USER_ERROR", f"The sandbox does not search by {local(one)}.")
        key, shape = known
        operator = one.get("operator", "")
        plain = _NEGATED.get(operator, operator)
        if shape == DATE:
            found = self._dates(key, one, stamped=key != "trandate")
        elif shape == FLAG:
            found = Condition(f"{quoted(key)} = ?", ("T" if text(one, "searchValue") == "true" else "F",))
        elif shape == TEXT:
            found = _text(key, plain, text(one, "searchValue"))
        else:
            found = self._members(key, shape, one)
        return Condition(f"NOT ({found.sql})", found.values) if operator in _NEGATED else found

    def _members(self, key: str, shape: str, one: Element) -> Condition:
        values: Sequence[Any]
        texts = [(value.text or "").strip() for value in every(one, "searchValue")]
        if shape == REFS:
            ids = [value.get("internalId", "") for value in every(one, "searchValue")]
            values = [int(value) for value in ids if value.isdecimal()]
        elif key == "type":
            values = [record.code for text_of in texts if (record := shapes.of_type(text_of))]
        else:
            values = [approvals.enumerated(self.account, text_of) for text_of in texts]
        return Condition(f"{quoted(key)} IN ({', '.join('?' for _ in values)})", tuple(values))

    def _dates(self, key: str, one: Element, *, stamped: bool) -> Condition:
        operator = one.get("operator", "")
        plain = _NEGATED.get(operator, operator)
        if plain == "empty":
            return Condition(f"{quoted(key)} IS NULL", ())
        first = self._moment(text(one, "searchValue"))

        def value(moment: datetime) -> int | str:
            return moments.of(moment) if stamped else f"{moment.astimezone(self.account.user_zone):%Y-%m-%d}"

        if plain == "within":
            last = self._moment(text(one, "searchValue2"))
            return Condition(f"{quoted(key)} BETWEEN ? AND ?", (value(first), value(last)))
        if plain == "on":
            start = first.astimezone(self.account.user_zone).replace(hour=0, minute=0, second=0, microsecond=0)
            return Condition(
                f"{quoted(key)} >= ? AND {quoted(key)} < ?", (value(start), value(start + timedelta(days=1)))
            )
        if plain not in _DATES:
            raise StatusError(
                "INVALID_SEARCH_OPERATOR", f"The sandbox does not know the operator '{operator}' of a date."
            )
        return Condition(f"{quoted(key)} {_DATES[plain]} ?", (value(first),))

    def _moment(self, given: str) -> datetime:
        """Read a time with an offset, or without one: then it is Pacific.

        See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1521451348.html
        """
        try:
            read = datetime.fromisoformat(given)
        except ValueError as error:
            raise StatusError("INVALID_DATE_FORMAT", f"Invalid date: '{given}'.") from error
        return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(PACIFIC))


def page_size(account: Account, preferences: Element | None) -> int:
    """Return the rows of a page: the caller's wish between 5 and 1,000. Raises `StatusError`."""
    wish = text(preferences, "pageSize")
    if not wish:
        return account.settings.soap_page_size
    if not wish.isdecimal() or not SMALLEST_PAGE <= int(wish) <= LARGEST_PAGE:
        raise StatusError("INVALID_SEARCH_PAGE_SIZE", f"pageSize has to be between {SMALLEST_PAGE} and {LARGEST_PAGE}.")
    return int(wish)


def _named(search_record: Element, name: str) -> Sequence[Element]:
    """Return the fields that a search names, whichever of its three shapes it has."""
    criteria = child(search_record, "criteria") if name.endswith("Advanced") else search_record
    basic = criteria if criteria is None or name.endswith("Basic") else child(criteria, "basic")
    return () if basic is None else list(basic)


def _all(parts: Sequence[Condition]) -> Condition:
    return Condition(" AND ".join(one.sql for one in parts), tuple(value for one in parts for value in one.values))


def _dead() -> StatusError:
    return StatusError("INVALID_JOB_ID", "The jobid or searchId is not valid or has expired.")


def _text(key: str, operator: str, value: str) -> Condition:
    if operator == "empty":
        return Condition(f"{quoted(key)} IS NULL", ())
    if operator not in _TEXTS:
        raise StatusError("INVALID_SEARCH_OPERATOR", f"The sandbox does not know the operator '{operator}' of a text.")
    return Condition(f"LOWER(COALESCE({quoted(key)}, '')) LIKE LOWER(?)", (_TEXTS[operator].format(value),))
