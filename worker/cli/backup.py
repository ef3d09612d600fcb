"""Commands that save the ledger and bring it back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.common import Config, Json, fail, out, out_json, point, settings_for

if TYPE_CHECKING:
    from config.settings import Settings
    from worker.backup import Restored
    from worker.ledger.recovery import Recovered
    from worker.ledger.seal import Sealer


def backup(
    file: Annotated[Path, typer.Argument(help="The new file.")], config: Config = None, as_json: Json = False
) -> None:
    """Copy the ledger into one file, while everything runs. The key that unseals it is not in the file: keep it apart."""
    from worker.backup import backup as make
    from worker.backup import moment

    settings = settings_for(config)
    ledger = _file(settings)
    if ledger is None:
        raise fail(_with_postgres(settings, "pg_dump --format=custom --file={file} --dbname={url}", file), 1)
    if not ledger.exists():
        raise fail(f"there is no ledger at {ledger}: start `dingbridge up`, or name its state directory")
    made = make(ledger, file, _sealer(settings))
    if as_json:
        out_json(made)
        return
    out(f"{file}: the ledger as of {moment(made.taken_at)}, {made.size / 1e6:.1f} MB.")
    out(f"It is sealed with the key {made.key}, which is not in it: keep a copy of the key in another place.")


def restore(
    file: Annotated[Path | None, typer.Argument(help="What `dingbridge backup` made.")] = None,
    taken: Annotated[
        str, typer.Option(help="After pg_restore: when its dump was begun, as 2026-11-22T03:00:00Z.")
    ] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Bring the ledger back, and hold what may have been sent since the backup. Stop everything else first."""
    from worker.backup import restore as bring_back

    settings = settings_for(config)
    ledger = _file(settings)
    if ledger is None:
        _restore_postgres(settings, file, taken, as_json=as_json)
        return
    if file is None or taken:
        raise fail("name the file that `dingbridge backup` made, and nothing else", 2)
    restored = bring_back(file, ledger, _sealer(settings))
    out_json(restored) if as_json else _say(restored)


def _say(restored: Restored) -> None:
    from worker.backup import moment

    out(f"The ledger is as it was at {moment(restored.backup.taken_at)}.")
    _say_recovered(restored.recovered)
    if restored.before is not None:
        out(f"The ledger that was there before is now {restored.before}: delete it when it is of no more use.")


def _say_recovered(recovered: Recovered) -> None:
    out(f"{recovered.again} messages go out again under their keys, which shows none of them twice.")
    out(
        f"{recovered.held} facts are held because they may have been sent, and so will be what is read of the time since."
    )
    out("See them with `dingbridge held list`; release what is not in the group, drop the rest.")


def _restore_postgres(settings: Settings, file: Path | None, taken: str, *, as_json: bool) -> None:
    from datetime import UTC

    from worker.ledger import migrate, recovery
    from worker.wiring import open_ledger

    if not taken:
        command = "pg_restore --clean --if-exists --exit-on-error --dbname={url} {file}"
        said = _with_postgres(settings, command, file or Path("FILE"))
        raise fail(f"{said}\nthen run\n  dingbridge restore --taken WHEN-THE-DUMP-WAS-BEGUN", 1)
    ledger = open_ledger(settings)
    migrate.upgrade(ledger)
    with ledger.write() as connection:
        recovered = recovery.recover(ledger, connection, point(taken, UTC), ledger.now(connection))
    out_json(recovered) if as_json else _say_recovered(recovered)


def _file(settings: Settings) -> Path | None:
    """Return the ledger's file; None: it is in PostgreSQL."""
    from sqlalchemy import make_url

    url = make_url(settings.database_url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def _with_postgres(settings: Settings, command: str, file: Path) -> str:
    import shlex

    from sqlalchemy import make_url

    url = make_url(settings.database_url).set(drivername="postgresql")
    # without its password, which belongs into PGPASSWORD or ~/.pgpass
    bare = url._replace(password=None).render_as_string()
    line = command.format(url=shlex.quote(bare), file=shlex.quote(str(file)))
    return f"the ledger is in PostgreSQL, which has its own tools: run\n  {line}"


def _sealer(settings: Settings) -> Sealer:
    """Return the sealer; unlike elsewhere no key is made, because a new one would open nothing."""
    from worker.wiring import open_sealer

    if settings.master_key is None and not settings.key_file.exists():
        raise fail(f"there is no master key: put it back at {settings.key_file}, or give DINGBRIDGE_MASTER_KEY")
    return open_sealer(settings)
