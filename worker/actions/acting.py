"""One worker's part in decisions: cards out of date, cards to be changed, and what was heard to be carried out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from worker.actions.carrying import Carrier
from worker.actions.showing import Teller, keep_up
from worker.ledger import actions, cards
from worker.ledger.engine import Ledger


@dataclass(frozen=True, slots=True)
class Acting:
    """What one worker does of decisions, a little at a time."""

    ledger: Ledger
    carrier: Carrier
    teller: Teller

    def step(self) -> bool:
        """Do one thing of each kind; false when there was nothing to do. Raises what the ledger raises."""
        kept = self._keep_up()
        # a card that is to be changed waits for no source that hangs
        told = self.teller.step()
        return self.carrier.step() or told or kept

    def due(self) -> bool:
        """Tell cheaply whether there is anything to do."""
        with self.ledger.read() as connection:
            return any_due(connection, self.ledger.now(connection))

    def _keep_up(self) -> bool:
        with self.ledger.read() as connection:
            behind = cards.any_stale(connection)
        return behind and bool(keep_up(self.ledger))


def any_due(connection: Connection, at: int) -> bool:
    """Tell whether anything is to be done about decisions by `at` (microseconds)."""
    return actions.any_due(connection, at) or cards.any_untold(connection, at) or cards.any_stale(connection)


def free(connection: Connection, worker: str) -> None:
    """Give back what a worker had begun that starts again."""
    actions.free(connection, worker)
    cards.free(connection, worker)
