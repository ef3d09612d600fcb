"""The other answers: where the vendor's behaviour is not certain, one switch for each claim."""

from __future__ import annotations

from typing import Literal

import msgspec

from connectors.sandbox.switches import Claims


class Switches(msgspec.Struct, forbid_unknown_fields=True):
    """The answers in force. The defaults are what the vendor's pages say, or what integrators report."""

    hidden_milliseconds: bool = False
    deletion_moves_stamp: bool = True
    numbers: Literal["double", "plain"] = "double"
    precondition_body: Literal["errors", "empty"] = "errors"
    wrong_client_status: Literal[400, 401] = 400


CLAIMS: Claims = {
    "hidden_milliseconds": ("A-SALESFORCE-1", "stamps are kept and compared in milliseconds and shown in seconds"),
    "deletion_moves_stamp": ("A-SALESFORCE-2", "deleting a record raises its SystemModstamp and its last change"),
    "numbers": ("A-SALESFORCE-51", "decimal numbers as Java prints doubles (480000.0, 1.25E7), or plain (480000)"),
    "precondition_body": ("A-SALESFORCE-52", "the body of a 412: a list with one error, or nothing"),
    "wrong_client_status": ("A-SALESFORCE-54", "the HTTP status for a wrong client id or secret"),
}
