"""Matches the users of a source with people, whenever either changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

import structlog
from sqlalchemy import Connection, func, select

from connectors.contract import Choice, Ref, Value
from pipelines import matching
from pipelines.matching import Company, Keys, SourceUser, own_ids
from pipelines.notice import State
from worker.ledger import matches, people
from worker.ledger.decisions import SNAPSHOT
from worker.ledger.engine import Ledger
from worker.ledger.matches import Seen
from worker.ledger.seal import Unsealable
from worker.ledger.tables import snapshot

log = structlog.get_logger()


def job_name(source: str) -> str:
    """Return the name of the job that matches the users of a source."""
    return f"match {source}"


def outdated(source: str, keys: Keys, connection: Connection) -> bool:
    """Tell whether the matches of a source were made from other users, people or keys than there are now."""
    read_at, _ = people.times(connection, keys.application)
    return read_at is not None and _seen(source, keys, connection) != matches.made_from(connection, source)


def _seen(source: str, keys: Keys, connection: Connection) -> Seen:
    newest = select(func.max(snapshot.c.seq)).where(snapshot.c.source == source, snapshot.c.kind == keys.kind)
    digest = hashlib.blake2b(repr(keys).encode(), digest_size=16).hexdigest()
    seq = connection.execute(newest).scalar() if keys.kind else 0
    _, people_at = people.times(connection, keys.application)
    return Seen(digest, seq or 0, people_at)


@dataclass(frozen=True, slots=True)
class Matcher:
    """Matches the users of sources by their keys, one source a call."""

    ledger: Ledger
    keys: Mapping[str, Keys]

    def run(self, source: str) -> int:
        """Match the users of a source anew; returns how many stand otherwise than before. Raises what the ledger raises.

        What changes meanwhile is seen by the next turn.
        """
        keys = self.keys.get(source)
        if keys is None:
            return 0
        with self.ledger.read() as connection:
            seen = _seen(source, keys, connection)
            company = Company(*people.everybody(self.ledger, connection, keys.application))
            before = matches.known(self.ledger, connection, source, keys.application)
            users = list(_users(self.ledger, connection, source, keys) if keys.kind else own_ids(keys, company, before))
        found = matching.match(users, company, {user: one.bond for user, one in before.items()}, single=bool(keys.kind))
        with self.ledger.write() as connection:
            people.lock(connection, keys.application)
            if _seen(source, keys, connection) != seen:
                return 0
            count = matches.put(self.ledger, connection, source, keys.application, found)
            matches.made(self.ledger, connection, source, seen)
        if count:
            log.info("users matched", source=source, changed=count)
        return count


def _users(ledger: Ledger, connection: Connection, source: str, keys: Keys) -> Iterator[SourceUser]:
    mine = (snapshot.c.source == source) & (snapshot.c.kind == keys.kind) & ~snapshot.c.deleted
    for row in connection.execute(select(snapshot.c.record_id, snapshot.c.data_key, snapshot.c.payload).where(mine)):
        with suppress(Unsealable):
            state = State.load(ledger.sealer.open(row.data_key).unseal(row.payload, SNAPSHOT))
            values = {key: _text(state.fields.get(name)) for key, name in keys.fields.items()}
            yield SourceUser(row.record_id, {key: text for key, text in values.items() if text})


def _text(value: Value) -> str:
    match value:
        case str():
            return value
        case Decimal():
            return str(value)
        case Ref():
            return value.id
        case Choice():
            return value.code
    return ""
