"""How an installation stands, as plain values; it only reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from sqlalchemy import Connection

from config.compile import Bridge
from pipelines.matching import MatchState
from pipelines.plan import Silence
from worker.ledger import (
    answers,
    arrivals,
    audiences,
    faults,
    heard,
    hints,
    listening,
    matches,
    peace,
    people,
    receipts,
    standing,
    subscriptions,
)
from worker.ledger.audiences import Known
from worker.ledger.engine import Ledger
from worker.ledger.heard import Poll, Quota
from worker.ledger.hints import Announced
from worker.ledger.listening import Line
from worker.ledger.peace import Rest
from worker.ledger.receipts import Missed
from worker.ledger.standing import Pile, Unsent
from worker.ledger.subscriptions import Standing
from worker.ledger.version import version
from worker.operators.monitor import RECENT, micros
from worker.operators.quota import MonthState, months_now


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source: when each kind was last read, and when its newest record arrived (microseconds; None: never).

    `announced` are its hints by kind; `push`: it is subscribed to, and `subscription` is how that stands (None: not yet).
    """

    name: str
    connector: str
    polls: tuple[Poll, ...]
    arrived_at: int | None
    announced: tuple[Announced, ...] = ()
    push: bool = False
    subscription: Standing | None = None


@dataclass(frozen=True, slots=True)
class DestinationState:
    """A destination: what its quota waits for, what waits for it, and how many messages were given up.

    `rest` is until when it is left in peace; None: it is not now.

    `missed` are the people whom messages of the last 24 hours did not come to.
    `readers` is what is known of who reads it; None: nobody was asked yet, or nobody can be.
    """

    name: str
    quota: Quota
    waiting: tuple[Unsent, ...]
    given_up: int
    missed: tuple[Missed, ...] = ()
    readers: Known | None = None
    rest: Rest | None = None


@dataclass(frozen=True, slots=True)
class ApplicationState:
    """An application: the connections of all relays to it (none: nobody listens), and what became of its answers."""

    name: str
    lines: tuple[Line, ...]
    answers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Users:
    """How many users of a source are matched with people of an application, and how many are not, by state."""

    source: str
    application: str
    counts: Mapping[MatchState, int]


@dataclass(frozen=True, slots=True)
class Status:
    """An installation. Times are in microseconds; `workers` is None when Redis does not answer.

    `silences` are those that last.
    """

    version: str
    ledger: str | None
    workers: Sequence[str] | None
    undecided: int
    undecided_since: int | None
    sources: Sequence[SourceState]
    applications: Sequence[ApplicationState]
    destinations: Sequence[DestinationState]
    people: Sequence[people.Standing]
    users: Sequence[Users]
    held: Sequence[Pile]
    months: Sequence[MonthState]
    faults: Sequence[faults.Known]
    silences: Sequence[Silence] = ()


def status(ledger: Ledger, bridge: Bridge, workers: Sequence[str] | None) -> Status:
    """Return how the installation stands now. Raises what the ledger raises."""
    with ledger.read() as connection:
        at = ledger.now(connection)
        return Status(
            version=program_version(),
            ledger=version(connection),
            workers=workers,
            undecided=arrivals.backlog(connection),
            undecided_since=arrivals.oldest_undecided(connection),
            sources=_sources(connection, bridge),
            applications=_applications(connection, bridge),
            destinations=_destinations(connection, bridge, at),
            people=[
                people.standing(connection, name) for name, one in bridge.applications.items() if one.people is not None
            ],
            users=_users(connection, bridge),
            held=standing.held(connection),
            months=months_now(connection, at),
            faults=faults.all_faults(connection, open_only=True),
            silences=[each for each in bridge.plan.silences if arrivals.micros(each.until) > at],
        )


def _sources(connection: Connection, bridge: Bridge) -> list[SourceState]:
    announced = hints.announced(connection)
    return [
        SourceState(
            name,
            one.connector.name,
            heard.polls(connection, name),
            standing.last_arrival(connection, name),
            tuple(pile for pile in announced if pile.source == name),
            one.push,
            subscriptions.standing(connection, name) if one.push else None,
        )
        for name, one in bridge.sources.items()
    ]


def _applications(connection: Connection, bridge: Bridge) -> list[ApplicationState]:
    lines, piles = listening.lines(connection), answers.piles(connection)
    return [
        ApplicationState(
            name,
            tuple(line for line in lines if line.application == name),
            {pile.end: pile.count for pile in piles if pile.application == name},
        )
        for name in bridge.applications
    ]


def _users(connection: Connection, bridge: Bridge) -> list[Users]:
    return [
        Users(
            name,
            source.people.application,
            {state: len(users) for state, users in matches.standing(connection, name).items()},
        )
        for name, source in bridge.sources.items()
        if source.people is not None
    ]


def _destinations(connection: Connection, bridge: Bridge, at: int) -> list[DestinationState]:
    unsent = standing.unsent(connection, at)
    dead: Mapping[str, int] = {pile.name: pile.count for pile in standing.given_up(connection)}
    quotas = heard.quotas(connection)
    readers = audiences.known(connection, list(bridge.destinations))
    rests = {name: rest for name, rest in peace.rests(connection).items() if rest.until > at}
    missed = receipts.missed(connection, at - micros(RECENT))
    names = dict.fromkeys([*bridge.destinations, *(one.destination for one in unsent)])
    return [
        DestinationState(
            name,
            quotas.get(name, Quota()),
            tuple(one for one in unsent if one.destination == name),
            dead.get(name, 0),
            tuple(one for one in missed if one.destination == name),
            readers[name] if name in readers and readers[name].read_at else None,
            rests.get(name),
        )
        for name in names
    ]


def program_version() -> str:
    """Return this program's version; `unknown` where it runs from a folder that was never installed."""
    try:
        return installed("dingbridge")
    except PackageNotFoundError:
        return "unknown"
