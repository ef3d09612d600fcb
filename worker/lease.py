"""The lease of a job: one worker at a time does it, in a thread of its own, for as long as it renews."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection

from worker.ledger import cursors
from worker.ledger.engine import Ledger

LEASE_S = 300.0


class Overtaken(Exception):
    """Our lease was over and another worker does this job now; what we did last was not stored."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's hold of a job, of which it begins one turn: two threads of a worker are two owners."""

    ledger: Ledger
    job: str
    owner: str

    @classmethod
    def of(cls, ledger: Ledger, job: str, worker: str) -> Lease:
        """Return a lease of this job that `worker` may take."""
        return cls(ledger, job, f"{worker[:48]} {secrets.token_hex(4)}")

    def take(self, connection: Connection, first_at: int = 0) -> bool:
        """Begin; False while somebody else does the job. One that is new is due at `first_at` (microseconds)."""
        cursors.plan_job(self.ledger, connection, self.job, first_at)
        return self._renew(connection)

    def keep(self, connection: Connection) -> None:
        """Go on, in the transaction that stores what was done. Raises Overtaken."""
        if not self._renew(connection):
            raise Overtaken

    def end(self, next_at: int | None) -> None:
        """Give the job back; `next_at` (microseconds) moves its next turn."""
        with self.ledger.write() as connection:
            cursors.end_job(connection, self.job, self.owner, next_at)

    def _renew(self, connection: Connection) -> bool:
        return cursors.begin_job(connection, self.job, self.owner, self.ledger.now(connection), LEASE_S)
