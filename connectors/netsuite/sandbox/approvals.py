"""Approving by the field approvalStatus, which is what purchase orders and bills have in place of an action.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1516982564.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.errors import ApiError, user_error
from connectors.netsuite.sandbox.roles import Caller
from connectors.netsuite.sandbox.schema import RecordType, Row
from connectors.netsuite.sandbox.tables.transactions import AFTER, APPROVAL, APPROVED, PENDING, REJECTED

FIRST_OTHER = 100
ALLOWED = {PENDING: {APPROVED, REJECTED}, REJECTED: {PENDING}, APPROVED: set[str]()}
"""To which status each status may change."""


def renumber(account: Account, *, other: bool) -> None:
    """Give approvalStatus the standard codes, or codes of the account's own (A-NETSUITE-20)."""
    column = next(c for c in account.catalogue.tables()[0].columns if c.key == "approvalstatus")
    choices = {str(int(code) + FIRST_OTHER): text for code, text in APPROVAL.items()} if other else dict(APPROVAL)
    if column.choices == choices:
        return
    step = FIRST_OTHER if other else -FIRST_OTHER
    account.store.convert("transaction", "id", column, lambda code: None if code is None else str(int(code) + step))
    account.catalogue.swap("transaction", column, replace(column, choices=choices))


def meaning(code: str | None) -> str:
    """Return the standard code of an approval status."""
    number = int(code or PENDING)
    return str(number - FIRST_OTHER if number > FIRST_OTHER else number)


def code(account: Account, standard: str) -> str:
    """Return the account's code for a standard one."""
    return str(int(standard) + FIRST_OTHER) if account.switches.approval_codes == "renumbered" else standard


def enumerated(account: Account, name: str) -> str:
    """Return the account's code for the name that SOAP has for a status: _pendingApproval, _approved, _rejected."""
    for standard, text in APPROVAL.items():
        if name == "_" + text[0].lower() + text[1:].replace(" ", ""):
            return code(account, standard)
    return name


def decide(account: Account, caller: Caller, record: RecordType, row: Row, values: dict[str, Any]) -> None:
    """Check a change of approvalStatus and add what follows from it. Raises `ApiError`."""
    if "approvalstatus" not in values or not record.code:
        return
    if not account.settings.approval_routing:
        raise user_error("You do not have permissions to set a value for element approvalstatus.")
    before, after = meaning(row.get("approvalstatus")), meaning(values["approvalstatus"])
    if before == after:
        return
    if not _may(account, caller, record, row):
        # A-NETSUITE-17: no page shows this error
        text = f"You do not have permissions to approve or reject this {record.label.lower()}."
        raise ApiError(account.switches.forbidden_status, "INSUFFICIENT_PERMISSION", text)
    if after not in ALLOWED[before]:
        raise user_error(f"The approval status cannot change from {APPROVAL[before]} to {APPROVAL[after]}.")
    values["status"] = AFTER[record.code][after]
    if after != PENDING:
        values["nextapprover"] = None


def _may(account: Account, caller: Caller, record: RecordType, row: Row) -> bool:
    if not caller.role.decides(record):
        return False
    # A-NETSUITE-21: whether the vendor asks who the next approver is
    asked = account.switches.approver == "next_approver" and not caller.role.admin
    return not asked or row.get("nextapprover") == caller.employee
