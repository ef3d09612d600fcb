"""What was last done with a customer and what is open there, beside a record that is new.

https://developer.salesforce.com/docs/platform/object-reference/guide/sforce-api-objects-task.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from connectors.contract import Choice, ConnectorError, Malformed, Record, Ref, Refused, Unread, Value
from connectors.salesforce import composite
from connectors.salesforce.errors import FieldUnknown, ObjectUnknown
from connectors.salesforce.layout import Layout, layout_of
from connectors.salesforce.records import id18, record_of
from connectors.salesforce.settings import CREATED, HISTORY, Kind, SalesforceSettings
from connectors.salesforce.soql import literal
from connectors.salesforce.wire import Calls

MOST_CALLS = 4
ACCOUNTS = 25
"""Customers that one call asks about."""
ROWS = 500
LONGEST = 120
"""Characters of a name; a subject may have 255."""

_ACCOUNT = "AccountId"
_OWNER = "Owner.Name"

Read = TypeVar("Read", bound=Record | Unread)


@dataclass(frozen=True, slots=True)
class _Part:
    """One object around a customer: which rows of it, in which order, and what of them is told.

    `when` is the field that a line begins with, `what` the one that says what was done, where it is not the object's
    name.
    """

    kind: Kind
    where: str
    newest: str
    when: str = ""
    what: str = ""
    more: tuple[str, ...] = (_OWNER,)


def _part(number: str, where: str, newest: str, *, when: str = "", what: str = "", more: Sequence[str] = ()) -> _Part:
    shown = (*more, _OWNER)
    fields = tuple(path for path in (_ACCOUNT, when, what, *shown) if path)
    return _Part(Kind(fields=fields, number=number), where, newest, when, what, shown)


_DONE: Mapping[str, _Part] = MappingProxyType(
    {
        "Task": _part(
            "Subject", "IsClosed = true", "ActivityDate DESC NULLS LAST", when="ActivityDate", what="TaskSubtype"
        ),
        "Event": _part("Subject", "StartDateTime <= {now}", "StartDateTime DESC", when="StartDateTime"),
    }
)
_OPEN: Mapping[str, _Part] = MappingProxyType(
    {
        "Opportunity": _part("Name", "IsClosed = false", "SystemModstamp DESC", more=("StageName", "CloseDate")),
        "Case": _part("Subject", "IsClosed = false", "SystemModstamp DESC", more=("Status", "Priority")),
    }
)
_PARTS: Mapping[str, _Part] = MappingProxyType({**_DONE, **_OPEN})

Around = Mapping[str, tuple[Record, ...]]
"""What lies around one customer, by object, newest first."""


@dataclass(frozen=True, slots=True)
class Histories:
    """Asks one org, as the integration user; descriptions are kept for as long as `describe` keeps them."""

    name: str
    org: Calls
    settings: SalesforceSettings
    describe: Callable[[str], Mapping[str, Any]]
    now: Callable[[], datetime]

    def beside(self, kind: str, records: Sequence[Read]) -> list[Read]:
        """Return the records, new ones with their customer's history in `context`: newest first, done before open.

        New is what was stamped within `overlap` after it was created. At most four calls are made, and a customer whose
        history is then not known in full gets none, nor do any after a failed call: a fact does not wait for what lies
        around it. Raises none of the contract's errors.
        """
        chosen = self.settings.kinds[kind]
        wanted = {each.id: account for each in records if (account := self._account(kind, chosen, each))}
        around = self._around(tuple(dict.fromkeys(wanted.values())), chosen.history) if wanted else {}
        return [
            replace(each, context={HISTORY: _told(each.id, around[wanted[each.id]], chosen.history)})
            if isinstance(each, Record) and wanted.get(each.id) in around
            else each
            for each in records
        ]

    def _account(self, kind: str, chosen: Kind, record: Record | Unread) -> str:
        """The customer of a new record; empty for any other."""
        if not chosen.history or isinstance(record, Unread):
            return ""
        created = record.fields.get(CREATED)
        if not isinstance(created, datetime) or record.stamp - created > self.settings.overlap:
            return ""
        account = record.fields.get(chosen.account_of(kind))
        with suppress(Refused):
            # A path of the operator's may lead to any text.
            return id18(account.id if isinstance(account, Ref) else account)
        return ""

    def _around(self, accounts: Sequence[str], most: int) -> Mapping[str, Around]:
        found: dict[str, Around] = {}
        with suppress(ConnectorError):
            layouts = self._layouts()
            for _ in range(MOST_CALLS):
                waiting = [each for each in accounts if each not in found]
                if not waiting or not layouts:
                    break
                found |= self._asked(waiting[:ACCOUNTS], most + 1, layouts)
        return found

    def _layouts(self) -> Mapping[str, Layout]:
        """How each object is read, of those that our user may see."""
        layouts = {}
        for name, part in _PARTS.items():
            with suppress(ObjectUnknown):
                layouts[name] = layout_of(name, part.kind, self.describe)
        return layouts

    def _asked(self, accounts: Sequence[str], most: int, layouts: Mapping[str, Layout]) -> Mapping[str, Around]:
        """Ask once about several customers; returns those of whom the `most` newest of each object came.

        Rows come newest first over all of them, so one with very many may push out those of others.
        """
        limit = min(ROWS, most * len(accounts) ** 2)
        asked = {name: composite.query(self._query(layout, accounts, limit)) for name, layout in layouts.items()}
        around: dict[str, dict[str, tuple[Record, ...]]] = {each: {} for each in accounts}
        for name, answer in composite.ask(self.org, self.settings, asked).items():
            if isinstance(answer, ObjectUnknown | FieldUnknown):
                continue
            rows = composite.records(composite.good(answer))
            cut = len(rows) >= limit or answer.get("done") is False
            for account in accounts:
                own = [row for row in rows if row.get(_ACCOUNT) == account]
                if cut and len(own) < most:
                    around.pop(account, None)
                elif account in around:
                    around[account][name] = self._read(own, layouts[name])
        return around

    def _query(self, layout: Layout, accounts: Sequence[str], limit: int) -> str:
        part = _PARTS[layout.kind]
        listed = ",".join(f"'{each}'" for each in accounts)
        where = part.where.format(now=literal(self.now()))
        return (
            f"SELECT {','.join(layout.select)} FROM {layout.kind} WHERE {_ACCOUNT} IN ({listed}) AND {where} "  # noqa: S608 - names are held to \w, ids to letters and digits
            f"ORDER BY {part.newest} LIMIT {limit}"
        )

    def _read(self, rows: composite.Rows, layout: Layout) -> tuple[Record, ...]:
        found: list[Record] = []
        for row in rows:
            # What lies around a record is told beside it; a row that cannot be read is left out.
            with suppress(Malformed):
                found.append(record_of(row, layout, self.name, self.settings.url))
        return tuple(found)


def unseen(describe: Callable[[str], Mapping[str, Any]]) -> list[str]:
    """Return the objects of a history that the integration user may not see."""
    names = []
    for name in _PARTS:
        try:
            describe(name)
        except ObjectUnknown:
            names.append(name)
    return names


def _told(record_id: str, around: Around, most: int) -> tuple[str, ...]:
    done = [each for name in _DONE for each in around.get(name, ())]
    others = [each for name in _OPEN for each in around.get(name, ()) if each.id != record_id]
    done.sort(key=_when, reverse=True)
    others.sort(key=lambda each: each.stamp, reverse=True)
    return tuple(_line(each) for each in (*done[:most], *others[:most]))


def _when(record: Record) -> str:
    return _text(record.fields.get(_PARTS[record.kind].when))


def _line(record: Record) -> str:
    part, fields = _PARTS[record.kind], record.fields
    what = _text(fields.get(part.what)) or record.kind
    name = " ".join(record.number.split())[:LONGEST]
    more = "; ".join(text for path in part.more if (text := _text(fields.get(path))))
    return " ".join(text for text in (_when(record), f"{what}: {name}", more and f"({more})") if text)


def _text(value: Value) -> str:
    match value:
        case str():
            return value
        case Choice():
            return value.label
        case datetime():
            # The reader's zone is not known here.
            return f"{value:%Y-%m-%d %H:%M} UTC"
        case date():
            return value.isoformat()
        case _:
            return ""
