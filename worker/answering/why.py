"""The answer to `/why`: when something was told, by which route and for what reason, to whoever was told it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from connectors.contract import Draft, Fact, Line
from pipelines.language import say
from pipelines.plan import PUBLIC, Destination, Plan, Policy, Route, destination_of
from pipelines.stages.clearance import allowed, disclose
from pipelines.stages.merge import OPEN
from pipelines.stages.render import WITHHELD
from pipelines.texts import moment
from pipelines.words import same
from worker.answering import phrases
from worker.answering.lateness import lateness
from worker.answering.reasons import Condition
from worker.clearing import Clearing
from worker.ledger import audiences, told
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.plans import Plans
from worker.ledger.told import Reading, Told

MOST = 3
"""Facts in one answer: the newest."""
LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Why:
    """Explains what was told, by the plan of today: what may no longer be shown to a destination is not repeated.

    `clearing` knows who is cleared, and how old the members of a group may be that is shown more than what is public.
    """

    ledger: Ledger
    plans: Plans
    plan: Plan
    clearing: Clearing

    def about(
        self, connection: Connection, number: str, reading: Reading, now: datetime, *, alone: bool
    ) -> Draft | None:
        """Return the answer about a record, or about what was told last where `number` is empty; None: nothing was told.

        `reading` is of what it may speak; `alone`: it is for one person, who may read several of them.
        """
        since = {name: at for name, at in reading.since.items() if destination_of(name) in self.plan.destinations}
        found = self._found(connection, number, replace(reading, since=since))
        user = reading.user if alone else ""
        facts = tuple(self._fact(connection, one, now, user) for one in found[:MOST])
        if not facts:
            return None
        locale = self.plan.reader(found[0].telling.destination).locale
        headline = " ".join(filter(None, ("/why", number or facts[0].number)))
        return Draft(preview=headline, facts=facts, open_label=say(OPEN, locale))

    def _found(self, connection: Connection, number: str, reading: Reading) -> list[Told]:
        if not number:
            return told.newest(self.ledger, connection, reading)
        named = {number, number.upper()}
        found = told.of_number(self.ledger, connection, reading, named, LOOKED_AT)
        # what was told under another number was not told of this one
        return [one for one in found if same(one.notice.number, number)]

    def _fact(self, connection: Connection, one: Told, now: datetime, user: str) -> Fact:
        plan = self.plans.get(one.ruling.plan_id) if one.ruling else None
        route = next((each for each in plan.routes if each.name == one.telling.route), None) if plan else None
        reader = self.plan.reader(one.telling.destination)
        lines = [Line(say(phrases.TOLD_IN, reader.locale), destination_of(reader.name))] if user else []
        if plan is not None and route is not None:
            classes = self._classes(connection, reader, user, now)
            because = self._condition(one, plan, route, classes).said()
            lines.append(Line(say(phrases.BECAUSE, reader.locale), because))
        return Fact(
            title=route.title if route else one.telling.route,
            number=one.notice.number,
            url=one.notice.url,
            at=moment(datetime.fromtimestamp(one.at / MICROSECONDS, UTC), reader.zone, reader.locale),
            lines=tuple(lines),
            notes=tuple(_notes(one, reader)),
        )

    def _classes(self, connection: Connection, reader: Destination, user: str, now: datetime) -> frozenset[str]:
        """Return what may be named now: to one person what goes to the destination, to a group what all of it may see.

        A class that has clearances is named only to people who are known to be cleared for it.
        """
        at, cleared = self.ledger.now(connection), frozenset[str]()
        if user:
            cleared = self.clearing.people(connection, reader.application, [user], at)[user]
        else:
            known = audiences.known(connection, [reader.name]).get(reader.name)
            if known is not None and known.read_at:
                reader = replace(reader, audience=self.clearing.audience(connection, reader, known, at))
            if reader.audience is not None:
                if not reader.audience.read:
                    return frozenset({PUBLIC})
                cleared = reader.audience.shared
        may = allowed(reader, now.astimezone(ZoneInfo(reader.zone)).date()).classes
        return may - self.plan.clearances.ruled | cleared

    def _condition(self, one: Told, plan: Plan, route: Route, classes: frozenset[str]) -> Condition:
        reader = self.plan.reader(one.telling.destination)
        key = (one.notice.source, one.notice.kind)
        kind = self.plan.kinds.get(key)
        today = next((each for each in self.plan.routes if each.name == route.name), route)
        # what was only pointed to was told to nobody
        pointed = route.policy is Policy.POINTER
        cleared = {} if pointed or kind is None else disclose(one.notice, today, kind, classes).fields
        return Condition(
            kind=plan.kinds[key],
            route=route,
            values={name: value for name, value in cleared.items() if name not in one.withheld},
            changed=one.ruling.changed if one.ruling else (),
            new=one.notice.new,
            deleted=one.notice.deleted,
            reader=reader,
        )


def _notes(one: Told, reader: Destination) -> Iterator[str]:
    if one.withheld:
        yield say(WITHHELD, reader.locale, count=len(one.withheld))
    if one.message.facts > 1:
        yield say(phrases.DIGEST, reader.locale, count=one.message.facts - 1)
    if one.telling.again:
        yield say(phrases.AGAIN, reader.locale)
    if late := lateness(one, reader.locale):
        yield late
