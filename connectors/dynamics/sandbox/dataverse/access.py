"""Who may do what: roles with privileges, teams, shared rows, secured columns, acting for others.

See https://learn.microsoft.com/power-apps/developer/data-platform/security-model
and https://learn.microsoft.com/power-apps/developer/data-platform/impersonate-another-user
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from connectors.dynamics.sandbox.dataverse.tables.names import privilege_name
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Ref, Table
from connectors.dynamics.sandbox.store import Row, Store

EVERY_TABLE = "*"


class Right(StrEnum):
    """What can be done with a row."""

    READ = "Read"
    WRITE = "Write"
    APPEND = "Append"
    APPEND_TO = "AppendTo"
    CREATE = "Create"
    DELETE = "Delete"
    SHARE = "Share"
    ASSIGN = "Assign"


class Depth(IntEnum):
    """Of which rows a privilege is good: one's own, those of the business unit, all."""

    NONE = 0
    BASIC = 1
    LOCAL = 2
    GLOBAL = 8


Grants = Mapping[str, Mapping[Right, Depth]]


@dataclass(frozen=True, slots=True)
class Role:
    """A security role: privileges by table, those of every table for all that are not named. `acts_for_others` is prvActOnBehalfOfAnotherUser."""

    grants: Grants
    acts_for_others: bool = False
    sees_secured: bool = False


COLUMN_RIGHTS = ("CanRead", "CanCreate", "CanUpdate")
ALLOWED = 4
"""The value of `canread`, `cancreate` and `canupdate` in a profile that allows it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """As whom a request runs, and who sent it when that is somebody else."""

    user_id: str
    sender_id: str

    @property
    def people(self) -> tuple[str, ...]:
        """All whose privileges a request needs."""
        return (self.user_id,) if self.user_id == self.sender_id else (self.user_id, self.sender_id)


class Access:
    """Privileges of the users of one environment."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.roles: dict[str, Role] = {}
        self.links: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self.secured: set[tuple[str, str]] = set()
        self._shares: dict[tuple[str, str], dict[str, frozenset[Right]]] = defaultdict(dict)

    def teams_of(self, user_id: str) -> set[str]:
        """Return the ids of the teams of a user."""
        return {team for team, user in self.links["teammembership_association"] if user == user_id}

    def roles_of(self, user_id: str) -> list[Role]:
        """Return the roles of a user, those of the teams included."""
        teams = self.teams_of(user_id)
        own = {role for user, role in self.links["systemuserroles_association"] if user == user_id}
        own |= {role for team, role in self.links["teamroles_association"] if team in teams}
        return [self.roles[role] for role in own if role in self.roles]

    def depth(self, user_id: str, table: str, right: Right) -> Depth:
        """Return how far a user's privilege goes."""
        roles = self.roles_of(user_id)
        found = [role.grants.get(table, role.grants.get(EVERY_TABLE, {})).get(right, Depth.NONE) for role in roles]
        return max(found, default=Depth.NONE)

    def require(self, caller: Caller, table: Table, right: Right, *, least: Depth = Depth.BASIC) -> None:
        """Let everybody pass who has the privilege. Raises `Refusal` 403."""
        for user_id in caller.people:
            if self.depth(user_id, table.name, right) < least:
                raise missing_privilege(user_id, table, right)

    def may_act_for_others(self, user_id: str) -> bool:
        """Tell whether a user may act on behalf of another."""
        return any(role.acts_for_others for role in self.roles_of(user_id))

    def filter(self, caller: Caller, table: Table, right: Right) -> Callable[[Row], bool] | None:
        """Return the test that rows pass on which the caller has a right; None when all do."""
        depth = min(self.depth(user_id, table.name, right) for user_id in caller.people)
        if depth is Depth.GLOBAL or (depth and "ownerid" not in table.columns):
            return None
        mine = {caller.user_id, *self.teams_of(caller.user_id)}
        unit = self._unit(caller.user_id)

        def passes(row: Row) -> bool:
            if depth and _id(row, "ownerid") in mine:
                return True
            if depth >= Depth.LOCAL and _id(row, "owningbusinessunit") == unit:
                return True
            shared = self._shares.get((table.name, row.id), {})
            return bool(depth) and any(right in rights for who, rights in shared.items() if who in mine)

        return passes

    def allows(self, caller: Caller, table: Table, row: Row, right: Right) -> bool:
        """Tell whether the caller has a right on one row."""
        passes = self.filter(caller, table, right)
        return passes is None or passes(row)

    def rights(self, principal: str, table: Table, row: Row) -> list[Right]:
        """Return the rights of a user or team on one row."""
        who = Caller(principal, principal)
        return [right for right in Right if self.allows(who, table, row, right)]

    def share(self, table: str, row_id: str, principal: str, rights: Iterable[Right]) -> None:
        """Share a row with a user or a team; no rights take it back."""
        given = frozenset(rights)
        if given:
            self._shares[table, row_id][principal] = given
        else:
            self._shares[table, row_id].pop(principal, None)

    def shared_with(self, table: str, row_id: str) -> Mapping[str, frozenset[Right]]:
        """Return with whom a row is shared, and the rights."""
        return self._shares.get((table, row_id), {})

    def hidden(self, caller: Caller, table: Table) -> frozenset[str]:
        """Return the columns that the caller may not read."""
        return self._closed(caller, table, "CanRead")

    def fixed(self, caller: Caller, table: Table) -> frozenset[str]:
        """Return the columns that the caller may not change."""
        return self._closed(caller, table, "CanUpdate")

    def column_rights(self, principal: str) -> Mapping[tuple[str, str], Mapping[str, int]]:
        """Return what a user or team may do with secured columns, by the profiles of field security that they have."""
        if any(role.sees_secured for role in self.roles_of(principal)):
            return {column: dict.fromkeys(COLUMN_RIGHTS, ALLOWED) for column in sorted(self.secured)}
        who, links = {principal, *self.teams_of(principal)}, self.links
        profiles = {p for user, p in links["systemuserprofiles_association"] if user in who}
        profiles |= {p for team, p in links["teamprofiles_association"] if team in who}
        rights: dict[tuple[str, str], dict[str, int]] = {}
        for row in self._store.rows("fieldpermission"):
            column = (str(row.values["entityname"]), str(row.values["attributelogicalname"]))
            if _id(row, "fieldsecurityprofileid") in profiles and column in self.secured:
                found = rights.setdefault(column, dict.fromkeys(COLUMN_RIGHTS, 0))
                for name in COLUMN_RIGHTS:
                    found[name] = max(found[name], row.values.get(name.lower()) or 0)
        return rights

    def _closed(self, caller: Caller, table: Table, right: str) -> frozenset[str]:
        secured = {column for name, column in self.secured if name == table.name}
        if not secured:
            return frozenset()
        held = [self.column_rights(user) for user in caller.people]
        return frozenset(c for c in secured if any(not rights.get((table.name, c), {}).get(right) for rights in held))

    def _unit(self, user_id: str) -> str:
        user = self._store.find("systemuser", user_id)
        return _id(user, "businessunitid") if user else ""


def _id(row: Row, name: str) -> str:
    value = row.values.get(name)
    return value.id if isinstance(value, Ref) else ""


def missing_privilege(user_id: str, table: Table, right: Right) -> Refusal:
    """Return the refusal of somebody who lacks a privilege."""
    # A-DYNAMICS-20: which code belongs to which refusal of rights
    message = (
        f"Principal user (Id={user_id}, type=8) is missing {privilege_name(table.name, right)} privilege "
        f"for entity '{table.name}' (LocalizedName='{table.label}')."
    )
    return Refusal(403, "0x80040220", message)


def no_access(caller: Caller, table: Table, row_id: str, right: Right) -> Refusal:
    """Return the refusal of somebody who may not do this with one row."""
    message = (
        f"Principal with id {caller.user_id} does not have {right}Access right(s) for record with id {row_id} "
        f"of entity {table.name}"
    )
    return Refusal(403, "0x80040220", message)
