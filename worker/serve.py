"""The long-running processes beside the worker: relay and scheduler."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
import uvicorn

from config.schedule import step
from worker.actions import shown
from worker.app import create_app
from worker.configuration import Following
from worker.fault import Fault
from worker.hearing.hearing import Hearing
from worker.jobs import jobs
from worker.ledger import plans, version
from worker.ledger.engine import MICROSECONDS, now
from worker.operators.draining import DrainingServer
from worker.operators.metrics import Metrics
from worker.operators.monitor import Monitor
from worker.operators.watch import Watch
from worker.operators.ways import ways
from worker.relay import Relay
from worker.scheduler import Scheduler
from worker.wake import DECIDE, POLL, SIGNALS, Wake
from worker.wiring import Wiring, worker_name
from worker.writer import Writer

log = structlog.get_logger()

QUEUE = 4096
"""Pushes that wait for their commit at once; more get the overload reply."""

SIGNALS_LAPSE_S = 60.0
"""A task of this that no worker takes so soon is not run: the tick starts another."""


class ServeFault(Fault):
    """A process cannot be reached where its settings say."""


def make_scheduler(wiring: Wiring, wake: Wake) -> Scheduler:
    """Return the tick of this process with its jobs."""
    return Scheduler(wiring.ledger, wake, jobs(wiring.bridge, wake, wiring.ages), wiring.settings.tick_s)


def make_watch(wiring: Wiring, wake: Callable[[str], None]) -> Watch:
    """Return the watch of this process."""
    with wiring.ledger.read() as connection:
        began_at = plans.stored_at(connection, wiring.plan_id)
    monitor = Monitor(wiring.bridge, wiring.members, began_at)
    told = ways(wiring.bridge.operators)
    settings = wiring.settings
    return Watch(wiring.ledger, monitor, told, partial(wake, DECIDE), settings.monitor_s, settings.tick_s)


class Watching:
    """The watch of what is applied: another configuration gets a watch of its own."""

    def __init__(self, wake: Callable[[str], None]) -> None:
        self._wake = wake
        self._watch: Watch | None = None

    def start(self, wiring: Wiring) -> None:
        """Watch by this wiring, and by no earlier one."""
        self.stop()
        self._watch = make_watch(wiring, self._wake)
        self._watch.start()

    def stop(self) -> None:
        """End after what is under way."""
        if self._watch is not None:
            self._watch.stop()


def polls_of(wiring: Wiring) -> dict[tuple[str, str], timedelta]:
    """Return how long it is between two polls, by source and kind."""
    at = datetime.now(UTC)
    sources = wiring.bridge.sources.values()
    return {(source.name, kind): step(polls, at) for source in sources for kind, polls in source.polls.items()}


def make_metrics(wiring: Wiring) -> Metrics:
    """Return the metrics of the installation; they count from now on."""
    metrics = Metrics(wiring.ledger, polls_of(wiring), lambda: wiring.members.names)
    metrics.begin()
    return metrics


def make_wake(wiring: Wiring) -> Wake:
    """Return what wakes the workers from a process that is none."""
    wiring.members.start()
    return Wake(wiring.redis, create_app(wiring.settings.redis_url), wiring.members)


class Ringer:
    """Wakes the workers from a thread of its own, so that no commit waits for Redis; many calls become one."""

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake
        self._due = threading.Event()
        threading.Thread(target=self._run, name="ringer", daemon=True).start()

    def __call__(self) -> None:
        """Ask for a wake-up; returns at once."""
        self._due.set()

    def _run(self) -> None:
        while True:
            self._due.wait()
            self._due.clear()
            self._wake()


def serve_relay(wiring: Wiring, *, with_scheduler: bool, started: Callable[[int], None]) -> None:
    """Serve the relay until SIGTERM or SIGINT; `started` is told the port. Raises `Fault` when it cannot."""
    version.require(wiring.ledger)
    settings = wiring.settings
    sock = _listen(settings.relay_host, settings.relay_port)
    wake = make_wake(wiring)
    scheduler = make_scheduler(wiring, wake)
    heard = Ringer(partial(wake.publish, SIGNALS, POLL, SIGNALS_LAPSE_S))
    writer = Writer(wiring.ledger, Ringer(partial(wake, DECIDE)), limit=QUEUE, heard=heard)
    hearing = Hearing(wiring.ledger, writer, worker_name(""), partial(shown, wiring.ledger))

    def overloaded() -> bool:
        oldest = scheduler.oldest_undecided
        late = oldest is not None and now() - oldest > settings.backlog_age_s * MICROSECONDS
        return late or scheduler.backlog > settings.max_backlog

    receivers = {**wiring.receivers(), **hearing.follow(wiring.applications())}
    watching = Watching(wake)
    metrics = make_metrics(wiring)

    def use(other: Wiring) -> None:
        scheduler.follow(jobs(other.bridge, wake, other.ages))
        metrics.polls = polls_of(other)
        if with_scheduler:
            watching.start(other)
        built = {**other.receivers(), **hearing.follow(other.applications())}
        receivers.update(built)
        for name in receivers.keys() - built.keys():
            del receivers[name]

    following = Following(wiring, use)
    relay = Relay(
        receivers=receivers,
        writer=writer,
        sealer=wiring.ledger.sealer,
        overloaded=overloaded,
        ready=lambda: version.fits(wiring.ledger),
        metrics=metrics.render,
        metrics_token=settings.metrics_token.get_secret_value() if settings.metrics_token else "",
        shown=hearing.shown,
        unstored=hearing.unstored,
    )
    server = _server(relay, settings.drain_s)
    started(sock.getsockname()[1])
    ticking = threading.Thread(target=scheduler.run if with_scheduler else scheduler.watch, name="tick", daemon=True)
    ticking.start()
    if with_scheduler:
        watching.start(wiring)
    following.start()
    try:
        server.run(sockets=[sock])
    finally:
        following.stop()
        watching.stop()
        scheduler.stop()
        hearing.close()
        writer.close()
        hearing.notes.close()


def _server(relay: Relay, drain_s: float) -> DrainingServer:
    return DrainingServer(
        uvicorn.Config(
            relay,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nobody is believed about where a request comes from
            date_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=10,
        ),
        relay.draining.set,
        drain_s,
    )


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens already: whoever is told its port may connect at once."""
    # without its protocol the event loop would not send an answer's second piece at once
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ServeFault(
            f"the relay cannot listen on {host}:{port}: {error.strerror}; "
            "set DINGBRIDGE_RELAY_HOST and DINGBRIDGE_RELAY_PORT to what is free"
        ) from None
    listener.listen(2048)
    return listener


def serve_scheduler(wiring: Wiring) -> None:
    """Tick until SIGTERM or SIGINT. Raises `Fault` when it cannot."""
    version.require(wiring.ledger)
    wake = make_wake(wiring)
    scheduler = make_scheduler(wiring, wake)
    watching = Watching(wake)

    def use(other: Wiring) -> None:
        scheduler.follow(jobs(other.bridge, wake, other.ages))
        watching.start(other)

    following = Following(wiring, use)
    following.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: scheduler.stop())
    watching.start(wiring)
    scheduler.run()
    following.stop()
    watching.stop()
