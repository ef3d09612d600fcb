"""The other answers: where the vendor's behaviour is not certain, one switch for each claim."""

from __future__ import annotations

from typing import Literal

import msgspec

from connectors.sandbox.switches import Claims


class Switches(msgspec.Struct, forbid_unknown_fields=True):
    """The answers in force. The defaults are what the vendor's pages say, or what integrators report."""

    hidden_milliseconds: bool = False
    deletion_moves_stamp: bool = True
    relation_fields: Literal["name", "target"] = "name"
    numbers: Literal["double", "plain"] = "double"
    precondition_body: Literal["errors", "empty"] = "errors"
    wrong_client_status: Literal[400, 401] = 400
    approval_failure: Literal["errors", "results"] = "errors"
    decided_error: Literal["INVALID_CROSS_REFERENCE_KEY", "ALREADY_IN_PROCESS", "NO_APPLICABLE_PROCESS"] = (
        "INVALID_CROSS_REFERENCE_KEY"
    )
    foreign_approver_error: Literal["INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "INVALID_CROSS_REFERENCE_KEY"] = (
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
    )
    insufficient_access_status: Literal[400, 403] = 403
    changed_while_paging: Literal["refused", "left_out", "as_queried"] = "refused"
    acknowledgement: Literal["namespaced", "any"] = "namespaced"
    empty_fields_sent: bool = False
    rotated_token_dies: bool = True


CLAIMS: Claims = {
    "hidden_milliseconds": ("A-SALESFORCE-1", "stamps are kept and compared in milliseconds and shown in seconds"),
    "deletion_moves_stamp": ("A-SALESFORCE-2", "deleting a record raises its SystemModstamp and its last change"),
    "relation_fields": (
        "A-SALESFORCE-7",
        "through a relation to several objects: the fields of Name alone, or those that any target has",
    ),
    "numbers": ("A-SALESFORCE-51", "decimal numbers as Java prints doubles (480000.0, 1.25E7), or plain (480000)"),
    "precondition_body": ("A-SALESFORCE-52", "the body of a 412: a list with one error, or nothing"),
    "wrong_client_status": ("A-SALESFORCE-54", "the HTTP status for a wrong client id or secret"),
    "approval_failure": (
        "A-SALESFORCE-62",
        "a single approval request that fails: 400 with a list of errors, or 200 with a result that has errors",
    ),
    "decided_error": ("A-SALESFORCE-63", "the code for an approval request that was already decided"),
    "foreign_approver_error": ("A-SALESFORCE-64", "the code for deciding what somebody else has to decide"),
    "insufficient_access_status": ("A-SALESFORCE-65", "the HTTP status for changing a record that one may only read"),
    "changed_while_paging": (
        "A-SALESFORCE-66",
        "a field that changed or was hidden since the query ran: its next page is refused, lacks it, or has it",
    ),
    "acknowledgement": (
        "A-SALESFORCE-67",
        "an outbound message is acknowledged by Ack in its namespace alone, or by any element Ack",
    ),
    "empty_fields_sent": ("A-SALESFORCE-68", "an outbound message has its empty fields as nil, or leaves them out"),
    "rotated_token_dies": ("A-SALESFORCE-73", "a refresh token is worthless as soon as another has replaced it"),
}
