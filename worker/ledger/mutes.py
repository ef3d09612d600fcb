"""What people mute until when, and what they were not told for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, false, insert, literal, or_, select

from pipelines.notice import Notice
from worker.ledger.arrivals import moment
from worker.ledger.decisions import NOTICE
from worker.ledger.engine import Ledger
from worker.ledger.readers import Since
from worker.ledger.seal import Unsealable
from worker.ledger.tables import MessageState, NoticeState, inbox, message, message_notice, missed, mute, notice

LOOKED_AT = 500
"""Messages to one person that are looked at for the routes that tell them, newest first."""


@dataclass(frozen=True, slots=True)
class Mute:
    """A person's word that a route is to tell them nothing until `until`; times in microseconds.

    `said_at` is when it was heard; one that ends when it was said takes an earlier one back.
    """

    application: str
    user: str
    route: str
    until: int
    said_at: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A fact that somebody was not told because they muted it."""

    id: int
    notice: Notice


def put(ledger: Ledger, connection: Connection, one: Mute) -> None:
    """Keep a word; one that was said later stands."""
    values = {"until": one.until, "said_at": one.said_at}
    row = ledger.insert(mute).values(application=one.application, user=one.user, route=one.route, **values)
    key = ["application", "user", "route"]
    connection.execute(row.on_conflict_do_update(index_elements=key, set_=values, where=mute.c.said_at <= one.said_at))


def of(connection: Connection, application: str, user: str) -> Mapping[str, datetime]:
    """Return until when somebody muted each route (aware), however long that is over."""
    mine = (mute.c.application == application) & (mute.c.user == user)
    rows = connection.execute(select(mute.c.route, mute.c.until).where(mine).order_by(mute.c.route))
    return {row.route: moment(row.until) for row in rows}


def telling(connection: Connection, recipients: Collection[str]) -> frozenset[str]:
    """Return the routes by which these recipients were told lately."""
    found: set[str] = set()
    for name in recipients:
        mine = select(message.c.id).where(message.c.destination == name, message.c.state == MessageState.DELIVERED)
        last = mine.order_by(message.c.settled_at.desc()).limit(LOOKED_AT).subquery()
        carried = select(message_notice.c.notice_id).join(last, last.c.id == message_notice.c.message_id)
        routes = select(notice.c.route).where(notice.c.id.in_(carried)).distinct()
        found.update(connection.execute(routes).scalars())
    return frozenset(found)


def keep(connection: Connection, ids: Sequence[int], at: int) -> None:
    """Note that these notices are not told because their reader muted them."""
    if ids:
        rows = select(notice.c.destination, notice.c.id, literal(at, missed.c.at.type)).where(notice.c.id.in_(ids))
        connection.execute(insert(missed).from_select(["destination", "notice_id", "at"], rows))


def kept(connection: Connection, since: Since) -> list[int]:
    """Return what was muted for these recipients, each since its time: the newest of each record and route.

    Newest first, without what they were told a later state of.
    """
    later = notice.alias()
    newer, mine = inbox.alias(), inbox.alias()
    told = exists().where(
        mine.c.seq == notice.c.seq,
        *(newer.c[name] == mine.c[name] for name in ("source", "kind", "record_id")),
        newer.c.seq > mine.c.seq,
        later.c.seq == newer.c.seq,
        later.c.route == notice.c.route,
        later.c.destination == notice.c.destination,
        later.c.state == NoticeState.SHOWN,
    )
    query = (
        select(notice.c.id, notice.c.route, notice.c.subject)
        .join(missed, missed.c.notice_id == notice.c.id)
        .where(
            or_(false(), *(and_(missed.c.destination == name, missed.c.at >= at) for name, at in since.items())), ~told
        )
        .order_by(notice.c.id.desc())
    )
    newest: dict[Any, int] = {}
    for row in connection.execute(query):
        newest.setdefault((row.route, row.subject), row.id)
    return list(newest.values())


def opened(ledger: Ledger, connection: Connection, ids: Sequence[int]) -> list[Kept]:
    """Return these facts in their order, without those whose content is gone."""
    query = (
        select(notice.c.id, notice.c.destination, notice.c.payload, inbox.c.data_key)
        .join(inbox, inbox.c.seq == notice.c.seq)
        .where(notice.c.id.in_(ids))
    )
    found: dict[int, Kept] = {}
    for row in connection.execute(query):
        try:
            content = ledger.sealer.open(row.data_key).unseal(row.payload, NOTICE)
        except Unsealable:
            continue
        found[row.id] = Kept(row.id, Notice.load(content, row.destination))
    return [found[id_] for id_ in ids if id_ in found]


def forget(connection: Connection, before: int) -> None:
    """Forget the words that ended before `before` (microseconds)."""
    connection.execute(delete(mute).where(mute.c.until < before))
