"""Writing rows: what the environment itself adds, and what it refuses."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.dataverse.lookups import does_not_exist
from connectors.dynamics.sandbox.dataverse.org import BASE_CURRENCY, Org
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Ref, Table, Type
from connectors.dynamics.sandbox.store import Change, Locked, Row

NUMBERED = {
    "quote": ("quotenumber", "QUO"),
    "salesorder": ("ordernumber", "ORD"),
    "incident": ("ticketnumber", "CAS"),
}
"""The column that the environment numbers by itself."""
_CENTS = Decimal("0.01")


def insert(org: Org, table: Table, given: Mapping[str, Any], change: Change) -> Row:
    """Make a row from typed values; its id may be among them. Raises `Refusal`."""
    row_id = str(given.get(table.id_name) or uuid.uuid4())
    if org.store.find(table.name, row_id) is not None:
        raise Refusal(412, "0x80040237", "Cannot insert duplicate key.")
    missing = [c.name for c in table.columns.values() if c.required and given.get(c.name) in {None, ""}]
    if missing:
        raise Refusal(400, "0x80040203", f"Required field '{missing[0]}' is missing")
    values = {**_blank(table), **given, table.id_name: row_id}
    values |= _made(org, table, change)
    if table.name in NUMBERED and not values[NUMBERED[table.name][0]]:
        column, prefix = NUMBERED[table.name]
        values[column] = f"{prefix}-{org.store.version:06d}"
    if "ownerid" in table.columns and values["ownerid"] is None:
        values["ownerid"] = Ref("systemuser", change.user_id)
    return _write(org, table, Row(row_id, values, 0), given, change)


def change(org: Org, table: Table, row_id: str, given: Mapping[str, Any], by: Change) -> Row:
    """Change a row by typed values. Raises `Refusal` 404."""
    try:
        row = org.store.present(table.name, row_id, by)
    except Locked as error:
        raise _locked() from error
    if row is None:
        raise does_not_exist(table, row_id)
    return _write(org, table, row, given, by)


def remove(org: Org, table: Table, row_id: str, by: Change) -> None:
    """Delete a row, and the lines that belong to it. Raises `Refusal` 404."""
    try:
        if org.store.present(table.name, row_id, by) is None:
            raise does_not_exist(table, row_id)
        for collected in table.collections.values():
            if collected.column == table.id_name:
                child = org.catalogue.get(collected.table)
                for line in list(org.store.rows(child.name)):
                    if line.values.get(collected.column) == Ref(table.name, row_id):
                        org.store.delete(child, line.id, by)
        org.store.delete(table, row_id, by)
    except Locked as error:
        raise _locked() from error


def _blank(table: Table) -> dict[str, Any]:
    values: dict[str, Any] = dict.fromkeys(table.columns)
    for column in table.columns.values():
        if column.type in {Type.STATE, Type.STATUS}:
            values[column.name] = min(column.options)
        elif column.type is Type.BOOLEAN:
            values[column.name] = False
    return values


def _made(org: Org, table: Table, by: Change) -> dict[str, Any]:
    made: dict[str, Any] = {"createdon": moments.whole(by.at), "createdby": Ref("systemuser", by.user_id)}
    if by.behalf_of:
        made["createdonbehalfby"] = Ref("systemuser", by.behalf_of)
    if table.columns.get("owningbusinessunit"):
        user = org.store.find("systemuser", by.user_id)
        made["owningbusinessunit"] = user.values.get("businessunitid") if user else None
    return made


def _write(org: Org, table: Table, row: Row, given: Mapping[str, Any], by: Change) -> Row:
    values = {
        **row.values,
        **given,
        "modifiedon": moments.whole(by.at),
        "modifiedby": Ref("systemuser", by.user_id),
        "modifiedonbehalfby": Ref("systemuser", by.behalf_of) if by.behalf_of else None,
    }
    _settle_state(table, values, given)
    _settle_owner(org, values, given)
    _settle_amounts(org, table, values, given)
    if table.name == "contact" and {"firstname", "lastname"} & set(given):
        values["fullname"] = " ".join(str(values[n]) for n in ("firstname", "lastname") if values.get(n)) or None
    try:
        return org.store.write(table, row.id, values, given, by)
    except Locked as error:
        raise _locked() from error


def _settle_state(table: Table, values: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Bring state and reason together: each reason belongs to one state."""
    status = table.columns.get("statuscode")
    if status is None or not status.states or not {"statecode", "statuscode"} & set(given):
        return
    if "statuscode" not in given:
        reasons = [reason for reason, state in status.states.items() if state == values["statecode"]]
        values["statuscode"] = reasons[0]
    elif "statecode" not in given:
        values["statecode"] = status.states[values["statuscode"]]
    elif status.states[values["statuscode"]] != values["statecode"]:
        message = f"{values['statuscode']} is not a valid status code for state code {values['statecode']}."
        raise Refusal(400, "0x80048408", message)


def _settle_owner(org: Org, values: dict[str, Any], given: Mapping[str, Any]) -> None:
    owner = given.get("ownerid")
    found = org.store.find(owner.table, owner.id) if isinstance(owner, Ref) else None
    if found is not None:
        values["owningbusinessunit"] = found.values.get("businessunitid")


def _settle_amounts(org: Org, table: Table, values: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Give amounts their currency, the rate of the day and the amount in the base currency."""
    amounts = [c.name for c in table.columns.values() if c.type is Type.MONEY and not c.name.endswith("_base")]
    if not amounts or not ({*amounts, "transactioncurrencyid"} & set(given)):
        return
    ref = values.get("transactioncurrencyid") or Ref("transactioncurrency", BASE_CURRENCY)
    currency = org.store.find(ref.table, ref.id)
    rate = (currency.values.get("exchangerate") if currency else None) or Decimal(1)
    values["transactioncurrencyid"], values["exchangerate"] = ref, rate
    for name in amounts:
        amount = values.get(name)
        values[f"{name}_base"] = None if amount is None else (amount / rate).quantize(_CENTS, ROUND_HALF_UP)


def _locked() -> Refusal:
    return Refusal(400, "0x80044150", "Generic SQL error: the row is locked by another transaction.")
