"""Deals with what was heard, in the order in which it came; each thing once, whoever of the workers is faster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from worker.fault import whereabouts
from worker.ledger import signals
from worker.ledger.engine import Ledger
from worker.ledger.signals import Signal
from worker.ledger.tables import SignalState

log = structlog.get_logger()

BATCH = 200
UNREADABLE = "it was sealed under another key, or written by another version"

Handler = Callable[[Connection, Signal], None]
"""Does what follows from a signal, by statements alone: what needs the network is left to who is woken by it."""


@dataclass(frozen=True, slots=True)
class SignalReader:
    """Hands each signal to the handler of its type, within the transaction that settles it."""

    ledger: Ledger
    handlers: Mapping[type, Handler]

    def read(self) -> int:
        """Deal with all that is new; returns how many signals were. Raises what the ledger raises."""
        count = 0
        while found := self._batch():
            for one in found:
                count += self._settled(one)
        return count

    def _batch(self) -> list[Signal | int]:
        with self.ledger.read() as connection:
            return list(signals.new(self.ledger, connection, BATCH))

    def _settled(self, one: Signal | int) -> bool:
        if isinstance(one, int):
            with self.ledger.write() as connection:
                return signals.settle(connection, one, SignalState.UNREADABLE, UNREADABLE)
        try:
            with self.ledger.write() as connection:
                mine = signals.settle(connection, one.id, SignalState.DONE)
                if mine:
                    self.handlers[type(one.said)](connection, one)
                return mine
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - one that cannot be dealt with must not stop the others
            fault = whereabouts(error)
            log.error("a signal cannot be dealt with", application=one.application, error=fault)  # noqa: TRY400 - values
        with self.ledger.write() as connection:
            return signals.settle(connection, one.id, SignalState.UNREADABLE, fault)
