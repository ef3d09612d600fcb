"""The subscriptions by which sources push, each with the connector's own state, sealed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from sqlalchemy import Connection, select

from worker.ledger.engine import Ledger
from worker.ledger.tables import subscription

LABEL = b"subscription"


def job_name(source: str) -> str:
    """Return the name under which a source's subscription is made, proven and renewed."""
    return f"subscribe {source}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subscription stands; times in microseconds.

    `renewed_at` is when it was last made or proven (None: never), `renew_at` when it is renewed next, `attempts` how
    often that failed since, `failure` the last reason. Between `silent_since` and `silent_until` changes may not have
    been pushed, as the last renewal that found such a time knew. Since `missed_since` polls found `missed` changes that
    were not announced.
    """

    source: str
    renew_at: int
    renewed_at: int | None = None
    attempts: int = 0
    failure: str = ""
    silent_since: int | None = None
    silent_until: int | None = None
    missed: int = 0
    missed_since: int | None = None


_COLUMNS = [subscription.c[each.name] for each in fields(Standing)]


def state(ledger: Ledger, connection: Connection, source: str) -> str | None:
    """Return what the connector kept of its subscription; None: it never made one. Raises `Unsealable`."""
    query = select(subscription.c.data_key, subscription.c.content).where(subscription.c.source == source)
    row = connection.execute(query).first()
    if row is None or row.content is None:
        return None
    return ledger.sealer.open(row.data_key).unseal(row.content, LABEL).decode()


def renewed(ledger: Ledger, connection: Connection, of: Standing, state: str) -> None:
    """Write a subscription that was made, proven or renewed."""
    key = ledger.sealer.fresh()
    _write(ledger, connection, of, {"data_key": key.wrapped, "content": key.seal(state.encode(), LABEL)})


def noted(ledger: Ledger, connection: Connection, of: Standing) -> None:
    """Write how a subscription stands, such as that it could not be renewed; what the connector kept of it stays."""
    _write(ledger, connection, of, {})


def _write(ledger: Ledger, connection: Connection, of: Standing, kept: dict[str, bytes]) -> None:
    values = {**asdict(of), **kept}
    upsert = ledger.insert(subscription).values(**values)
    connection.execute(upsert.on_conflict_do_update(index_elements=["source"], set_=values))


def standing(connection: Connection, source: str) -> Standing | None:
    """Return how the subscription of a source stands; None: it was never tried."""
    row = connection.execute(select(*_COLUMNS).where(subscription.c.source == source)).first()
    return None if row is None else Standing(*row)
