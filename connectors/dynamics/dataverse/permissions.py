"""What one of the environment's users may see and do, as Dataverse answers it.

https://learn.microsoft.com/power-apps/developer/data-platform/security-access-coding
https://learn.microsoft.com/power-apps/developer/data-platform/column-level-security
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.contract import Action, Answer
from connectors.dynamics.dataverse.batch import HEADERS, MOST, NotABatch, answers, questions
from connectors.dynamics.dataverse.errors import explain, throttled, unreadable
from connectors.dynamics.dataverse.people import AGE, USERS, People
from connectors.dynamics.dataverse.schema import Schema
from connectors.dynamics.dataverse.settings import Kind
from connectors.dynamics.dataverse.steps import step_of
from connectors.dynamics.dataverse.wire import Call, Environment
from connectors.odata import Answer as Said
from connectors.odata import guid, keyed, parts

NO_USER = "Dataverse has no enabled user for you, or does not know its Microsoft Entra account."
NOT_SHOWN = "Dataverse does not show you this record."
READ, WRITE, ASSIGN = "ReadAccess", "WriteAccess", "AssignAccess"
ALLOWED = 4
"""`CanRead` and `CanUpdate` of a column: 0 or 4.

https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/fieldpermission
"""
_NO_ACCESS = frozenset({"0x80048306", "0x80040220", "0x80042f09"})
"""What is said of a record that the person may not read at all, or of a person without a role (A-DYNAMICS-204)."""
_FRESH = {"Consistency": "Strong"}
"""Rights are else up to 30 seconds old."""


class Permissions:
    """Asks as the application user about people."""

    def __init__(self, environment: Environment, schema: Schema, people: People, now: Callable[[], datetime]) -> None:
        self._environment = environment
        self._schema = schema
        self._people = people
        self._now = now
        self._known: dict[tuple[str, str], tuple[datetime, Mapping[str, Any]]] = {}

    def may(self, actor: str, action: Action, kind: Kind) -> Answer:
        """Ask whether the source would let `actor` do this now. Raises the contract's errors."""
        person = self._people.find(actor)
        if person is None or self._people.acting(actor) is None:
            return Answer(allowed=False, reason=NO_USER)
        rights = self._rights(person.id, action.kind, [action.id], _FRESH).get(action.id, frozenset())
        columns = {*(step_of(action, kind) or {}), *action.fields}
        if READ not in rights:
            return Answer(allowed=False, reason=NOT_SHOWN)
        if WRITE not in rights or ("ownerid" in columns and ASSIGN not in rights):
            return Answer(allowed=False, reason="Dataverse does not let you change this record.")
        secured = self._secured(action.kind, columns)
        held = self._columns(person.id, action.kind) if secured else {}
        for name in secured:
            if held.get(name, {}).get("CanUpdate") != ALLOWED:
                return Answer(allowed=False, reason=f"Dataverse does not let you change {name}: the column is secured.")
        return Answer(allowed=True)

    def sees(self, actor: str, kind: str, ids: Sequence[str], chosen: Kind) -> Mapping[str, frozenset[str]]:
        """Give the fields that `actor` may read, for each of these records that they may read.

        The rows of a document are seen with it. Raises the contract's errors.
        """
        person = self._people.find(actor) if ids else None
        if person is None:
            return {}
        rights = self._rights(person.id, kind, list(dict.fromkeys(ids)), {})
        shown = [each for each, held in rights.items() if READ in held]
        if not shown:
            return {}
        return dict.fromkeys(shown, self.readable(person.id, kind, chosen))

    def readable(self, person: str, kind: str, chosen: Kind) -> frozenset[str]:
        """Name the fields without those whose column hides its value from this user. Raises the contract's errors."""
        return frozenset(self._readable(person, kind, chosen))

    def _readable(self, person: str, kind: str, chosen: Kind) -> Iterator[str]:
        yield from self._open(person, kind, [path for path in chosen.fields if "." not in path], "")
        for table in chosen.lines:
            yield table
            names = [path.partition(".")[2] for path in chosen.fields if path.startswith(f"{table}.")]
            yield from self._open(person, table, names, f"{table}.")

    def _open(self, person: str, table: str, names: Sequence[str], head: str) -> Iterator[str]:
        secured = self._secured(table, names)
        held = self._columns(person, table) if secured else {}
        for name in names:
            if name not in secured or held.get(name, {}).get("CanRead") == ALLOWED:
                yield head + name

    def _secured(self, table: str, names: Iterable[str]) -> frozenset[str]:
        """Name those of these fields whose column is secured, the amount in the organization's currency included."""
        attributes = self._schema.table(table).attributes
        hidden = {name for name, each in attributes.items() if each.secured}
        return frozenset(name for name in names if name in hidden or name.removesuffix("_base") in hidden)

    def _columns(self, person: str, table: str) -> Mapping[str, Mapping[str, int]]:
        """Return what a person may do with each secured column of a table, by its name.

        A row that is shared with them column by column is not looked at: what is shared so stays hidden (A-DYNAMICS-207).
        """
        ids = self._kept(("columns", table), lambda: self._secured_ids(table))
        held = self._kept(("privileges", person), lambda: self._privileges(person))
        found = {name: held[each] for each, name in ids.items() if each in held}
        # An amount and the same amount in the organization's currency have one protection (A-DYNAMICS-208).
        return {f"{name}_base": row for name, row in found.items()} | found

    def _secured_ids(self, table: str) -> Mapping[str, str]:
        path = f"{keyed('EntityDefinitions', {'LogicalName': table})}/Attributes"
        url = self._environment.at(path, {"$select": "LogicalName,MetadataId", "$filter": "IsSecured eq true"})
        rows = self._environment.rows(url, {}).rows
        return {str(row.get("MetadataId")).lower(): str(row.get("LogicalName")) for row in rows}

    def _privileges(self, person: str) -> Mapping[str, Mapping[str, int]]:
        path = f"{keyed(USERS, guid(person))}/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()"
        said = self._environment.call(Call("GET", self._environment.at(path)))
        rows = said.body.get("AttributePrivileges") if isinstance(said.body, dict) else None
        if not isinstance(rows, list):
            raise unreadable(said.content)
        return {str(row.get("AttributeId")).lower(): row for row in rows if isinstance(row, dict)}

    def _kept(self, key: tuple[str, str], ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        known = self._known.get(key)
        if known is None or self._now() - known[0] >= AGE:
            known = (self._now(), ask())
            self._known[key] = known
        return known[1]

    def _rights(
        self, person: str, kind: str, ids: Sequence[str], headers: Mapping[str, str]
    ) -> Mapping[str, frozenset[str]]:
        """Return what a person may do with each record; one that is not there is left out."""
        entity_set = self._schema.table(kind).entity_set
        urls = {each: self._access(person, keyed(entity_set, guid(each))) for each in ids}
        found: dict[str, frozenset[str]] = {}
        for some in parts(ids, MOST):
            said = self._batch([urls[each] for each in some]) if len(some) > 1 else [self._one(urls[some[0]], headers)]
            for each, answer in zip(some, said, strict=True):
                if answer.status == 429:
                    raise throttled(answer.fault, None, self._environment.calls_key)
                if answer.status < 300:
                    found[each] = _held(answer)
                elif answer.status != 404 and answer.fault.code.lower() not in _NO_ACCESS:
                    raise explain(answer.fault)
        return found

    def _access(self, person: str, record: str) -> str:
        path = f"{keyed(USERS, guid(person))}/Microsoft.Dynamics.CRM.RetrievePrincipalAccess(Target=@t)"
        return self._environment.at(path, {"@t": f"{{'@odata.id':'{record}'}}"})

    def _one(self, url: str, headers: Mapping[str, str]) -> Said:
        return self._environment.call(Call("GET", url, headers, refusable=True))

    def _batch(self, urls: Sequence[str]) -> Sequence[Said]:
        """Ask all in one request: each still counts for the vendor's limit of execution time."""
        call = Call("POST", self._environment.at("$batch"), HEADERS, questions(urls))
        said = self._environment.call(call)
        try:
            found = answers(said.headers.get("content-type", ""), said.content)
        except NotABatch as fault:
            raise unreadable(said.content, str(fault)) from None
        if len(found) != len(urls):
            raise unreadable(said.content, "a batch without all its answers")
        return found


def _held(answer: Said) -> frozenset[str]:
    rights = answer.body.get("AccessRights") if isinstance(answer.body, dict) else None
    if not isinstance(rights, str):
        raise unreadable(answer.content)
    return frozenset(part.strip() for part in rights.split(","))
