"""What one process's clients used of their quotas, until it is written to the ledger."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from connectors.contract import Budget, Purpose
from worker.ledger import cursors, months
from worker.ledger.engine import Ledger, now
from worker.ledger.months import Spent


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Writes each call that counts and each vendor's word as it comes. Both raise what the ledger raises."""

    ledger: Ledger

    def spent(self, budget: Budget, purpose: Purpose) -> None:
        """Count a call towards the month of `budget`."""
        if budget.month is not None:
            with self.ledger.write() as connection:
                call = Spent(budget.key, budget.month, purpose, self.ledger.now(connection))
                months.spend(self.ledger, connection, [call])

    def observe(self, key: str, used: int, allowed: int) -> None:
        """Keep what a vendor said of a quota."""
        with self.ledger.write() as connection:
            cursors.observe(self.ledger, connection, {key: (used, allowed)})


class Spending:
    """Takes calls that count and vendors' words on quotas from any thread; one thread writes them.

    A message is set aside in the transaction that sends it off. When it has ended, what was set aside is given back, and
    what its client told of it counts instead.
    """

    def __init__(self) -> None:
        self._told: deque[Spent] = deque()
        self._heard: deque[tuple[str, tuple[int, int]]] = deque()
        self._unwritten: list[Spent] = []
        self._observed: dict[str, tuple[int, int]] = {}
        self._aside: dict[int, tuple[Spent, ...]] = {}

    def spent(self, budget: Budget, purpose: Purpose) -> None:
        """Take a call that counts towards the month of `budget`."""
        if budget.month is not None:
            self._told.append(Spent(budget.key, budget.month, purpose, now()))

    def observe(self, key: str, used: int, allowed: int) -> None:
        """Take what a vendor said of a quota."""
        self._heard.append((key, (used, allowed)))

    def ended(self, message_id: int) -> frozenset[str]:
        """Give back what was set aside for a message; returns the keys of the budgets."""
        aside = self._aside.pop(message_id, ())
        self._unwritten += [replace(one, calls=-one.calls) for one in aside]
        return frozenset(one.budget for one in aside)

    def collect(self) -> bool:
        """Take up what came until now; tells whether there is anything to write."""
        self._unwritten += [self._told.popleft() for _ in range(len(self._told))]
        self._observed |= dict(self._heard.popleft() for _ in range(len(self._heard)))
        return bool(self._unwritten or self._observed)

    def write(self, ledger: Ledger, connection: Connection, going: Mapping[int, tuple[Spent, ...]]) -> None:
        """Count what was collected, and what messages that go out now will use, by their ids. Last in a transaction.

        Raises `Contested` when a month has fewer calls left than are going. `written` is called after the commit.
        """
        cursors.observe(ledger, connection, self._observed)
        aside = [one for each in going.values() for one in each]
        months.spend(ledger, connection, [*self._unwritten, *aside], frozenset(one.budget for one in aside))

    def written(self, going: Mapping[int, tuple[Spent, ...]]) -> None:
        """Forget what `write` has written, and keep what was set aside."""
        self._unwritten.clear()
        self._observed.clear()
        self._aside |= going
