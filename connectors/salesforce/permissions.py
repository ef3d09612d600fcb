"""What one of the org's users may see and change, by the org's own word.

https://developer.salesforce.com/docs/platform/object-reference/guide/sforce-api-objects-userrecordaccess.html
https://developer.salesforce.com/docs/platform/object-reference/guide/sforce-api-objects-fieldpermissions.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.contract import Action, Answer
from connectors.salesforce import composite
from connectors.salesforce.layout import Steps, steps_of
from connectors.salesforce.records import id18
from connectors.salesforce.settings import Kind, SalesforceSettings
from connectors.salesforce.wire import Calls

IDS_A_QUERY = 200
Describe = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Permissions:
    """Asks for one org, as the integration user, who needs View Setup and Configuration for it."""

    org: Calls
    settings: SalesforceSettings
    describe: Describe

    def sees(self, actor: str, kind: str, chosen: Kind, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """See `Client.sees`."""
        steps = {path: steps_of(path, kind, self.describe) for path in chosen.fields}
        user = id18(actor)
        objects = sorted({kind, *(step.object for path in steps.values() for step in path or ())})
        fields: frozenset[str] | None = None
        seen: dict[str, frozenset[str]] = {}
        for start in range(0, len(ids), IDS_A_QUERY):
            some = ids[start : start + IDS_A_QUERY]
            asked = {"access": _access(user, some)}
            if fields is None:
                asked["fields"] = _granted(user, objects)
            answer = composite.rows(self.org, self.settings, asked)
            if fields is None:
                fields = _readable(steps, answer["fields"])
            reads = {id18(row["RecordId"]) for row in answer["access"] if row.get("HasReadAccess") is True}
            seen |= {each: fields for each in some if id18(each) in reads}
        return seen

    def may_set(self, actor: str, action: Action) -> Answer:
        """Say whether the actor may write the fields of a SET."""
        user = id18(actor)
        asked = {
            "access": _access(user, [action.id]),
            "fields": _granted(user, [action.kind]),
            "user": f"SELECT Id FROM User WHERE Id = '{user}' AND IsActive = true",  # noqa: S608 - ids are held to letters and digits
        }
        answer = composite.rows(self.org, self.settings, asked)
        if not answer["user"]:
            return Answer(allowed=False, reason="Salesforce has no active user for you: ask its administrator.")
        access = next(iter(answer["access"]), {})
        if access.get("HasEditAccess") is not True:
            return Answer(allowed=False, reason="Salesforce does not let you edit this record.")
        editable = {
            str(row["Field"]).partition(".")[2] for row in answer["fields"] if row.get("PermissionsEdit") is True
        }
        described = {entry["name"]: entry for entry in self.describe(action.kind)["fields"]}
        closed = [name for name in action.fields if not _writable(described.get(name), editable)]
        if closed:
            return Answer(allowed=False, reason=f"Salesforce does not let you change {', '.join(sorted(closed))}.")
        return Answer(allowed=True)


def _writable(described: Mapping[str, Any] | None, editable: set[str]) -> bool:
    if described is None or described.get("updateable") is False:
        return False
    return described.get("permissionable") is False or described["name"] in editable


def _readable(steps: Mapping[str, Steps | None], rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the paths of which every step is granted, or is a field that permissions do not cover."""
    granted = {str(row["Field"]) for row in rows if row.get("PermissionsRead") is True}
    return frozenset(
        path
        for path, several in steps.items()
        if several is not None and all(step.open or f"{step.object}.{step.field}" in granted for step in several)
    )


def _access(user: str, ids: Sequence[str]) -> str:
    listed = ",".join(f"'{id18(each)}'" for each in ids)
    return (
        "SELECT RecordId, HasReadAccess, HasEditAccess FROM UserRecordAccess "  # noqa: S608 - ids are held to letters and digits
        f"WHERE UserId = '{user}' AND RecordId IN ({listed})"
    )


def _granted(user: str, objects: Sequence[str]) -> str:
    listed = ",".join(f"'{each}'" for each in objects)
    return (
        "SELECT Field, PermissionsRead, PermissionsEdit FROM FieldPermissions "  # noqa: S608 - names are the vendor's own
        f"WHERE SobjectType IN ({listed}) AND ParentId IN "
        f"(SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{user}')"
    )
