"""Who may do what in Dataverse: roles, privileges, shared rows, secured columns, disabled users."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.dynamics.sandbox.control.desk import Table, order
from connectors.dynamics.sandbox.dataverse import writes
from connectors.dynamics.sandbox.dataverse.access import ALLOWED, Depth, Right, Role
from connectors.dynamics.sandbox.dataverse.demo import INTEGRATION, UNIT
from connectors.dynamics.sandbox.dataverse.org import Org
from connectors.dynamics.sandbox.schema import Ref
from connectors.dynamics.sandbox.schema import Table as Described
from connectors.dynamics.sandbox.store import Change
from connectors.dynamics.sandbox.wire import answer


class Assign(msgspec.Struct, forbid_unknown_fields=True):
    """Give `user` the roles named in `roles`, and no others."""

    user: str
    roles: list[str]


class Define(msgspec.Struct, forbid_unknown_fields=True):
    """A role: `grants` by table (`*`: all) and right (Read, Write, …) the depth: NONE, BASIC, LOCAL or GLOBAL."""

    name: str
    grants: dict[str, dict[Right, str]]
    acts_for_others: bool = False
    sees_secured: bool = False


class Hide(msgspec.Struct, forbid_unknown_fields=True):
    """Secure `column` of `table`: only `readers` see it, only `writers` change it; `secured: false` opens it again."""

    table: str
    column: str
    readers: list[str] = []
    writers: list[str] = []
    secured: bool = True


class Share(msgspec.Struct, forbid_unknown_fields=True):
    """Share the row `id` of `table` with `principal` (a user or a team's id); no `rights` take it back."""

    table: str
    id: str
    principal: str
    rights: list[Right]


class Enable(msgspec.Struct, forbid_unknown_fields=True):
    """Disable a `user`, or enable them again."""

    user: str
    disabled: bool = True


class RightsOrders:
    """`roles`, `assign`, `hide`, `share` and `disable`."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def table(self, prefix: str) -> Table:
        """Return the orders below a prefix."""
        return [
            ("POST", f"/{prefix}/roles", self._define),
            ("POST", f"/{prefix}/assign", self._assign),
            ("POST", f"/{prefix}/hide", self._hide),
            ("POST", f"/{prefix}/share", self._share),
            ("POST", f"/{prefix}/disable", self._disable),
        ]

    async def _define(self, request: Request) -> Response:
        given = await order(request, Define)
        try:
            grants = {t: {right: Depth[depth] for right, depth in g.items()} for t, g in given.grants.items()}
        except KeyError as error:
            raise ValueError(f"no depth {error}: known are {', '.join(Depth.__members__)}") from error
        role_id = self._role(given.name)
        if role_id is None:
            role_id = str(uuid.uuid4())
            row = {"roleid": role_id, "name": given.name, "businessunitid": Ref("businessunit", UNIT)}
            writes.insert(self._org, self._org.catalogue.get("role"), row, Change(INTEGRATION))
        self._org.access.roles[role_id] = Role(grants, given.acts_for_others, given.sees_secured)
        return self._done()

    async def _assign(self, request: Request) -> Response:
        given = await order(request, Assign)
        user = self._user(given.user)
        wanted = {name: self._role(name) for name in given.roles}
        unknown = [name for name, role in wanted.items() if role is None]
        if unknown:
            raise ValueError(f"no role '{unknown[0]}'")
        links = self._org.access.links["systemuserroles_association"]
        links -= {pair for pair in links if pair[0] == user}
        links |= {(user, role) for role in wanted.values() if role is not None}
        return self._done()

    async def _hide(self, request: Request) -> Response:
        given = await order(request, Hide)
        if given.column not in self._table(given.table).columns:
            raise ValueError(f"no column {given.table}.{given.column}")
        readers, writers = ([self._user(name) for name in names] for names in (given.readers, given.writers))
        self._org.access.secured.discard((given.table, given.column))
        self._forget_profiles(given)
        if given.secured:
            self._org.access.secured.add((given.table, given.column))
            self._profile(given, "Readers", readers, ("canread",))
            self._profile(given, "Writers", writers, ("cancreate", "canupdate"))
        return self._done()

    def _profile(self, given: Hide, who: str, users: Sequence[str], rights: Sequence[str]) -> None:
        """Make the profile of field security by which users have rights on a column."""
        if not users:
            return
        catalogue, by = self._org.catalogue, Change(INTEGRATION)
        name = {"name": f"{who} of {given.table}.{given.column}"}
        profile = writes.insert(self._org, catalogue.get("fieldsecurityprofile"), name, by)
        permission = {
            "fieldsecurityprofileid": Ref("fieldsecurityprofile", profile.id),
            "entityname": given.table,
            "attributelogicalname": given.column,
            **{right: ALLOWED if right in rights else 0 for right in ("canread", "cancreate", "canupdate")},
        }
        writes.insert(self._org, catalogue.get("fieldpermission"), permission, by)
        self._org.access.links["systemuserprofiles_association"] |= {(user, profile.id) for user in users}

    def _forget_profiles(self, given: Hide) -> None:
        catalogue, by = self._org.catalogue, Change(INTEGRATION)
        names = {f"{who} of {given.table}.{given.column}" for who in ("Readers", "Writers")}
        profiles = {row.id for row in self._org.store.rows("fieldsecurityprofile") if row.values["name"] in names}
        for row in list(self._org.store.rows("fieldpermission")):
            if row.values["fieldsecurityprofileid"].id in profiles:
                writes.remove(self._org, catalogue.get("fieldpermission"), row.id, by)
        for profile in profiles:
            writes.remove(self._org, catalogue.get("fieldsecurityprofile"), profile, by)

    async def _share(self, request: Request) -> Response:
        given = await order(request, Share)
        if self._org.store.find(self._table(given.table).name, given.id.lower()) is None:
            raise ValueError(f"no row {given.id} in {given.table}")
        team = self._org.store.find("team", given.principal.lower())
        principal = team.id if team else self._user(given.principal)
        self._org.access.share(given.table, given.id.lower(), principal, given.rights)
        return self._done()

    async def _disable(self, request: Request) -> Response:
        given = await order(request, Enable)
        user = self._user(given.user)
        table = self._org.catalogue.get("systemuser")
        writes.change(self._org, table, user, {"isdisabled": given.disabled}, Change(INTEGRATION))
        return self._done()

    def _done(self) -> Response:
        self._org.results.clear()
        return answer({})

    def _role(self, name: str) -> str | None:
        return next((row.id for row in self._org.store.rows("role") if row.values["name"] == name), None)

    def _table(self, name: str) -> Described:
        found = self._org.catalogue.find(name)
        if found is None:
            raise ValueError(f"no table '{name}'")
        return found

    def _user(self, name: str) -> str:
        found = self._org.find_user(name)
        if found is None:
            raise ValueError(f"no user '{name}'")
        return found
