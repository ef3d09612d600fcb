"""What is wrong with an installation, and what to do: looks at this machine, the ledger and Redis, and at no vendor."""

from __future__ import annotations

import shutil
import socket
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import redis
from packaging.version import InvalidVersion, Version
from sqlalchemy import make_url, select
from sqlalchemy.exc import SQLAlchemyError

from config.bridge import check, load
from config.compile import Bridge
from config.settings import Settings
from pipelines.matching import MatchState
from worker.fault import Fault
from worker.ledger import matches, people, subscriptions, version
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.seal import Sealer, Unsealable, master_key
from worker.ledger.tables import inbox
from worker.members import Members
from worker.subscriptions import address

NAMED = 10
"""Users that are named one by one."""

LEAST_BYTES = 200 * 1024 * 1024
FEW_BYTES = 2 * 1024 * 1024 * 1024
SKEW_S = 2.0
OLDEST_REDIS = Version("6.2")
"""The first with `LMOVE`, which Celery's transport uses, and with all that the limiter's script asks for."""

ASK_S = 2.0


class State(StrEnum):
    """How a check came out."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, how it came out, and a sentence that says what to do where it is not good."""

    name: str
    state: State
    sentence: str


def examine(settings: Settings) -> Iterator[Check]:
    """Give every check; nothing is created or changed."""
    problems = check(settings.config)
    bridge = None if problems else load(settings.config)
    if bridge is None:
        sentence = f"{len(problems)} problems in {settings.config}: dingbridge check names them"
        yield Check("configuration", State.BAD, sentence)
    else:
        yield from _configuration(settings, bridge)
    yield from _folder(settings.state_dir)
    yield from _key_file(settings)
    yield from _ledger(settings, bridge)
    yield from _redis(settings)
    yield _relay(settings)


def _configuration(settings: Settings, bridge: Bridge) -> Iterator[Check]:
    yield Check("configuration", State.GOOD, f"{settings.config} has no problems")
    yield from _public_address(bridge, settings)
    told = bridge.operators
    if told.destination is None and not told.ways:
        yield Check("operators", State.WARNING, "nobody is told of faults: add `operators:` to the configuration")
    else:
        names = [*filter(None, [told.destination]), *told.ways]
        yield Check("operators", State.GOOD, f"faults are told by {', '.join(names)}")


def _public_address(bridge: Bridge, settings: Settings) -> Iterator[Check]:
    pushing = [name for name, source in bridge.sources.items() if source.push]
    if pushing and settings.public_url is None:
        sentence = f"{', '.join(pushing)} cannot reach the relay: set DINGBRIDGE_PUBLIC_URL"
        yield Check("public address", State.BAD, sentence)
    for name in pushing if settings.public_url is not None else ():
        yield Check("public address", State.GOOD, f"{name} pushes to {address(settings.public_url, name)}")


def _subscriptions(ledger: Ledger, bridge: Bridge) -> Iterator[Check]:
    with ledger.read() as connection:
        pushing = [name for name, source in bridge.sources.items() if source.push]
        stands = {name: subscriptions.standing(connection, name) for name in pushing}
    for name, one in stands.items():
        if one is None:
            yield Check("subscription", State.WARNING, f"{name} was not subscribed to yet: dingbridge up does it")
        elif one.failure:
            yield Check("subscription", State.BAD, f"{name} cannot be subscribed to: {one.failure}")
        else:
            yield Check("subscription", State.GOOD, f"{name} is subscribed to")


def _users(ledger: Ledger, bridge: Bridge) -> Iterator[Check]:
    with ledger.read() as connection:
        for name, source in bridge.sources.items():
            if source.people is None:
                continue
            stands = people.standing(connection, source.people.application)
            found = matches.standing(connection, name)
            if stands.failure:
                sentence = f"the people of {stands.application} cannot be read: {stands.failure}"
                yield Check("people", State.BAD, sentence)
            elif stands.read_at is None:
                sentence = f"{source.people.application} was not asked yet who its people are: dingbridge up does it"
                yield Check("people", State.WARNING, sentence)
            elif unmatched := _unmatched(found):
                yield Check("people", State.WARNING, f"of the users of {name} {unmatched}: see to their keys")
            else:
                count = len(found.get(MatchState.MATCHED, ()))
                yield Check("people", State.GOOD, f"all {count} users of {name} are matched with people")


def _unmatched(users: Mapping[MatchState, Sequence[str]]) -> str:
    said = []
    for state, ids in sorted(users.items()):
        if state is MatchState.MATCHED:
            continue
        more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
        said.append(f"{len(ids)} {state} ({', '.join(ids[:NAMED])}{more})")
    return ", ".join(said)


def _folder(folder: Path) -> Iterator[Check]:
    if not folder.is_dir():
        yield Check(
            "state folder", State.BAD, f"{folder} is not there: dingbridge up makes it, or dingbridge db upgrade"
        )
        return
    yield _private("state folder", folder, 0o700)
    free = shutil.disk_usage(folder).free
    state = State.GOOD if free > FEW_BYTES else State.WARNING if free > LEAST_BYTES else State.BAD
    advice = "" if state is State.GOOD else ": make room, a full disk stops the ledger"
    yield Check("disk space", state, f"{free // 1024 // 1024} MiB are free below {folder}{advice}")


def _private(name: str, path: Path, mode: int) -> Check:
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Check(name, State.BAD, f"others may open {path}: chmod {mode:o} {path}")
    return Check(name, State.GOOD, f"{path} is its owner's alone")


def _key_file(settings: Settings) -> Iterator[Check]:
    if settings.master_key is not None:
        yield Check("key file", State.GOOD, "the master key is in the environment")
    elif not settings.key_file.is_file():
        sentence = f"there is no master key at {settings.key_file}: bring the ledger's key back, or begin a new ledger"
        yield Check("key file", State.BAD, sentence)
    else:
        yield _private("key file", settings.key_file, 0o600)


def _ledger(settings: Settings, bridge: Bridge | None) -> Iterator[Check]:
    if settings.master_key is None and not settings.key_file.is_file():
        return
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        yield Check("ledger", State.BAD, "there is no ledger: dingbridge db upgrade makes it")
        return
    given = settings.master_key.get_secret_value() if settings.master_key else None
    try:
        ledger = Ledger(settings.database_url, Sealer(master_key(given, settings.key_file)))
        version.require(ledger)
    except Fault as fault:
        yield Check("ledger", State.BAD, str(fault))
        return
    yield Check("ledger", State.GOOD, f"it has version {version.NEEDED}, as this program needs")
    try:
        yield from _content(ledger)
        if bridge is not None:
            yield from _subscriptions(ledger, bridge)
            yield from _users(ledger, bridge)
    except SQLAlchemyError as error:
        yield Check("ledger", State.BAD, f"the ledger does not answer: {type(error).__name__}")
    finally:
        ledger.close()


def _content(ledger: Ledger) -> Iterator[Check]:
    with ledger.read() as connection:
        newest = select(inbox.c.data_key).where(inbox.c.data_key.is_not(None)).order_by(inbox.c.seq.desc()).limit(1)
        sealed = connection.execute(newest).scalar()
        skew = abs(ledger.now(connection) - now()) / MICROSECONDS
    yield _clock("clock of the database", skew)
    try:
        if sealed is not None:
            ledger.sealer.open(sealed)
    except Unsealable:
        sentence = "the master key is not the one that sealed this ledger: bring that one back"
        yield Check("master key", State.BAD, sentence)
    else:
        yield Check("master key", State.GOOD, "it fits the ledger" if sealed else "the ledger is empty, any key fits")


def _clock(name: str, skew: float) -> Check:
    state = State.GOOD if skew <= SKEW_S else State.BAD
    advice = "" if state is State.GOOD else ": let both machines follow a time server"
    return Check(name, state, f"it differs from this machine's by {skew:.1f} s{advice}")


def _redis(settings: Settings) -> Iterator[Check]:
    client = redis.Redis.from_url(settings.redis_url, socket_timeout=ASK_S, socket_connect_timeout=ASK_S)
    try:
        began = time.time()
        seconds, micros = client.time()
        skew = abs(seconds + micros / MICROSECONDS - (began + time.time()) / 2)
        known: dict[str, Any] = client.info()
        alive = Members(client).look()
    except redis.RedisError:
        yield Check("Redis", State.BAD, "it does not answer: start dingbridge up, or see to REDIS_URL")
        return
    finally:
        client.close()
    yield _version(str(known.get("redis_version", "")))
    policy = str(known.get("maxmemory_policy", ""))
    if policy not in {"noeviction", ""}:
        sentence = f"maxmemory-policy is {policy}, which forgets quotas: set it to noeviction"
        yield Check("memory of Redis", State.BAD, sentence)
    yield _clock("clock of Redis", skew)
    if alive:
        yield Check("worker", State.GOOD, f"alive: {', '.join(alive)}")
    else:
        yield Check("worker", State.BAD, "none lives: start dingbridge up, or dingbridge worker")


def _version(said: str) -> Check:
    try:
        enough = Version(said) >= OLDEST_REDIS
    except InvalidVersion:
        return Check("Redis", State.WARNING, f"it answers, and its version {said!r} is none that is known")
    if enough:
        return Check("Redis", State.GOOD, f"it answers and has version {said}")
    return Check("Redis", State.BAD, f"its version is {said}: {OLDEST_REDIS} or newer is needed")


def _relay(settings: Settings) -> Check:
    where = f"{settings.relay_host}:{settings.relay_port}"
    try:
        socket.create_connection((settings.relay_host, settings.relay_port), ASK_S).close()
    except OSError:
        return Check("relay", State.WARNING, f"nothing listens on {where}: sources that push cannot reach it here")
    return Check("relay", State.GOOD, f"something listens on {where}")
