"""Enumerations: their members, and how a name that is no identifier is written.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/developer/devenv-develop-custom-api
and https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/resources/dynamics_salesorder
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

ENUMS: Mapping[str, Sequence[str]] = {
    "contactType": ("Company", "Person"),
    "customerBlocked": (" ", "Ship", "Invoice", "All"),
    "vendorBlocked": (" ", "Payment", "All"),
    "itemType": ("Inventory", "Service", "Non-Inventory"),
    "salesOrderEntityBufferStatus": ("Draft", "In Review", "Open"),
    "purchaseOrderEntityBufferStatus": ("Draft", "In Review", "Open"),
    "invoiceEntityAggregateStatus": (" ", "Draft", "In Review", "Open", "Paid", "Canceled", "Corrective"),
    "invoiceLineAggLineType": ("Comment", "Account", "Item", "Resource", "Fixed Asset", "Charge"),
    "salesLineType": (" ", "G/L Account", "Item", "Resource", "Fixed Asset", "Charge Item"),
    "approvalDocumentType": ("Quote", "Order", "Invoice", "Credit Memo", "Blanket Order", "Return Order", " "),
    "approvalStatus": ("Created", "Open", "Canceled", "Rejected", "Approved", " "),
    "workflowApprovalType": ("Workflow User Group", "Sales Pers./Purchaser", "Approver", " "),
    "workflowApprovalLimitType": ("Approval Limits", "Credit Limits", "Request Limits", "No Limits", " "),
    "workflowApproverType": ("Salesperson/Purchaser", "Approver", "Workflow User Group"),
    "workflowApproverLimitType": (
        "Approver Chain",
        "Direct Approver",
        "First Qualified Approver",
        "Specific Approver",
    ),
}


def escaped(name: str) -> str:
    """Return a member's name as an identifier: `In Review` is `In_x0020_Review`."""
    return re.sub(r"\W", lambda sign: f"_x{ord(sign[0]):04X}_", name)


def member(enum: str, text: str) -> str:
    """Return the member with this name, escaped or not. Raises `ValueError`."""
    for name in ENUMS[enum]:
        if text in {name, escaped(name), name.strip()}:
            return name
    raise ValueError(f"{enum} has no member {text}")
