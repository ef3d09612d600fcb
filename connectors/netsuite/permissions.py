"""What one of the account's people may do and see, as far as NetSuite tells it.

Whoever has a credential of their own is judged by NetSuite itself: calls made with it show what their role shows. For
others the record names its next approver, and the tables of roles tell what a role may edit; what these do not tell is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from connectors.contract import HIDDEN, Action, Answer, Misconfigured, Record, Refused, Unread, Verb
from connectors.netsuite.acts import LOCKED, NO_APPROVER, NO_CREDENTIAL, NOT_SHOWN, NOT_WAITING, NOT_YOURS, forbids
from connectors.netsuite.approval import NO_STEP, Standing, path_of, standing, target_of
from connectors.netsuite.errors import RecordLocked, RecordMissing, unreadable
from connectors.netsuite.people import People
from connectors.netsuite.queries import Queries
from connectors.netsuite.settings import Kind
from connectors.netsuite.suiteql import Query
from connectors.netsuite.wire import Account

EDIT = 3
"""Levels of a permission: 1 view, 2 create, 3 edit, 4 full (A-NETSUITE-306)."""

# The script ids of permissions (A-NETSUITE-306).
PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "customer": "LIST_CUSTJOB",
        "employee": "LIST_EMPLOYEE",
        "estimate": "TRAN_ESTIMATE",
        "expensereport": "TRAN_EXPREPT",
        "inventoryitem": "LIST_ITEM",
        "invoice": "TRAN_CUSTINVC",
        "itemfulfillment": "TRAN_ITEMSHIP",
        "itemreceipt": "TRAN_ITEMRCPT",
        "purchaseorder": "TRAN_PURCHORD",
        "purchaserequisition": "TRAN_PURCHREQ",
        "salesorder": "TRAN_SALESORD",
        "supportcase": "LIST_CASE",
        "vendor": "LIST_VENDOR",
        "vendorbill": "TRAN_VENDBILL",
    }
)

_ROLES = "SELECT e.rolesforsearch AS roles FROM employee e WHERE e.id = ? AND e.isinactive = 'F' AND e.giveaccess = 'T'"

ReadAs = Callable[[str, str, Sequence[str]], Sequence[Record | Unread]]
"""Reads records of a kind as a person with a credential: (actor, kind, ids)."""


class Permissions:
    """Asks the account, as the person where it can."""

    def __init__(self, people: People, read_as: ReadAs) -> None:
        self._people = people
        self._read_as = read_as

    def may(self, actor: str, action: Action, kind: Kind) -> Answer:
        """Ask whether NetSuite would let `actor` do this now. Raises the contract's errors."""
        own = self._people.own(actor)
        if own is None and not self._people.stand_in:
            return _no(NO_CREDENTIAL)
        if action.verb is not Verb.SET and not target_of(action, kind.approval):
            return _no(NO_STEP)
        stands = self._stands(own, action, kind)
        if isinstance(stands, str):
            return _no(stands)
        if action.verb is not Verb.SET:
            return _may_decide(actor, stands, kind)
        # NetSuite judges a write that is made as the person; for others nobody would.
        return Answer(allowed=True) if own else self._may_edit(actor, action, kind)

    def sees(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Give the fields that `actor` may read, for each of these records that NetSuite shows to them.

        Nobody sees anything without a credential of their own: the tables of roles do not tell which records a role
        reaches. Raises the contract's errors.
        """
        if not ids or self._people.own(actor) is None:
            return {}
        try:
            found = self._read_as(actor, kind, ids)
        except Misconfigured as error:
            if not forbids(error):
                raise
            return {}
        shown = [each for each in found if isinstance(each, Record) and not each.deleted]
        return {record.id: frozenset(_visible(record)) for record in shown}

    def _stands(self, own: Account | None, action: Action, kind: Kind) -> Standing | str:
        """Return where the record stands, or why it cannot be acted on."""
        path = path_of(action.kind, kind, action.id)
        try:
            return standing(own or self._people.integration, path, kind.approval)
        except RecordLocked:
            return LOCKED
        except RecordMissing:
            return NOT_SHOWN
        except Misconfigured as error:
            if own is None or not forbids(error):
                raise
            return NOT_SHOWN

    def _may_edit(self, actor: str, action: Action, kind: Kind) -> Answer:
        permission = PERMISSIONS.get((kind.record or action.kind).lower(), "")
        unknown = "NetSuite does not tell the bridge what your role may change here: change it there."
        if not permission:
            return _no(unknown)
        try:
            level = _level(self._people.integration, actor, permission)
        except (Misconfigured, Refused):
            # The integration's role does not see the tables of roles, or the account has no subsidiaries.
            return _no(unknown)
        return Answer(allowed=True) if level >= EDIT else _no("Your roles in NetSuite do not let you change this.")


def _may_decide(actor: str, stands: Standing, kind: Kind) -> Answer:
    if stands.status != kind.approval.pending:
        return _no(NOT_WAITING)
    if stands.approver != actor:
        return _no(NOT_YOURS if stands.approver else NO_APPROVER)
    return Answer(allowed=True)


def _level(account: Account, actor: str, permission: str) -> int:
    """Return the highest level that one of a person's roles gives, 0 for none. Raises the contract's errors.

    https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_0210124841.html and section_0210123130.html
    """
    queries = Queries(account)
    found = queries.ask(Query(_ROLES, (actor,)), 1).rows
    roles = re.findall(r"-?\d+", str(found[0].get("roles") or "")) if found else []
    if not roles:
        return 0
    rows = queries.ask(_level_query(roles, permission), 1).rows
    try:
        return int(rows[0].get("most") or 0) if rows else 0
    except (TypeError, ValueError):
        raise unreadable(str(rows).encode()) from None


def _level_query(roles: Sequence[str], permission: str) -> Query:
    """Ask for the highest level.

    A role of some subsidiaries, or with a restriction on the permission (-1: none), may not reach this very record, so
    only roles without either count.
    """
    marks = ", ".join("?" for _ in roles)
    text = (
        "SELECT MAX(p.permlevel) AS most FROM rolepermissions p JOIN role r ON r.id = p.role "  # noqa: S608 - marks
        f"WHERE p.role IN ({marks}) AND p.permkey = ? AND p.restriction = -1 "
        "AND r.isinactive = 'F' AND r.subsidiaryoption = 'ALL'"
    )
    return Query(text, (*roles, permission))


def _visible(record: Record) -> Iterator[str]:
    """Name the fields that were read: a record's own, its sublists, and those of their lines."""
    for name, value in record.fields.items():
        if value is not HIDDEN:
            yield name
        for row in value if isinstance(value, tuple) else ():
            if isinstance(row, Mapping):
                yield from (f"{name}.{each}" for each, cell in row.items() if cell is not HIDDEN)


def _no(reason: str) -> Answer:
    return Answer(allowed=False, reason=reason)
