"""Commands that tell how an installation stands, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.common import Config, Json, fail, known_broker, open_wiring, out, out_json, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.plan import Silence
    from worker.ledger.audiences import Known
    from worker.ledger.subscriptions import Standing
    from worker.operators.status import ApplicationState, DestinationState, SourceState, Status

Zone = Annotated[str, typer.Option(help="An IANA time zone for the times; else that of `operators:`.")]


def status(config: Config = None, zone: Zone = "", as_json: Json = False) -> None:
    """Tell how it stands: workers, sources, destinations, what waits, what is held, which faults last."""
    import redis
    from sqlalchemy.exc import SQLAlchemyError

    from worker.ledger import version
    from worker.members import Members
    from worker.operators.status import status as look
    from worker.wiring import open_redis

    wiring = open_wiring(config)
    version.require(wiring.ledger)
    try:
        with open_redis(known_broker(wiring.settings)) as client:
            workers = list(Members(client).look())
    except redis.RedisError:
        workers = None
    try:
        found = look(wiring.ledger, wiring.bridge, workers)
    except SQLAlchemyError as error:
        raise fail(f"the ledger does not answer: {type(error).__name__}") from None
    if as_json:
        out_json(found)
    else:
        for line in _lines(found, zone or wiring.bridge.operators.zone):
            out(line)
    if found.faults or not found.workers:
        raise typer.Exit(1)


def _lines(of: Status, zone: str) -> Iterator[str]:
    yield f"dingbridge {of.version}, ledger {of.ledger}"
    if of.workers is None:
        yield "workers: Redis does not answer"
    else:
        yield f"workers: {', '.join(of.workers) or 'none lives'}"
    since = f", the oldest since {_moment(of.undecided_since, zone)}" if of.undecided_since else ""
    yield f"undecided: {of.undecided}{since}"
    for source in of.sources:
        yield from _source(source, zone)
    for application in of.applications:
        yield from _application(application, zone)
    for destination in of.destinations:
        yield from _destination(destination, zone)
    yield from _people(of, zone)
    for pile in of.held:
        yield f"held, {pile.name.replace('_', ' ')}: {pile.count}, the oldest since {_moment(pile.since, zone)}"
    for month in of.months:
        yield f"month {month.month} of {month.budget}: {month.used} of {month.allowed} calls; {month.outlook}"
    for silence in of.silences:
        yield f"silence {silence.name}: {_silence(silence, zone)}"
    for fault in of.faults:
        yield f"fault since {_moment(fault.first_at, zone)}: {fault.sentence}"
    if not of.faults:
        yield "no fault lasts"


def _silence(of: Silence, zone: str) -> str:
    from pipelines.texts import moment

    routes = f"routes {', '.join(of.routes)}" if of.routes else "all routes"
    to = f" to {', '.join(of.destinations)}" if of.destinations else ""
    return f"{routes}{to} until {moment(of.until, zone, 'en')}, ordered by {of.owner}: {of.reason}"


def _people(of: Status, zone: str) -> Iterator[str]:
    for one in of.people:
        failure = f"; fails: {one.failure}" if one.failure else ""
        stale = f", {one.stale} to be read again" if one.stale else ""
        yield f"people of {one.application}: {one.people}, last read {_moment(one.read_at, zone)}{stale}{failure}"
    for users in of.users:
        counts = ", ".join(f"{count} {state}" for state, count in sorted(users.counts.items()))
        yield f"users of {users.source} among the people of {users.application}: {counts or 'not matched yet'}"


def _source(of: SourceState, zone: str) -> Iterator[str]:
    yield f"source {of.name} ({of.connector}): newest record {_moment(of.arrived_at, zone)}"
    for poll in of.polls:
        failure = f"; fails: {poll.failure}" if poll.failure else ""
        yield f"  {poll.kind}: last read {_moment(poll.succeeded_at, zone)}{failure}"
    for one in of.announced:
        since = f", the oldest since {_moment(one.since, zone)}" if one.since else ""
        given_up = f", {one.given_up} given up: {one.reason}" if one.given_up else ""
        yield f"  {one.kind}: {one.waiting} announced and not read{since}{given_up}"
    if of.push:
        yield f"  subscription: {_subscription(of.subscription, zone)}"


def _subscription(of: Standing | None, zone: str) -> str:
    if of is None:
        return "not made yet"
    renewed = f"last renewed {_moment(of.renewed_at, zone)}"
    if of.failure:
        return f"{renewed}; fails: {of.failure} It is tried again {_moment(of.renew_at, zone)}"
    return f"{renewed}, renewed again {_moment(of.renew_at, zone)}"


def _application(of: ApplicationState, zone: str) -> Iterator[str]:
    yield f"application {of.name}: {len(of.lines) or 'no'} relays listen"
    for line in of.lines:
        lost = ""
        if line.gaps:
            since, until = _moment(line.gap_since, zone), _moment(line.gap_until, zone)
            lost = (
                f"; {line.gaps} times something may not have been heard, last from {since} to {until} ({line.gap_loss})"
            )
        yield f"  {line.relay}: {line.level}: {line.sentence}{lost}"
    if of.answers:
        yield "  answers: " + ", ".join(f"{count} {end}" for end, count in of.answers.items())


def _destination(of: DestinationState, zone: str) -> Iterator[str]:
    from worker.explain.sentences import REACHED

    blocked = max(of.quota.blocked_until, of.quota.free_at)
    given_up = f", {of.given_up} given up" if of.given_up else ""
    yield f"destination {of.name}: {sum(one.count for one in of.waiting)} waiting{given_up}"
    if of.readers is not None:
        yield f"  readers: {_readers(of.readers, zone)}"
    if of.rest is not None:
        allowed = f" ({of.rest.said})" if of.rest.said else ""
        yield f"  left in peace until {_moment(of.rest.until, zone)}: {of.rest.why}{allowed}"
    for one in of.waiting:
        until = (
            f" until {_moment(blocked, zone)}"
            if one.reason in {"quota", "month_used_up", "blocked"} and blocked
            else ""
        )
        said = f": {one.said}" if one.said else ""
        yield f"  {one.count} {one.reason.replace('_', ' ')}{until}, since {_moment(one.since, zone)}{said}"

    for lost in of.missed:
        clause = REACHED[lost.reached].format(people=", ".join(lost.people))
        yield f"  {clause} (message {lost.message_id})"


def _readers(of: Known, zone: str) -> str:
    from worker.ledger.audiences import State

    said = f"unknown, {of.sentence}"
    if of.state is State.LISTED:
        said = f"{of.people} people, {of.outsiders} from outside"
    changed = max(of.changed_at, of.lost_at)
    another = f"; last changed {_moment(changed, zone)} ({of.altered})" if changed else ""
    failure = f"; cannot be asked: {of.failure}" if of.failure else ""
    return f"{said}, asked for {_moment(of.read_at, zone)}{another}{failure}"


def _moment(at: int | None, zone: str) -> str:
    from pipelines import texts
    from worker.operators.monitor import moment

    return "never" if at is None else texts.moment(moment(at), zone, "en")


def doctor(config: Config = None, as_json: Json = False) -> None:
    """Look for what is wrong with this installation, and say what to do. No vendor is asked, and nothing is changed."""
    from worker.operators.doctor import State, examine

    checks = list(examine(known_broker(settings_for(config))))
    if as_json:
        out_json(checks)
    else:
        for one in checks:
            out(f"{one.state:8}{one.name}: {one.sentence}")
    if any(one.state is State.BAD for one in checks):
        raise typer.Exit(1)
