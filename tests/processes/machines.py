"""An installation on many machines: PostgreSQL, a relay, two workers and two schedulers, each a process of its own."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from tests.postgres import Server
from tests.processes.books import Books
from tests.processes.installation import Installation, robots, sandbox
from tests.processes.process import Process, environment, free_port, run
from tests.processes.sender import KEY
from worker.embedded import EmbeddedValkey

PASSWORD = "stands-in-no-log"


@dataclass(frozen=True, kw_only=True)
class Machines(Installation):
    """The parts of one machine, and those beside them; what is kept of the processes is in the ledger alone."""

    server: Server
    others: tuple[Process, ...]

    @property
    def processes(self) -> tuple[Process, ...]:
        return (self.relay, self.worker, *self.others)

    def start(self) -> None:
        super().start()
        for process in self.others:
            process.start()

    def revive(self) -> int:
        """Start again what has ended, as a service manager does: a process that finds no ledger as it starts ends."""
        ended = [process for process in self.processes if process.running.poll() is not None]
        for process in ended:
            process.start()
        return len(ended)

    def _end(self) -> None:
        for process in self.others:
            process.stop()
        super()._end()


@contextmanager
def machines(folder: Path, bridge: str, **settings: str) -> Iterator[Machines]:
    """Many machines on the bridge file `bridge`, prepared and not yet started; what was started is ended.

    Nothing is shared but PostgreSQL, Redis, the bridge file and the master key.
    """
    (folder / "bridge.yaml").write_text(bridge)
    server = Server()
    try:
        server.start()
        with sandbox(folder) as sink:
            broker, port = EmbeddedValkey(folder / "broker"), free_port()
            url = make_url(server.url).set(drivername="postgres", password=PASSWORD)
            known = environment(
                SHOP_KEY=KEY,
                REDIS_URL=broker.url,
                DATABASE_URL=url.render_as_string(hide_password=False),
                DINGBRIDGE_MASTER_KEY=base64.b64encode(os.urandom(32)).decode(),
                DINGBRIDGE_CONFIG=str(folder / "bridge.yaml"),
                DINGBRIDGE_RELAY_PORT=str(port),
                **robots(sink),
                **settings,
            )

            def process(name: str, *arguments: str) -> Process:
                own = {"DINGBRIDGE_STATE_DIR": str(folder / f"state of {name}")}
                return Process(name, list(arguments), known | own, folder)

            created = run(["db", "upgrade"], known | {"DINGBRIDGE_STATE_DIR": str(folder / "state")})
            assert created.returncode == 0, created.stderr
            parts = Machines(
                folder,
                port,
                sink,
                broker,
                Books(server.url),
                process("relay", "relay"),
                process("worker-1", "worker", "--name", "worker-1"),
                server=server,
                others=(
                    process("worker-2", "worker", "--name", "worker-2"),
                    process("scheduler-1", "scheduler"),
                    process("scheduler-2", "scheduler"),
                ),
            )
            try:
                yield parts
            finally:
                parts._end()
    finally:
        server.remove()
