"""An installation on many machines: PostgreSQL, a relay, two workers and two schedulers, each a process of its own."""

from __future__ import annotations

import base64
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from tests.postgres import Server
from tests.processes.books import Books
from tests.processes.installation import Installation, robots, sandbox
from tests.processes.process import ROOT, Process, environment, free_port, run
from tests.processes.sender import KEY
from worker.embedded import EmbeddedValkey

PASSWORD = "stands-in-no-log"
PAGE = ROOT / "docs" / "many-machines.md"


def commands() -> list[list[str]]:
    """The commands of the page, in its order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("dingbridge ")]
    return [shlex.split(line)[1:] for line in lines]


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
def machines(folder: Path, bridge: str, form: Sequence[list[str]] | None = None, **settings: str) -> Iterator[Machines]:
    """Many machines on the bridge file `bridge`, prepared and not yet started; what was started is ended.

    The commands (upgrade, relay, worker, others) are `form`, else those of the page that tells operators how. Nothing is shared but PostgreSQL, Redis, the bridge file and the master key.
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

            def process(number: int, arguments: list[str]) -> Process:
                own = {"DINGBRIDGE_STATE_DIR": str(folder / f"state {number}")}
                return Process(f"{number} {' '.join(arguments)}", arguments, known | own, folder)

            upgrade, *others = form or commands()
            created = run(upgrade, known | {"DINGBRIDGE_STATE_DIR": str(folder / "state")})
            assert created.returncode == 0, created.stderr
            relay, worker, *beside = (process(number, each) for number, each in enumerate(others, 1))
            parts = Machines(
                folder,
                port,
                sink,
                broker,
                Books(server.url),
                relay,
                worker,
                known,
                server=server,
                others=tuple(beside),
            )
            try:
                yield parts
            finally:
                parts._end()
    finally:
        server.remove()
