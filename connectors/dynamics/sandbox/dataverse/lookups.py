"""Finding rows: by id, by alternate key, by what links them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.dynamics.sandbox.dataverse.access import Right, no_access
from connectors.dynamics.sandbox.dataverse.api import Call
from connectors.dynamics.sandbox.odata.address import Segment, plain
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Ref, Table
from connectors.dynamics.sandbox.store import Row

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LINKS = {
    ("systemuser", "systemuserroles_association"): ("role", 0),
    ("role", "systemuserroles_association"): ("systemuser", 1),
    ("team", "teammembership_association"): ("systemuser", 0),
    ("systemuser", "teammembership_association"): ("team", 1),
    ("team", "teamroles_association"): ("role", 0),
    ("role", "teamroles_association"): ("team", 1),
    ("systemuser", "systemuserprofiles_association"): ("fieldsecurityprofile", 0),
    ("fieldsecurityprofile", "systemuserprofiles_association"): ("systemuser", 1),
    ("team", "teamprofiles_association"): ("fieldsecurityprofile", 0),
    ("fieldsecurityprofile", "teamprofiles_association"): ("team", 1),
}
"""Many-to-many navigations: the other table, and on which side of a link this one stands."""


def key_of(call: Call, table: Table, segment: Segment) -> tuple[str, Row | None]:
    """Return the id that a key names, and the row when there is one. Raises `Refusal`.

    See https://learn.microsoft.com/power-apps/developer/data-platform/use-alternate-key-reference-record
    """
    aliases = call.options.raw
    args = {
        name: aliases.get(text, text) if text.startswith("@") else text for name, text in (segment.args or {}).items()
    }
    if set(args) <= {"", table.id_name} and len(args) == 1:
        row_id = plain(next(iter(args.values()))).lower()
        if not GUID.fullmatch(row_id):
            message = f"Bad Request - Error in query syntax: '{row_id}' is not an id."
            raise Refusal(400, "0x80060888", message)
        return row_id, call.org.store.find(table.name, row_id)
    if len(args) != 1 or next(iter(args)) not in table.keys:
        names = ", ".join(args)
        message = f"The specified key attributes are not a defined key for the {table.name} entity: {names}"
        raise Refusal(400, "0x80060891", message)
    name, text = next(iter(args.items()))
    wanted = plain(text).casefold()
    rows = call.org.store.rows(table.name)
    found = next((row for row in rows if str(row.values.get(name) or "").casefold() == wanted), None)
    return found.id if found else "", found


def find_row(call: Call, table: Table, segment: Segment, right: Right = Right.READ) -> Row:
    """Return the row that a key names, if the caller has the right on it. Raises `Refusal` 403, 404."""
    call.org.access.require(call.caller, table, right)
    row_id, row = key_of(call, table, segment)
    if row is None:
        raise does_not_exist(table, row_id)
    if not call.org.access.allows(call.caller, table, row, right):
        raise no_access(call.caller, table, row.id, right)
    return row


def does_not_exist(table: Table, row_id: str) -> Refusal:
    """Return the 404 of a row."""
    return Refusal(404, "0x80040217", f"{table.name} With Id = {row_id} Does Not Exist")


def many_to_many(call: Call, table: Table, row: Row, name: str) -> tuple[Table, Sequence[Row]] | None:
    """Return the rows that are linked to one; None when the table has no such links."""
    if (table.name, name) not in LINKS:
        return None
    target, side = LINKS[table.name, name]
    ids = [pair[1 - side] for pair in call.org.access.links[name] if pair[side] == row.id]
    found = [call.org.store.find(target, one) for one in ids]
    return call.org.catalogue.get(target), [one for one in found if one is not None]


def links_of(table: Table) -> Sequence[tuple[str, str]]:
    """Return the many-to-many navigations of a table, each with the other table."""
    return [(name, other) for (own, name), (other, _side) in LINKS.items() if own == table.name]


def target(call: Call, text: str) -> tuple[Table, Row] | Ref:
    """Return the row that a reference like `{'@odata.id':'incidents(…)'}` names, or the look-up of what is gone."""
    match = re.search(r"@odata\.id['\"]\s*:\s*['\"]/?(?:.*/)?(\w+)\(([^)]+)\)", text)
    table = call.org.catalogue.of_set(match[1]) if match else None
    if match is None or table is None:
        raise Refusal(400, "0x80060888", "The parameter Target is not a reference to a record.")
    row = call.org.store.find(table.name, match[2].lower())
    return (table, row) if row else Ref(table.name, match[2].lower())
