"""How each connection stands and what may not have been heard, written down as soon as the ledger answers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connectors.contract import Finding, Gap
from worker.ledger import listening
from worker.ledger.engine import Ledger

log = structlog.get_logger()

AGAIN_S = 1.0
ALIVE_S = 30.0
MOST = 1_000
"""Notes that wait while the ledger is away; of more than that the oldest are let go."""

Note = Callable[[Connection], None]


class Notes:
    """A thread that writes what the ears of one process note, in order; nobody waits for it."""

    def __init__(self, ledger: Ledger, relay: str) -> None:
        """`relay` names this process among those that listen."""
        self._ledger = ledger
        self._relay = relay
        self._notes: deque[Note] = deque(maxlen=MOST)
        self._due = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="notes", daemon=True)
        self._thread.start()

    def stands(self, application: str, finding: Finding) -> None:
        """Note how a connection stands from now on."""
        self._put(partial(listening.stands, self._ledger, application=application, relay=self._relay, finding=finding))

    def missed(self, application: str, gap: Gap) -> None:
        """Note a time in which something may not have been heard."""
        self._put(partial(listening.missed, self._ledger, application=application, relay=self._relay, gap=gap))

    def close(self) -> None:
        """Write what is noted, forget how this process's connections stood, and end."""
        self._put(partial(listening.leave, relay=self._relay))
        self._closed = True
        self._due.set()
        self._thread.join(timeout=5)

    def _put(self, note: Note) -> None:
        self._notes.append(note)
        self._due.set()

    def _run(self) -> None:
        listens = False
        while True:
            if not self._due.wait(ALIVE_S if listens else None):
                self._notes.append(partial(listening.alive, self._ledger, relay=self._relay))
            self._due.clear()
            while self._notes:
                listens = True
                note = self._notes.popleft()
                if not self._written(note):
                    self._notes.appendleft(note)
                    break
            if self._closed:
                return
            if self._notes:
                self._due.wait(AGAIN_S)
                self._due.set()

    def _written(self, note: Note) -> bool:
        try:
            with self._ledger.write() as connection:
                note(connection)
        except (SQLAlchemyError, OSError) as error:
            log.warning("the ledger did not answer; a note waits", error=str(error))
            return False
        return True
