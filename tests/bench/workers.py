"""One worker and two on PostgreSQL: how long a backlog of 10,000 messages over 16 destinations takes."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.bench.events import KEY, SECRET, SHOWN, bridge, destination, event
from tests.bench.figures import Report, at_least
from tests.bench.inside import decide_all, inside, receive
from tests.bench.rig import STALL_S, sink
from tests.postgres import Server, new_database
from tests.processes.installation import until
from tests.processes.process import Process, environment
from worker.embedded import EmbeddedValkey

MESSAGES = 10_000
DESTINATIONS = 16
THREADS = 4
SINK_MS = 20.0
LEAST_TIMES = 1.6
NOWHERE = "http://127.0.0.1:9/robot/send?access_token=bench"


def run(report: Report, folder: Path) -> None:
    """Drain the same backlog with one worker, then with two."""
    server = Server()
    try:
        server.start()
        with new_database(server.url) as filled:
            _fill(folder / "filled", filled)
            section = report.section()
            rates = {count: _drained(folder / f"workers-{count}", server.url, filled, count) for count in (1, 2)}
            section.end()
    finally:
        server.remove()
    section.tell(
        "two_workers",
        rates[2] / rates[1],
        "times one",
        at_least(LEAST_TIMES),
        messages=MESSAGES,
        destinations=DESTINATIONS,
        sender_threads=THREADS,
        sink_ms=SINK_MS,
        one=round(rates[1], 1),
        two=round(rates[2], 1),
        unit_of_rates="messages/s",
    )


def _bridge() -> str:
    names = [f"group{n:02}" for n in range(DESTINATIONS)]
    routes = "".join(
        f'  {name}: {{from: shop.order, equals: {{city: "{name}"}}, to: {name}, title: Order, fields: [{SHOWN}], merge: never}}\n'
        for name in names
    )
    quota = "{limit: 1000, window: 1s, block: 2s}"
    each = (destination(name, quota, f"HOOK_{name.upper()}") for name in names)
    return bridge("".join(each), routes)


def _hooks(end: str) -> dict[str, str]:
    return {f"HOOK_GROUP{n:02}": f"{end}{n:02}" for n in range(DESTINATIONS)}


def _drained(folder: Path, server_url: str, filled: str, count: int) -> float:
    """Messages a second from the first to the last at the sink."""
    folder.mkdir()
    with ExitStack() as stack:
        url = stack.enter_context(new_database(server_url, template=filled))
        end = stack.enter_context(sink(folder, SINK_MS))
        broker = stack.enter_context(EmbeddedValkey(folder / "broker"))
        known = environment(
            SHOP_KEY=KEY,
            HOOK_SECRET=SECRET,
            REDIS_URL=broker.url,
            DATABASE_URL=url,
            DINGBRIDGE_STATE_DIR=str(folder.parent / "filled"),
            DINGBRIDGE_CONFIG=str(folder.parent / "filled" / "bridge.yaml"),
            DINGBRIDGE_SENDER_THREADS=str(THREADS),
            DINGBRIDGE_LOG_LEVEL="warning",
            **_hooks(end.hook),
        )
        names = [f"worker-{n + 1}" for n in range(count)]
        processes = [Process(name, ["worker", "--name", name], known, folder) for name in names]
        for process in [*processes, Process("scheduler", ["scheduler"], known, folder)]:
            process.start()
            stack.callback(process.stop)
        until(lambda: end.count() >= MESSAGES, "the backlog is drained", 10 * STALL_S)
        moments = [at for _, at in end.arrivals()]
    return (len(moments) - 1) / ((max(moments) - min(moments)) / 1e9)


def _fill(folder: Path, url: str) -> None:
    """Take and decide as many events as there shall be messages; nobody sends yet."""
    with inside(folder, _bridge(), _hooks(NOWHERE), url) as wiring:
        bodies = [
            event(2 * n + 1).replace(b'"city": "Hong Kong"', b'"city": "group%02d"  ' % (n % DESTINATIONS))
            for n in range(MESSAGES)
        ]
        receive(wiring, bodies)
        decide_all(wiring)
