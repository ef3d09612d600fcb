"""What one of the org's users may see and change, by the org's own word.

Where the bridge may sign for that user, the org is asked as them, which is exact. Elsewhere its tables of permissions
are read as the integration user.
https://developer.salesforce.com/docs/platform/object-reference/guide/sforce-api-objects-userrecordaccess.html
https://developer.salesforce.com/docs/platform/object-reference/guide/sforce-api-objects-fieldpermissions.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.contract import Action, Answer
from connectors.salesforce import composite
from connectors.salesforce.errors import ObjectUnknown
from connectors.salesforce.identity import Person
from connectors.salesforce.layout import Steps, steps_of
from connectors.salesforce.records import id18
from connectors.salesforce.settings import Kind, SalesforceSettings
from connectors.salesforce.wire import Calls

IDS_A_QUERY = 200
OBJECTS = composite.PARTS - 1
ACCESS = "access"

Describe = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Permissions:
    """Asks one org. `describe` is what the integration user sees."""

    org: Calls
    settings: SalesforceSettings
    describe: Describe

    def sees(
        self, actor: str, person: Person | None, kind: str, chosen: Kind, ids: Sequence[str]
    ) -> Mapping[str, frozenset[str]]:
        """See `Client.sees`."""
        steps = {path: steps_of(path, kind, self.describe) for path in chosen.fields}
        objects = sorted({kind, *(step.object for path in steps.values() for step in path or ())})[:OBJECTS]
        fields: frozenset[str] | None = None
        seen: dict[str, frozenset[str]] = {}
        for start in range(0, len(ids), IDS_A_QUERY):
            some = ids[start : start + IDS_A_QUERY]
            asked = {ACCESS: composite.query(_access(id18(actor), some))}
            if fields is None:
                asked |= self._about(actor, person, objects)
            answer = composite.ask(self.org, self.settings, asked, person)
            if fields is None:
                fields = self._readable(answer, person, kind, steps)
            rows = composite.records(composite.good(answer[ACCESS]))
            reads = {id18(row["RecordId"]) for row in rows if row.get("HasReadAccess") is True}
            seen |= {each: fields for each in some if id18(each) in reads}
        return seen

    def may_set(self, action: Action, person: Person) -> Answer:
        """Say whether the person may write the fields of a SET."""
        asked = {ACCESS: composite.query(_access(id18(action.actor), [action.id]))}
        asked |= self._about(action.actor, person, [action.kind])
        answer = composite.ask(self.org, self.settings, asked, person)
        rows = composite.records(composite.good(answer[ACCESS]))
        if not any(row.get("HasEditAccess") is True for row in rows):
            return Answer(allowed=False, reason="Salesforce does not let you edit this record.")
        fields = {entry["name"]: entry for entry in composite.good(answer[action.kind])["fields"]}
        closed = [name for name in action.fields if (fields.get(name) or {}).get("updateable") is not True]
        if closed:
            return Answer(allowed=False, reason=f"Salesforce does not let you change {', '.join(sorted(closed))}.")
        return Answer(allowed=True)

    def _about(self, actor: str, person: Person | None, objects: Sequence[str]) -> dict[str, str]:
        """What to ask of fields: each object as the person sees it, or the table of what is granted to them."""
        if person is not None:
            return {name: f"sobjects/{name}/describe" for name in objects}
        return {"fields": composite.query(_granted(id18(actor), objects))}

    def _readable(
        self, answer: Mapping[str, Any], person: Person | None, kind: str, steps: Mapping[str, Steps | None]
    ) -> frozenset[str]:
        if person is None:
            return _granted_paths(steps, composite.records(composite.good(answer["fields"])))

        def described(name: str) -> Mapping[str, Any]:
            if name not in answer:
                raise ObjectUnknown("It was not asked about.")
            found: Mapping[str, Any] = composite.good(answer[name])
            return found

        try:
            return frozenset(path for path in steps if steps_of(path, kind, described) is not None)
        except ObjectUnknown:
            # The kind itself is closed to them; a closed object behind a link is skipped on the way.
            return frozenset()


def _granted_paths(steps: Mapping[str, Steps | None], rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
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
        "SELECT Field, PermissionsRead FROM FieldPermissions "  # noqa: S608 - names are the vendor's own
        f"WHERE SobjectType IN ({listed}) AND ParentId IN "
        f"(SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{user}')"
    )
