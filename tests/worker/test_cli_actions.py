"""The list of decisions that were not carried out, over the ledger of an installation."""

from __future__ import annotations

import json

import pytest

from config.settings import Settings
from tests.worker.processes import Installation
from tests.worker.test_cli_repair import Call, call, here
from worker.ledger import actions
from worker.ledger.engine import Ledger, now
from worker.ledger.tables import ActionState
from worker.wiring import open_ledger

__all__ = ["call", "here"]


def pressed(ledger: Ledger, signal_id: int, state: ActionState, why: str, detail: str = "") -> None:
    """Write down a press with what became of it."""
    at = now()
    of = {"application": "robot", "card": f"card-{signal_id}", "source": "crm", "kind": "Opportunity"}
    by = {"record_id": "o1", "seq": 1, "verb": "approve", "by": "u-amy", "actor": "s-boss"}
    ends = {"state": int(state), "reason": why, "detail": detail, "settled_at": at}
    times = {"pressed_at": at, "heard_at": at, "due_at": at}
    with ledger.write() as connection:
        assert actions.put(ledger, connection, {"signal_id": signal_id, **of, **by, **ends, **times})


def test_what_was_not_carried_out_is_listed_with_the_reason(here: Installation, call: Call) -> None:
    assert call("actions") == (0, "Nobody's decision is open, refused or failed.\n", "")
    ledger = open_ledger(Settings())
    pressed(ledger, 1, ActionState.DONE, "")
    pressed(ledger, 2, ActionState.REFUSED, "denied", "Only the boss may.")
    ledger.close()
    code, out, _ = call("actions")
    assert code == 0
    (head, row) = out.splitlines()
    assert head.split() == ["id", "pressed", "record", "action", "by", "as", "became", "why"]
    assert "crm.Opportunity/o1" in row
    assert "the source does not let this person do it; Only the boss may." in row
    (plain,) = json.loads(call("actions", "--json")[1])
    assert (plain["by"], plain["state"], plain["why"]) == ("u-amy", "refused", "denied")
    assert len(json.loads(call("actions", "--json", "--all")[1])) == 2
    assert here.state.exists()


@pytest.mark.usefixtures("here")
def test_no_more_than_was_asked_for(call: Call) -> None:
    ledger = open_ledger(Settings())
    for n in range(1, 6):
        pressed(ledger, n, ActionState.LATE, "decided")
    ledger.close()
    assert [one["id"] for one in json.loads(call("actions", "--most", "2", "--json")[1])] == [5, 4]
