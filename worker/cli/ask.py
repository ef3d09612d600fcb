"""Commands that ask the ledger, and commands by which an operator sets right what is held or was given up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.common import (
    Config,
    Json,
    fail,
    has_ledger,
    moment,
    open_wiring,
    out,
    out_json,
    settings_for,
    table,
)

if TYPE_CHECKING:
    from worker.ledger.engine import Ledger
    from worker.ledger.history import Sending
    from worker.repair import Held, Moved, Problem

Ids = Annotated[list[int], typer.Argument(help="Their numbers, as the list shows them.")]
Zone = Annotated[str, typer.Option(help="The time zone of the answer; else that of the first destination.")]

held = typer.Typer(help="Facts that wait for a person.", no_args_is_help=True)
dead = typer.Typer(help="Messages that were given up.", no_args_is_help=True)
db = typer.Typer(help="The ledger's tables.", no_args_is_help=True)


@contextmanager
def open_existing(config: Path | None) -> Iterator[Ledger]:
    """Open the ledger of this installation; one that is not there is a sentence and no new file."""
    from worker.ledger import version
    from worker.wiring import open_ledger

    settings = settings_for(config)
    if not has_ledger(settings):
        raise fail(f"there is no ledger at {settings.database_url}: start `dingbridge up`, or name its state directory")
    ledger = open_ledger(settings)
    try:
        version.require(ledger)
        yield ledger
    finally:
        ledger.close()


def zone_of(ledger: Ledger, given: str) -> str:
    """Return the zone of an answer: the given one, else that of the first destination."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from worker.ledger.plans import Plans

    if given:
        try:
            return ZoneInfo(given).key
        except (ZoneInfoNotFoundError, ValueError):
            raise fail(f"{given} is no time zone: write it as Asia/Hong_Kong", 2) from None
    plan = Plans(ledger).newest()
    return next((d.zone for d in plan.destinations.values()), "UTC") if plan else "UTC"


def explain(
    what: Annotated[str, typer.Argument(help="SO-1042, a record id, SOURCE.KIND/ID, #ARRIVAL, or a message's key.")],
    person: Annotated[
        str, typer.Option("--person", metavar="USER", help="Why this person got it or did not: a user id, or a name.")
    ] = "",
    config: Config = None,
    zone: Zone = "",
    as_json: Json = False,
) -> None:
    """Tell the whole way of a record: what arrived, what each route made of it and why, what was sent where."""
    from datetime import UTC, datetime

    from worker.explain import Ambiguous, say
    from worker.explain import explain as tell
    from worker.ledger.plans import Plans

    with open_existing(config) as ledger:
        try:
            story = tell(ledger, what, Plans(ledger), datetime.now(UTC), zone_of(ledger, zone), person)
        except Ambiguous as error:
            raise fail(str(error), 2) from None
    out_json(story.to_plain()) if as_json else out(say(story))
    if not story.chapters:
        raise typer.Exit(1)


@held.command("list")
def held_list(config: Config = None, zone: Zone = "", as_json: Json = False) -> None:
    """List what is held: one line for each record, with the newest reason."""
    from worker.repair import held_problems

    with open_existing(config) as ledger:
        found = held_problems(ledger)
        at = zone_of(ledger, zone)
    _problems(found, at, "Nothing is held.", as_json=as_json)


def _problems(found: Sequence[Problem], zone: str, none: str, *, as_json: bool) -> None:
    if as_json:
        out_json(found)
    elif found:
        table([("record", "since", "to", "attempts", "ids", "why"), *(_problem(one, zone) for one in found)])
    else:
        out(none)


def _problem(one: Problem, zone: str) -> tuple[str, ...]:
    to, ids = ", ".join(one.destinations), " ".join(map(str, one.ids))
    return (_name(one), moment(one.since, zone), to, str(one.attempts), ids, one.why)


def _name(one: Held | Problem) -> str:
    return one.number or f"{one.source}.{one.kind}/{one.record_id}"


@held.command("show")
def held_show(ids: Ids, config: Config = None, zone: Zone = "", as_json: Json = False) -> None:
    """Show held facts one by one, with what to do about each."""
    from worker.explain.ways import by_person
    from worker.repair import held as find

    with open_existing(config) as ledger:
        found = [one for one in find(ledger) if one.id in ids]
        at = zone_of(ledger, zone)
    if as_json:
        out_json(found)
    else:
        for one in found:
            out(f"{one.id}: {_name(one)} by route {one.route} to {one.destination}, held since {moment(one.since, at)}")
            out(f"  why: {one.why}\n  to do: {one.todo}")
            if one.people:
                out(f"  by person: {by_person(one.people)}")
            if one.overtaken_by is not None:
                out("  A later state of this record is told already.")
    if missing := sorted(set(ids) - {one.id for one in found}):
        raise fail(f"not held: {', '.join(map(str, missing))}")


@held.command("release")
def held_release(
    ids: Annotated[list[int] | None, typer.Argument(help="Their numbers, as the list shows them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is held.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Decide held facts again by today's configuration; what can be trusted now is sent."""
    from datetime import UTC, datetime

    from worker.repair import release

    if bool(ids) == everything:
        raise fail("name what to release, or give --all", 2)
    wiring = open_wiring(config)
    with open_existing(config) as ledger:
        moved = release(ledger, None if everything else ids, wiring.programs, wiring.plan_id, datetime.now(UTC))
    _answer(moved, as_json=as_json, ok=("waits",))


@held.command("drop")
def held_drop(
    ids: Ids,
    by: Annotated[str, typer.Option(help="Who drops them; it stands in the trail.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Drop held facts: nobody is told of them, and `explain` says who decided so."""
    from worker.repair import drop

    with open_existing(config) as ledger:
        moved = drop(ledger, ids, by)
    _answer(moved, as_json=as_json, ok=("dropped",))


def _answer(moved: Sequence[Moved], *, as_json: bool, ok: Sequence[str]) -> None:
    if as_json:
        out_json(moved)
    else:
        for one in moved:
            out(f"{one.id}: {one.sentence}")
        if not moved:
            out("Nothing was held.")
    if any(one.became not in ok for one in moved):
        raise typer.Exit(1)


@dead.command("list")
def dead_list(config: Config = None, zone: Zone = "", as_json: Json = False) -> None:
    """List what was given up: one line for each record, with the messages and what the vendor said last."""
    from worker.repair import dead_problems

    with open_existing(config) as ledger:
        found = dead_problems(ledger)
        at = zone_of(ledger, zone)
    _problems(found, at, "Nothing was given up.", as_json=as_json)


def _dead_row(one: Sending, zone: str) -> tuple[str, ...]:
    said = " ".join(filter(None, (one.code, one.reason)))
    return (str(one.id), moment(one.framed_at, zone), one.destination, str(one.facts), one.outcome, said)


@dead.command("show")
def dead_show(
    number: Annotated[int, typer.Argument(help="Its number, as the list shows it.")],
    config: Config = None,
    zone: Zone = "",
    as_json: Json = False,
) -> None:
    """Show a message with the facts that it carries and each attempt."""
    from worker.explain.ways import by_person
    from worker.repair import dead_show as find

    with open_existing(config) as ledger:
        at = zone_of(ledger, zone)
        shown = find(ledger, number, at)
    if shown is None:
        raise fail(f"there is no message {number}: `dingbridge dead list` names them")
    if as_json:
        out_json(shown)
        return
    table([("id", "framed", "to", "facts", "outcome", "said"), _dead_row(shown.message, at)])
    for fact in shown.facts:
        values = ", ".join(f"{name}: {value}" for name, value in fact.fields.items())
        out(f"  {fact.number or fact.record_id} (route {fact.route}): {values}")
    if shown.message.people:
        out(f"  by person: {by_person(shown.message.people)}")
    for one in shown.message.tries:
        out(f"  {moment(one.at, at)}  {one.reason} {one.detail}".rstrip())


@db.callback()
def _db() -> None:
    """The ledger's tables."""


@db.command("upgrade")
def upgrade(config: Config = None, as_json: Json = False) -> None:
    """Create the tables, or bring them to this program's version."""
    from worker.ledger import migrate
    from worker.wiring import open_ledger

    settings = settings_for(config)
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    ledger = open_ledger(settings)
    answer: dict[str, Any] = {"version": migrate.upgrade(ledger)}
    out_json(answer) if as_json else out("The ledger has version {version}.".format(**answer))
