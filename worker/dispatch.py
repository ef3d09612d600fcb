"""Dispatch: what waits for a destination becomes messages when its quota has room, and messages go out.

One turn of `Dispatcher.step` writes, in one transaction, what became of the sends that ended and the messages that
go out next; nothing is rendered and no request is made inside it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import redis
import structlog
from sqlalchemy import Connection

from connectors.contract import Delivery, Outcome, Purpose
from pipelines.plan import WITHIN, Lane, Plan
from pipelines.stages.supersede import Waiting
from worker.actions.framing import with_people
from worker.addressing import Addressing
from worker.asking import Sources
from worker.channels import Channel
from worker.composing import Composer
from worker.fault import whereabouts
from worker.ledger import configurations, disclosures, outbox, recipients, settling, stops, stranded
from worker.ledger.audiences import Ages
from worker.ledger.configurations import Mark, Moved
from worker.ledger.decisions import LANES, Contested
from worker.ledger.disclosures import ALTERED
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.months import Spent
from worker.ledger.outbox import Due, GivenUp, Holding
from worker.ledger.settling import Settled
from worker.ledger.waiting import waiting
from worker.limiter import Call, Limiter
from worker.outcomes import consequence
from worker.peace import Peace
from worker.quotas import Ask, Quotas
from worker.readers import Readers
from worker.senders import Job, Senders, Sent
from worker.spending import Spending
from worker.turn import Fresh, Turn, by_lane

log = structlog.get_logger()

TURN = 128
"""Records of one destination and lane that are looked at in one turn."""

PEOPLE = 64
"""People of one channel who are told in one turn."""

DEADLINE_S = 15.0
"""No request starts when less than this is left of its lease: more than any request's total deadline."""

QUEUED = 64
"""Messages of one destination that wait for a sender thread at once."""

UNCOMPOSED_S = 60.0
"""How long a destination rests whose messages cannot be composed: that is a defect, and the log tells of it."""

SWEEP_S = 60.0
"""How often it is looked for what waits for a destination that is gone."""

LONGEST_IDLE_S = 3600.0

PAUSE_S = 0.25
"""Between two turns while a request is under way and nobody wakes us."""

BACKLOG = 16
GATHER_S = 0.02
"""While so many sends are queued, answers are gathered for so long: each turn writes all that ended since the last."""

SAID_AFTER_S = 1.0
"""A wait for the quota that is longer than this is written down, so that `explain` can tell of it."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who dispatches: the worker's name, which destinations are its own, its sender threads, its lease in seconds.

    `ages` is how old may be what is known of a destination's readers.
    """

    owner: str
    mine: Callable[[Sequence[str]], list[str]]
    senders: int
    lease_s: float
    ages: Ages = field(default_factory=Ages)


class Dispatcher:
    """Turns waiting notices into messages and sends them, for the destinations that this worker looks after."""

    def __init__(
        self,
        ledger: Ledger,
        limiter: Limiter,
        plan: Plan,
        channels: Mapping[str, Channel],
        crew: Crew,
        spending: Spending | None = None,
    ) -> None:
        self._ledger = ledger
        self._limiter = limiter
        self._plan = plan
        self._channels = channels
        self._crew = crew
        self._spending = spending or Spending()
        self._taken: Mark | None = None
        self._following: tuple[Plan, Mapping[str, Channel], Mark | None, Sources] | None = None
        self._sweep_at = time.monotonic()
        self._resting: dict[tuple[str, Lane], float] = {}
        self._ended: list[tuple[Settled, dict[str, Any]]] = []
        self._stops: dict[str, int] = {}
        self._returned: list[int] = []
        self.woken = threading.Event()
        self._senders = Senders(crew.senders, self.woken.set)
        self.readers = Readers(ledger, limiter, self.woken.set, crew.ages)
        self._peace = Peace(ledger, self.readers)
        self._look_by(plan, channels, {})

    def recover(self, *, own: bool) -> int:
        """Make due again what is on its way longer than its lease; with `own`, all that this worker had before."""
        with self._ledger.write() as connection:
            at = self._ledger.now(connection)
            return settling.recover(self._ledger, connection, at, self._crew.owner if own else "")

    def follow(self, plan: Plan, channels: Mapping[str, Channel], taken: Mark | None, sources: Sources) -> None:
        """Take up another configuration with the next turn; what is on its way keeps its channel to its end."""
        self._following = (plan, channels, taken, sources)

    @property
    def owes(self) -> bool:
        """Whether a send is under way, or was answered and that is not written yet."""
        return bool(self._ended or self._senders.pending)

    def close(self) -> None:
        """End the present requests and write what became of them."""
        self._senders.close()
        self.readers.close()
        self._collect()
        self._write(Turn())

    def step(self) -> bool:
        """Do one turn; true when there was something to do or a send is still under way.

        What was answered is kept until it is written. Raises `Moved`, and what ledger or Redis raise.
        """
        self._collect()
        ended = bool(self._ended)
        self._take_up()
        try:
            turn = self._turn()
        except (redis.RedisError, Moved):
            # no quota can be asked for, and yet what was answered must not be sent again
            self._write(Turn())
            raise
        self._write(turn)
        return bool(ended or turn.frozen or turn.due or self._senders.pending)

    def work(self) -> bool:
        """Do one turn as `step` does, then wait a moment where only an answer, a fact or room brings the next."""
        self.woken.clear()
        busy = self.step()
        if self._senders.pending:
            self.woken.wait(min(PAUSE_S, self.idle_s()))
            if self._senders.pending > BACKLOG:
                time.sleep(GATHER_S)
        return busy

    def _take_up(self) -> None:
        """Take up the configuration that is to be followed; set aside what waits for destinations that are gone."""
        if self._following is not None:
            (self._plan, self._channels, self._taken, sources), self._following = self._following, None
            self._look_by(self._plan, self._channels, sources)
            self._resting.clear()
            self._sweep_at = time.monotonic()
        if time.monotonic() < self._sweep_at:
            return
        # again after a while: a turn that another worker had begun before may have brought more
        self._sweep_at = time.monotonic() + SWEEP_S
        with self._ledger.write() as connection:
            if not configurations.stands(connection, self._taken):
                return
            gone = stranded.strand(connection, list(self._channels), self._ledger.now(connection))
        if gone:
            log.warning("facts are held whose destination is no longer configured", count=gone)

    def _look_by(self, plan: Plan, channels: Mapping[str, Channel], sources: Sources) -> None:
        self._quotas = _quotas(self._limiter, self._crew, channels)
        self.readers.follow(channels, plan, sources)
        self._peace.follow(plan, channels)
        self._composer = Composer(plan, channels, self._crew.ages.listed / 4)

    def _collect(self) -> None:
        """Note what was answered, and tell the limiter."""
        sends = self._senders.collect()
        blocks: dict[str, float] = {}
        for sent in sends:
            counted = self._spending.ended(sent.job.message_id)
            if sent.delivery is None:
                self._returned.append(sent.job.message_id)
            else:
                blocks |= self._answered(sent, sent.delivery, counted)
        try:
            self._limiter.settle([call for sent in sends if sent.delivery is not None for call in sent.job.calls])
            self._limiter.cancel([call for sent in sends if sent.delivery is None for call in sent.job.calls])
            for budget_key, seconds in blocks.items():
                self._limiter.block(budget_key, seconds)
        except redis.RedisError as error:
            # unsettled calls count until their leases end, which is longer; a block stands in the ledger as well
            log.warning("cannot reach Redis", error=str(error))

    def _answered(self, sent: Sent, delivery: Delivery, counted: frozenset[str]) -> dict[str, float]:
        """Note what became of one send; returns which budgets are stopped for it, by key, in seconds."""
        job, name = sent.job, sent.job.destination
        after = consequence(delivery, sent, job.channel.resend)
        note: dict[str, Any] = {"destination": name, "called_at": sent.answered_at}
        if delivery.scope in counted:
            # the month waits, and goes on as soon as more is bought: neither message nor destination has a due time
            after = replace(after, again_at=sent.answered_at, rest_s=0.0, throttled=False)
        if after.rest_s:
            self._rest(name, tuple(Lane), after.rest_s)
        settled = Settled(job.message_id, name, delivery, sent.answered_at, after.again_at, after.ask_at)
        self._ended.append((settled, note))
        if not after.throttled:
            return {}
        note["blocked_until"] = until = sent.answered_at + int(after.rest_s * MICROSECONDS)
        key = delivery.scope or job.calls[0].budgets[0].key
        self._stops[key] = max(until, self._stops.get(key, 0))
        return {key: after.rest_s}

    def _turn(self) -> Turn:
        people = [name for name in self._channels if name.endswith(WITHIN)]
        Addressing(self._ledger, self._plan, people, self._taken).step()
        turn = Turn()
        at = time.monotonic()
        with self._ledger.read() as connection:
            turn.at = self._ledger.now(connection)
            names = [
                name for name in self._mine(connection, turn.at) if any(self._awake(name, lane, at) for lane in Lane)
            ]
            due, turn.given_up = outbox.due(self._ledger, connection, names, turn.at, TURN)
            for name in names:
                mine = self._again(turn, connection, name, [one for one in due if one.destination == name])
                awake = [lane for lane in Lane if self._awake(name, lane, at)]
                told = tuple(map(LANES.index, self._peace.open(name, awake)))
                since = self._peace.told_since(name, turn.at)
                found = waiting(self._ledger, connection, name, told, TURN, since)
                lanes = by_lane(with_people(connection, self._plan, self._channels[name].client, found))
                for lane in awake:
                    again = [one for one in mine if LANES[one.lane] is lane]
                    fresh = self._ready(turn, connection, name, lane, lanes[lane]) if lane in lanes else Fresh(())
                    # the rest of a long replay goes with the next turn, which looks at every other lane first
                    crowded = lane is Lane.BULK and len(turn.frozen) >= TURN
                    if (again or fresh.facts) and not crowded:
                        self._lane(turn, connection, name, lane, again, fresh)
            try:
                configurations.require(connection, self._taken)
            except Moved:
                self._cancel(turn.calls())
                raise
        return turn

    def _mine(self, connection: Connection, at: int) -> Iterator[str]:
        """Give the recipients that this worker looks after: destinations, and people for whom something waits."""
        for name in self._crew.mine(list(self._channels)):
            if name.endswith(WITHIN):  # those who rest hide nobody else
                most = PEOPLE + sum(recipient.startswith(name) for recipient, _ in self._resting)
                resting = [recipient for recipient in self._peace.resting() if recipient.startswith(name)]
                yield from recipients.waiting(connection, name, at, most, resting)
            else:
                yield name

    def _again(self, turn: Turn, connection: Connection, name: str, due: Sequence[Due]) -> Sequence[Due]:
        """Return which messages may go out again to those who read them now; the others wait, or are taken apart."""
        again = self.readers.again(connection, self._plan, name, due)
        if again.wait_s:
            self._rest(name, tuple(Lane), again.wait_s)
        if again.altered:
            turn.destinations.add(name)
            turn.altered += [one.id for one in again.altered if one.unsent]
            gone = [GivenUp(one.id, ALTERED, Outcome.UNKNOWN) for one in again.altered if not one.unsent]
            turn.given_up += gone
        turn.until[name] = again.until
        return again.go

    def _ready(self, turn: Turn, connection: Connection, name: str, lane: Lane, fresh: Sequence[Waiting]) -> Fresh:
        """Return the facts that may go by what is known of who reads them, and by what spares them; the others wait."""
        ready = self.readers.ready(connection, self._plan, name, fresh)
        turn.seen[name] = ready
        if ready.wait_s:
            self._rest(name, (lane,), ready.wait_s)
        turn.until[name] = min(ready.until, turn.until.get(name, math.inf))
        return self._peace.ready(turn, connection, name, lane, ready.fresh)

    def _lane(
        self, turn: Turn, connection: Connection, name: str, lane: Lane, again: Sequence[Due], fresh: Fresh
    ) -> None:
        """Plan one lane of one destination: first what goes out again, then as many messages as the quota carries."""
        want = min(len(again) + fresh.wants, self._room(name))
        if not want:
            return
        turn.destinations.add(name)
        calls = list(self._acquire(turn, connection, name, lane, want))
        for one in again[: len(calls)]:
            turn.due.append((one, calls.pop()))
        if fresh.facts and calls:
            try:
                destination = turn.seen[name].destination
                planned, frozen = self._composer.compose(destination, fresh.facts, fresh.within(len(calls)))
            except Exception as error:  # noqa: BLE001 - whatever it is, the other destinations go on
                # nor is it tried in every turn; the error's own words may hold a field's value
                log.warning("messages cannot be composed", destination=name, error=whereabouts(error))
                self._rest(name, (lane,), UNCOMPOSED_S)
            else:
                turn.holdings.append(Holding(planned.superseded, planned.held, planned.withheld, planned.details))
                turn.frozen += [(one, (calls.pop(),) if one.sending else ()) for one in frozen]
        self._cancel(calls)

    def _room(self, name: str) -> int:
        """Return how many messages may be queued for a destination: none before the queue is half empty.

        What is queued holds grants, and after a crash these count until their leases end.
        """
        queued = self._senders.queued(name)
        return QUEUED - queued if queued <= QUEUED // 2 else 0

    def _acquire(self, turn: Turn, connection: Connection, name: str, lane: Lane, want: int) -> tuple[Call, ...]:
        """Ask for `want` calls; where there is no room, let the lane rest until there is."""
        at = now()

        def busy(names: Sequence[str]) -> bool:
            return any(map(turn.touches, names)) or stops.under_way(connection, names, at)

        room = self._quotas.room(connection, Ask(name, lane, want, at), turn.used, busy)
        if not room.calls:
            self._rest(name, (lane,), room.rest_s)
            if room.free_at - at > SAID_AFTER_S * MICROSECONDS:
                turn.notes[name] = {"destination": name, "free_at": room.free_at, "waits_for": room.waits_for}
        return room.calls

    def _write(self, turn: Turn) -> None:
        """Write what ended and what goes out; a turn that cannot be written gives its grants back."""
        spent = self._spending.collect()
        if not (self._ended or self._returned or spent or turn):
            return
        lease_until = time.monotonic() + self._crew.lease_s
        try:
            with self._ledger.write() as connection:
                at = self._ledger.now(connection)
                until = at + int(self._crew.lease_s * MICROSECONDS)
                outbox.lock_destinations(
                    connection, {note["destination"] for _, note in self._ended} | turn.destinations | turn.people
                )
                self._peace.require(connection, turn)
                settling.settle(self._ledger, connection, [one for one, _ in self._ended], self._crew.owner)
                settling.give_back(connection, self._returned, at, self._crew.owner)
                settling.bury(connection, turn.given_up, at)
                disclosures.thaw(connection, turn.altered, at)
                frozen = [one for one, _ in turn.frozen]
                for holding in turn.holdings:
                    outbox.hold(connection, holding, at)
                ids = outbox.frame(self._ledger, connection, frozen, self._crew.owner, at, until)
                taken = outbox.take(connection, [one.id for one, _ in turn.due], self._crew.owner, at, until)
                notes = [*(note for _, note in self._ended), *turn.notes.values()]
                outbox.note_calls(self._ledger, connection, notes)
                stops.stop(self._ledger, connection, self._stops)
                going = self._going(turn, ids, taken, at)
                self._spending.write(self._ledger, connection, going)
                self._peace.note(connection, turn)
        except Contested:
            log.info("another worker was first")
            self._cancel(turn.calls())
            self._write(Turn())
            return
        except Exception:
            self._cancel(turn.calls())
            raise
        self._ended.clear()
        self._returned.clear()
        self._stops.clear()
        self._spending.written(going)
        self._cancel([call for one, call in turn.due if one.id not in taken])
        self._send(turn, ids, taken, at, lease_until)

    def _going(self, turn: Turn, ids: Sequence[int], taken: set[int], at: int) -> dict[int, tuple[Spent, ...]]:
        """Return what each message that goes out now uses of months, by its id."""
        going = {one.id: one.destination for one, _ in turn.due if one.id in taken}
        going |= {id_: one.destination for id_, (one, _) in zip(ids, turn.frozen, strict=True) if one.sending}
        return {
            id_: tuple(Spent(key, month, Purpose.MESSAGE, at) for key, month in self._quotas.months(name).items())
            for id_, name in going.items()
        }

    def _cancel(self, calls: Sequence[Call]) -> None:
        try:
            self._limiter.cancel(calls)
        except redis.RedisError as error:
            log.warning("cannot reach Redis; grants that were not used count until their leases end", error=str(error))

    def _send(self, turn: Turn, ids: Sequence[int], taken: set[int], at: int, lease_until: float) -> None:
        jobs = [self._job(turn, one, (call,), lease_until, at) for one, call in turn.due if one.id in taken]
        for id_, (frozen, calls) in zip(ids, turn.frozen, strict=True):
            if frozen.sending:
                due = Due(id_, frozen.destination, frozen.lane, frozen.body, 0, at, at, frozen.classes)
                jobs.append(self._job(turn, due, calls, lease_until, at))
        self._senders.put(jobs)

    def _job(self, turn: Turn, one: Due, calls: tuple[Call, ...], lease_until: float, at: int) -> Job:
        sent_by = lease_until - DEADLINE_S
        # what not everybody may see leaves while it is known who reads it, or it is looked again
        return Job(
            message_id=one.id,
            destination=one.destination,
            lane=LANES[one.lane],
            channel=self._channels[one.destination].client,
            body=one.body,
            calls=calls,
            sent_by=min(sent_by, turn.until.get(one.destination, math.inf)) if one.classes else sent_by,
            attempts=one.attempts + 1,
            framed_at=one.framed_at,
            first_sent_at=one.first_sent_at or at,
        )

    def _awake(self, name: str, lane: Lane, at: float) -> bool:
        return self._resting.get((name, lane), 0.0) <= at

    def _rest(self, name: str, lanes: Sequence[Lane], seconds: float) -> None:
        until = time.monotonic() + seconds
        for lane in lanes:
            self._resting[name, lane] = max(self._resting.get((name, lane), 0.0), until)

    def idle_s(self) -> float:
        """Return how long until the first resting destination may go on, in seconds."""
        at = time.monotonic()
        rests = (*self._resting.values(), *self._peace.resting().values())
        return min((until - at for until in rests if until > at), default=LONGEST_IDLE_S)


def _quotas(limiter: Limiter, crew: Crew, channels: Mapping[str, Channel]) -> Quotas:
    return Quotas(limiter, crew.lease_s, {name: channel.budgets for name, channel in channels.items()})
