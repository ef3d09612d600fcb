"""What the commands share: options, opening the installation, errors as sentences."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

if TYPE_CHECKING:
    from datetime import tzinfo

    from config.compile import Bridge, SourceConfig
    from config.settings import Settings
    from connectors.contract import Vault
    from worker.ledger.engine import Ledger
    from worker.wiring import Wiring

Config = Annotated[
    Path | None, typer.Option("--config", help="The bridge file; else DINGBRIDGE_CONFIG, else config/bridge.yaml.")
]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Supervised = Annotated[bool, typer.Option("--supervised", hidden=True)]
"""End when stdin closes, that is with the process that started this one."""


def out(text: str) -> None:
    """Print an answer."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def out_json(value: Any) -> None:
    """Print one JSON value on one line."""
    out(msgspec.json.encode(value).decode())


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns; the first is the head."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        out("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def moment(at: int, zone: str) -> str:
    """Return microseconds since the epoch as a time of `zone`, to the minute."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from worker.ledger.engine import MICROSECONDS

    return f"{datetime.fromtimestamp(at / MICROSECONDS, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def point(given: str, zone: tzinfo) -> int:
    """Read 2026-11-01 or 2026-11-01T09:00, of `zone` unless it names its own, as microseconds since the epoch."""
    from datetime import datetime

    from worker.ledger.arrivals import micros

    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise fail(f"{given} is no time: write 2026-11-01 or 2026-11-01T09:00", 2) from None
    return micros(found if found.tzinfo else found.replace(tzinfo=zone))


def fail(sentence: str, code: int = 1) -> typer.Exit:
    """Print what went wrong and what to do; returns what the command must raise."""
    sys.stderr.write(f"dingbridge: {sentence}\n")
    return typer.Exit(code)


def settings_for(config: Path | None) -> Settings:
    """Return the process settings; a wrong one ends the command with every problem named."""
    from pydantic import ValidationError

    from config.settings import Settings

    try:
        return Settings() if config is None else Settings(config=config)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise fail("a setting in the environment is wrong:\n  " + "\n  ".join(lines), 2) from None


def load_bridge(path: Path) -> Bridge:
    """Return the configuration of a file; one that has problems ends the command with all of them."""
    from config.bridge import load
    from config.problem import ConfigurationInvalid, format_problems

    try:
        return load(path)
    except ConfigurationInvalid as error:
        sentence = "the configuration has problems, and nothing was started:\n"
        raise fail(sentence + format_problems(error.problems)) from None


def open_wiring(config: Path | None, name: str = "") -> Wiring:
    """Return the parts for what is applied, or for the file while nothing is; one with problems starts nothing."""
    from worker import configuration
    from worker.ledger import version
    from worker.wiring import Wiring, open_ledger

    settings = settings_for(config)
    if has_ledger(settings):
        ledger = open_ledger(settings)
        try:
            found = configuration.applied(ledger) if version.fits(ledger) else None
        finally:
            ledger.close()
        if found is not None:
            if settings.config.exists() and (sentence := configuration.differs(found[0], settings)):
                sys.stderr.write(f"dingbridge: {sentence}\n")
            return Wiring(settings, found[0], name, found[1])
    return Wiring(settings, load_bridge(settings.config), name)


def has_ledger(settings: Settings) -> bool:
    """Tell whether there may be a ledger: a file that is not there would be made by looking into it."""
    url = settings.database_url
    return not url.startswith("sqlite") or Path(url.partition(":///")[2]).exists()


@contextmanager
def ledger_of(settings: Settings) -> Iterator[Ledger | None]:
    """Open the ledger of this installation for a while; None where there is none yet."""
    from worker.ledger import version
    from worker.wiring import open_ledger

    if not has_ledger(settings):
        yield None
        return
    ledger = open_ledger(settings)
    try:
        version.require(ledger)
        yield ledger
    finally:
        ledger.close()


@contextmanager
def vault(settings: Settings) -> Iterator[Vault | None]:
    """Keep rotating credentials in the ledger for a while; None where there is no ledger yet."""
    from worker.vault import LedgerVault

    with ledger_of(settings) as ledger:
        yield LedgerVault(ledger) if ledger else None


def chosen_source(wiring: Wiring, source: str, kind: str) -> SourceConfig:
    """Return a source that has this kind; another pair ends the command with those that there are."""
    known = wiring.bridge.sources.get(source)
    if known is None or kind not in known.kinds:
        names = [f"{s.name} {k}" for s in wiring.bridge.sources.values() for k in s.kinds]
        raise fail(f"there is no {source} {kind} in the configuration: there are {', '.join(names)}", 2)
    return known


def known_broker(settings: Settings) -> Settings:
    """Return settings that name the Redis of this installation, running or not: the configured one, or that of `up`."""
    import os

    from worker.embedded import EmbeddedValkey

    if "REDIS_URL" in os.environ:
        return settings
    return settings.model_copy(update={"redis_url": EmbeddedValkey(settings.state_dir / "broker").url})


@contextmanager
def broker(settings: Settings) -> Iterator[Settings]:
    """Give settings whose Redis answers: the configured one, the one of a running `up`, or a private one for now."""
    import os

    import redis

    from worker.embedded import EmbeddedValkey

    if "REDIS_URL" in os.environ:
        yield settings
        return
    valkey = EmbeddedValkey(settings.state_dir / "broker")
    private = settings.model_copy(update={"redis_url": valkey.url})
    try:
        with redis.Redis.from_url(valkey.url, socket_timeout=1) as client:
            client.ping()
    except redis.RedisError:
        with valkey:
            yield private
    else:
        yield private


def start_log(settings: Settings) -> None:
    """Log to stderr as the settings say: JSON for machines, text for people, never a payload."""
    from worker.operators import logs

    logs.start(settings.log_level, as_json=settings.log_json)
