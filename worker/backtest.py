"""What would have been told: the newest states of the last days, decided and dispatched by a clock of their own.

Nothing is stored and nothing is sent: records stay in memory, and of a channel only its packing is asked.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from config.compile import Bridge
from connectors.contract import Delivers, Pulls, Record, Services
from pipelines.approval import deciders
from pipelines.case import Event, KindProgram, program
from pipelines.chain import decide
from pipelines.notice import Notice
from pipelines.outgoing import dispatch
from pipelines.plan import ByPerson, Plan, asked_of, destination_of
from pipelines.stages.supersede import Waiting
from pipelines.verdict import SUPPRESSED, Reason

MOST_PAGES = 10_000


@dataclass(slots=True)
class Forecast:
    """What would have happened.

    `days` counts messages and `facts` facts by (destination, day of its zone); `held` by (route, reason); `filtered`
    by (route, reason); `longest` is the longest that a fact waited for its destination's quota;
    `asked` says of which source the user is whom a recipient names, and whether it is their manager who is told.
    """

    read: int = 0
    days: Counter[tuple[str, str]] = field(default_factory=Counter)
    facts: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: Counter[tuple[str, str]] = field(default_factory=Counter)
    filtered: Counter[tuple[str, str]] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)
    longest: dict[str, timedelta] = field(default_factory=dict)
    asked: dict[str, set[tuple[str, bool]]] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        """Requests to channels: one a message."""
        return self.days.total()


def read(bridge: Bridge, kinds: Sequence[tuple[str, str]], services: Services) -> Iterator[Record]:
    """Read the newest states of these kinds since their `start`. Raises the contract's errors."""
    for name, kind in kinds:
        source = bridge.sources[name]
        client = source.connector.build(name, source.settings, services)
        if not isinstance(client, Pulls):
            continue
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = client.pull(kind, cursor)
            yield from page.records
            cursor = page.cursor
            if not page.more:
                break


def channels(bridge: Bridge, services: Services) -> dict[str, Delivers]:
    """Return the destinations' clients; nothing is asked of them but quota and packing."""
    built = {name: one.connector.build(name, one.settings, services) for name, one in bridge.destinations.items()}
    return {name: client for name, client in built.items() if isinstance(client, Delivers)}


def forecast(
    plan: Plan,
    records: Sequence[Record],
    channels: Mapping[str, Delivers],
) -> Forecast:
    """Decide and dispatch `records` in the order of their stamps, as if each had been seen at once."""
    found = Forecast(read=len(records))
    # a silence is of today, and what is asked is what an ordinary day brings
    plan = replace(plan, silences=())
    programs = program(plan)
    managing = {route.name for route in plan.routes if isinstance(route.by, ByPerson) and route.by.manager}
    groups = {name: _Group(plan, name, channel, found) for name, channel in channels.items()}
    clock = _Clock(groups)
    for seq, record in enumerate(sorted(records, key=lambda one: one.stamp), 1):
        for notice in _decided(programs, Event(seq, record, baseline=True, known=None), found):
            if (name := notice.destination) not in groups and destination_of(name) in channels:
                groups[name] = _Group(plan, name, channels[destination_of(name)], found)
            if name in groups:
                if asked_of(name):
                    found.asked.setdefault(name, set()).add((notice.source, notice.route in managing))
                clock.run(record.stamp)
                groups[notice.destination].take(notice, record.stamp)
                clock.due(notice.destination, record.stamp)
    clock.run(datetime.max.replace(tzinfo=UTC))
    return found


def _decided(programs: Mapping[tuple[str, str], KindProgram], event: Event, found: Forecast) -> Sequence[Notice]:
    of = programs.get((event.record.source, event.record.kind))
    if of is None:
        return ()
    decision = decide(of, event, event.record.stamp)
    for verdict in decision.verdicts:
        if verdict.reason is Reason.TOLD:
            continue
        counted = found.filtered if verdict.reason in SUPPRESSED else found.held
        counted[verdict.route, verdict.reason] += 1
    return decision.notices


class _Group:
    """One destination: what waits, and when its quota was used."""

    def __init__(self, plan: Plan, name: str, channel: Delivers, found: Forecast) -> None:
        self._plan, self._of, self._channel, self._found = plan, plan.reader(name), channel, found
        windows = [window for budget in channel.budgets() for window in budget.windows]
        self._window = min(windows, key=lambda one: one.limit / one.seconds, default=None)
        self._sent: deque[datetime] = deque()
        self._waiting: dict[int, tuple[Waiting, datetime]] = {}
        self._numbers = 0

    def take(self, notice: Notice, at: datetime) -> None:
        self._numbers += 1
        asks = next((each.decide for each in self._plan.routes if each.name == notice.route), None)
        # whom the source names is taken for known: matches are of today
        named = deciders(asks, notice.fields) if asks is not None else ()
        self._waiting[self._numbers] = (Waiting(self._numbers, notice, deciders=named), at)

    def turn(self, at: datetime) -> datetime | None:
        """Send what the quota carries at `at`; returns when to look again, None when nothing waits."""
        free = self._free(at)
        if self._waiting and free:
            self._send(at, free)
        if not self._waiting or self._window is None:
            return None
        return max(at, self._sent[0] + timedelta(seconds=self._window.seconds)) if self._sent else None

    def _free(self, at: datetime) -> int:
        if self._window is None:
            return len(self._waiting)
        since = at - timedelta(seconds=self._window.seconds)
        while self._sent and self._sent[0] <= since:
            self._sent.popleft()
        return max(0, self._window.limit - len(self._sent))

    def _send(self, at: datetime, free: int) -> None:
        found, name = self._found, self._of.name
        planned = dispatch(self._plan, self._of, self._channel, [one for one, _ in self._waiting.values()], free, at)
        day = str(at.astimezone(ZoneInfo(self._of.zone)).date())
        self._sent.extend([at] * len(planned.messages))
        found.days[name, day] += len(planned.messages)
        carried = {id_ for message in planned.messages for id_ in message.notices}
        found.facts[name, day] += len(carried)
        for id_, reason, _ in planned.held:
            found.held[self._waiting[id_][0].notice.route, reason] += 1
        found.withheld[name] += len(carried & planned.withheld.keys())
        for id_ in carried:
            waited = at - self._waiting[id_][1]
            found.longest[name] = max(found.longest.get(name, timedelta(0)), waited)
        for id_ in carried | {id_ for id_, *_ in planned.held} | {old for old, _ in planned.superseded}:
            self._waiting.pop(id_, None)


class _Clock:
    """Looks at each group when something came for it, and when its quota has room again."""

    def __init__(self, groups: Mapping[str, _Group]) -> None:
        self._groups = groups
        self._due: list[tuple[datetime, str]] = []
        self._planned: dict[str, datetime] = defaultdict(lambda: datetime.max.replace(tzinfo=UTC))

    def due(self, name: str, at: datetime) -> None:
        if at < self._planned[name]:
            self._planned[name] = at
            heapq.heappush(self._due, (at, name))

    def run(self, until: datetime) -> None:
        """Take all turns before `until`."""
        while self._due and self._due[0][0] < until:
            at, name = heapq.heappop(self._due)
            if self._planned[name] != at:
                continue
            del self._planned[name]
            again = self._groups[name].turn(at)
            if again is not None:
                self.due(name, again)
