"""Looks who read what not everybody may see: who joined meanwhile, and who may not see any more what they were shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import redis
import structlog
from sqlalchemy import Connection

from connectors.contract import ConnectorError
from pipelines.audience import Audience
from pipelines.plan import WITHIN, Plan
from worker.by_record import Facts, ToldOf
from worker.clearing import Clearing
from worker.ledger import audiences, disclosures, peace, people, readers
from worker.ledger.audiences import Ages
from worker.ledger.disclosures import Loss, Overseen, Shown
from worker.ledger.engine import Ledger
from worker.readers import Place, Readers
from worker.repair.recall import Recaller

log = structlog.get_logger()

JOB = "disclosed"
MOST = 500
"""Messages that are looked at in one turn."""

BY = "clearance"
"""Who takes messages back that somebody read who may not, in the trail."""


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One worker's look at who reads what was sent, by its plan; `ages` is how old a list of members may be."""

    ledger: Ledger
    readers: Readers
    recaller: Recaller
    plan: Plan
    ages: Ages

    def run(self) -> int:
        """Look at the messages whose time has come; returns how many somebody read who may not see them.

        Where readers cannot be asked for, it is tried again. Raises what the ledger raises.
        """
        with self.ledger.read() as connection:
            at = self.ledger.now(connection)
            due = disclosures.due(connection, at, MOST)
        by_destination: defaultdict[str, list[Shown]] = defaultdict(list)
        for one in due:
            by_destination[one.destination].append(one)
        return sum(self._look(name, shown, at) for name, shown in by_destination.items())

    def _look(self, name: str, shown: Sequence[Shown], at: int) -> int:
        """Look at the messages of one destination; those that are under way still are looked at later."""
        place = self.readers.place(name)
        open_ = [one.message_id for one in shown if one.settled_at is None]
        came = [one for one in shown if one.came]
        try:
            audience = self._audience(name, place, max((one.settled_at or 0 for one in came), default=0))
        except (ConnectorError, redis.RedisError) as error:
            log.warning("it is not known yet who read a message", destination=name, error=str(error))
            open_, came, audience = [one.message_id for one in shown], [], None
        told = self._told(name, audience, came)
        # it is not known yet what some sources let somebody read
        open_ += [one.message_id for one in came if one.message_id in told.open | told.failed]
        if place is not None and self._in_doubt(name):
            # somebody is being read again: then it is known who is cleared
            open_ = [one.message_id for one in shown]
        read = [one for one in came if audience is not None and one.message_id not in open_]
        found = [(one, who) for one in read if (who := self._joined(name, place, audience, one, told))]
        overseen = [self._overseen(one, who) for one, who in found]
        fine = [
            one.message_id for one in shown if one.message_id not in {*open_, *(one.message_id for one, _ in found)}
        ]
        with self.ledger.write() as connection:
            disclosures.later(connection, open_, at + self.ages.listed // timedelta(microseconds=4))
            disclosures.looked(connection, fine)
            disclosures.overseen(connection, overseen)
        return len(overseen)

    def _in_doubt(self, name: str) -> bool:
        with self.ledger.read() as connection:
            known = audiences.known(connection, [name]).get(name)
            return known is not None and self.readers.settling(connection, self.plan.reader(name), known)

    def _joined(self, name: str, place: Place | None, audience: Audience | None, one: Shown, told: ToldOf) -> list[str]:
        """Return who came after it was asked who may read a message, and may not; also who is gone again by now."""
        if place is None or audience is None:
            return []
        with self.ledger.read() as connection:
            came = peace.joined(connection, place.key, one.cleared_at)
            users = {user for user, _, until in came if until is None or until >= one.framed_at}
            gone = sorted(users - (audience.cleared or {}).keys())
            cleared = self.readers.cleared(connection, self.plan.reader(name), gone)
        missed = [user for user in gone if not one.classes & audience.ruled <= cleared[user]]
        there = _uncleared(audience, one, told.shown.get(one.message_id, ()))
        return [*(user for user in there if user in users or user == OUTSIDE), *missed]

    def _told(self, name: str, audience: Audience | None, came: Sequence[Shown]) -> ToldOf:
        """Return what sources let the readers see of what messages show; nothing where none is asked."""
        ids = [one.message_id for one in came if audience is not None and one.classes & audience.asked]
        if not ids:
            return ToldOf()
        with self.ledger.read() as connection:
            return self.readers.told(connection, replace(self.plan.reader(name), audience=audience), ids)

    def _audience(self, name: str, place: Place | None, since: int) -> Audience | None:
        """Return who reads a destination, as it was asked for after `since` (microseconds); None: nobody can say."""
        if place is None or not since:
            return None
        with self.ledger.read() as connection:
            known = audiences.known(connection, [name]).get(name)
        if known is None or known.place != place.key or known.read_at <= max(since, known.stale_at):
            return self.readers.read(place)
        with self.ledger.read() as connection:
            return self.readers.known(connection, self.plan.reader(name), known)

    def _overseen(self, one: Shown, who: Sequence[str]) -> Overseen:
        """Take back a message that somebody read who may not."""
        taken = self.recaller.message(one.message_id)
        became = str(taken[0].became) if taken else ""
        log.warning("a message was read by somebody who may not see it", message=one.message_id, became=became)
        with self.ledger.read() as connection:
            at = self.ledger.now(connection)
        return Overseen(one.message_id, one.destination, tuple(sorted(one.classes)), tuple(who), became, at)


def _uncleared(audience: Audience | None, one: Shown, facts: Facts) -> list[str]:
    """Return who reads a message without being cleared for what it shows, by user id or as somebody from outside.

    `facts` are what it shows, with the readers as they are cleared for each record; without them all is one.
    """
    if audience is None:
        return []
    whole = one.classes <= frozenset[str]().union(*(classes for _, classes in facts))
    parts = [(to.audience, classes & one.classes) for to, classes in facts] if whole else [(audience, one.classes)]
    people = {
        user
        for of, classes in parts
        for user, may in ((of.cleared if of is not None else None) or {}).items()
        if not classes & audience.ruled <= may
    }
    return [*sorted(people), OUTSIDE] if audience.outsiders else sorted(people)


OUTSIDE = "outside"
"""Stands for whoever is not of the organisation."""


@dataclass(frozen=True, slots=True)
class Losing:
    """Looks which people of an application may see less than before, and reports what they were shown."""

    ledger: Ledger
    plan: Plan
    clearing: Clearing

    def run(self, application: str) -> int:
        """Compare who may see what with the last time; returns how many may see less. Raises what the ledger raises."""
        with self.ledger.write() as connection:
            if people.any_stale(connection, application):
                # who is cleared is known when that was read
                return 0
            at = self.ledger.now(connection)
            users = people.users(connection, application)
            cleared = self.clearing.people(connection, application, users, at)
            less = disclosures.compare(self.ledger, connection, application, cleared)
            told = [self._loss(connection, application, user, classes, at) for user, classes in sorted(less.items())]
            disclosures.lost(connection, told)
        for one in told:
            log.info("somebody may see less than before", application=application, messages=one.messages)
        return len(told)

    def _loss(self, connection: Connection, application: str, user: str, classes: frozenset[str], at: int) -> Loss:
        shown = disclosures.shown(connection, self._read_by(connection, application, user), classes)
        return Loss(application, user, tuple(sorted(classes)), sum(shown.values()), tuple(sorted(shown)), at)

    def _read_by(self, connection: Connection, application: str, user: str) -> list[str]:
        """Return what somebody reads: groups whose members they are, and what is told to them alone."""
        mine = [name for name, one in self.plan.destinations.items() if one.application == application]
        known: Mapping[str, audiences.Known] = audiences.known(connection, mine)
        groups = [name for name, one in known.items() if user in self.clearing.members(connection, one)]
        named = readers.of_person(connection, application, user)
        return [*groups, *named, *(f"{name}{WITHIN}{user}" for name in mine)]
