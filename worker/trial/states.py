"""The states of a record that a preview is made from: those of the ledger, or what its source has now."""

from __future__ import annotations

from config.compile import Bridge
from connectors.contract import Reads, Record, Services
from pipelines.plan import Route
from worker.fault import Fault
from worker.ledger import history
from worker.ledger.engine import Ledger


class NotFound(Fault):
    """There is no such record where it was looked for."""


def stored(ledger: Ledger, route: Route, what: str) -> tuple[Record, ...]:
    """Return the states of a record that the ledger still has, oldest first.

    `what` is its id, its number, or what else `worker.ledger.history.find` knows; of the route's kind, else none.
    """
    with ledger.read() as connection:
        subjects = history.find(ledger, connection, what).subjects
        for subject in subjects:
            if subject[:2] == (route.source, route.kind):
                happened = history.happenings(ledger, connection, subject)
                states = tuple(one.record for one in happened if one.record is not None)
                if states:
                    return states
    return ()


def present(bridge: Bridge, services: Services, route: Route, record_id: str) -> Record:
    """Read a record from its source. Raises NotFound, and the contract's errors."""
    source = bridge.sources[route.source]
    client = source.connector.build(source.name, source.settings, services)
    if not isinstance(client, Reads):
        raise NotFound(f"{route.source} cannot be asked for single records: --record FILE describes one")
    found = next((each for each in client.read(route.kind, [record_id]) if isinstance(each, Record)), None)
    if found is None:
        raise NotFound(f"{route.source} has no {route.kind} with the id {record_id}")
    return found
