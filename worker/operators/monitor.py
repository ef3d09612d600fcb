"""The monitor: everything that is wrong now, as findings. It only reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

import redis
from sqlalchemy import Connection

from config.compile import Bridge
from connectors.contract import Level, Loss
from pipelines.drift import is_mapped
from pipelines.language import Phrase
from pipelines.plan import Drift
from pipelines.quota import outlook, step
from pipelines.sentence import Sentence, sentence
from pipelines.silence import is_silent
from pipelines.verdict import Reason
from worker.gaps import Lack, gaps
from worker.ledger import (
    actions,
    arrivals,
    audiences,
    disclosures,
    faults,
    hints,
    listening,
    months,
    people,
    receipts,
    sightings,
    standing,
    subscriptions,
    unannounced,
)
from worker.ledger.engine import MICROSECONDS
from worker.ledger.faults import Finding, Kind
from worker.ledger.standing import Wait
from worker.members import Members
from worker.operators import phrases
from worker.operators.drifted import drifted
from worker.repair.recall import Recall

LACKING = {
    Lack.ROLE: phrases.LACKING_ROLE,
    Lack.DEPARTMENT: phrases.LACKING_DEPARTMENT,
    Lack.PERSON: phrases.LACKING_PERSON,
}

NEARLY = 0.9
"""The share of a vendor's quota above which it is nearly used up."""

RECENT = timedelta(hours=24)
"""A message that was given up, or a row set aside, is a fault for so long; then `dead list` and the trail tell of it."""

NAMED = 5
"""People that a sentence names."""

METER_AGE = timedelta(hours=1)

PATIENCE = timedelta(seconds=30)
"""How long workers or Redis may be away before it is a fault: whoever starts all processes starts one of them first."""


@dataclass
class Monitor:
    """Looks for faults of an installation. `began_at` is since when sources that never sent anything are awaited."""

    bridge: Bridge
    members: Members
    began_at: int
    patience: timedelta = PATIENCE
    _since: dict[str, int] = field(default_factory=dict)
    _heard: dict[str, int] = field(default_factory=dict)
    _seq: int | None = None

    def look(self, connection: Connection, at: int) -> list[Finding]:
        """Return everything that is wrong at `at` (microseconds by the database's clock)."""
        now = moment(at)
        return [
            *self._sources(connection, now),
            *self._pushes(connection, at),
            *self._hints(connection, at),
            *self._destinations(connection, at),
            *self._piles(connection, at),
            *self._decisions(connection, at),
            *self._drift(connection, at),
            *self._unreached(connection, at),
            *self._quotas(connection, at),
            *self._months(connection, at),
            *self._attestations(now),
            *self._readers(connection),
            *self._people(connection),
            *self._clearances(connection),
            *self._overseen(connection, at),
            *self._lasting([*self._workers(), *self._unheard(connection, at)], at),
            *self._unsaid(connection, at),
            *self._ways(connection),
        ]

    def heard(self, connection: Connection) -> Mapping[str, int]:
        """Return when each source whose silence is a fault was last heard; after the first time only news is read."""
        expected = [name for name, source in self.bridge.sources.items() if source.silence is not None]
        newest = standing.newest_arrival(connection)
        if self._seq is None:
            found = {name: standing.last_arrival(connection, name) for name in expected}
            self._heard = {name: at for name, at in found.items() if at is not None}
        else:
            self._heard |= standing.heard_between(connection, self._seq, newest)
        self._seq = newest
        return self._heard

    def _finding(self, kind: Kind, subject: str, said: Sentence) -> Finding:
        return Finding(kind, subject, said.said(self.bridge.operators.zone, "en"), said)

    def _sources(self, connection: Connection, now: datetime) -> Iterator[Finding]:
        for source, kind, failure in standing.failing_polls(connection):
            if source in self.bridge.sources and kind in self.bridge.sources[source].kinds:
                said = sentence(phrases.UNREADABLE, source=source, kind=kind, failure=failure)
                yield self._finding(Kind.SOURCE_UNREADABLE, f"{source} {kind}", said)
        last = self.heard(connection)
        for name, known in self.bridge.sources.items():
            if known.silence is not None and is_silent(known.silence, moment(last.get(name, self.began_at)), now):
                said = sentence(phrases.SILENT_EVER, source=name)
                if name in last:
                    said = sentence(phrases.SILENT_SINCE, source=name, since=moment(last[name]))
                yield self._finding(Kind.SOURCE_SILENT, name, said)

    def _pushes(self, connection: Connection, at: int) -> Iterator[Finding]:
        for name, known in self.bridge.sources.items():
            stands = subscriptions.standing(connection, name) if known.push else None
            if stands is not None and stands.failure:
                said = sentence(phrases.UNSUBSCRIBED, source=name, failure=stands.failure)
                yield self._finding(Kind.SUBSCRIPTION, name, said)
            if known.push and (gone := unannounced.silent(connection, name)) is not None:
                since = moment(gone.missed_since or 0)
                said = sentence(phrases.UNANNOUNCED, source=name, since=since, count=gone.missed)
                yield self._finding(Kind.SUBSCRIPTION, f"{name} announces", said)
            if stands is not None and known.reconcile is None and (stands.silent_until or 0) > at - micros(RECENT):
                yield self._missed(phrases.MISSED_UNLISTED, name, stands.silent_since)
        for source, kind, since_at in standing.silent(connection):
            if source in self.bridge.sources and kind in self.bridge.sources[source].kinds:
                yield self._missed(phrases.MISSED_UNFETCHED, f"{source} {kind}", since_at)

    def _hints(self, connection: Connection, at: int) -> Iterator[Finding]:
        for pile in hints.announced(connection, at - micros(RECENT)):
            what = f"{pile.source} {pile.kind}"
            found = []
            if pile.given_up:
                found.append(sentence(phrases.HINTS_GIVEN_UP, what=what, count=pile.given_up, failure=pile.reason))
            if pile.since is not None and at - pile.since > micros(self.bridge.operators.waiting):
                found.append(sentence(phrases.HINTS_WAITING, what=what, count=pile.waiting))
            if found and pile.source in self.bridge.sources:
                yield self._finding(Kind.HINTS, what, joined(found))

    def _missed(self, phrase: Phrase, what: str, since: int | None) -> Finding:
        return self._finding(Kind.MISSED, what, sentence(phrase, what=what, since=moment(since or 0)))

    def _destinations(self, connection: Connection, at: int) -> Iterator[Finding]:
        late: dict[str, int] = {}
        for one in standing.unsent(connection, at):
            if one.reason is Wait.MISCONFIGURED and one.said:
                said = sentence(phrases.MISCONFIGURED, destination=one.destination, failure=one.said)
                yield self._finding(Kind.DESTINATION_MISCONFIGURED, one.destination, said)
            elif one.reason is not Wait.PEACE and at - one.since > micros(self.bridge.operators.waiting):
                late[one.destination] = late.get(one.destination, 0) + one.count
        for name, count in late.items():
            yield self._finding(Kind.WAITING, name, sentence(phrases.WAITING, destination=name, count=count))

    def _piles(self, connection: Connection, at: int) -> Iterator[Finding]:
        for one in standing.aside(connection, at - micros(RECENT)):
            given = {"source": one.source, "kind": one.kind, "failure": one.sentence}
            said = sentence(phrases.ROWS_UNREADABLE, count=one.count, **given)
            if one.record_id:
                said = sentence(phrases.RECORDS_UNREADABLE, count=one.count, newest=one.record_id, **given)
            yield self._finding(Kind.ROW_UNREADABLE, f"{one.source} {one.kind}", said)
        for pile in standing.given_up(connection, at - micros(RECENT)):
            said = sentence(phrases.GIVEN_UP, destination=pile.name, count=pile.count)
            yield self._finding(Kind.GIVEN_UP, pile.name, said)
        piles = standing.held(connection)
        for pile in piles:
            if pile.name == Reason.UNANSWERED:
                yield self._finding(Kind.HELD, pile.name, sentence(phrases.UNANSWERED, count=pile.count))
        held = [one for one in piles if at - one.since > micros(self.bridge.operators.held)]
        if held:
            yield self._finding(Kind.HELD, "", sentence(phrases.HELD, count=sum(one.count for one in held)))
        oldest = arrivals.oldest_undecided(connection)
        if oldest is not None and at - oldest > micros(self.bridge.operators.waiting):
            said = sentence(phrases.UNDECIDED, count=arrivals.backlog(connection))
            yield self._finding(Kind.UNDECIDED, "", said)

    def _decisions(self, connection: Connection, at: int) -> Iterator[Finding]:
        for one in standing.held(connection):
            if one.name == Reason.NOBODY_DECIDES:
                yield self._finding(Kind.NOBODY_DECIDES, "", sentence(phrases.NOBODY_DECIDES, count=one.count))
        if failed := actions.failed_since(connection, at - micros(RECENT)):
            yield self._finding(Kind.NOT_CARRIED_OUT, "", sentence(phrases.NOT_CARRIED_OUT, count=failed))
        oldest = actions.oldest_under_way(connection)
        if oldest is not None and at - oldest > micros(self.bridge.operators.waiting):
            yield self._finding(Kind.NOT_CARRIED_OUT, "late", sentence(phrases.CARRIED_OUT_LATE))

    def _drift(self, connection: Connection, at: int) -> Iterator[Finding]:
        for one in sightings.drifted(connection):
            kind = self.bridge.plan.kinds.get((one.source, one.kind))
            recent = one.since > at - micros(RECENT)
            if kind is not None and is_mapped(kind, one.path) and (recent or kind.drift is not Drift.EVOLVE):
                said = drifted(one, kind.drift, moment(one.since))
                yield self._finding(Kind.DRIFT, f"{one.source} {one.kind} {one.path}", said)

    def _unreached(self, connection: Connection, at: int) -> Iterator[Finding]:
        for one in receipts.missed(connection, at - micros(RECENT)):
            named = ", ".join(one.people[:NAMED]) + (", …" if len(one.people) > NAMED else "")
            given = {"destination": one.destination, "people": named, "message": str(one.message_id)}
            said = sentence(phrases.NOT_REACHED[one.reached], **given)
            yield self._finding(Kind.NOT_REACHED, f"{one.destination} {one.reached}", said)

    def _attestations(self, now: datetime) -> Iterator[Finding]:
        for name, destination in self.bridge.plan.destinations.items():
            word = destination.attestation
            today = now.astimezone(ZoneInfo(destination.zone)).date()
            if word is None or today + self.bridge.operators.lapse < word.until:
                continue
            said = sentence(phrases.LAPSES, destination=name, day=word.until)
            if today > word.until:
                said = sentence(phrases.LAPSED, destination=name)
            yield self._finding(Kind.ATTESTATION, name, said)

    def _quotas(self, connection: Connection, at: int) -> Iterator[Finding]:
        counted = {one.budget for one in months.standing(connection, at)}
        for one in standing.meters(connection):
            if one.budget in counted or not one.allowed or at - one.observed_at >= micros(METER_AGE):
                continue
            if one.used >= NEARLY * one.allowed:
                said = sentence(phrases.QUOTA, used=one.used, allowed=one.allowed, budget=one.budget)
                yield self._finding(Kind.QUOTA, one.budget, said)

    def _months(self, connection: Connection, at: int) -> Iterator[Finding]:
        now = moment(at)
        for one in months.standing(connection, at):
            reached = step(one.allowed, one.used)
            if reached:
                then = outlook(one.month, one.used, one.days, now)
                said = sentence(phrases.MONTH, share=reached, allowed=one.allowed, budget=one.budget, outlook=then)
                name = f"{one.month.around(now)[0]:%Y-%m}"
                yield self._finding(Kind.MONTH, f"{one.budget} {name} {reached} %", said)

    def _ways(self, connection: Connection) -> Iterator[Finding]:
        for way, failure in faults.failing_ways(connection).items():
            yield self._finding(Kind.WAY, way, sentence(phrases.WAY, way=way, failure=failure))

    def _unheard(self, connection: Connection, at: int) -> Iterator[Finding]:
        lines = listening.lines(connection)
        for name in self.bridge.applications:
            mine = [line for line in lines if line.application == name and line.is_alive(at)]
            if any(line.level is Level.FINE for line in mine):
                continue
            said = sentence(phrases.UNLISTENED, application=name)
            if failure := next((line.sentence for line in mine if line.sentence), ""):
                said = sentence(phrases.UNHEARD, application=name, failure=failure)
            yield self._finding(Kind.UNHEARD, name, said)

    def _unsaid(self, connection: Connection, at: int) -> Iterator[Finding]:
        for line in listening.lines(connection):
            if (line.gap_until or 0) > at - micros(RECENT) and line.application in self.bridge.applications:
                said = sentence(
                    phrases.UNSAID,
                    application=line.application,
                    since=moment(line.gap_since or 0),
                    until=moment(line.gap_until or 0),
                    why=sentence(phrases.LOSSES[Loss(line.gap_loss)]),
                )
                yield self._finding(Kind.MISSED, f"{line.application} {line.relay}", said)

    def _readers(self, connection: Connection) -> Iterator[Finding]:
        known = audiences.known(connection, list(self.bridge.destinations))
        for name, ids in audiences.unverified(connection).items():
            altered = known[name].altered if name in known else None
            why = sentence(phrases.ALTERED[altered]) if altered else sentence(phrases.ALTERED_SOMEHOW)
            said = sentence(phrases.UNVERIFIED, destination=name, count=len(ids), why=why)
            yield self._finding(Kind.UNVERIFIED, name, said)
        for name, one in known.items():
            if one.failure:
                said = sentence(phrases.READERS, destination=name, failure=one.failure)
                yield self._finding(Kind.READERS, name, said)

    def _people(self, connection: Connection) -> Iterator[Finding]:
        for name, application in self.bridge.applications.items():
            stands = people.standing(connection, name)
            if application.people is not None and stands.failure:
                said = sentence(phrases.PEOPLE, application=name, failure=stands.failure)
                yield self._finding(Kind.PEOPLE, name, said)

    def _clearances(self, connection: Connection) -> Iterator[Finding]:
        for gap in gaps(connection, self.bridge):
            said = sentence(
                phrases.AMBIGUOUS, count=gap.count, source=gap.of, application=gap.application, users=gap.name
            )
            if gap.lack in LACKING:
                given = {"data_class": gap.of, "name": gap.name, "application": gap.application}
                said = sentence(LACKING[gap.lack], **given)
            # users come and go among those who are not told apart, and it stays the same fault
            named = f" {gap.name[:100]}" if gap.lack in LACKING else ""
            yield self._finding(Kind.CLEARANCE, f"{gap.lack} {gap.of}{named}", said)

    def _overseen(self, connection: Connection, at: int) -> Iterator[Finding]:
        for seen in disclosures.overseen_since(connection, at - micros(RECENT)):
            given = {
                "message": str(seen.message_id),
                "destination": seen.destination,
                "classes": ", ".join(seen.classes),
            }
            said = sentence(phrases.OVERSEEN, people=", ".join(seen.people), **given)
            back = phrases.TAKEN_BACK if seen.became in {Recall.RECALLED, Recall.ALREADY} else phrases.NOT_TAKEN_BACK
            yield self._finding(Kind.OVERSEEN, str(seen.message_id), joined([said, sentence(back)]))
        for one in disclosures.lost_since(connection, at - micros(RECENT)):
            if one.messages:
                given = {"application": one.application, "classes": ", ".join(one.classes)}
                where = {"person": one.user, "destinations": ", ".join(one.destinations)}
                said = sentence(phrases.LOST_CLEARANCE, count=one.messages, **given, **where)
                yield self._finding(Kind.LOST_CLEARANCE, f"{one.application} {one.user} {one.at}", said)

    def _lasting(self, found: Sequence[Finding], at: int) -> list[Finding]:
        self._since = {one.key: self._since.get(one.key, at) for one in found}
        return [one for one in found if at - self._since[one.key] >= micros(self.patience)]

    def _workers(self) -> Iterator[Finding]:
        try:
            alive = self.members.look()
        except redis.RedisError:
            yield self._finding(Kind.BROKER, "", sentence(phrases.BROKER))
            return
        if not alive:
            yield self._finding(Kind.NO_WORKER, "", sentence(phrases.NO_WORKER))


def joined(found: Sequence[Sentence]) -> Sentence:
    """Return one or more sentences as one."""
    return reduce(lambda first, second: sentence(phrases.BOTH, first=first, second=second), found)


def moment(at: int) -> datetime:
    """Return microseconds since the epoch as an aware datetime."""
    return datetime.fromtimestamp(at / MICROSECONDS, UTC)


def micros(span: timedelta) -> int:
    """Return a span in microseconds."""
    return int(span.total_seconds() * MICROSECONDS)
