"""Fetches what an application could not post: at the start, and for some minutes after something could not be stored."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

import structlog

from connectors.contract import ConnectorError, Hears
from worker.ledger import signals
from worker.ledger.engine import now
from worker.storing import store_signals
from worker.writer import Writer

log = structlog.get_logger()

EVERY_S = 60.0
FOR_S = 300.0
"""A vendor that gives up an event keeps it for some minutes more."""


class Recovery:
    """Asks every minute for five minutes, from the start on and again whenever `missed` is called."""

    def __init__(self, writer: Writer, *, every_s: float = EVERY_S, for_s: float = FOR_S) -> None:
        self._writer = writer
        self._every_s = every_s
        self._for_s = for_s
        self._clients: Mapping[str, Hears] = {}
        self._until = 0.0
        self._due = threading.Event()
        self._stop = threading.Event()
        threading.Thread(target=self._run, name="recovery", daemon=True).start()

    def follow(self, clients: Mapping[str, Hears]) -> None:
        """Ask as these applications, by name, from now on."""
        self._clients = clients
        self.missed()

    def missed(self, _name: str = "") -> None:
        """Say that something could not be stored; returns at once."""
        self._until = time.monotonic() + self._for_s
        self._due.set()

    def close(self) -> None:
        """Ask no more."""
        self._stop.set()
        self._due.set()

    def _run(self) -> None:
        asked_at = -self._every_s
        while not self._stop.is_set():
            if time.monotonic() >= self._until:
                self._due.wait()
            self._due.clear()
            # a minute apart, however often something is missed
            self._stop.wait(max(asked_at + self._every_s - time.monotonic(), 0.0))
            if self._stop.is_set():
                return
            asked_at = time.monotonic()
            for name, client in self._clients.items():
                self._fetch(name, client)

    def _fetch(self, name: str, client: Hears) -> None:
        fetched = 0
        try:
            for received in client.recover():
                if received.refusal is not None:
                    self._writer.refuse(name, received.refusal)
                at = now()
                rows = signals.rows(name, received, at, self._writer.sealer)
                # the next question makes the vendor forget these
                if rows and not store_signals(self._writer, rows, signals.charges(name, client, received, at)):
                    log.warning("what could not be posted was fetched and cannot be stored", application=name)
                    return
                fetched += len(rows)
        except ConnectorError as error:
            log.warning("what could not be posted cannot be fetched", application=name, error=str(error))
        if fetched:
            log.info("what could not be posted was fetched", application=name, count=fetched)
