"""What one of Business Central's users may see and do, as far as its API tells.

There is no call for somebody's rights. What a person sees is asked as that person, with a token of their own; whose
approval is due stands in the approval entries: the standard API's for documents, those of a page of one's own in the
record itself. Nothing else is known, and what is not known is refused.
https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/resources/dynamics_approvalentry
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.contract import Action, Answer, Choice, Misconfigured, Record, Refused, Verb
from connectors.dynamics.business_central.acts import NO_CREDENTIAL, name_of
from connectors.dynamics.business_central.company import Company
from connectors.dynamics.business_central.errors import unreadable
from connectors.dynamics.business_central.layout import Layout, label_of
from connectors.dynamics.business_central.people import People, SignInAgain
from connectors.dynamics.business_central.reading import Reader
from connectors.dynamics.business_central.records import RawRow, checked_id
from connectors.dynamics.business_central.settings import (
    STANDARD,
    STATUS,
    Approvals,
    BusinessCentralSettings,
    Kind,
)
from connectors.dynamics.business_central.wire import Account, Call
from connectors.odata import compare, every, page

ENTRIES = "approvalEntries"
NOT_ASKED = "Business Central cannot be asked what you may do before you connect your own Business Central account."
NOT_YOURS = Answer(allowed=False, reason="Business Central does not wait for your approval of this record.")
_SALES, _PURCHASE = 36, 38
DOCUMENTS: Mapping[str, tuple[int, str]] = {
    "salesQuotes": (_SALES, "Quote"),
    "salesOrders": (_SALES, "Order"),
    "salesInvoices": (_SALES, "Invoice"),
    "salesCreditMemos": (_SALES, "Credit Memo"),
    "purchaseOrders": (_PURCHASE, "Order"),
    "purchaseInvoices": (_PURCHASE, "Invoice"),
    "purchaseCreditMemos": (_PURCHASE, "Credit Memo"),
}
"""The table and type of a document before it is posted, as approval entries name them (A-DYNAMICS-313)."""


class Permissions:
    """Asks the environment on behalf of people."""

    def __init__(self, people: People, company: Company, settings: BusinessCentralSettings) -> None:
        self._people = people
        self._company = company
        self._settings = settings

    def may(self, actor: str, action: Action, kind: Kind, layout: Layout, record: Record) -> Answer:
        """Tell whether the vendor would let `actor` do this, as far as it tells; `record` is the present state."""
        if action.verb is not Verb.SET and name_of(action, kind) not in kind.transitions:
            return Answer(allowed=False, reason="The settings name no bound action of Business Central for this.")
        approves = action.verb in {Verb.APPROVE, Verb.REJECT}
        unseen = self._unseen(actor, action.id, layout, kind.api, approves=approves)
        if unseen or not approves:
            return Answer(not unseen, unseen)
        return _named(actor, kind.approvals, record) if kind.approvals else self._approver(actor, layout, record)

    def _unseen(self, actor: str, record_id: str, layout: Layout, route: str, *, approves: bool) -> str:
        """Return why the person cannot be said to see a record, empty where they do."""
        own = self._people.own(actor)
        if own is None and self._people.stand_in:
            # An approval entry names its approver to whoever reads it; any other right only the person can ask for.
            return "" if approves else NOT_ASKED
        if own is None:
            return NO_CREDENTIAL
        try:
            seen = self._seen(own, layout, route, [record_id])
        except SignInAgain as ended:
            return str(ended)
        return "" if record_id in seen else "Business Central does not show you this record."

    def sees(self, actor: str, layout: Layout, route: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Give the fields that `actor` may read, for each of these records that they may read."""
        own = self._people.own(actor)
        if own is None or not ids:
            return {}
        fields = frozenset(_paths(layout))
        try:
            return dict.fromkeys(self._seen(own, layout, route, ids), fields)
        except SignInAgain:
            return {}

    def _seen(self, own: Account, layout: Layout, route: str, ids: Sequence[str]) -> Sequence[str]:
        """Read as the person; who may not read the entity set at all sees none of it."""
        wanted = list(dict.fromkeys(checked_id(each, layout.key_type) for each in ids))
        reader = Reader(own, self._company, self._settings)
        try:
            rows = reader.some(layout, route, wanted)
        except SignInAgain:
            raise
        except (Misconfigured, Refused):
            return []
        found = {checked_id(row.get(layout.key), layout.key_type) for row in rows}
        return [each for each in wanted if each in found]

    def _approver(self, actor: str, layout: Layout, record: Record) -> Answer:
        """Look whether this person's approval is the one that is due."""
        document = DOCUMENTS.get(layout.entity_set)
        if document is None or not record.number:
            return Answer(allowed=False, reason="Business Central does not tell whose approval this record waits for.")
        options = {
            "$select": "approverId,status,documentType",
            "$filter": every(compare("tableId", "eq", document[0]), compare("documentNumber", "eq", record.number)),
        }
        url = self._company.url(STANDARD, ENTRIES, options)
        try:
            answer = self._people.application.call(Call("GET", url))
        except (Misconfigured, Refused) as error:
            return Answer(allowed=False, reason=f"Whose approval is due cannot be read: {error}")
        try:
            rows = page(answer.body, url).rows
        except ValueError:
            raise unreadable(answer.content) from None
        due = [row for row in rows if _label(row, "status") == "Open" and _label(row, "documentType") == document[1]]
        approvers = {str(row.get("approverId") or "").upper() for row in due}
        return Answer(allowed=True) if actor.upper() in approvers else NOT_YOURS


def _named(actor: str, approvals: Approvals, record: Record) -> Answer:
    """Look whether an approval entry is still due, and names this person; what is not read names nobody."""
    status, approver = record.fields.get(STATUS), record.fields.get(approvals.approver)
    label = status.label if isinstance(status, Choice) else status
    due = not record.deleted and label == approvals.due
    theirs = isinstance(approver, str) and approver.upper() == actor.upper() != ""
    return Answer(allowed=True) if due and theirs else NOT_YOURS


def _label(row: RawRow, name: str) -> str:
    return label_of(str(row.get(name) or ""))


def _paths(layout: Layout) -> Iterator[str]:
    yield from (column.name for column in layout.columns)
    for group in layout.groups:
        if group.many:
            yield group.name
        yield from (f"{group.name}.{column.name}" for column in group.columns)
