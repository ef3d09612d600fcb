"""Asking who reads a destination, beside the turns of dispatch: a slow answer stops no other destination."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from connectors.contract import Addresses, KnowsAudience, Members, Unlisted
from pipelines.audience import Audience
from pipelines.outgoing import unseen
from pipelines.plan import Destination, Lane, Plan
from pipelines.stages.clearance import allowed
from pipelines.stages.supersede import Waiting
from worker.asking import Asking, Source, Sources, after, said
from worker.by_record import ByRecord, Facts, ToldOf
from worker.channels import Channel
from worker.clearing import Clearing
from worker.ledger import audiences, people, signals
from worker.ledger.audiences import Ages
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.outbox import Due
from worker.limiter import Limiter
from worker.sights import Sights

log = structlog.get_logger()

AT_ONCE = 4
"""Lists of members that are read at once by one worker."""

PATIENCE_S = 5.0
"""How long a read waits for the application's quota."""

AGAIN_S = 5.0
"""After how long it is asked again that could not be read, and where nobody said when."""

LOOK_S = 0.1
"""How long a lane rests whose facts wait for their readers."""

CLOSING_S = 5.0
"""How long the end of a worker waits for reads that are under way."""

NEWS_S = 60.0
"""How long news that nobody dealt with yet are waited for; what is older is in the lists that are read since."""


@dataclass(frozen=True, slots=True)
class Place:
    """A destination whose readers can be asked for, and under which name the ledger keeps them."""

    destination: str
    key: str
    client: KnowsAudience

    @classmethod
    def of(cls, destination: str, client: KnowsAudience) -> Place:
        """Return the place of a destination; where no news names one, it is the destination's own."""
        return cls(destination, client.place or f"destination {destination}", client)

    @property
    def reader(self) -> str:
        """The one person who reads it, by user id; empty where there are more."""
        return self.client.reader if isinstance(self.client, Addresses) else ""

    @property
    def asked(self) -> Source:
        """The quotas of one read."""
        return Source(f"readers {self.destination}", self.client, tuple(self.client.audience_budgets()), {})


@dataclass(frozen=True, slots=True)
class Ready:
    """A destination with what is known of its readers, the facts that may go there, and when to look at the others."""

    destination: Destination
    fresh: Sequence[Waiting]
    wait_s: float = 0.0
    until: float = math.inf
    """Until when what is known of the readers holds, by the monotonic clock."""


@dataclass(frozen=True, slots=True)
class Again:
    """Messages that may go out again, those that today's readers may not see, and when to look at the others.

    `until` is until when what is known of the readers holds, by the monotonic clock.
    """

    go: Sequence[Due]
    altered: Sequence[Due] = ()
    wait_s: float = 0.0
    until: float = math.inf


class Readers:
    """Reads who is at each place, a few at once, each place once at a time; `woken` is called after each read."""

    def __init__(self, ledger: Ledger, limiter: Limiter, woken: Callable[[], None], ages: Ages) -> None:
        self._ledger = ledger
        self._ask = Asking(ledger, limiter, Lane.URGENT, PATIENCE_S)
        self._woken = woken
        self._ages = ages
        self._sights = Sights(ledger, limiter, woken, ages)
        self._reading: dict[str, threading.Thread] = {}
        self._again_at: dict[str, float] = {}
        self._lock = threading.Lock()
        self.follow({}, Plan("", {}, (), {}))

    def follow(self, channels: Mapping[str, Channel], plan: Plan, sources: Sources | None = None) -> None:
        """Ask by the clients of these channels of a plan's destinations from now on, and `sources` what people see there."""
        self._channels = channels
        self._plan = plan
        self._clearing = Clearing(self._ledger, plan.clearances, self._ages)
        self._sights.follow(sources or {})
        self._by_record = ByRecord(self._ledger, plan, self._clearing, self._sights)
        self._again_at.clear()

    def place(self, name: str) -> Place | None:
        """Return the place of a recipient that can be asked."""
        channel = self._channels.get(name)
        client: object = channel.client if channel is not None else None
        return Place.of(name, client) if isinstance(client, KnowsAudience) else None

    def ready(self, connection: Connection, plan: Plan, name: str, fresh: Sequence[Waiting]) -> Ready:
        """Return which facts may go to a destination by what is known of its readers, and have these asked for else.

        The ledger is asked only where a fact hangs on it. While news wait to be dealt with, nothing is known: they may be
        of this group.
        """
        destination, place = plan.reader(name), self.place(name)
        later = unseen(plan, destination, fresh, datetime.now(UTC)) if place is not None else frozenset()
        if place is None or not later:
            return Ready(destination, fresh)
        seen = self._seen(connection, destination, place)
        if seen.wait_s:
            return replace(seen, fresh=[one for one in fresh if one.notice.subject not in later])
        destination, looked = self._by_record.seen(connection, seen.destination, [one.notice for one in fresh])
        go = [one for one in fresh if one.notice.subject not in looked.open]
        return Ready(destination, go, LOOK_S if looked.open else 0.0, min(seen.until, looked.until))

    def again(self, connection: Connection, plan: Plan, name: str, due: Sequence[Due]) -> Again:
        """Return which messages may go out again to a destination, by what is known of its readers now."""
        if not any(one.classes for one in due):
            return Again(due)
        destination, place = plan.reader(name), self.place(name)
        seen = Ready(destination, ()) if place is None else self._seen(connection, destination, place)
        if seen.wait_s:
            return Again([one for one in due if not one.classes], wait_s=seen.wait_s)
        today = datetime.now(ZoneInfo(destination.zone)).date()
        may = allowed(seen.destination, today).classes
        go, rest = [one for one in due if one.classes <= may], [one for one in due if not one.classes <= may]
        if not rest or seen.destination.audience is None or not seen.destination.audience.asked:
            return Again(go, rest, until=seen.until)
        told = self._by_record.told(connection, seen.destination, [one.id for one in rest])
        go += [one for one in rest if one.id not in told.open and _may_go(one, told.shown.get(one.id, ()), today)]
        kept = {one.id for one in go} | told.open
        altered = [one for one in rest if one.id not in kept]
        return Again(go, altered, LOOK_S if told.open else 0.0, min(seen.until, told.until))

    def told(self, connection: Connection, destination: Destination, messages: Sequence[int]) -> ToldOf:
        """Return what messages show to a destination whose readers are known, and what sources let these see of it now."""
        return self._by_record.told(connection, destination, messages)

    def _seen(self, connection: Connection, destination: Destination, place: Place) -> Ready:
        name, at = destination.name, self._ledger.now(connection)
        news = signals.any_new_change(connection, at - int(NEWS_S * MICROSECONDS))
        if place.reader and not news:
            if self._clearing.unsettled(connection, destination.application, [place.reader], at):
                return Ready(destination, (), LOOK_S)
            alone = self._clearing.alone(connection, destination, place.reader, at)
            until = time.monotonic() + self._ages.listed.total_seconds()
            return Ready(replace(destination, audience=alone), (), until=until)
        known = audiences.known(connection, [name]).get(name)
        # what is known of the group that it was before says nothing of the one that it is configured to be
        if not news and known is not None and known.place == place.key:
            audience = self._clearing.audience(connection, destination, known, at)
            if audience.read and self._clearing.settling(connection, destination, known, at):
                return Ready(destination, (), LOOK_S)
            if audience.read:
                until = time.monotonic() + (known.read_at + self._ages.of(known.state) - at) / MICROSECONDS
                return Ready(replace(destination, audience=audience), (), until=until)
        return Ready(destination, (), LOOK_S if news else self.ask(name))

    def known(self, connection: Connection, destination: Destination, known: audiences.Known) -> Audience:
        """Return what clearance has to know of readers who were listed before."""
        return self._clearing.audience(connection, destination, known, self._ledger.now(connection))

    def settling(self, connection: Connection, destination: Destination, known: audiences.Known) -> bool:
        """Tell whether some of the readers are being read again now."""
        return self._clearing.settling(connection, destination, known, self._ledger.now(connection))

    def cleared(
        self, connection: Connection, destination: Destination, users: Sequence[str]
    ) -> Mapping[str, frozenset[str]]:
        """Return what people may see, whether they read a destination now or not."""
        return self._clearing.people(connection, destination.application, users, self._ledger.now(connection))

    def ask(self, name: str) -> float:
        """Have the readers of a destination read, unless that is under way; returns when to look again, in seconds."""
        place = self.place(name)
        if place is None:
            return LOOK_S
        with self._lock:
            wait = self._again_at.get(place.key, 0.0) - time.monotonic()
            if wait > 0:
                return wait
            if place.key in self._reading or len(self._reading) >= AT_ONCE:
                return LOOK_S
            run = threading.Thread(target=self._run, args=(place,), name=f"readers-{name}", daemon=True)
            self._reading[place.key] = run
        run.start()
        return LOOK_S

    def close(self) -> None:
        """Wait a moment for the reads that are under way, so that what they learn is kept."""
        until = time.monotonic() + CLOSING_S
        with self._lock:
            reading = list(self._reading.values())
        for each in reading:
            each.join(max(0.0, until - time.monotonic()))

    def read(self, place: Place) -> Audience:
        """Read who is at a place now, and keep it. Raises what the connector, the ledger and Redis raise."""
        with self._ledger.write() as connection:
            audiences.placed(self._ledger, connection, {place.destination: place.key})
            asked_at = self._ledger.now(connection)
        found = self._ask(place.asked, place.client.members)
        with self._ledger.write() as connection:
            audiences.store(self._ledger, connection, place.key, found, asked_at)
            known = audiences.known(connection, [place.destination])[place.destination]
            self._meet(connection, place, found)
            at, destination = self._ledger.now(connection), self._plan.reader(place.destination)
            audience = self._clearing.audience(connection, destination, known, at)
        if isinstance(found, Unlisted):
            log.info("the readers of a destination cannot be listed", destination=place.destination, reason=found.why)
        return audience

    def _meet(self, connection: Connection, place: Place, found: Members | Unlisted) -> None:
        """Have those read of whom nothing is known, where it depends on them what the others may see."""
        application = self._plan.reader(place.destination).application
        if isinstance(found, Members) and application and self._clearing.clearances.of:
            people.meet(self._ledger, connection, application, list(found.people))

    def _young(self, connection: Connection, place: Place) -> bool:
        """Tell whether what is known of a place may be gone by."""
        known = audiences.known(connection, [place.destination]).get(place.destination)
        if known is None or known.place != place.key:
            return False
        return known.audience(self._ledger.now(connection), self._ages).read

    def _run(self, place: Place) -> None:
        try:
            # the turn that wants it read may have begun to look before the last read was kept
            with self._ledger.read() as connection:
                young = self._young(connection, place)
            if not young:
                self.read(place)
        except Exception as error:  # noqa: BLE001 - facts wait whatever it is, and it is tried again
            self._failed(place, error)
        finally:
            with self._lock:
                del self._reading[place.key]
            self._woken()

    def _failed(self, place: Place, error: Exception) -> None:
        sentence, detail = said(error)
        log.warning("readers could not be asked for", destination=place.destination, error=sentence, detail=detail)
        self._ask.heed(error)
        wait = after(error) or timedelta(seconds=AGAIN_S)
        with self._lock:
            self._again_at[place.key] = time.monotonic() + max(wait.total_seconds(), LOOK_S)
        try:
            with self._ledger.write() as connection:
                audiences.failed(self._ledger, connection, place.key, sentence)
        except Exception as lost:  # noqa: BLE001 - the ledger may be what failed
            log.warning("the ledger did not answer; the failure is not kept", error=type(lost).__name__)


def _may_go(one: Due, shown: Facts, today: date) -> bool:
    """Tell whether everybody may see what a message shows of each record."""
    of_it = frozenset[str]().union(*(classes for _, classes in shown))
    return one.classes <= of_it and all(classes <= allowed(to, today).classes for to, classes in shown)
