"""The configuration that a process runs: taken from the ledger when it starts, and again whenever another is applied."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from config.bridge import load, restore, same
from config.compile import Bridge
from config.problem import ConfigurationInvalid, format_problems
from config.settings import Settings
from worker.fault import Fault
from worker.ledger import configurations, version
from worker.ledger.configurations import Applied, Mark
from worker.ledger.engine import Ledger
from worker.wiring import Wiring

log = structlog.get_logger()


class NotApplicable(Fault):
    """What is applied cannot be used by this process: a secret is missing here, or the program is an older one."""


def begin(wiring: Wiring) -> Wiring:
    """Return a process's wiring with what is applied; applies the file's configuration when nothing is yet.

    Raises `LedgerFault` and `NotApplicable`.
    """
    version.require(wiring.ledger)
    if wiring.taken is not None:
        return wiring
    configurations.put(wiring.ledger, wiring.bridge, first=True)
    return latest(wiring)


def latest(wiring: Wiring) -> Wiring:
    """Return the wiring of what is applied now, over the same connections. Raises `NotApplicable`."""
    found = applied(wiring.ledger)
    return wiring if found is None else wiring.running(*found)


def applied(ledger: Ledger) -> tuple[Bridge, Mark] | None:
    """Return the configuration that is applied, with the attestations that were given since. Raises `NotApplicable`."""
    # the mark first: what is applied while this reads is taken up with the next look
    with ledger.read() as connection:
        taken = configurations.mark(connection)
    current = configurations.current(ledger)
    return (verified(ledger, _bridge(current)), taken) if current else None


def differs(current: Bridge, settings: Settings) -> str:
    """Say in a sentence how the bridge file differs from what is applied; nothing when it does not."""
    try:
        written = load(settings.config)
    except ConfigurationInvalid as error:
        return f"{settings.config} has problems ({len(error.problems)}); what runs is what was applied before"
    if same(written, current):
        return ""
    return f"{settings.config} differs from what is applied: dingbridge apply {settings.config} applies it"


def _bridge(current: Applied) -> Bridge:
    try:
        return restore(current.content)
    except ConfigurationInvalid as error:
        raise NotApplicable(
            f"configuration {current.id} is applied and cannot be used here:\n{format_problems(error.problems)}"
        ) from None


def verified(ledger: Ledger, bridge: Bridge) -> Bridge:
    """Return a configuration with the words that were given in its groups themselves."""
    words = configurations.attested(ledger)
    destinations = {
        name: replace(destination, verified=words.get(name)) for name, destination in bridge.plan.destinations.items()
    }
    return replace(bridge, plan=replace(bridge.plan, destinations=destinations))


class Following:
    """Looks each tick whether another configuration was applied, for a process that claims nothing by itself."""

    def __init__(self, wiring: Wiring, use: Callable[[Wiring], None]) -> None:
        """Call `use` from a thread with each further configuration's wiring."""
        self._wiring = wiring
        self._use = use
        self._looked_at = wiring.taken
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._run, name="configuration", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def look(self) -> None:
        """Look once. One that cannot be used here is logged once, and the process goes on with what it has."""
        with self._wiring.ledger.read() as connection:
            newest = configurations.mark(connection)
        if newest == self._looked_at:
            return
        self._looked_at = newest
        try:
            self._wiring = latest(self._wiring)
        except NotApplicable as error:
            log.warning("a configuration was applied that this process cannot use", error=str(error))
            return
        self._use(self._wiring)
        log.info("configuration taken up", configuration=newest.configuration)

    def _run(self) -> None:
        while not self._stop.wait(self._wiring.settings.tick_s):
            try:
                self.look()
            except (SQLAlchemyError, OSError) as error:
                log.warning("the ledger did not answer; trying again", error=str(error))
