"""What somebody may do at all, and which secured columns they may see or change.

See https://learn.microsoft.com/power-apps/developer/data-platform/security-access-coding
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

from connectors.dynamics.sandbox.dataverse import definitions
from connectors.dynamics.sandbox.dataverse.access import Depth, Right
from connectors.dynamics.sandbox.dataverse.api import Call, json
from connectors.dynamics.sandbox.dataverse.lookups import find_row
from connectors.dynamics.sandbox.dataverse.tables.names import privilege_name
from connectors.dynamics.sandbox.odata.address import plain
from connectors.dynamics.sandbox.refusal import Refusal, unsupported
from connectors.dynamics.sandbox.schema import Ref
from connectors.dynamics.sandbox.store import Row

DEPTHS = {Depth.BASIC: "Basic", Depth.LOCAL: "Local", Depth.GLOBAL: "Global"}
ACT_FOR_OTHERS = "prvActOnBehalfOfAnotherUser"


def of_user(call: Call) -> Response:
    """Return the privileges of a user, those of their teams included.

    See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/retrieveuserprivileges
    """
    return _answer(call, "RetrieveUserPrivileges", dict(_held(call, _user(call))))


def by_name(call: Call) -> Response:
    """Return one privilege of a user, nothing when they lack it. Raises `Refusal` 400 for a name that is none.

    See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/retrieveuserprivilegebyprivilegename
    """
    user, args = _user(call), call.segments[1].args or {}
    given = args.get("PrivilegeName", "")
    wanted = plain(call.options.raw.get(given, given))
    known = {ACT_FOR_OTHERS, *(privilege_name(t.name, r) for t in call.org.catalogue.all() for r in Right)}
    if wanted not in known:
        # A-DYNAMICS-20: the pages do not say what becomes of an unknown name
        raise Refusal(400, "0x80040216", f"The privilege '{wanted}' does not exist.")
    held = {name: depth for name, depth in _held(call, user) if name == wanted}
    return _answer(call, "RetrieveUserPrivilegeByPrivilegeName", held)


def of_columns(call: Call) -> Response:
    """Return the secured columns that a user or team may read, fill in or change: 4 is allowed, 0 is not.

    See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/retrieveprincipalattributeprivileges
    """
    if call.segments[0].name not in {"systemusers", "teams"}:
        raise unsupported(call.segments[1].name)
    principal = find_row(call, call.table(), call.segments[0])
    listed = [
        {"AttributeId": definitions.id_of(f"{table}.{column}"), **given}
        for (table, column), given in call.org.access.column_rights(principal.id).items()
    ]
    return json({**_context(call, "RetrievePrincipalAttributePrivileges"), "AttributePrivileges": listed})


def _user(call: Call) -> Row:
    if call.segments[0].name != "systemusers":
        raise unsupported(call.segments[1].name)
    return find_row(call, call.table(), call.segments[0])


def _held(call: Call, user: Row) -> Iterator[tuple[str, Depth]]:
    access = call.org.access
    for table in call.org.catalogue.all():
        for right in Right:
            depth = access.depth(user.id, table.name, right)
            if depth is not Depth.NONE:
                yield privilege_name(table.name, right), depth
    if access.may_act_for_others(user.id):
        yield ACT_FOR_OTHERS, Depth.GLOBAL


def _answer(call: Call, function: str, held: Mapping[str, Depth]) -> Response:
    unit = _user(call).values.get("businessunitid")
    listed = [
        {
            "Depth": DEPTHS[depth],
            "PrivilegeId": definitions.id_of(name),
            "BusinessUnitId": unit.id if isinstance(unit, Ref) else None,
            "PrivilegeName": name,
        }
        for name, depth in held.items()
    ]
    return json({**_context(call, function), "RolePrivileges": listed})


def _context(call: Call, function: str) -> dict[str, Any]:
    return {"@odata.context": f"{call.root}/$metadata#Microsoft.Dynamics.CRM.{function}Response"}
