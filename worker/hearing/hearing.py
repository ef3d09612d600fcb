"""Everything of one relay that hears: connections, failed events, and what who presses a button is shown at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connectors.contract import Hears, Listens, Press
from worker.hearing.ear import LedgerEar
from worker.hearing.listener import Listener
from worker.hearing.notes import Notes
from worker.hearing.recovery import Recovery
from worker.ledger.engine import Ledger
from worker.writer import Writer

log = structlog.get_logger()

SHOWN_S = 1.0
"""A channel waits two seconds for the answer to a press; later than this the card is left as it is."""

Look = Callable[[Connection, Press], Mapping[str, str]]


class Hearing:
    """The applications of the configuration that is applied, as this relay hears them."""

    def __init__(self, ledger: Ledger, writer: Writer, relay: str, look: Look) -> None:
        """`relay` names this process; `look` reads in the ledger what somebody who pressed is shown."""
        self._ledger = ledger
        self._shows = look
        self._writer = writer
        self.notes = Notes(ledger, relay)
        self._listener = Listener(self._ear)
        self._recovery = Recovery(writer)
        self.unstored = self._recovery.missed

    def follow(self, clients: Mapping[str, object]) -> Mapping[str, Hears]:
        """Hear these applications, by name, and soon no others; returns those that also post to us."""
        self._listener.follow({name: client for name, client in clients.items() if isinstance(client, Listens)})
        posting = {name: client for name, client in clients.items() if isinstance(client, Hears)}
        self._recovery.follow(posting)
        return posting

    def close(self) -> None:
        """End every connection in order; what was heard is stored before this returns."""
        self._recovery.close()
        self._listener.close()

    async def shown(self, press: Press) -> Mapping[str, str]:
        """Return what the one who pressed is shown at once, nothing where the ledger does not tell in time."""
        try:
            async with asyncio.timeout(SHOWN_S):
                return await asyncio.to_thread(self._look, press)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            log.warning("the answer to a press is left to the card's next change", error=type(error).__name__)
            return {}

    def _look(self, press: Press) -> Mapping[str, str]:
        with self._ledger.read() as connection:
            return self._shows(connection, press)

    def _ear(self, application: str, client: object) -> LedgerEar:
        return LedgerEar(application, client, self._writer, self.notes, self.shown)
