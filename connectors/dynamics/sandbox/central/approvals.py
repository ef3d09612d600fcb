"""Deciding approval requests: the vendor's own API reads them only, so the company wrote a page that decides.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/resources/dynamics_approvalentry
and https://learn.microsoft.com/dynamics365/business-central/dev-itpro/developer/devenv-creating-and-interacting-with-odatav4-bound-action
"""

from __future__ import annotations

from connectors.dynamics.sandbox.central import writes
from connectors.dynamics.sandbox.central.errors import refuse
from connectors.dynamics.sandbox.central.place import Place
from connectors.dynamics.sandbox.central.tables import COMPANY
from connectors.dynamics.sandbox.schema import Table
from connectors.dynamics.sandbox.store import Change, Row

# A-DYNAMICS-31: the vendor's own pages only read approvals
OPEN = "Open"
DOCUMENTS = {36: "salesOrders", 38: "purchaseOrders"}
"""The tables of the database whose records can wait for an approval."""
LEFT = {"Approved": "Open", "Rejected": "Draft"}
"""The status in which a decision leaves its document."""


def decide(place: Place, table: Table, entry: Row, status: str, by: Change) -> None:
    """Approve or reject an open request, and release or reopen its document. Raises `Refusal` 400."""
    if entry.values["status"] != OPEN:
        raise refuse(400, "Application_DialogException", "There is no open approval request to decide.")
    writes.change(place, table, entry, {"status": status, "lastDateTimeModified": by.at}, by)
    document = _document(place, entry)
    if document is not None and (status == "Rejected" or not _waiting(place, table, entry)):
        of = place.catalogue.get(DOCUMENTS[entry.values["tableId"]])
        writes.change(place, of, document, {"status": LEFT[status]}, by)


def _document(place: Place, entry: Row) -> Row | None:
    name = DOCUMENTS.get(entry.values["tableId"])
    wanted = (entry.values["documentNumber"], entry.values[COMPANY])
    rows = place.store.rows(name) if name else ()
    return next((row for row in rows if (row.values["number"], row.values[COMPANY]) == wanted), None)


def _waiting(place: Place, table: Table, entry: Row) -> bool:
    """Tell whether somebody else still has to decide on the same document."""
    same = ("tableId", "documentNumber", COMPANY, "status")
    wanted = [*(entry.values[name] for name in same[:-1]), OPEN]
    rows = place.store.rows(table.name)
    return any(row.id != entry.id and [row.values[name] for name in same] == wanted for row in rows)
