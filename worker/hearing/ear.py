"""The ear that is lent to an application: what it hears is committed before it is acknowledged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from connectors.contract import Finding, Gap, Press, Received
from worker.hearing.notes import Notes
from worker.ledger import signals
from worker.ledger.engine import now
from worker.storing import Stored, store
from worker.writer import Writer

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LedgerEar:
    """Fulfils `Ear` for one application, by the relay's writer."""

    application: str
    client: object
    writer: Writer
    notes: Notes
    shows: Callable[[Press], Awaitable[Mapping[str, str]]]

    async def take(self, received: Received) -> bool:
        """Store what came; True once it is committed."""
        if received.refusal is not None:
            self.writer.refuse(self.application, received.refusal)
            log.info("frame refused", application=self.application, refusal=received.refusal, reason=received.reason)
            return True
        at = now()
        rows = signals.rows(self.application, received, at, self.writer.sealer)
        charges = signals.charges(self.application, self.client, received, at)
        return not rows or await store(self.writer, signals=rows, charges=charges) is Stored.YES

    async def shown(self, press: Press) -> Mapping[str, str]:
        """Give what the one who pressed sees at once."""
        return await self.shows(press)

    def missed(self, gap: Gap) -> None:
        """Note that something may have been lost."""
        log.warning("something may not have been heard", application=self.application, loss=gap.loss)
        self.notes.missed(self.application, gap)

    def stands(self, finding: Finding) -> None:
        """Note how the connection stands."""
        self.notes.stands(self.application, finding)
