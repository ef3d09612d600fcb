"""Which states a change cannot bring about, because there is an action for them.

See https://learn.microsoft.com/power-apps/developer/data-platform/reference/web-service-error-codes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.dynamics.sandbox.dataverse.org import Org
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Table
from connectors.dynamics.sandbox.store import Row

USUAL = -1
"""As a status it stands for the usual reason of the state."""


@dataclass(frozen=True, slots=True)
class Closing:
    """An action: its `activity` names a row of `table`, which goes from one of the states `before` to `state`."""

    activity: str
    table: str
    before: frozenset[int]
    state: int


CLOSINGS: Mapping[str, Closing] = {
    "WinOpportunity": Closing("OpportunityClose", "opportunity", frozenset({0}), 1),
    "LoseOpportunity": Closing("OpportunityClose", "opportunity", frozenset({0}), 2),
    "CloseIncident": Closing("IncidentResolution", "incident", frozenset({0}), 1),
    "WinQuote": Closing("QuoteClose", "quote", frozenset({1}), 2),
    "CloseQuote": Closing("QuoteClose", "quote", frozenset({1}), 3),
    "FulfillSalesOrder": Closing("OrderClose", "salesorder", frozenset({0, 1}), 3),
    "CancelSalesOrder": Closing("OrderClose", "salesorder", frozenset({0, 1}), 2),
}


def check(org: Org, table: Table, row: Row, given: Mapping[str, Any]) -> None:
    """Let a change pass that does not bring about what only an action can. Raises `Refusal` 400."""
    state = _target_state(table, given)
    if state is None or state == row.values.get("statecode"):
        return
    found = next((name for name, c in CLOSINGS.items() if (c.table, c.state) == (table.name, state)), "")
    if not found:
        return
    documented = table.name == "opportunity"
    # A-DYNAMICS-27: the page knows the refusal for opportunities, the field for cases, nobody for quotes and orders
    if table.name in {"quote", "salesorder"} and org.switches.closing_by_patch == "accepted":
        return
    label = table.columns["statecode"].options[state]
    message = (
        f"This message can not be used to set the state of {table.name} to {label}. "
        f"In order to set state of {table.name} to {label}, use the {found} message instead."
    )
    raise Refusal(400, "0x80100005" if documented else "0x80040203", message)


def _target_state(table: Table, given: Mapping[str, Any]) -> int | None:
    """Return the state that a change asks for, by itself or by its reason."""
    status = table.columns.get("statuscode")
    if given.get("statecode") is not None or status is None:
        state = given.get("statecode")
        return int(state) if state is not None else None
    return status.states.get(given.get("statuscode", USUAL))
