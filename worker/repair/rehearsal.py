"""What a replay would send: each fact beside what was sent of it then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from connectors.contract import Value
from pipelines.notice import Notice
from pipelines.stages.clearance import allowed, disclose
from pipelines.texts import text
from worker.clearing import Clearing
from worker.ledger.arrivals import micros
from worker.ledger.engine import Ledger
from worker.ledger.held import Slip
from worker.ledger.replays import Chosen
from worker.ledger.tables import Step, message_notice, trail
from worker.repair.replay import BATCH, Replay, Ruled, Today, rule


class Told(StrEnum):
    """What a message says of a field. A withheld one is named without its value."""

    SHOWN = "shown"
    WITHHELD = "withheld"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Side:
    """A field as one message tells it; `value` is None unless it is shown."""

    told: Told
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A field then and now."""

    name: str
    then: Side
    now: Side


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One fact that a replay would tell, or why it would not; `due` in microseconds.

    `holds_for` names a required field that not everybody may see today: the fact would be held for it.
    """

    notice_id: int
    became: Replay
    sentence: str
    source: str
    kind: str
    record_id: str
    number: str
    route: str
    destination: str
    message_id: int | None
    due: int
    fields: tuple[Compared, ...]
    holds_for: str


def rehearse(ledger: Ledger, chosen: Chosen, today: Today, locale: str) -> Iterator[Rehearsed]:
    """Give what a replay of these facts would send, changing nothing; values as `locale` and the group's zone have them."""
    clearing = Clearing(ledger, today.plan.clearances)
    for start in range(0, len(chosen.ids), BATCH):
        with ledger.read() as connection:
            groups = clearing.seen(connection, today.plan, ledger.now(connection))
            ruled = rule(ledger, connection, chosen.ids[start : start + BATCH], today)
            seen = [(one, *_sent(connection, one.id)) for one in ruled]
        knowing = replace(today, plan=replace(today.plan, destinations=groups))
        for one, message_id, withheld in seen:
            if one.slip is not None:
                yield _rehearsed(one, one.slip, knowing, (message_id, withheld), locale)


def _sent(connection: Connection, notice_id: int) -> tuple[int | None, tuple[str, ...]]:
    """Return the last message that carried a notice, and the fields that it left out."""
    carried = select(message_notice.c.message_id).where(message_notice.c.notice_id == notice_id)
    message_id = connection.execute(carried.order_by(message_notice.c.message_id.desc()).limit(1)).scalar()
    query = select(trail.c.detail).where(trail.c.notice_id == notice_id, trail.c.step == Step.FRAMED)
    withheld = [name for detail in connection.execute(query).scalars() for name in detail.split(", ")]
    return message_id, tuple(dict.fromkeys(withheld))


def _rehearsed(
    one: Ruled, slip: Slip, today: Today, sent: tuple[int | None, tuple[str, ...]], locale: str
) -> Rehearsed:
    message_id, withheld = sent
    source, kind, record_id = slip.subject
    fields: tuple[Compared, ...] = ()
    holds_for = ""
    if one.told is not None and slip.notice is not None:
        destination = today.plan.reader(slip.destination)
        may = allowed(destination, today.now.astimezone(ZoneInfo(destination.zone)).date())
        routes = today.programs[source, kind].routes
        route = next(each.route for each in routes if each.route.name == slip.route)
        cleared = disclose(one.told, route, today.plan.kinds[source, kind], may.classes)
        holds_for = next((name for name in cleared.withheld if name in route.required), "")
        then = _side(slip.notice.fields, withheld, destination.zone, locale)
        told = {name: value for name, value in one.told.fields.items() if name in {*cleared.fields, *cleared.withheld}}
        now = _side(told, cleared.withheld, destination.zone, locale)
        absent = Side(Told.ABSENT)
        names = dict.fromkeys([*then, *now])
        fields = tuple(Compared(name, then.get(name, absent), now.get(name, absent)) for name in names)
    due = one.told.due if one.told is not None else None
    answer = one.answer()
    return Rehearsed(
        notice_id=one.id,
        became=one.became,
        sentence=answer.sentence,
        source=source,
        kind=kind,
        record_id=record_id,
        number=_number(slip.notice),
        route=slip.route,
        destination=slip.destination,
        message_id=message_id,
        due=micros(due.astimezone(UTC)) if due else slip.created_at,
        fields=fields,
        holds_for=holds_for,
    )


def _number(told: Notice | None) -> str:
    return told.number if told else ""


def _side(fields: Mapping[str, Value], withheld: Sequence[str], zone: str, locale: str) -> dict[str, Side]:
    return {
        name: Side(Told.WITHHELD) if name in withheld else Side(Told.SHOWN, text(value, zone, locale))
        for name, value in fields.items()
    }
