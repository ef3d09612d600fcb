"""What surrounds a customer: the account, its newest deals and cases, and what was last done, in one call.

https://developer.salesforce.com/docs/platform/object-reference/guide/sforce-api-objects-task.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from connectors.contract import Malformed, Record
from connectors.salesforce import composite
from connectors.salesforce.errors import FieldUnknown, ObjectUnknown
from connectors.salesforce.layout import Layout, layout_of
from connectors.salesforce.records import id18, record_of
from connectors.salesforce.settings import Kind, SalesforceSettings
from connectors.salesforce.wire import Calls


@dataclass(frozen=True, slots=True)
class _Part:
    """One object around an account: what is read of it, by which link, and what is newest."""

    kind: Kind
    link: str
    newest: str


_PARTS: Mapping[str, _Part] = MappingProxyType(
    {
        "Account": _Part(Kind(fields=("Name", "Type", "Industry", "Owner.Name"), number="Name"), "Id", "Id"),
        "Opportunity": _Part(
            Kind(fields=("Name", "StageName", "Amount", "CloseDate"), number="Name"), "AccountId", "CreatedDate DESC"
        ),
        "Case": _Part(
            Kind(fields=("Subject", "Status", "Priority"), number="CaseNumber"), "AccountId", "CreatedDate DESC"
        ),
        "Task": _Part(
            Kind(fields=("Subject", "Status", "ActivityDate", "Owner.Name"), number="Subject"),
            "AccountId",
            "ActivityDate DESC NULLS LAST",
        ),
        "Event": _Part(
            Kind(fields=("Subject", "StartDateTime", "Owner.Name"), number="Subject"), "AccountId", "StartDateTime DESC"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class History:
    """Records by object, newest first; `missing` names the objects that our user may not see."""

    records: Mapping[str, tuple[Record, ...]]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Histories:
    """Asks one org, as the integration user; descriptions are kept for as long as it is."""

    name: str
    org: Calls
    settings: SalesforceSettings
    describe: Callable[[str], Mapping[str, Any]]

    def of(self, account: str, most: int) -> History:
        """Return what surrounds an account, `most` of each object. Raises the contract's errors."""
        target, layouts, missing = id18(account), {}, []
        for name, part in _PARTS.items():
            try:
                layouts[name] = layout_of(name, part.kind, self.describe)
            except ObjectUnknown:
                missing.append(name)
        asked = {name: composite.query(_query(layout, _PARTS[name], target, most)) for name, layout in layouts.items()}
        records: dict[str, tuple[Record, ...]] = {}
        for name, answer in composite.ask(self.org, self.settings, asked).items():
            if isinstance(answer, ObjectUnknown | FieldUnknown):
                missing.append(name)
            else:
                records[name] = self._read(composite.records(composite.good(answer)), layouts[name])
        return History(records, tuple(missing))

    def _read(self, rows: composite.Rows, layout: Layout) -> tuple[Record, ...]:
        found: list[Record] = []
        for row in rows:
            try:
                found.append(record_of(row, layout, self.name, self.settings.url))
            except Malformed:
                # What surrounds a record is told beside it; a row that cannot be read is left out.
                continue
        return tuple(found)


def _query(layout: Layout, part: _Part, account: str, most: int) -> str:
    return (
        f"SELECT {','.join(layout.select)} FROM {layout.kind} WHERE {part.link} = '{account}' "  # noqa: S608 - names are held to \w, ids to letters and digits
        f"ORDER BY {part.newest} LIMIT {most}"
    )
