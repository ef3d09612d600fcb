"""Functions and actions.

See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/use-web-api-functions
and https://learn.microsoft.com/power-apps/developer/data-platform/webapi/use-web-api-actions
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from connectors.dynamics.sandbox.dataverse import closing, privileges, states
from connectors.dynamics.sandbox.dataverse.access import Right, no_access
from connectors.dynamics.sandbox.dataverse.api import Call, Handler, json
from connectors.dynamics.sandbox.dataverse.lookups import find_row, target
from connectors.dynamics.sandbox.dataverse.org import ORG_ID
from connectors.dynamics.sandbox.refusal import Refusal, unsupported
from connectors.dynamics.sandbox.schema import Ref, Table
from connectors.dynamics.sandbox.store import Row


def who_am_i(call: Call) -> Response:
    """Return the ids of the caller, its business unit and the organisation."""
    user = call.org.store.find("systemuser", call.caller.user_id)
    unit = user.values.get("businessunitid") if user else None
    shown = {
        "@odata.context": f"{call.root}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
        "BusinessUnitId": unit.id if isinstance(unit, Ref) else None,
        "UserId": call.caller.user_id,
        "OrganizationId": ORG_ID,
    }
    return json(shown)


def bound(call: Call) -> Response:
    """Answer a function that is bound to a row."""
    name = call.segments[1].name.removeprefix("Microsoft.Dynamics.CRM.")
    if name not in _BOUND:
        raise unsupported(name)
    return _BOUND[name](call)


def shared_principals(call: Call) -> Response:
    """Return with whom a record is shared.

    See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/retrievesharedprincipalsandaccess
    """
    table, row = _target(call, call.segments[0].args or {})
    entries = []
    for principal, rights in call.org.access.shared_with(table.name, row.id).items():
        kind = "team" if call.org.store.find("team", principal) else "systemuser"
        mask = ", ".join(f"{right}Access" for right in Right if right in rights)
        principal_type = {"@odata.type": f"#Microsoft.Dynamics.CRM.{kind}", "ownerid": principal}
        entries.append({"AccessMask": mask, "Principal": principal_type})
    context = f"{call.root}/$metadata#Microsoft.Dynamics.CRM.RetrieveSharedPrincipalsAndAccessResponse"
    return json({"@odata.context": context, "PrincipalAccesses": entries})


def _principal_access(call: Call) -> Response:
    """Return what a user or team may do with a record.

    See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/retrieveprincipalaccess
    """
    principal = find_row(call, call.table(), call.segments[0])
    table, row = _target(call, call.segments[1].args or {})
    rights = call.org.access.rights(principal.id, table, row)
    if not rights and call.org.switches.no_access == "refused":
        # A-DYNAMICS-9: clients report a refusal where the page knows a value
        raise no_access(call.caller, table, row.id, Right.READ)
    context = f"{call.root}/$metadata#Microsoft.Dynamics.CRM.RetrievePrincipalAccessResponse"
    return json({"@odata.context": context, "AccessRights": ", ".join(f"{r}Access" for r in rights) or "None"})


def _target(call: Call, args: Mapping[str, str]) -> tuple[Table, Row]:
    alias = args.get("Target", "")
    found = target(call, call.options.raw.get(alias, alias))
    if isinstance(found, Ref):
        raise Refusal(404, "0x80040217", f"{found.table} With Id = {found.id} Does Not Exist")
    return found


_BOUND: Mapping[str, Handler] = {
    "RetrievePrincipalAccess": _principal_access,
    "RetrieveUserPrivileges": privileges.of_user,
    "RetrieveUserPrivilegeByPrivilegeName": privileges.by_name,
    "RetrievePrincipalAttributePrivileges": privileges.of_columns,
}
UNBOUND: Mapping[str, Mapping[str, Handler]] = {
    "WhoAmI": {"GET": who_am_i},
    "RetrieveSharedPrincipalsAndAccess": {"GET": shared_principals},
    **{name: {"POST": closing.action(name)} for name in states.CLOSINGS},
}
