"""The other answers: where the vendor's behaviour is not certain, one switch for each claim."""

from __future__ import annotations

from typing import Literal

import msgspec

from connectors.sandbox.switches import Claims


class Switches(msgspec.Struct, forbid_unknown_fields=True):
    """The answers in force. The defaults are what the vendor's pages say, or what integrators report."""

    mismatch_code: Literal["0x80060882", ""] = "0x80060882"
    expired_delta_code: Literal["0x80044352", "0x80072495", "0x80060426"] = "0x80044352"
    expired_delta_status: Literal[400, 410] = 400
    delta_link: Literal["last_page", "each_page"] = "last_page"
    late_commit: Literal["held_back", "lost"] = "held_back"
    paging: Literal["by_key", "by_number"] = "by_key"
    secured_column: Literal["null", "absent"] = "null"
    null_differs: bool = True
    no_access: Literal["none", "refused"] = "none"
    schema_change_ends_delta: bool = False
    retry_after_grows: bool = True
    money_digits: Literal["four", "scale"] = "four"
    stale_etag_status: Literal[409, 412] = 409
    handshake_method: Literal["POST", "GET"] = "POST"
    line_moves_header: bool = True
    missing_record_code: Literal["Internal_RecordNotFound", "BadRequest_NotFound", "BadRequest_ResourceNotFound"] = (
        "BadRequest_NotFound"
    )
    throttled_with_retry_after: bool = False
    or_on_distinct_fields: bool = False
    trimmed_fraction: bool = False
    uncast_attributes: Literal["common", "whole"] = "common"
    closing_by_patch: Literal["refused", "accepted"] = "refused"
    enum_names: Literal["escaped", "plain"] = "escaped"
    company_information: Literal["list", "object"] = "list"
    local_currency: Literal["code", "empty"] = "code"


CLAIMS: Claims = {
    "mismatch_code": ("A-DYNAMICS-1", "Dataverse: the code of a 412; the pages show an empty one"),
    "expired_delta_code": ("A-DYNAMICS-2", "Dataverse: the code for a delta token that has expired"),
    "expired_delta_status": ("A-DYNAMICS-3", "Dataverse: the HTTP status for a delta token that has expired"),
    "delta_link": ("A-DYNAMICS-4", "Dataverse: the delta link comes with the last page, or with each"),
    "late_commit": (
        "A-DYNAMICS-5",
        "Dataverse: a delta token stays behind transactions that are open, or what they commit later is never told",
    ),
    "paging": (
        "A-DYNAMICS-6",
        "Dataverse: a page begins behind the last row of the one before, or at its number, so that rows shift",
    ),
    "secured_column": ("A-DYNAMICS-7", "Dataverse: a column that is hidden from the caller is null, or not there"),
    "null_differs": ("A-DYNAMICS-8", "Dataverse: `ne` lets through rows in which the column is empty"),
    "no_access": (
        "A-DYNAMICS-9",
        "Dataverse: RetrievePrincipalAccess says None of somebody who may do nothing, or is refused with 403",
    ),
    "schema_change_ends_delta": ("A-DYNAMICS-10", "Dataverse: a changed column makes older delta tokens expire"),
    "retry_after_grows": ("A-DYNAMICS-11", "Dataverse: each call that is refused doubles the next Retry-After"),
    "money_digits": ("A-DYNAMICS-12", "Dataverse: amounts have four decimal places, or those of their column"),
    "stale_etag_status": ("A-DYNAMICS-13", "Business Central: the HTTP status when a record changed meanwhile"),
    "handshake_method": ("A-DYNAMICS-14", "Business Central: the method of the request with the validation token"),
    "line_moves_header": (
        "A-DYNAMICS-15",
        "Business Central: a change of a line moves the header's lastModifiedDateTime and ETag",
    ),
    "missing_record_code": ("A-DYNAMICS-16", "Business Central: the code of a 404 for a record"),
    "throttled_with_retry_after": ("A-DYNAMICS-17", "Business Central: a 429 has a Retry-After"),
    "or_on_distinct_fields": ("A-DYNAMICS-18", "Business Central: $filter may have `or` between two fields"),
    "trimmed_fraction": ("A-DYNAMICS-19", "Business Central: times leave out zeros at the end of the fraction"),
    "uncast_attributes": (
        "A-DYNAMICS-23",
        "Dataverse: columns are described with what all have, or with all of their kind, where the path has no cast",
    ),
    "closing_by_patch": (
        "A-DYNAMICS-27",
        "Dataverse: a change may not, or may, set a quote or an order to a state for which there is an action",
    ),
    "enum_names": (
        "A-DYNAMICS-28",
        "Business Central: members of enumerations are written as identifiers (In_x0020_Review), or as they are",
    ),
    "company_information": (
        "A-DYNAMICS-29",
        "Business Central: companyInformation without an id is a list of one, or the object itself",
    ),
    "local_currency": (
        "A-DYNAMICS-30",
        "Business Central: currencyCode in the company's own currency is its code, or empty",
    ),
}
