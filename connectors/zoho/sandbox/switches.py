"""The other answers: where the vendor's behaviour is not certain, one switch for each claim."""

from __future__ import annotations

from typing import Literal

import msgspec

from connectors.sandbox.switches import Claims


class Switches(msgspec.Struct, forbid_unknown_fields=True):
    """The answers in force. The defaults are what the vendor's pages say, or what integrators report."""

    token_error_status: Literal[200, 400] = 200
    fuse_window: Literal["fixed", "rolling"] = "fixed"
    live_tokens: Literal[15, 30] = 30
    scope_mismatch_status: Literal[401, 403] = 401
    offset_of: Literal["org", "user"] = "org"
    modified_since: Literal["after", "from"] = "after"
    unknown_field: Literal["ignored", "refused"] = "ignored"
    per_page_over: Literal["refused", "clipped"] = "refused"
    page_token: Literal["position", "snapshot"] = "position"
    missing_record: Literal["no_content", "invalid_data"] = "no_content"
    picklist_shown: Literal["actual", "display"] = "actual"
    unknown_choice: Literal["refused", "accepted"] = "refused"
    unknown_written_field: Literal["ignored", "refused"] = "ignored"
    written_rows_status: Literal["by_rows", "success"] = "by_rows"
    read_only_written: Literal["refused", "ignored"] = "refused"
    awaiting_written: Literal["refused", "accepted"] = "refused"
    coql_brackets: Literal["enforced", "lenient"] = "enforced"
    deleted_cost: Literal[1, 2] = 1
    errors_cost: bool = True
    sub_concurrency: Literal["costly", "none"] = "costly"
    watch_error_status: Literal[202, 400] = 202
    forbidden_transition: Literal["INVALID_DATA", "NO_PERMISSION"] = "INVALID_DATA"
    notification_retries: Literal[0, 3] = 0
    affected_fields: Literal["by_id", "empty"] = "by_id"
    channel_id: Literal["text", "number"] = "text"


CLAIMS: Claims = {
    "token_error_status": ("A-ZOHO-51", "the HTTP status of errors of the token endpoint"),
    "fuse_window": ("A-ZOHO-52", "the ten minutes begin with the first token, or are any ten minutes"),
    "live_tokens": ("A-ZOHO-53", "how many access tokens of one refresh token live at once"),
    "scope_mismatch_status": ("A-ZOHO-54", "the HTTP status of OAUTH_SCOPE_MISMATCH"),
    "offset_of": ("A-ZOHO-55", "times carry the offset of the organisation or of the calling user"),
    "modified_since": ("A-ZOHO-56", "If-Modified-Since gives rows after that second, or from it on"),
    "unknown_field": ("A-ZOHO-57", "a field of `fields` that is not there is ignored, or the call is refused"),
    "per_page_over": ("A-ZOHO-58", "a per_page over 200 is refused, or 200 are given"),
    "page_token": ("A-ZOHO-59", "a page token is a position in the present order, or in that of the first page"),
    "missing_record": ("A-ZOHO-61", "an id that is not there gives 204, or INVALID_DATA"),
    "picklist_shown": ("A-ZOHO-62", "records show a choice by its actual or its display value"),
    "unknown_choice": ("A-ZOHO-63", "a picklist's value that is not on the list is refused or stored"),
    "unknown_written_field": ("A-ZOHO-64", "a written field that is not there is ignored, or the row is refused"),
    "written_rows_status": ("A-ZOHO-65", "207 for some and 400 for only refused rows, or always the success status"),
    "read_only_written": (
        "A-ZOHO-66",
        "a field that the profile may not write: the row is refused, or the field ignored",
    ),
    "awaiting_written": ("A-ZOHO-67", "a record that waits for approval cannot be changed by the API, or can"),
    "coql_brackets": ("A-ZOHO-68", "more than two criteria without brackets are refused, or read from the left"),
    "deleted_cost": ("A-ZOHO-70", "the credits of a call for deleted records"),
    "errors_cost": ("A-ZOHO-71", "refused calls cost credits too"),
    "sub_concurrency": ("A-ZOHO-72", "calls of more than one credit share the sub-concurrency limit, or there is none"),
    "watch_error_status": ("A-ZOHO-60", "a refused channel is a row of a 202, or the whole call a 400"),
    "forbidden_transition": ("A-ZOHO-74", "the code for a transition that this user may not do"),
    "notification_retries": ("A-ZOHO-75", "how often a notification that was not taken is sent again"),
    "affected_fields": ("A-ZOHO-76", "affected_fields of an update is a list of field names by record id, or empty"),
    "channel_id": ("A-ZOHO-77", "channel_id is text or a number in answers and notifications"),
}
