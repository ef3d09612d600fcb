"""Who reads the places that messages go to, as they were last asked for, and since when one is another than before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, select, update

from connectors.contract import Change, Members, Topic, Unlisted, WhyUnlisted
from pipelines.audience import Altered, Audience
from pipelines.plan import Destination
from pipelines.verdict import Reason
from worker.ledger import peace
from worker.ledger.engine import MICROSECONDS, Ledger, lock_names
from worker.ledger.seal import Unsealable
from worker.ledger.tables import NoticeState, audience, notice, vouched

VERIFIED = "verified"
"""The job that lets go what was held until somebody vouched for its group again."""

SEALED = b"audience"
STALE = frozenset(
    {
        Topic.GROUP_JOINED,
        Topic.GROUP_LEFT,
        Topic.GROUP_RENAMED,
        Topic.GROUP_OWNER,
        Topic.GROUP_GONE,
        Topic.GROUP_INSTALLED,
        Topic.GROUP_UNINSTALLED,
    }
)
ALTERED: Mapping[Topic, Altered] = {
    Topic.GROUP_RENAMED: Altered.RENAMED,
    Topic.GROUP_OWNER: Altered.OWNER,
    Topic.GROUP_GONE: Altered.GONE,
}
_decode = msgspec.json.Decoder(Members).decode


class State(StrEnum):
    """Whether anybody can say who reads a place."""

    UNREAD = ""
    LISTED = "listed"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a destination's readers; times in microseconds, 0: never.

    `reason` and `sentence` say why nobody can list them, `failure` why they could not be asked for when they were last.
    `changed_at` is since when it is another group than before, `lost_at` since when it cannot be listed any more.
    """

    destination: str
    place: str
    state: State
    reason: str
    sentence: str
    people: int
    outsiders: int
    open_history: bool | None
    read_at: int
    stale_at: int
    changed_at: int
    changed: str
    lost_at: int
    failure: str
    attested_at: int

    @property
    def altered(self) -> Altered | None:
        """In which way it is another group than before."""
        if self.lost_at > self.changed_at:
            return Altered.LOST
        return Altered(self.changed) if self.changed else None

    def audience(self, at: int, ages: Ages) -> Audience:
        """Return what clearance has to know of it at `at` (microseconds)."""
        return Audience(
            read=self.read_at > self.stale_at and at - self.read_at < ages.of(self.state),
            outsiders=self.outsiders > 0,
            altered_at=_moment(max(self.changed_at, self.lost_at)),
            altered=self.altered,
            attested_at=_moment(self.attested_at),
            read_at=_moment(self.read_at),
        )


@dataclass(frozen=True, slots=True)
class Ages:
    """How old a list of members may be, and the answer that there is none, before a message goes out by it.

    `settling` is how long it is waited for a member whom news named to be read again; then nothing is cleared by them.
    """

    listed: timedelta = timedelta(seconds=60)
    unlisted: timedelta = timedelta(minutes=10)
    settling: timedelta = timedelta(seconds=10)

    def of(self, state: State) -> int:
        """Return it in microseconds."""
        return (self.unlisted if state is State.UNLISTED else self.listed) // timedelta(microseconds=1)


_KNOWN = select(vouched.c.destination, vouched.c.attested_at, audience).outerjoin(
    audience, audience.c.place == vouched.c.place
)
_ZERO = {column.name: 0 if column.type.python_type is int else "" for column in audience.c if not column.nullable}


def known(connection: Connection, destinations: Sequence[str]) -> dict[str, Known]:
    """Return what is known of the readers of these destinations; of one that was never seen nothing."""
    query = _KNOWN.where(vouched.c.destination.in_(destinations))
    return {row["destination"]: _known(row) for row in connection.execute(query).mappings()}


def _known(row: RowMapping) -> Known:
    # of a place that was never asked for there is no row
    values: Mapping[str, Any] = {**row, **(_ZERO if row["place"] is None else {})}
    values = {**values, "place": row["place"] or ""}
    given = {name: values[name] for name in Known.__slots__ if name != "state"}
    return Known(state=State(values["state"]), **given)


def listed(ledger: Ledger, connection: Connection, place: str) -> Members | None:
    """Return who was listed at a place when it was asked for last; None where nobody could say, or it cannot be read."""
    query = select(audience).where(audience.c.place == place, audience.c.state == State.LISTED)
    row = connection.execute(query).mappings().first()
    return _last(ledger, row) if row is not None else None


def placed(ledger: Ledger, connection: Connection, places: Mapping[str, str]) -> None:
    """Note at which place each destination is."""
    for name, place in places.items():
        row = ledger.insert(vouched).values(destination=name, place=place)
        connection.execute(
            row.on_conflict_do_update(
                index_elements=["destination"], set_={"place": place}, where=vouched.c.place != place
            )
        )


def attested(ledger: Ledger, connection: Connection, destinations: Mapping[str, Destination]) -> None:
    """Note when the words of a configuration were given: those that it did not have before are given now."""
    at = ledger.now(connection)
    for name, destination in destinations.items():
        word = destination.attestation
        said = "" if word is None else f"{word.by}\0{word.on}\0{word.until}\0{sorted(word.classes)}"
        digest = blake2b(said.encode(), digest_size=16).hexdigest() if said else ""
        values = {"word": digest, "attested_at": at}
        row = ledger.insert(vouched).values(destination=name, **values)
        connection.execute(
            row.on_conflict_do_update(index_elements=["destination"], set_=values, where=vouched.c.word != digest)
        )


def store(ledger: Ledger, connection: Connection, place: str, found: Members | Unlisted, asked_at: int) -> None:
    """Keep who reads a place, as it was asked for at `asked_at` (microseconds, by the database's clock)."""
    lock_names(connection, [f"audience {place}"])
    row = connection.execute(select(audience).where(audience.c.place == place)).mappings().first()
    before: dict[str, Any] = dict(row) if row else {**_ZERO, "data_key": None, "payload": None}
    if before["read_at"] > asked_at:
        return
    at = ledger.now(connection)
    values: dict[str, Any] = {"read_at": asked_at, "failure": ""}
    if isinstance(found, Unlisted):
        values |= {"state": State.UNLISTED, "reason": found.why, "sentence": found.sentence[:512], "outsiders": 0}
        if before["state"] == State.LISTED:
            values["lost_at"] = at
        altered = Altered.GONE if found.why is WhyUnlisted.GONE and before["changed"] != Altered.GONE else None
    else:
        values |= {"state": State.LISTED, "reason": "", "sentence": "", "lost_at": 0}
        values |= {"people": len(found.people), "outsiders": len(found.outsiders), "open_history": found.open_history}
        last = _last(ledger, before)
        altered = _altered(last, found, outside=before["outsiders"] > 0)
        key = ledger.sealer.fresh()
        # a call that does not tell them leaves name and owner as they were told before
        name, owner = found.name or (last.name if last else ""), found.owner or (last.owner if last else "")
        kept = Members(dict(found.people), dict(found.outsiders), found.at, name, owner, found.open_history)
        values |= {"data_key": key.wrapped, "payload": key.seal(msgspec.json.encode(kept), SEALED)}
    if altered is not None:
        values |= {"changed": altered, "changed_at": at}
    _put(ledger, connection, place, values)
    peace.sits(ledger, connection, place, found.people if isinstance(found, Members) else (), asked_at)


def _altered(last: Members | None, found: Members, *, outside: bool) -> Altered | None:
    if found.outsiders and not outside:
        return Altered.OUTSIDER
    if last is None:
        return None
    if last.name and found.name and last.name != found.name:
        return Altered.RENAMED
    return Altered.OWNER if last.owner and found.owner and last.owner != found.owner else None


def _last(ledger: Ledger, row: Mapping[str, Any] | RowMapping) -> Members | None:
    try:
        return _decode(ledger.sealer.open(row["data_key"]).unseal(row["payload"], SEALED))
    except Unsealable:
        return None


def failed(ledger: Ledger, connection: Connection, place: str, sentence: str) -> None:
    """Note why the readers of a place could not be asked for; what is known of them ages on."""
    _put(ledger, connection, place, {"failure": sentence[:512]})


def invalidate(ledger: Ledger, connection: Connection, change: Change) -> None:
    """Note that a group is not as it was, in the transaction that settles the news: it is read before it is used again."""
    at = ledger.now(connection)
    if change.topic is Topic.PERSON_LEFT:
        # who leaves the organisation leaves its groups, and no group says so
        connection.execute(update(audience).where(audience.c.state == State.LISTED).values(stale_at=at))
    if change.topic not in STALE or not change.group:
        return
    values: dict[str, Any] = {"stale_at": at}
    altered = ALTERED.get(change.topic)
    if change.topic is Topic.GROUP_JOINED and len(change.unions) > len(change.people):
        # somebody who has a union id and no user id here comes from outside: A-DINGTALK-401
        altered = Altered.OUTSIDER
    if altered is not None:
        values |= {"changed": altered, "changed_at": at}
    _put(ledger, connection, change.group, values)
    if change.topic is Topic.GROUP_JOINED:
        peace.joins(ledger, connection, change.group, change.people, at)
    if change.topic is Topic.GROUP_LEFT:
        peace.leaves(connection, change.group, change.people, at)


def _put(ledger: Ledger, connection: Connection, place: str, values: Mapping[str, Any]) -> None:
    row = ledger.insert(audience).values(place=place, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["place"], set_=dict(values)))


_UNVERIFIED = select(notice.c.destination, notice.c.id).where(
    notice.c.state == NoticeState.HELD, notice.c.reason == Reason.UNVERIFIED
)


def any_unverified(connection: Connection) -> bool:
    """Tell whether anything is held because its group is not the one that was vouched for."""
    return connection.execute(_UNVERIFIED.limit(1)).first() is not None


def unverified(connection: Connection) -> dict[str, list[int]]:
    """Return the notices that are held because their group is not the one that was vouched for, by destination."""
    found: dict[str, list[int]] = {}
    for name, id_ in connection.execute(_UNVERIFIED.order_by(notice.c.id)):
        found.setdefault(name, []).append(id_)
    return found


def _moment(at: int) -> datetime | None:
    return datetime.fromtimestamp(at / MICROSECONDS, UTC) if at else None
