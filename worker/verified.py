"""Lets go what was held because its group was not the one any more that somebody had vouched for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import redis
import structlog

from connectors.contract import ConnectorError
from pipelines.plan import Destination, Plan
from pipelines.stages.clearance import Allowed, allowed, lost
from worker.ledger import audiences, held
from worker.ledger.engine import Ledger
from worker.ledger.held import Slip
from worker.ledger.tables import notice
from worker.readers import Readers
from worker.repair.held import Programs, release

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Verified:
    """One worker's look at what is held until its group is verified again, by today's configuration."""

    ledger: Ledger
    readers: Readers
    plan: Plan
    programs: Programs
    plan_id: int

    def run(self) -> int:
        """Release what today's words let through; returns how many notices. Raises what the ledger raises."""
        with self.ledger.read() as connection:
            found = audiences.unverified(connection)
        count = 0
        for name, ids in found.items():
            now = datetime.now(UTC)
            destination = self._seen(name)
            free = self._free(destination, ids, now) if destination is not None else []
            moved = release(self.ledger, free, self.programs, self.plan_id, now) if free else []
            if moved:
                log.info("facts go to a group that was verified again", destination=name, count=len(moved))
            count += len(moved)
        return count

    def _seen(self, name: str) -> Destination | None:
        """Return a destination with who reads it now; None where that is not known, or where there is none."""
        destination, place = self.plan.destinations.get(name), self.readers.place(name)
        if destination is None or place is None:
            return destination
        try:
            return replace(destination, audience=self.readers.read(place))
        except (ConnectorError, redis.RedisError) as error:
            log.warning("the readers could not be asked for; what is held stays", destination=name, error=str(error))
            return None

    def _free(self, destination: Destination, ids: Sequence[int], now: datetime) -> list[int]:
        may = allowed(destination, now.astimezone(ZoneInfo(destination.zone)).date())
        with self.ledger.read() as connection:
            slips = held.slips(self.ledger, connection, notice.c.id.in_(ids))
        return [one.id for one in slips if not self._lost(one, may)]

    def _lost(self, slip: Slip, may: Allowed) -> bool:
        kind = self.plan.kinds.get(slip.subject[:2])
        return slip.notice is None or kind is None or lost(slip.notice, kind, may)
