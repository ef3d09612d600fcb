"""How the parts are put together in one process, from its settings and the bridge file."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial

import redis
import requests
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from sqlalchemy import Connection

from config.compile import Bridge
from config.settings import Settings
from connectors.contract import (
    Addresses,
    Budget,
    Change,
    Converses,
    KnowsPeople,
    Limited,
    Press,
    Pulls,
    Purpose,
    Reads,
    Receives,
    Services,
    Subscribes,
    Words,
)
from connectors.transport import open_session
from pipelines.case import KindProgram, program
from pipelines.drift import Watches
from worker import matcher
from worker.actions import begin
from worker.actions.acting import Acting
from worker.actions.carrying import Carrier
from worker.actions.showing import Teller
from worker.answering.alone import Alone
from worker.answering.answerer import Answerer, Listening, Voice
from worker.answering.commands import Speaker
from worker.answering.readership import Readership
from worker.answering.why import Why
from worker.asking import Source
from worker.channels import Channel, Channels, channels
from worker.clearing import Clearing
from worker.decide import Decider
from worker.directory import DirectoryReader
from worker.disclosed import BY, Disclosed, Losing
from worker.dispatch import Crew, Dispatcher
from worker.hearing.reader import SignalReader
from worker.hints import HintReader
from worker.inquiry import Inquiry
from worker.ledger import configurations, cursors, plans, readers, recovery, sightings
from worker.ledger.audiences import Ages
from worker.ledger.changes import changed
from worker.ledger.configurations import Mark
from worker.ledger.engine import Ledger
from worker.ledger.plans import Plans
from worker.ledger.seal import Sealer, master_key
from worker.ledger.signals import Signal
from worker.limiter import Limiter
from worker.matcher import Matcher
from worker.members import Members
from worker.polling import Poller
from worker.readers import Readers
from worker.reconcile import Reconciler
from worker.repair.recall import Recaller
from worker.retention import Retention
from worker.spending import AtOnce, Spending
from worker.subscriptions import Pushing, Subscriber, address
from worker.summaries import Summariser
from worker.tokens import RedisTokens
from worker.vault import LedgerVault
from worker.verified import Verified

SHARED = ("ledger", "redis", "limiter", "members", "spending")
"""Parts that outlive a configuration."""

CONNECT_S = 5.0
READ_S = 30.0


def open_sealer(settings: Settings) -> Sealer:
    """Return the sealer of this installation; makes the key file when there is neither a key nor a file."""
    given = settings.master_key.get_secret_value() if settings.master_key else None
    return Sealer(master_key(given, settings.key_file))


def open_ledger(settings: Settings) -> Ledger:
    """Return the ledger that the settings name."""
    return Ledger(settings.database_url, open_sealer(settings))


def open_redis(settings: Settings) -> redis.Redis:
    """Return a client with deadlines; a restart of the server is sat out for about a second."""
    patient = Retry(ExponentialBackoff(cap=0.4, base=0.05), 3)
    return redis.Redis.from_url(
        settings.redis_url, socket_timeout=5, socket_connect_timeout=2, retry=patient, health_check_interval=30
    )


def worker_name(given: str) -> str:
    """Return the name that this worker's leases carry: the given one, or one that no other process has."""
    return given or f"{socket.gethostname()}-{os.getpid()}"[:60]


@dataclass(frozen=True)
class Wiring:
    """One process's parts, each made when it is first used."""

    settings: Settings
    bridge: Bridge
    name: str = ""
    taken: Mark | None = None
    """Which configuration of the ledger `bridge` is; None: it comes from a file."""

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger."""
        return open_ledger(self.settings)

    @cached_property
    def redis(self) -> redis.Redis:
        """The broker's server, for limiter, wake-ups and tokens."""
        return open_redis(self.settings)

    @cached_property
    def limiter(self) -> Limiter:
        """The quotas of all processes."""
        return Limiter(self.redis)

    @cached_property
    def members(self) -> Members:
        """The live workers."""
        return Members(self.redis, name=self.name)

    @cached_property
    def programs(self) -> Mapping[tuple[str, str], KindProgram]:
        """The compiled routes."""
        return program(self.bridge.plan)

    @cached_property
    def plan_id(self) -> int:
        """The number under which the ledger remembers this plan."""
        return plans.remember(self.ledger, self.bridge.plan)

    @cached_property
    def spending(self) -> Spending:
        """What the destinations' clients tell of their calls; who dispatches writes it."""
        return Spending()

    def services(
        self,
        observe: Callable[[str, int, int], None] | None = None,
        spent: Callable[[Budget, Purpose], None] | None = None,
    ) -> Services:
        """Return what connectors are built with; what they tell and nobody else takes is written at once."""
        at_once = AtOnce(self.ledger)
        return Services(
            session=session,
            tokens=RedisTokens(self.redis, self.ledger.sealer),
            now=lambda: datetime.now(UTC),
            observe=observe or at_once.observe,
            vault=LedgerVault(self.ledger),
            spent=spent or at_once.spent,
        )

    def receivers(self) -> dict[str, Receives]:
        """Return the clients of the sources that call us, by source."""
        services = self.services()
        built = {
            name: source.connector.build(name, source.settings, services)
            for name, source in self.bridge.sources.items()
            if Receives in source.connector.fulfils
        }
        return {name: client for name, client in built.items() if isinstance(client, Receives)}

    def applications(self) -> dict[str, object]:
        """Return the clients of the applications that speak to us, by name."""
        services = self.services()
        return {
            name: each.hearing.build(name, each.settings, services) for name, each in self.bridge.applications.items()
        }

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The sources that are asked, by name: one client each, for all threads."""
        sources = {}
        for name, source in self.bridge.sources.items():
            observed: dict[str, tuple[int, int]] = {}
            client = source.connector.build(name, source.settings, self.services(_observer(observed)))
            if not isinstance(client, Pulls | Reads | Subscribes):
                continue
            budgets = tuple(client.budgets()) if isinstance(client, Limited) else ()
            sources[name] = Source(name, client, budgets, observed)
        return sources

    def channels(self, spending: Spending | None = None) -> Channels:
        """Return the destinations' clients, by name. What they tell goes to `spending`, else it is written at once."""
        services = self.services(spending.observe, spending.spent) if spending else self.services()
        return channels(self.bridge.destinations, services)

    @property
    def ages(self) -> Ages:
        """How old may be what is known of a destination's readers."""
        listed = timedelta(seconds=self.settings.readers_s)
        return Ages(listed, max(listed, Ages().unlisted))

    def decider(self) -> Decider:
        """Return what decides in this process."""
        with self.ledger.read() as connection:
            restored_at = recovery.restored_at(connection)
            watches = Watches(sightings.known(connection))
        return Decider(
            self.ledger,
            self.programs,
            self.plan_id,
            self.members.shards,
            self.settings.batch,
            restored_at=restored_at,
            taken=self.taken,
            watches=watches,
        )

    def dispatcher(self, channels: Mapping[str, Channel]) -> Dispatcher:
        """Return what dispatches in this process; its sender threads start with it."""
        crew = Crew(self.name, self.members.mine, self.settings.sender_threads, self.settings.lease_s, self.ages)
        dispatcher = Dispatcher(self.ledger, self.limiter, self.bridge.plan, channels, crew, self.spending)
        dispatcher.follow(self.bridge.plan, channels, self.taken, self.sources)
        return dispatcher

    def poller(self, committed: Callable[[], None]) -> Poller:
        """Return what pulls in this process; `committed` is called when something new was stored."""
        return Poller(self.ledger, self.limiter, self.sources, self.name, committed)

    def reconciler(self, committed: Callable[[], None]) -> Reconciler:
        """Return what compares sources with the ledger; `committed` is called when something new was stored."""
        return Reconciler(self.ledger, self.limiter, self.sources, self.name, committed)

    def hint_reader(self, committed: Callable[[], None]) -> HintReader:
        """Return what reads announced records; `committed` is called when something new was stored."""
        return HintReader(self.ledger, self.limiter, self.sources, self.name, committed)

    def signal_reader(self) -> SignalReader:
        """Return what deals with what was heard."""
        most = {name: each.answers_a_minute for name, each in self.bridge.applications.items()}
        heard = Listening(self.ledger, most)
        return SignalReader(self.ledger, {Press: self._pressed, Words: heard, Change: partial(_changed, self.ledger)})

    def _pressed(self, connection: Connection, signal: Signal) -> None:
        if isinstance(signal.said, Press):
            begin(self.ledger, connection, signal.id, signal.application, signal.said, self.ledger.now(connection))

    def acting(self, channels: Mapping[str, Channel], committed: Callable[[], None]) -> Acting:
        """Return what carries decisions out and changes cards; `committed` is called when something new was stored."""
        carrier = Carrier(self.ledger, self.limiter, self.bridge.plan, self.sources, self.name, committed)
        return Acting(self.ledger, carrier, Teller(self.ledger, self.limiter, channels, self.name))

    @cached_property
    def voices(self) -> Mapping[str, Voice]:
        """The applications that people can talk to, by name."""
        clearing = Clearing(self.ledger, self.bridge.plan.clearances, self.ages)
        why = Why(self.ledger, Plans(self.ledger), self.bridge.plan, clearing)
        kept, channels = self.bridge.retention.payloads, self.channels()
        voices: dict[str, Voice] = {}
        for name, client in self.applications().items():
            if isinstance(client, Converses):
                readership = self._readership(name)
                alone = self._alone(readership, channels)
                speaker = Speaker(why, readership, alone, self.bridge.applications[name].locale, kept)
                voices[name] = Voice(client, speaker)
        return voices

    def _alone(self, readership: Readership, channels: Channels) -> Alone:
        """Return which destinations people of an application read alone."""
        plan, application = self.bridge.plan, readership.application
        listed = (
            name for name, one in plan.destinations.items() if one.application == application and name in channels
        )
        clients: dict[str, object] = {name: channels[name].client for name in listed}
        named = {name: client.reader for name, client in clients.items() if isinstance(client, Addresses)}
        longest = self.bridge.applications[application].longest_mute
        readers = {name: user for name, user in named.items() if user}
        return Alone(application, plan, readers, readership.personal, longest)

    def _readership(self, application: str) -> Readership:
        mine = [name for name, one in self.bridge.plan.destinations.items() if one.application == application]
        named = self.bridge.destinations
        return Readership(application, personal=tuple(name for name in mine if name in named and named[name].personal))

    def note_readers(self) -> None:
        """Note who reads what from now on, before anything is sent by this configuration."""
        destinations = self.bridge.destinations.items()
        reaches = {
            name: {to: voice.client.reach(each.settings) for to, each in destinations}
            for name, voice in self.voices.items()
        }
        with self.ledger.write() as connection:
            if configurations.stands(connection, self.taken):
                for name, of in reaches.items():
                    readers.note(self.ledger, connection, name, of)

    def answerer(self) -> Answerer:
        """Return what answers people who spoke to a robot."""
        return Answerer(self.ledger, self.limiter, self.voices, self.name, self.settings.lease_s)

    def directory_reader(self) -> DirectoryReader:
        """Return what reads the people of applications, with the users that are matched with them in mind."""
        clients = {name: client for name, client in self.applications().items() if isinstance(client, KnowsPeople)}

        def read(application: str) -> None:
            with self.ledger.write() as connection:
                for name, source in self.bridge.sources.items():
                    if source.people is not None and source.people.application == application:
                        at = self.ledger.now(connection)
                        cursors.hasten_job(self.ledger, connection, matcher.job_name(name), at)

        return DirectoryReader(self.ledger, clients, self.name, read)

    def matcher(self) -> Matcher:
        """Return what matches the users of sources with people."""
        keys = {name: source.people for name, source in self.bridge.sources.items() if source.people is not None}
        return Matcher(self.ledger, keys)

    def verified(self, readers: Readers) -> Verified:
        """Return what lets go what was held for an unverified group; `readers` is the dispatcher's."""
        return Verified(self.ledger, readers, self.bridge.plan, self.programs, self.plan_id)

    def disclosed(self, readers: Readers, channels: Mapping[str, Channel]) -> Disclosed:
        """Return what looks who read what was sent; `readers` is the dispatcher's."""
        recaller = Recaller(self.ledger, self.limiter, channels, BY)
        return Disclosed(self.ledger, readers, recaller, self.bridge.plan, self.ages)

    def losing(self) -> Losing:
        """Return what looks who may see less than before."""
        return Losing(self.ledger, self.bridge.plan, Clearing(self.ledger, self.bridge.plan.clearances, self.ages))

    def summariser(self) -> Summariser:
        """Return what makes summaries."""
        return Summariser(self.ledger, self.programs, {one.name: one for one in self.bridge.plan.summaries})

    def subscriber(self) -> Subscriber:
        """Return what keeps the subscriptions of sources that push."""
        pushing = {
            name: Pushing(address(self.settings.public_url, name), source.kinds if source.reconcile else ())
            for name, source in self.bridge.sources.items()
            if source.push
        }
        return Subscriber(self.ledger, self.limiter, self.sources, self.name, pushing)

    def inquiry(self) -> Inquiry:
        """Return what asks to whom messages came."""
        return Inquiry(self.ledger, self.limiter, self.channels())

    def retention(self, pause: Callable[[float], bool]) -> Retention:
        """Return what forgets in this process; `pause` waits so many seconds, True: stop."""
        return Retention(self.ledger, self.bridge.retention.payloads, self.bridge.retention.trail, pause)

    def named(self, name: str) -> Wiring:
        """Return the same wiring for a worker of this name."""
        return replace(self, name=worker_name(name))

    def running(self, bridge: Bridge, taken: Mark) -> Wiring:
        """Return the wiring of another configuration, over the same connections."""
        other = replace(self, bridge=bridge, taken=taken)
        other.__dict__.update({part: getattr(self, part) for part in SHARED})
        return other


def session() -> requests.Session:
    """Return a session with deadlines for a source or channel."""
    return open_session(connect=CONNECT_S, read=READ_S, ca=None, proxy=None, pool=16)


def _observer(observed: dict[str, tuple[int, int]]) -> Callable[[str, int, int], None]:
    def observe(budget: str, used: int, allowed: int) -> None:
        observed[budget] = (used, allowed)

    return observe


def _changed(ledger: Ledger, connection: Connection, signal: Signal) -> None:
    if isinstance(signal.said, Change):
        changed(ledger, connection, signal.application, signal.said)
