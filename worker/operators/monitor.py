"""The monitor: everything that is wrong now, as findings. It only reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import redis
from sqlalchemy import Connection

from config.compile import Bridge
from connectors.contract import Level
from pipelines import texts
from pipelines.silence import is_silent
from worker.ledger import arrivals, faults, hints, listening, standing, subscriptions, unannounced
from worker.ledger.engine import MICROSECONDS
from worker.ledger.faults import Finding, Kind
from worker.ledger.standing import Wait
from worker.members import Members

NEARLY = 0.9
"""The share of a vendor's quota above which it is nearly used up."""

RECENT = timedelta(hours=24)
"""A message that was given up, or a row set aside, is a fault for so long; then `dead list` and the trail tell of it."""

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
            *self._destinations(connection, at),
            *self._piles(connection, at),
            *_quotas(connection, at),
            *self._attestations(now),
            *self._lasting([*self._workers(), *self._unheard(connection, at)], at),
            *self._unsaid(connection, at),
            *_ways(connection),
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

    def _sources(self, connection: Connection, now: datetime) -> Iterator[Finding]:
        for source, kind, failure in standing.failing_polls(connection):
            if source in self.bridge.sources and kind in self.bridge.sources[source].kinds:
                yield Finding(Kind.SOURCE_UNREADABLE, f"{source} {kind}", f"{source} {kind} cannot be read: {failure}")
        last = self.heard(connection)
        for name, known in self.bridge.sources.items():
            if known.silence is not None and is_silent(known.silence, moment(last.get(name, self.began_at)), now):
                zone = self.bridge.operators.zone
                since = texts.moment(moment(last[name]), zone, "en") if name in last else "it was configured"
                sentence = f"{name} has sent nothing since {since}: see whether it runs and still reaches this program"
                yield Finding(Kind.SOURCE_SILENT, name, sentence)

    def _pushes(self, connection: Connection, at: int) -> Iterator[Finding]:
        for name, known in self.bridge.sources.items():
            stands = subscriptions.standing(connection, name) if known.push else None
            if stands is not None and stands.failure:
                yield Finding(Kind.SUBSCRIPTION, name, f"{name} cannot be subscribed to: {stands.failure}")
            if known.push and (gone := unannounced.silent(connection, name)) is not None:
                then = texts.moment(moment(gone.missed_since or 0), self.bridge.operators.zone, "en")
                sentence = (
                    f"{name} announces nothing: since {then} its polls found {gone.missed} changes that it had not "
                    "announced. See whether its calls reach the relay; until then changes come with the polls"
                )
                yield Finding(Kind.SUBSCRIPTION, f"{name} announces", sentence)
            if stands is not None and known.reconcile is None and (stands.silent_until or 0) > at - micros(RECENT):
                how = "it cannot list what it has, so look through it yourself"
                yield self._missed(name, stands.silent_since, how)
        for source, kind, since in standing.silent(connection):
            if source in self.bridge.sources and kind in self.bridge.sources[source].kinds:
                yield self._missed(f"{source} {kind}", since, "what is missing is not fetched yet")
        for pile in hints.announced(connection, at - micros(RECENT)):
            what = f"{pile.source} {pile.kind}"
            said = [f"{pile.given_up} were given up: {pile.reason}"] if pile.given_up else []
            if pile.since is not None and at - pile.since > micros(self.bridge.operators.waiting):
                said.append(f"{pile.waiting} are not read, some for longer than allowed")
            if said and pile.source in self.bridge.sources:
                yield Finding(Kind.HINTS, what, f"of the announced records of {what} {'; '.join(said)}")

    def _missed(self, what: str, since: int | None, how: str) -> Finding:
        then = texts.moment(moment(since or 0), self.bridge.operators.zone, "en")
        return Finding(Kind.MISSED, what, f"changes of {what} since {then} may not have been pushed: {how}")

    def _destinations(self, connection: Connection, at: int) -> Iterator[Finding]:
        late: dict[str, int] = {}
        for one in standing.unsent(connection, at):
            if one.reason is Wait.MISCONFIGURED and one.said:
                sentence = f"{one.destination} takes no messages until somebody corrects it: {one.said}"
                yield Finding(Kind.DESTINATION_MISCONFIGURED, one.destination, sentence)
            elif at - one.since > micros(self.bridge.operators.waiting):
                late[one.destination] = late.get(one.destination, 0) + one.count
        for name, count in late.items():
            sentence = f"{count} wait for {name}, some longer than allowed: dingbridge status says for what"
            yield Finding(Kind.WAITING, name, sentence)

    def _piles(self, connection: Connection, at: int) -> Iterator[Finding]:
        for one in standing.aside(connection, at - micros(RECENT)):
            which = f", the newest {one.record_id}" if one.record_id else ""
            sentence = f"{one.count} rows of {one.source} {one.kind} could not be read{which}: {one.sentence}"
            yield Finding(Kind.ROW_UNREADABLE, f"{one.source} {one.kind}", sentence)
        for pile in standing.given_up(connection, at - micros(RECENT)):
            sentence = f"{pile.count} messages to {pile.name} were given up: dingbridge dead list says why"
            yield Finding(Kind.GIVEN_UP, pile.name, sentence)
        held = [one for one in standing.held(connection) if at - one.since > micros(self.bridge.operators.held)]
        if held:
            sentence = f"{sum(one.count for one in held)} facts wait for a person to decide: dingbridge held list"
            yield Finding(Kind.HELD, "", sentence)
        oldest = arrivals.oldest_undecided(connection)
        if oldest is not None and at - oldest > micros(self.bridge.operators.waiting):
            sentence = f"{arrivals.backlog(connection)} records are undecided, some longer than allowed: add a worker"
            yield Finding(Kind.UNDECIDED, "", sentence)

    def _attestations(self, now: datetime) -> Iterator[Finding]:
        for name, destination in self.bridge.plan.destinations.items():
            word = destination.attestation
            today = now.astimezone(ZoneInfo(destination.zone)).date()
            if word is None or today + self.bridge.operators.lapse < word.until:
                continue
            ends = "has lapsed" if today > word.until else f"lapses after {word.until}"
            sentence = f"the attestation for {name} {ends}: renew it, or only public fields go there"
            yield Finding(Kind.ATTESTATION, name, sentence)

    def _unheard(self, connection: Connection, at: int) -> Iterator[Finding]:
        lines = listening.lines(connection)
        for name in self.bridge.applications:
            mine = [line for line in lines if line.application == name and line.is_alive(at)]
            if any(line.level is Level.FINE for line in mine):
                continue
            why = next((line.sentence for line in mine if line.sentence), "no relay listens")
            yield Finding(Kind.UNHEARD, name, f"nobody hears what is said to {name}: {why}")

    def _unsaid(self, connection: Connection, at: int) -> Iterator[Finding]:
        zone = self.bridge.operators.zone
        for line in listening.lines(connection):
            if (line.gap_until or 0) > at - micros(RECENT) and line.application in self.bridge.applications:
                since, until = (
                    texts.moment(moment(each or 0), zone, "en") for each in (line.gap_since, line.gap_until)
                )
                sentence = (
                    f"presses and words to {line.application} may have been lost from {since} to {until} "
                    f"({line.gap_loss}): whoever pressed or wrote then does it again. Events come again by themselves"
                )
                yield Finding(Kind.MISSED, f"{line.application} {line.relay}", sentence)

    def _lasting(self, found: Sequence[Finding], at: int) -> list[Finding]:
        self._since = {one.key: self._since.get(one.key, at) for one in found}
        return [one for one in found if at - self._since[one.key] >= micros(self.patience)]

    def _workers(self) -> Iterator[Finding]:
        try:
            alive = self.members.look()
        except redis.RedisError:
            yield Finding(Kind.BROKER, "", "Redis does not answer: nothing is decided or sent until it does")
            return
        if not alive:
            yield Finding(Kind.NO_WORKER, "", "no worker lives: nothing is decided or sent; start dingbridge worker")


def _quotas(connection: Connection, at: int) -> Iterator[Finding]:
    for one in standing.meters(connection):
        if one.allowed and one.used >= NEARLY * one.allowed and at - one.observed_at < micros(METER_AGE):
            sentence = f"the vendor counts {one.used} of {one.allowed} calls of {one.budget}: read less often"
            yield Finding(Kind.QUOTA, one.budget, sentence)


def _ways(connection: Connection) -> Iterator[Finding]:
    for way, failure in faults.failing_ways(connection).items():
        yield Finding(Kind.WAY, way, f"operators cannot be told by {way}: {failure}")


def moment(at: int) -> datetime:
    """Return microseconds since the epoch as an aware datetime."""
    return datetime.fromtimestamp(at / MICROSECONDS, UTC)


def micros(span: timedelta) -> int:
    """Return a span in microseconds."""
    return int(span.total_seconds() * MICROSECONDS)
