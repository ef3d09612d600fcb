"""Leaving recipients in peace: what waits because of quiet hours, budgets and what is gathered, in the turns of dispatch."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from connectors.contract import Addresses, KnowsAudience
from connectors.settings_types import duration_text
from pipelines.plan import WITHIN, Lane, Plan
from pipelines.quiet import Allowance, Quiet
from pipelines.stages.spared import SPARED, Count, Lately, Spared, Why, late, spare
from pipelines.stages.supersede import Waiting
from worker.channels import Channel
from worker.ledger import audiences, peace
from worker.ledger.arrivals import micros, moment, subject
from worker.ledger.decisions import LANES, Contested
from worker.ledger.engine import Ledger
from worker.ledger.peace import Meter, Rest
from worker.readers import Readers
from worker.turn import Fresh, Turn

LOOK_AGAIN_S = 60.0
"""A lane that rests is looked at so often: the clock of a host may be set, and a message may not have come after all."""

LISTED_FOR = timedelta(hours=1)
"""How old the list of a group's members may be by which its messages count for each of them."""

ZONE_S = 600.0
"""How long it is kept in which zone somebody is."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What spares one recipient: its quiet hours, and where one person reads it, that person's budget.

    `counted` are the budgets, each with the messages that count, and what its facts wait for without room.
    """

    quiet: Quiet | None
    application: str = ""
    person: str = ""
    zones: Mapping[str, str] | None = None
    counted: tuple[tuple[Allowance, Meter, Why], ...] = ()
    seats: bool = False
    """Whether its messages count for each of its members."""

    @property
    def gathers(self) -> int:
        """How long further facts about a record wait, in microseconds."""
        return 0 if self.quiet is None else self.quiet.gather // timedelta(microseconds=1)


class Peace:
    """The rules of one worker's recipients, and which of these rest."""

    def __init__(self, ledger: Ledger, readers: Readers) -> None:
        self._ledger = ledger
        self._readers = readers
        self._plan = Plan("", {}, (), {})
        self._channels: Mapping[str, Channel] = {}
        self._rules: dict[str, Rule | None] = {}
        self._rests: dict[str, float] = {}
        self._said: dict[str, Rest] = {}
        self._zones: dict[tuple[str, str], tuple[float, str]] = {}
        self._listed: dict[str, float] = {}

    def follow(self, plan: Plan, channels: Mapping[str, Channel]) -> None:
        """Take up other rules, and the channels of destinations, which tell whose messages they carry."""
        self._plan, self._channels = plan, channels
        for kept in (self._rules, self._rests, self._zones, self._listed):
            kept.clear()

    def open(self, name: str, lanes: Sequence[Lane]) -> list[Lane]:
        """Return those of the lanes of a destination whose facts do not rest."""
        if self._rests.get(name, 0.0) <= time.monotonic():
            return list(lanes)
        return [lane for lane in lanes if lane not in SPARED]

    def told_since(self, name: str, at: int) -> int | None:
        """Return since when a record must not have been told of for its facts to go `at` (microseconds); None: any may."""
        rule = self._rule(name)
        return at - rule.gathers if rule is not None and rule.gathers else None

    def ready(self, turn: Turn, connection: Connection, name: str, lane: Lane, fresh: Sequence[Waiting]) -> Fresh:
        """Return which facts of a lane may go now, and in how many messages; have the lane rest where none may."""
        if lane not in SPARED or not fresh:
            return Fresh(fresh)
        now = moment(turn.at)
        fresh, rule = late(fresh, now), self._rule(name)
        if rule is None:
            return Fresh(fresh)
        if rule.seats:
            self._seat(connection, name, turn.at)
        if rule.quiet is not None and rule.zones:
            rule = replace(rule, quiet=replace(rule.quiet, zone=self._zone(connection, rule)))
        counts = self._counts(turn, connection, rule)
        spared = spare(rule.quiet, Lately(counts, self._about(connection, name, rule, fresh)), fresh, now)
        if spared.shut is not None:
            self._rests[name] = time.monotonic() + min((spared.shut - now).total_seconds(), LOOK_AGAIN_S)
        self._say(turn, name, rule, spared)
        return Fresh(spared.go, spared.most)

    def require(self, connection: Connection, turn: Turn) -> None:
        """Raise `Contested` when others sent since then what counts towards a budget that this turn counts on."""
        for (meter, per), before in turn.counted.items():
            at = self._ledger.now(connection)
            if len(peace.came(connection, meter, turn.at - per, before + 1, at)) > before:
                raise Contested

    def note(self, connection: Connection, turn: Turn) -> None:
        """Write what facts wait for, as the last thing of a turn."""
        peace.note(self._ledger, connection, turn.rests)
        self._said.update(turn.rests)

    def resting(self) -> Mapping[str, float]:
        """Return the recipients that rest, and when they are looked at again by the monotonic clock."""
        at = time.monotonic()
        self._rests = {name: until for name, until in self._rests.items() if until > at}
        return self._rests

    def _rule(self, name: str) -> Rule | None:
        if name not in self._rules:
            self._rules[name] = self._made(name)
        return self._rules[name]

    def _made(self, name: str) -> Rule | None:
        destination, client = self._plan.reader(name), self._client(name)
        quiet, user = destination.quiet, client.reader if isinstance(client, Addresses) else ""
        personal = self._plan.personal.get(destination.application)
        counted = [(quiet.budget, Meter((name,)), Why.BUDGET)] if quiet is not None and quiet.budget else []
        if personal is not None and personal.budget and user:
            counted.append((personal.budget, self._meter(destination.application, user), Why.PERSON))
        seats = personal is not None and personal.budget is not None and not user and isinstance(client, KnowsAudience)
        if quiet is None and not counted and not seats:
            return None
        zones = personal.zones if personal is not None and user else None
        return Rule(quiet, destination.application, user, zones, tuple(counted), seats)

    def _client(self, name: str) -> object:
        channel = self._channels.get(name)
        return None if channel is None else channel.client

    def _meter(self, application: str, user: str) -> Meter:
        """Return what counts for one person: what is addressed to them, and what comes to groups while they sit there."""
        names, groups = [], []
        for name, destination in self._plan.destinations.items():
            if destination.application != application:
                continue
            client = self._client(name)
            reader = client.reader if isinstance(client, Addresses) else ""
            if reader == user:
                names.append(name)
            elif not reader:
                names.append(f"{name}{WITHIN}{user}")
                groups.append(name)
        return Meter(tuple(names), tuple(groups), user)

    def _counts(self, turn: Turn, connection: Connection, rule: Rule) -> list[Count]:
        """Return how far the budgets are used, by what came, what is on its way, and what this turn is about to send."""
        now = moment(turn.at)
        counts = []
        for allowance, meter, why in rule.counted:
            per = allowance.per // timedelta(microseconds=1)
            came = peace.came(connection, meter, turn.at - per, allowance.most, turn.at)
            if len(came) < allowance.most:
                turn.counted[meter, per] = len(came)
            if meter.user:
                turn.people.add(f"{rule.application} {meter.user}")
            mine = [now for one, _ in turn.frozen if one.destination in meter.names and LANES[one.lane] in SPARED]
            counts.append(Count(allowance, [*map(moment, came), *mine], why))
        return counts

    def _about(
        self, connection: Connection, name: str, rule: Rule, fresh: Sequence[Waiting]
    ) -> dict[tuple[str, str, str], datetime]:
        if not rule.gathers:
            return {}
        oldest = min((micros(one.since) for one in fresh if one.since is not None), default=0)
        told = peace.told_of(connection, name, oldest - rule.gathers)
        subjects = {one.notice.subject: subject(*one.notice.subject) for one in fresh}
        return {of: moment(told[key]) for of, key in subjects.items() if key in told}

    def _zone(self, connection: Connection, rule: Rule) -> str:
        """Return the zone of the one person who reads a recipient, else the recipient's."""
        until, kept = self._zones.get((rule.application, rule.person), (0.0, ""))
        if until <= time.monotonic():
            kept = peace.zone(self._ledger, connection, rule.application, rule.person, rule.zones or {})
            self._zones[rule.application, rule.person] = (time.monotonic() + ZONE_S, kept)
        return kept or (rule.quiet.zone if rule.quiet else "")

    def _seat(self, connection: Connection, name: str, at: int) -> None:
        """Have a group's members read, beside its messages, where nothing else asks for them."""
        if self._listed.get(name, 0.0) > time.monotonic():
            return
        known = audiences.known(connection, [name]).get(name)
        if known is None or known.read_at <= max(known.stale_at, at - LISTED_FOR // timedelta(microseconds=1)):
            self._listed[name] = time.monotonic() + self._readers.ask(name)
        else:
            self._listed[name] = time.monotonic() + LOOK_AGAIN_S

    def _say(self, turn: Turn, name: str, rule: Rule, spared: Spared) -> None:
        """Have it written down what facts wait for, where that is not known yet."""
        said = self._said.get(name, Rest())
        if spared.shut is not None:
            used = next((allowance for allowance, _, why in rule.counted if why is spared.why), None)
            words = f"{used.most} in {duration_text(used.per)}" if used is not None else ""
            rest = Rest(micros(spared.shut), spared.why or "", words, rule.gathers)
        elif said.until > turn.at or said.gathers != rule.gathers:
            rest = Rest(turn.at if said.until else 0, gathers=rule.gathers)
        else:
            return
        if rest != said:
            turn.rests[name] = rest
