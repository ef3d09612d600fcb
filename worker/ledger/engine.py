"""The database behind the ledger, and everything in which SQLite and PostgreSQL differ."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, Select, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, OperationalError

from worker.fault import Fault
from worker.ledger.seal import Sealer

MICROSECONDS = 1_000_000

ATTENTIVE = {
    "application_name": "dingbridge",
    "client_encoding": "utf8",
    "connect_timeout": "5",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""How a connection speaks, and how soon a PostgreSQL that went away without a word is noticed, where the URL does not
say; names and units are those of https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS"""

SESSION = """
SELECT set_config('lock_timeout', '10s', false), set_config('idle_in_transaction_session_timeout', '30s', false),
CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END
"""
"""A process that stands still holds the others up for so long, and what was committed is on disk."""


SHRINK_PAGES = 1000
"""Pages that are given back at once: a few milliseconds."""


class LedgerFault(Fault):
    """The ledger cannot be used as the settings have it."""


class Ledger:
    """Connections to the ledger. Reads see committed rows; writes are short and hold no network call.

    On SQLite all writers of a host queue on a file lock before `BEGIN IMMEDIATE`, because SQLite's own busy handler
    sleeps between tries; on PostgreSQL they do not queue. What a write relies on it checks in its own statements.
    """

    def __init__(self, url: str, sealer: Sealer) -> None:
        """Open the database at `url` (SQLAlchemy form); nothing is created. Raises `LedgerFault` for another kind."""
        self.sealer = sealer
        self.url = url
        self.engine = _open(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._inserts: dict[Table, Any] = {}
        self._upserts: dict[tuple[Table, tuple[str, ...]], Any] = {}
        self._gate = _FileGate(Path(f"{self.engine.url.database}.lock")) if self.is_sqlite else None
        self._transactions = self.engine.execution_options(isolation_level="READ COMMITTED")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection in which every statement sees what is committed by then."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a transaction: committed at the end, rolled back on an error."""
        if self._gate is None:
            with self._transactions.begin() as connection:
                yield connection
            return
        with self.engine.connect() as connection, self._gate:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    @contextmanager
    def write_alone(self, table: Table) -> Iterator[Connection]:
        """Give a transaction beside which nobody writes to `table`: what was read of it stays true to the end."""
        with self.write() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")
            yield connection

    def now(self, connection: Connection) -> int:
        """Return the database's clock in microseconds, by which leases count on all machines."""
        if self.is_sqlite:
            return now()
        micros: int = connection.execute(
            text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        ).scalar_one()
        return micros

    def insert(self, table: Table) -> Any:
        """Return the dialect's INSERT, which knows ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def insert_new(self, table: Table) -> Any:
        """Return an INSERT that leaves out the rows that are there already and counts the others; built once."""
        if table not in self._inserts:
            # without the option nobody counts what PostgreSQL's driver sends as one statement
            counted = self.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
            self._inserts[table] = counted
        return self._inserts[table]

    def shrink(self) -> bool:
        """Give some free pages back to the disk; tells whether there are more. PostgreSQL does this by itself."""
        if self._gate is None:
            return False
        with self._gate, self.engine.connect() as connection:
            # a script, because a page goes with each step of the statement, and `execute` takes one
            raw: Any = connection.connection.driver_connection
            raw.executescript(f"PRAGMA incremental_vacuum({SHRINK_PAGES})")
            left: int = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
            if not left:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()
        return left > 0

    def upsert(self, table: Table, key: str, replaced: tuple[str, ...]) -> Any:
        """Return an INSERT that replaces the columns `replaced` of the row with the same `key`; built once."""
        if (table, replaced) not in self._upserts:
            fresh = self.insert(table)
            values = {name: fresh.excluded[name] for name in replaced}
            self._upserts[table, replaced] = fresh.on_conflict_do_update(index_elements=[key], set_=values)
        return self._upserts[table, replaced]

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def lock(connection: Connection, rows: Select[Any], given: Mapping[str, Any]) -> None:
    """Keep others from writing these rows until the end of the transaction; on SQLite nobody else writes anyway.

    The rows come in the query's order, which should be the same everywhere, so that two never wait for one another.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(rows.with_for_update(), given).all()


_LOCK_NAMES = text(
    "SELECT pg_advisory_xact_lock(name) FROM "
    "(SELECT name FROM unnest(CAST(:names AS bigint[])) AS name ORDER BY name) AS in_order"
)


def lock_names(connection: Connection, names: Iterable[str]) -> None:
    """Let nobody else pass who asks for one of these names, until the end of the transaction.

    For work that writes many rows in several steps: asked for first and all at once, it keeps two who have the same work
    from waiting for one another, and costs no write. On SQLite there is one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        keys = {int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True) for name in names}
        if keys:
            connection.execute(_LOCK_NAMES, {"names": sorted(keys)})


def unreachable(error: Exception) -> bool:
    """Tell whether PostgreSQL itself was away or went away, whatever was asked of it."""
    # class 08 connection, 57 operator intervention; without a code there was no connection to begin with:
    # https://www.postgresql.org/docs/current/errcodes-appendix.html
    if not isinstance(error, OperationalError) or not hasattr(error.orig, "sqlstate"):  # SQLite's errors have none
        return False
    code = getattr(error.orig, "sqlstate", None)
    return code is None or code.startswith(("08", "57"))


def now() -> int:
    """Return this host's clock in microseconds since the epoch."""
    return time.time_ns() // 1000


class _FileGate:
    """One writer at a time on this host: a lock in the process, then a lock on a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._file: int | None = None

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._threads.release()
            raise

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()


def _open(url: str) -> Engine:
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
    except ArgumentError:
        # its own sentence would show the password that may stand in the URL
        raise LedgerFault("DATABASE_URL is no database URL: write sqlite:////PATH or postgresql://…") from None
    if kind == "sqlite":
        if parsed.database in {None, "", ":memory:"}:
            raise LedgerFault("DATABASE_URL names a database in memory; the ledger needs a file: sqlite:////PATH")
        # parameters are ids and sealed bytes: nothing that an error's text should carry into a log
        engine = create_engine(parsed, isolation_level="AUTOCOMMIT", connect_args={"timeout": 30}, hide_parameters=True)
        event.listen(engine, "connect", _pragmas)
        return engine
    if kind in {"postgresql", "postgres"}:
        return _open_postgres(parsed)
    raise LedgerFault(f"DATABASE_URL names {kind!r}; the ledger runs on sqlite or postgresql")


def _open_postgres(url: URL) -> Engine:
    if "@" in (url.host or ""):
        # the driver would take a part of the password for the host's name, and show it
        raise LedgerFault("DATABASE_URL has an @ in its user or password: write it as %40")
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        pool_size=8,
        max_overflow=8,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={name: value for name, value in ATTENTIVE.items() if name not in url.query},
    )
    event.listen(engine, "connect", _session)
    event.listen(engine, "handle_error", _without_values)
    return engine


def _without_values(context: ExceptionContext) -> None:
    """Leave out of an error's text what PostgreSQL adds in its DETAIL: keys and whole rows."""
    error, wrapped = context.original_exception, context.sqlalchemy_exception
    said = getattr(getattr(error, "diag", None), "message_primary", None)
    if said and wrapped is not None:
        error.args = (said,)
        wrapped.args = (f"({type(error).__name__}) {said}",)


def _session(connection: Any, _record: object) -> None:
    connection.execute(SESSION)
    connection.commit()


def _pragmas(connection: Any, _record: object) -> None:
    # heeded in a file without tables only, and not once it has a journal
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-2000")
    connection.execute("PRAGMA journal_size_limit=16777216")
