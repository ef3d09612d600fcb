"""What one record says of its approval, read as whoever is about to decide.

The record service has no action that approves an order, a requisition or a bill: a decision is a value of a field.
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1516982564.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.contract import Action, Verb
from connectors.netsuite.errors import unreadable
from connectors.netsuite.settings import Approval, Kind
from connectors.netsuite.wire import Account, Call

RECORDS = "/services/rest/record/v1/"
NO_STEP = "NetSuite has no such step for this record: it can be approved or rejected, and its fields can be set."


@dataclass(frozen=True, slots=True)
class Standing:
    """The ids of a record's approval status and of the employee whose decision it waits for; empty: it has none."""

    status: str = ""
    approver: str = ""


def path_of(kind: str, chosen: Kind, record_id: str) -> str:
    """Return the address of a record below the account's."""
    return f"{RECORDS}{chosen.record or kind}/{record_id}"


def standing(account: Account, path: str, approval: Approval) -> Standing:
    """Read where a record stands.

    Raises the contract's errors: RecordLocked where a workflow has locked it, RecordMissing where there is none or it is
    not shown, Misconfigured where the role may not read such records.
    """
    body = account.call(Call("GET", path)).body
    if not isinstance(body, dict):
        raise unreadable(str(body).encode())
    return Standing(_id(body.get(approval.field)), _id(body.get(approval.approver)))


def target_of(action: Action, approval: Approval) -> str:
    """Return the status that a decision leads to, empty where the settings name none for it."""
    return {Verb.APPROVE: approval.approved, Verb.REJECT: approval.rejected}.get(action.verb, "")


def _id(value: Any) -> str:
    """Read a reference; older metadata has plain text in place of an object."""
    found = value.get("id") if isinstance(value, dict) else value
    return "" if found is None else str(found)
