"""The way of one notice: told, held, superseded, merged, sent, and where it stands now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from connectors.contract import Outcome
from pipelines.stages.spared import Why
from pipelines.verdict import HELD, Reason, Verdict
from worker.addressing import OTHERWISE
from worker.explain.events import Scene
from worker.explain.sentences import REACHED, TO_DO, Tale, sentence
from worker.explain.story import Said, Voice, span
from worker.explain.values import coded, labels
from worker.ledger import audiences, peace
from worker.ledger.arrivals import micros
from worker.ledger.engine import MICROSECONDS
from worker.ledger.heard import Quota, another_on_its_way
from worker.ledger.history import Entry, Sending, Telling
from worker.ledger.outbox import DETAILS
from worker.ledger.peace import Rest
from worker.ledger.receipts import Person
from worker.ledger.tables import MessageState, NoticeState, Step

_ADDRESSED = {OTHERWISE: Tale.NOBODY, DETAILS: Tale.DETAILS}
_FOR_GOOD = {Reason.SHADOW, Reason.OWN_CHANGE, Reason.KEPT_BACK, Reason.NO_LONGER, Reason.ALREADY}
_SHOWN = (Outcome.DELIVERED, Outcome.PARTLY)
_SPARED = {Why.HOURS: Tale.WAITING_HOURS, Why.BUDGET: Tale.WAITING_BUDGET, Why.PERSON: Tale.WAITING_PERSON}


def by_person(people: Sequence[Person]) -> str:
    """Return what became of a message for each of these people, as one clause."""
    clauses = []
    for reached, clause in REACHED.items():
        if named := [one.person for one in people if one.reached is reached]:
            clauses.append(clause.format(people=", ".join(named)))
    return "; ".join(clauses)


@dataclass(frozen=True, slots=True)
class Way:
    """One notice of one scene. `others` are all notices of the record, `quotas` and `rests` what destinations wait for."""

    connection: Connection
    scene: Scene
    telling: Telling
    others: Mapping[int, Telling]
    quotas: Mapping[str, Quota]
    rests: Mapping[str, Rest]
    voice: Voice

    def told(self, verdict: Verdict) -> list[Said]:
        """Return the notice's whole way, by time, and then where it stands."""
        said = [self._began(verdict), *self._on_the_way()]
        for message in self.telling.messages:
            said += self._message(message)
        said.sort(key=lambda one: one.at or self.voice.now)
        return said + list(self._standing())

    def _began(self, verdict: Verdict) -> Said:
        one = self.telling
        if one.again and one.reason != Reason.WAITS:
            return self._say(Tale.AGAIN, one.created_at, again=one.again)
        if verdict.reason in HELD:
            why = self.scene.why(verdict.reason, verdict.detail, one.destination)
            return self._say(Tale.HELD, one.created_at, route=one.route, why=why)
        if verdict.reason is Reason.WAITS:
            route = self.scene.route(one.route)
            escalates = route is not None and route.wait is not None and route.wait.escalates
            return self._say(Tale.ESCALATED if escalates else Tale.TIME_CAME, one.created_at, route=one.route)
        if verdict.detail and self.scene.of is not None and self.scene.case is not None:
            return self._chosen(verdict.detail)
        return self._say(Reason.TOLD, one.created_at, route=one.route)

    def _chosen(self, detail: str) -> Said:
        one, case = self.telling, self.scene.case
        otherwise, _, field = detail.rpartition(":")
        value = coded(case.shown.get(field) if case else None, self.voice)
        facts = {"route": one.route, "label": labels(self.scene.of).get(field, field), "value": value}
        return self._say(Tale.OTHERWISE if otherwise else Tale.CHOSEN, one.created_at, **facts)

    def _on_the_way(self) -> Iterator[Said]:
        tell: Mapping[Step, Callable[[Entry], Said]] = {
            Step.HELD: self._held,
            Step.RELEASED: self._released,
            Step.DROPPED: self._dropped,
            Step.SUPERSEDED: lambda entry: self._later(Reason.SUPERSEDED, entry),
            Step.CLOSED: lambda entry: self._later(Tale.CLOSED, entry),
            Step.FRAMED: self._withheld,
            Step.REPEATED: lambda entry: self._say(Tale.REPEATED, entry.at),
            Step.REPLAYED: lambda entry: self._say(Tale.REPLAYED, entry.at),
        }
        for entry in self.telling.entries:
            if entry.step in tell:
                yield tell[entry.step](entry)
            elif entry.step is Step.ADDRESSED and entry.reason in _ADDRESSED:
                yield self._say(_ADDRESSED[entry.reason], entry.at)

    def _held(self, entry: Entry) -> Said:
        why = self.scene.why(Reason(entry.reason), entry.detail, self.telling.destination)
        return self._say(Tale.HELD, entry.at, route=self.telling.route, why=why)

    def _released(self, entry: Entry) -> Said:
        reason = Reason(entry.reason)
        if reason not in HELD:
            return self._say(Tale.RELEASED, entry.at)
        return self._say(Tale.STILL_HELD, entry.at, why=self.scene.why(reason, entry.detail, self.telling.destination))

    def _dropped(self, entry: Entry) -> Said:
        if entry.reason == Reason.MUTED:
            return self._say(Reason.MUTED, entry.at, until=self.voice.clock(datetime.fromisoformat(entry.detail)))
        if entry.reason in _FOR_GOOD:
            return self._say(Reason(entry.reason), entry.at)
        if entry.reason in {Reason.DROPPED, Reason.SILENCED}:
            return self._say(Reason(entry.reason), entry.at, by=entry.detail)
        return self._say(
            Tale.NOT_TOLD_TODAY, entry.at, route=self.telling.route, reason=entry.reason, check=entry.detail
        )

    def _later(self, key: Reason | Tale, entry: Entry) -> Said:
        by = self.others.get(int(entry.detail))
        seq, occurred = (by.seq, self.voice.clock(by.source_at)) if by else ("?", "a later time")
        return self._say(key, entry.at, by=seq, occurred=occurred)

    def _withheld(self, entry: Entry) -> Said:
        named = labels(self.scene.of)
        names = ", ".join(named.get(name, name) for name in entry.detail.split(", "))
        return self._say(Tale.WITHHELD, entry.at, labels=names)

    def _message(self, message: Sending) -> Iterator[Said]:
        yield self._composed(message)
        for n, entry in enumerate((one for one in message.tries if one.step is Step.ATTEMPT), start=1):
            if Outcome(entry.reason) not in _SHOWN:
                yield self._say(Outcome(entry.reason), entry.at, n=n, said=entry.detail or "it gave no reason")
        if message.state is MessageState.DELIVERED and message.settled_at is not None:
            yield self._say(
                Outcome(message.outcome),
                message.settled_at,
                delay=self._delay(message.settled_at),
                attempts=f"at attempt {message.attempts}",
                said=message.reason,
            )
        if message.people:
            newest = max(one.at for one in message.people)
            yield self._say(Tale.PEOPLE, newest, id=message.id, people=by_person(message.people))
        for entry in message.tries:
            if entry.step is Step.RECALLED:
                yield self._say(Tale.RECALLED, entry.at, id=message.id, by=entry.detail)
            if entry.step is Step.OVERSEEN:
                yield self._say(Tale.OVERSEEN, entry.at, id=message.id, people=entry.detail)

    def _composed(self, message: Sending) -> Said:
        framed = self.voice.clock(message.framed_at)
        if message.rest_of is not None:
            went = message.tries[0].at if message.tries else None
            return self._say(Tale.REST, went, first=message.rest_of, id=message.id)
        if message.facts > 1:
            return self._say(Tale.DIGEST, message.framed_at, others=message.facts - 1, framed=framed, id=message.id)
        return self._say(Tale.COMPOSED, message.framed_at, framed=framed, id=message.id)

    def _delay(self, at: int) -> str:
        seconds = (at - self.telling.source_at) / MICROSECONDS
        return sentence(Tale.LATER if seconds >= 0 else Tale.CLOCK_AHEAD, span=span(abs(seconds)))

    def _standing(self) -> Iterator[Said]:
        match self.telling.state:
            case NoticeState.WAITING:
                yield self._waiting()
            case NoticeState.HELD:
                reason = Reason(self.telling.reason)
                held = [e.at for e in self.telling.entries if e.step is Step.HELD]
                since = self.voice.clock(held[-1] if held else self.telling.created_at)
                yield self._say(Tale.HELD_NOW, id=self.telling.id, since=since, todo=TO_DO[reason])
            case NoticeState.FRAMED | NoticeState.DEAD:
                for message in self.telling.messages:
                    yield from self._unfinished(message)

    def _waiting(self) -> Said:
        one, at = self.telling, micros(self.voice.now)
        quota = self.quotas.get(one.destination, Quota())
        if quota.blocked_until > at:
            return self._say(Tale.WAITING_REFUSED, until=self.voice.clock(quota.blocked_until))
        if another_on_its_way(self.connection, one.destination, one.subject):
            return self._say(Tale.WAITING_BEFORE)
        if (spared := self._spared(at)) is not None:
            return spared
        if quota.free_at > at:
            return self._say(Tale.WAITING_QUOTA, until=self.voice.clock(quota.free_at), waits_for=quota.waits_for)
        readers = audiences.known(self.connection, [one.destination]).get(one.destination)
        if readers is not None and readers.failure:
            return self._say(Tale.WAITING_READERS, why=readers.failure)
        return self._say(Tale.WAITING)

    def _spared(self, at: int) -> Said | None:
        """Tell what it waits for so that its readers are left in peace; None: for nothing of that."""
        one, rest = self.telling, self.rests.get(self.telling.destination)
        if rest is None or one.lane not in peace.COUNTING:
            return None
        if rest.until > at:
            return self._say(_SPARED[Why(rest.why)], until=self.voice.clock(rest.until), allowed=rest.said)
        told = peace.told_of(self.connection, one.destination, at - rest.gathers) if rest.gathers else {}
        if (told_at := told.get(one.subject)) is None:
            return None
        return self._say(Tale.WAITING_GATHER, told_at, until=self.voice.clock(told_at + rest.gathers))

    def _unfinished(self, message: Sending) -> Iterator[Said]:
        unknown = message.outcome == Outcome.UNKNOWN
        match message.state:
            case MessageState.SENDING:
                yield self._say(Tale.ON_ITS_WAY)
            case MessageState.DUE:
                yield self._say(Tale.DUE_SAME_KEY if unknown else Tale.DUE, due=self.voice.clock(message.due_at))
            case MessageState.DEAD:
                yield self._say(
                    Tale.DEAD_UNKNOWN if unknown else Tale.DEAD,
                    message.settled_at or message.framed_at,
                    code=message.code or "none",
                    said=message.reason or "it gave no reason",
                    id=message.id,
                )

    def _say(self, key: Reason | Outcome | Tale, at: int | None = None, **facts: object) -> Said:
        return self.voice.say(key, at, destination=self.telling.destination, **facts)
