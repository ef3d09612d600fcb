"""Reading records by their ids: get and getList.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3488543.html and
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3499748.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.roles import Caller
from connectors.netsuite.sandbox.schema import Level, RecordType, Row
from connectors.netsuite.sandbox.soap import envelopes, render, shapes
from connectors.netsuite.sandbox.soap.envelopes import FaultError, StatusError

MOST = 1000
"""The most records of one list.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3418637.html
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads for one caller."""

    account: Account
    caller: Caller

    def one(self, reference: Element | None) -> str:
        """Return the answer for one record: its status, and the record with its lines where it is found."""
        try:
            record, row = self._found(reference)
        except StatusError as error:
            inner = envelopes.status(error)
        else:
            printer = render.Printer(self.account, self.caller.role)
            inner = envelopes.status() + printer.record(record, row, "platformMsgs:record", lines=True)
        return f"<platformMsgs:readResponse>{inner}</platformMsgs:readResponse>"

    def many(self, references: Sequence[Element]) -> str:
        """Return the answers in the order of the references. Raises `FaultError` for too many."""
        if len(references) > MOST:
            # A-NETSUITE-50: no page gives the code
            message = f"A list has at most {MOST} records."
            raise FaultError("exceededRecordCount", "MAX_RCRDS_EXCEEDED", message)
        answers = "".join(self.one(reference) for reference in references)
        # A-NETSUITE-45: the page's samples have no status of the whole list, clients ask for it
        whole = envelopes.status() if self.account.switches.soap_list_status == "present" else ""
        return f"<platformMsgs:readResponseList>{whole}{answers}</platformMsgs:readResponseList>"

    def _found(self, reference: Element | None) -> tuple[RecordType, Row]:
        record = shapes.of_type(reference.get("type", "")) if reference is not None else None
        if record is None or reference is None:
            raise StatusError("INVALID_RCRD_TYPE", "The record type is missing or unknown.")
        if not self.caller.role.may(Level.VIEW, record):
            raise StatusError("INSUFFICIENT_PERMISSION", f"Permission Violation: you may not view {record.label}.")
        key, external = reference.get("internalId", ""), reference.get("externalId", "")
        row = self.account.store.find(record, int(key)) if key.isdecimal() else None
        if external and not key:
            row = self.account.store.by_external(record, external)
        if row is None or not self.caller.role.reaches(row):
            raise StatusError("RCRD_DSNT_EXIST", "That record does not exist.")
        if (record.name, row["id"]) in self.account.locked and self.account.switches.locked_reads == "refused":
            raise StatusError("USER_ERROR", "This record has been locked by a user defined workflow.")
        return record, row
