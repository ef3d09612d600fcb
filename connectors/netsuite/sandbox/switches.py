"""The other answers: where the vendor's behaviour is not certain, one switch for each claim."""

from __future__ import annotations

from typing import Literal

import msgspec

from connectors.sandbox.switches import Claims


class Switches(msgspec.Struct, forbid_unknown_fields=True):
    """The answers in force. The defaults are what the vendor's pages say, or what integrators report."""

    empty_fields: Literal["omitted", "null"] = "omitted"
    numbers: Literal["text", "json"] = "text"
    suiteql_zone: Literal["user", "company", "utc", "pacific"] = "user"
    datetime_shown: Literal["date", "time"] = "date"
    stamps: Literal["seconds", "minutes", "hidden_milliseconds"] = "seconds"
    id_order: Literal["number", "text"] = "number"
    line_signs: Literal["accounting", "positive"] = "accounting"
    line_quantity: Literal["base_unit", "transaction_unit"] = "base_unit"
    stock_quantity: Literal["base_unit", "stock_unit"] = "base_unit"
    cost_lines: Literal["present", "absent"] = "present"
    line_units: Literal["id", "name"] = "id"
    status_id: Literal["code", "name"] = "code"
    beyond_ceiling: Literal["truncated", "refused"] = "truncated"
    deleted_table: Literal["present", "absent"] = "present"
    administrator_permissions: Literal["listed", "absent"] = "listed"
    forbidden_rows: Literal["refused", "empty"] = "refused"
    rest_login_code: Literal["INVALID_LOGIN", "INVALID_LOGIN_ATTEMPT"] = "INVALID_LOGIN"
    soap_login_code: Literal["INVALID_LOGIN_CREDENTIALS", "INVALID_LOGIN_ATTEMPT"] = "INVALID_LOGIN_CREDENTIALS"
    soap_limit_code: Literal["WS_REQUEST_BLOCKED", "SSS_REQUEST_LIMIT_EXCEEDED"] = "WS_REQUEST_BLOCKED"
    soap_fault_status: Literal[500, 200] = 500
    forbidden_status: Literal[403, 400] = 403
    retry_after: Literal["absent", "seconds"] = "absent"
    assertion_error: Literal["invalid_grant", "invalid_client", "invalid_request"] = "invalid_grant"
    approval_codes: Literal["standard", "renumbered"] = "standard"
    approver: Literal["any_with_permission", "next_approver"] = "any_with_permission"
    locked_reads: Literal["refused", "readable"] = "refused"
    line_moves_header: bool = True
    soap_times: Literal["pacific", "offset", "utc"] = "pacific"
    search_again: Literal["each_page", "once"] = "each_page"
    soap_list_status: Literal["absent", "present"] = "absent"
    columns_missing: Literal["refused", "records"] = "refused"
    catalogue_references: Literal["described", "pointed_at"] = "described"


CLAIMS: Claims = {
    "empty_fields": ("A-NETSUITE-1", "empty fields are left out of answers, in SuiteQL and in records, or are null"),
    "numbers": ("A-NETSUITE-2", "SuiteQL answers numbers as text, or as JSON numbers"),
    "suiteql_zone": ("A-NETSUITE-3", "the zone of the times that SuiteQL reads and writes without an offset"),
    "datetime_shown": ("A-NETSUITE-4", "a bare time in SuiteQL is answered as the day alone, or with its time"),
    "stamps": ("A-NETSUITE-5", "stamps have whole seconds, whole minutes, or milliseconds that are never shown"),
    "id_order": ("A-NETSUITE-6", "SuiteQL orders and compares internal ids as numbers, or as text"),
    "line_signs": ("A-NETSUITE-7", "lines of sales are negative in SuiteQL, as accounting has them, or positive"),
    "line_quantity": ("A-NETSUITE-8", "the quantity of a line in SuiteQL counts the base unit, or the line's unit"),
    "stock_quantity": ("A-NETSUITE-42", "balances of items in SuiteQL count the base unit, or the item's stock unit"),
    "cost_lines": ("A-NETSUITE-43", "SuiteQL has the cost of what an invoice sells as lines of the invoice, or not"),
    "line_units": ("A-NETSUITE-9", "the units of a line in REST are the id of the unit, or its name"),
    "status_id": ("A-NETSUITE-38", "the id of a transaction's status in REST is its code, or its name"),
    "beyond_ceiling": (
        "A-NETSUITE-10",
        "a query with more rows than the ceiling ends there without a word, or is refused",
    ),
    "deleted_table": ("A-NETSUITE-11", "SuiteQL has the table deletedrecord, or not"),
    "administrator_permissions": (
        "A-NETSUITE-41",
        "SuiteQL lists the permissions of the Administrator as those of any role, or none",
    ),
    "forbidden_rows": ("A-NETSUITE-12", "a table that a role may not read is refused in SuiteQL, or is empty"),
    "rest_login_code": ("A-NETSUITE-13", "the code of a refused login in REST"),
    "soap_login_code": ("A-NETSUITE-14", "the code of a refused login in SOAP"),
    "soap_limit_code": ("A-NETSUITE-15", "the code of a SOAP request above the limit"),
    "soap_fault_status": ("A-NETSUITE-16", "the HTTP status of a SOAP fault"),
    "forbidden_status": ("A-NETSUITE-17", "the HTTP status of a lack of permission in REST"),
    "retry_after": ("A-NETSUITE-18", "a 429 has no Retry-After, or one"),
    "assertion_error": ("A-NETSUITE-19", "the error of the token endpoint for an assertion that does not hold"),
    "approval_codes": ("A-NETSUITE-20", "approvalStatus is 1 pending, 2 approved, 3 rejected, or the account's own"),
    "approver": ("A-NETSUITE-21", "whoever has the permission may approve, or the next approver alone"),
    "locked_reads": ("A-NETSUITE-22", "a record that a workflow locked cannot be read as a record, or can"),
    "line_moves_header": ("A-NETSUITE-23", "a change of a line moves the stamp of its transaction"),
    "soap_times": ("A-NETSUITE-24", "SOAP writes times in Pacific time, in the user's zone, or in UTC"),
    "catalogue_references": (
        "A-NETSUITE-39",
        "the metadata catalogue describes a reference in place, or points to the schema of its type",
    ),
    "search_again": ("A-NETSUITE-25", "searchMoreWithId searches again for each page, or pages what was found once"),
    "soap_list_status": ("A-NETSUITE-45", "getList has a status for each record alone, or one for the list as well"),
    "columns_missing": (
        "A-NETSUITE-46",
        "an advanced search without columns, or without returnSearchColumns, is refused, or finds whole records",
    ),
}
