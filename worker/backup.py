"""A ledger in SQLite into one file, and back. The key that unseals it is never in the file, only its fingerprint."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from worker.fault import Fault
from worker.ledger import migrate, recovery
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.recovery import Recovered
from worker.ledger.seal import Sealer

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file."""


class BackupFault(Fault):
    """A backup cannot be made or restored; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup file: when it was begun (microseconds since the epoch), and the fingerprint of the key it needs."""

    taken_at: int
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Restored:
    """A restore: what was restored, what became of it, and where the ledger is that was there before."""

    backup: Backup
    recovered: Recovered
    before: Path | None


def backup(ledger: Path, target: Path, sealer: Sealer) -> Backup:
    """Copy a ledger, which may be in use, into the new file `target`; whoever is writing goes on. Raises `BackupFault`."""
    if target.exists():
        raise BackupFault(f"{target} is there already: name a new file")
    taken_at = now()
    with _beside(target) as made:
        with closing(_open(made)) as copy:
            with closing(sqlite3.connect(f"{ledger.absolute().as_uri()}?mode=ro", uri=True)) as source:
                # all at once: page by page it would begin anew with every write of another process
                source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            copy.execute("CREATE TABLE backup (taken_at INTEGER NOT NULL, key TEXT NOT NULL)")
            copy.execute("INSERT INTO backup VALUES (?, ?)", (taken_at, sealer.fingerprint))
            _check(copy, made)
        os.link(made, target)
        _settle(target.parent)
    return Backup(taken_at, sealer.fingerprint, target.stat().st_size)


def look(file: Path) -> Backup:
    """Return what a backup file says of itself; raises `BackupFault` when it is none."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as found:
            taken_at, key = found.execute("SELECT taken_at, key FROM backup").fetchone()
    except (sqlite3.Error, TypeError):
        raise BackupFault(f"{file} is no backup that `dingbridge backup` made") from None
    return Backup(taken_at, key, file.stat().st_size)


def restore(file: Path, ledger: Path, sealer: Sealer) -> Restored:
    """Put the ledger of a backup in the place of `ledger`, which is kept beside it; raises `BackupFault`.

    What may have been sent since the backup is held. No process may use the ledger.
    """
    found = look(file)
    if found.key != sealer.fingerprint:
        raise BackupFault(
            f"{file} was sealed with the key {found.key}, and this installation has {sealer.fingerprint}: put that key "
            "back first, as DINGBRIDGE_MASTER_KEY or master.key"
        )
    ledger.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _alone(ledger)
    with _beside(ledger) as made:
        with closing(_open(made)) as copy, closing(sqlite3.connect(file)) as source:
            source.backup(copy)
            copy.execute("DROP TABLE backup")
            _check(copy, file)
        recovered = _recover(made, sealer, found)
        before = _aside(ledger)
        made.rename(ledger)
        _settle(ledger.parent)
    return Restored(found, recovered, before)


def _recover(made: Path, sealer: Sealer, found: Backup) -> Recovered:
    restored = Ledger(f"sqlite:///{made}", sealer)
    try:
        migrate.upgrade(restored)
        with restored.write() as connection:
            return recovery.recover(restored, connection, found.taken_at, now())
    finally:
        restored.close()


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    return sqlite3.connect(path, isolation_level=None)


def _check(copy: sqlite3.Connection, of: Path) -> None:
    ((said,),) = copy.execute("PRAGMA quick_check(1)").fetchall()
    if said != "ok":
        raise BackupFault(f"{of} is damaged: {said}")


def _alone(ledger: Path) -> None:
    """Raise `BackupFault` when a process has the ledger open; a file that is no database is in nobody's use."""
    if not ledger.exists():
        return
    with closing(sqlite3.connect(ledger, timeout=1.0, isolation_level=None)) as alone:
        try:
            alone.execute("PRAGMA locking_mode=EXCLUSIVE")
            alone.execute("BEGIN IMMEDIATE")
            alone.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise BackupFault(f"{ledger} is in use: stop dingbridge first") from None
        except sqlite3.DatabaseError:
            return


def _aside(ledger: Path) -> Path | None:
    """Move a ledger out of the way, with what SQLite keeps beside it; returns where it is now."""
    if not ledger.exists():
        return None
    kept = ledger.with_name(f"{ledger.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    for end in ("", *BESIDE):
        with suppress(FileNotFoundError):
            Path(f"{ledger}{end}").rename(f"{kept}{end}")
    return kept


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Give the name of a file in the same folder, and leave nothing of it behind."""
    made = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        yield made
    finally:
        for end in ("", *BESIDE, ".lock"):
            Path(f"{made}{end}").unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Have the folder's entries on disk."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def moment(at: int) -> str:
    """Return microseconds since the epoch as a time in UTC, to the second, as `restore --taken` reads it."""
    return f"{datetime.fromtimestamp(at / MICROSECONDS, UTC):%Y-%m-%dT%H:%M:%SZ}"
