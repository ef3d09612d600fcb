"""Is everything granted that the source needs? Asked with a handful of calls that change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import ConnectorError, Finding, Level
from connectors.dynamics.dataverse.errors import unreadable
from connectors.dynamics.dataverse.layout import layout_of
from connectors.dynamics.dataverse.people import USERS
from connectors.dynamics.dataverse.permissions import Permissions
from connectors.dynamics.dataverse.reading import TRACK
from connectors.dynamics.dataverse.registration import Registration
from connectors.dynamics.dataverse.schema import Schema, Table
from connectors.dynamics.dataverse.settings import ActAs, DataverseSettings, Kind
from connectors.dynamics.dataverse.values import Unwritable, plain
from connectors.dynamics.dataverse.wire import Call, Environment
from connectors.odata import guid, keyed, literal, prefer

ACT_FOR_OTHERS = "prvActOnBehalfOfAnotherUser"
ADMINISTRATOR = "System Administrator"
GLOBAL = "Global"
_WHOLE = "the whole organization"


@dataclass(frozen=True, slots=True)
class _Own:
    """The application user: its id, and whether it is a system administrator."""

    id: str
    administrator: bool


class Probe:
    """Looks at one source. Never raises for what the vendor or the network did."""

    def __init__(
        self,
        name: str,
        settings: DataverseSettings,
        parts: tuple[Environment, Schema, Permissions],
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._environment, self._schema, self._permissions = parts
        self._registration = Registration(name, self._environment)
        self._now = now

    def findings(self) -> list[Finding]:
        """Sign in, then look at clock, application user, webhook, and each kind."""
        try:
            who = self._got("WhoAmI", {})
            user = str(guid(str(who.get("UserId"))))
        except (ConnectorError, ValueError) as error:
            return [_wrong("sign in", error)]
        found = [Finding("sign in", Level.FINE, "Dataverse knows the app, and takes its token."), *self._clock()]
        own = _Own(user, administrator=False)
        try:
            own, about = self._user(user)
            found += about
            found += self._impersonation(own)
        except ConnectorError as error:
            found.append(Finding("application user", Level.DOUBT, f"Its role cannot be seen. ({error})"))
        for name, kind in self._settings.kinds.items():
            try:
                found += self._kind(name, kind, own)
            except ConnectorError as error:
                found.append(_wrong(name, error))
        return [*found, *self._registration.findings(self._settings.webhook, self._settings.kinds)]

    def _clock(self) -> Iterator[Finding]:
        ahead = self._now() - self._environment.now()
        seconds = f"{abs(ahead).total_seconds():.0f} s"
        if abs(ahead) <= max(self._settings.settle, timedelta(seconds=5)):
            yield Finding("clock", Level.FINE, f"This machine's clock differs by {seconds}.")
            return
        way = "ahead of" if ahead > timedelta(0) else "behind"
        yield Finding("clock", Level.WRONG, f"This machine's clock is {seconds} {way} Dataverse's: set it right (NTP).")

    def _user(self, user: str) -> tuple[_Own, list[Finding]]:
        options = {"$select": "isdisabled", "$expand": "systemuserroles_association($select=name)"}
        row = self._got(keyed(USERS, guid(user)), options)
        held = row.get("systemuserroles_association")
        roles = [str(each.get("name")) for each in held if isinstance(each, dict)] if isinstance(held, list) else []
        own = _Own(user, administrator=ADMINISTRATOR in roles)
        about = "application user"
        if not roles:
            return own, [Finding(about, Level.WRONG, "It has no security role of its own: assign one to it.")]
        if own.administrator:
            said = f"It is a {ADMINISTRATOR}, who may do far more than is needed: give it a role of its own."
            return own, [Finding(about, Level.DOUBT, said)]
        return own, [Finding(about, Level.FINE, f"It has the security role {', '.join(roles)}.")]

    def _impersonation(self, own: _Own) -> Iterator[Finding]:
        decides = any(kind.approve or kind.reject or kind.transitions for kind in self._settings.kinds.values())
        if self._settings.act_as is ActAs.APPLICATION_USER:
            return
        if self._depths(own, ACT_FOR_OTHERS):
            yield Finding("acting for people", Level.FINE, "The application user may act on behalf of people.")
        else:
            yield Finding(
                "acting for people",
                Level.WRONG if decides else Level.DOUBT,
                f"Decisions cannot be written: give the application user's own role Act on Behalf of Another User "
                f"({ACT_FOR_OTHERS}); one that comes through a team does not count.",
            )

    def _kind(self, name: str, kind: Kind, own: _Own) -> Iterator[Finding]:
        table = self._schema.table(name)
        missing = [*self._missing(name, kind, table)]
        yield from missing
        if missing:
            return
        layout = layout_of(name, kind, self._schema)
        yield from self._tracking(table, kind)
        options = {"$select": layout.select, "$top": "1"}
        if self._environment.rows(self._environment.at(table.entity_set, options), {}).rows:
            yield Finding(name, Level.FINE, f"The table and {len(kind.fields)} columns of it can be read.")
        else:
            yield Finding(name, Level.DOUBT, f"No row is visible: give the role Read at the level of {_WHOLE}.")
        for each in layout.lines:
            where = each.sheet.table
            self._environment.rows(self._environment.at(where.entity_set, {"$select": each.select, "$top": "1"}), {})
        for about, look in (("secured columns", self._hidden), ("decisions", self._decisions)):
            try:
                yield from look(name, kind, own)
            except ConnectorError as error:
                yield Finding(f"{name}.{about}", Level.DOUBT, f"What they need cannot be seen. ({error})")

    def _missing(self, name: str, kind: Kind, table: Table) -> Iterator[Finding]:
        """Name each column that there is not, those of decisions included."""
        for column in (kind.number, kind.comment):
            if column and column not in table.attributes:
                yield _unknown(f"{name}.{column}")
        for step in (kind.approve, kind.reject, *kind.transitions.values()):
            for column, value in step.items():
                try:
                    plain(column, value, table.attributes.get(column))
                except Unwritable as error:
                    yield Finding(f"{name}.{column}", Level.WRONG, str(error))
        for path in kind.fields:
            where, _, column = path.rpartition(".")
            attributes = (self._schema.table(where) if where else table).attributes
            if column not in attributes and column.removesuffix("_base") not in attributes:
                yield _unknown(f"{name}.{path}")

    def _tracking(self, table: Table, kind: Kind) -> Iterator[Finding]:
        about = f"{table.name}.change tracking"
        if not kind.tracking:
            return
        if not table.tracked:
            yield Finding(
                about,
                Level.DOUBT,
                "Change tracking is off: switch on Track changes in the table's advanced options. Until then changes are "
                "found by their stamps, and deletions are not told.",
            )
            return
        url = self._environment.at(table.entity_set, {"$select": table.key})
        try:
            self._environment.rows(url, prefer(TRACK, "odata.maxpagesize=1"))
        except ConnectorError as error:
            yield Finding(
                about,
                Level.WRONG,
                f"The table cannot be read by change tracking: give the role Read at the level of {_WHOLE}. ({error})",
            )
            return
        yield Finding(about, Level.FINE, "The table can be read by change tracking.")

    def _hidden(self, name: str, kind: Kind, own: _Own) -> Iterator[Finding]:
        if own.administrator:
            return
        readable = self._permissions.readable(own.id, name, kind)
        for path in (each for each in kind.fields if each not in readable):
            yield Finding(
                f"{name}.{path}",
                Level.WRONG,
                "The column is secured, and arrives empty: add the application user to a column security profile that "
                "lets it read the column.",
            )

    def _decisions(self, name: str, kind: Kind, own: _Own) -> Iterator[Finding]:
        if not (kind.approve or kind.reject or kind.transitions):
            return
        path = keyed("EntityDefinitions", {"LogicalName": name})
        row = self._got(path, {"$select": "IsOptimisticConcurrencyEnabled,Privileges"})
        about = f"{name}.decisions"
        if row.get("IsOptimisticConcurrencyEnabled") is False:
            yield Finding(about, Level.WRONG, "The table takes no conditional updates: nothing is written to it.")
        held = row.get("Privileges")
        named = [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []
        names = (str(each.get("Name")) for each in named if each.get("PrivilegeType") == "Write")
        for privilege in filter(str.isidentifier, names):
            if GLOBAL in self._depths(own, privilege):
                yield Finding(about, Level.FINE, f"The application user's role has {privilege}.")
            else:
                yield Finding(
                    about,
                    Level.WRONG,
                    f"The role lacks {privilege} at the level of {_WHOLE}: a decision needs the person's privilege and "
                    "the application user's.",
                )

    def _depths(self, own: _Own, privilege: str) -> frozenset[str]:
        """How far a privilege of the application user reaches; nothing where it does not have it."""
        function = f"Microsoft.Dynamics.CRM.RetrieveUserPrivilegeByPrivilegeName(PrivilegeName={literal(privilege)})"
        held = self._got(f"{keyed(USERS, guid(own.id))}/{function}", {}).get("RolePrivileges")
        return frozenset(str(each.get("Depth")) for each in held or () if isinstance(each, dict))

    def _got(self, path: str, options: Mapping[str, str]) -> Mapping[str, Any]:
        answer = self._environment.call(Call("GET", self._environment.at(path, options)))
        if not isinstance(answer.body, dict):
            raise unreadable(answer.content)
        return answer.body


def _unknown(about: str) -> Finding:
    return Finding(about, Level.WRONG, "The table has no such column: give its logical name, as the table shows it.")


def _wrong(about: str, error: Exception) -> Finding:
    detail = getattr(error, "detail", "")
    return Finding(about, Level.WRONG, f"{error} ({detail})" if detail else str(error))
