"""`dingbridge destination`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.common import Config, Json, broker, fail, open_wiring, out, out_json, vault

if TYPE_CHECKING:
    from pipelines.plan import Plan
    from worker.verify import Challenge
    from worker.wiring import Wiring

app = typer.Typer(help="Groups that messages go into.", no_args_is_help=True)


@app.callback()
def _app() -> None:
    """Groups that messages go into."""


@app.command()
def verify(
    name: Annotated[str, typer.Argument(help="A destination of the configuration.")],
    admin: Annotated[str, typer.Option(help="Who vouches for the group's members: a person's name.")],
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="A data class that all of them may see; else each is asked.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="For how long the word holds.")] = 180,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Send a code into a group, have it typed back, and store a dated word on what its members may see."""
    from zoneinfo import ZoneInfo

    from pipelines.plan import Attestation
    from worker.configuration import begin
    from worker.ledger import configurations

    if not admin.strip():
        raise fail("--admin is empty: name the person who vouches", 2)
    wiring = open_wiring(config)
    chosen = _classes(wiring.bridge.plan, name, classes)
    with broker(wiring.settings) as settings:
        running = begin(replace(wiring, settings=settings))
        _look(running, name)
        _await_code(_sent(running, name, admin, chosen))
        zone = ZoneInfo(running.bridge.plan.destinations[name].zone)
        today = datetime.now(zone).date()
        word = Attestation(admin, today, today + timedelta(days=days), frozenset(chosen))
        configurations.attest(running.ledger, configurations.Attested(name, word))
        running.ledger.close()
    if as_json:
        out_json({"destination": name, "by": admin, "on": today, "until": word.until, "classes": sorted(chosen)})
    else:
        out(f"{admin} vouches until {word.until} that everybody in {name} may see {', '.join(sorted(chosen))}.")


@app.command()
def readers(
    name: Annotated[str, typer.Argument(help="A destination of the configuration.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Ask who reads a destination now: its people by user id, and who is not of the organisation."""
    from connectors.contract import ConnectorError, KnowsAudience, Unlisted
    from worker.live import own_services

    wiring = open_wiring(config)
    known = wiring.bridge.destinations.get(name)
    if known is None:
        raise fail(f"there is no destination {name}: there are {', '.join(sorted(wiring.bridge.destinations))}", 2)
    with vault(wiring.settings) as kept:
        client = known.connector.build(name, known.settings, own_services(kept))
        if not isinstance(client, KnowsAudience):
            raise fail(f"nobody can be asked who reads {name}: it has no list of members")
        try:
            found = client.members()
        except ConnectorError as error:
            raise fail(f"who reads {name} cannot be asked for now: {error}") from None
    if isinstance(found, Unlisted):
        raise fail(f"who reads {name} is unknown: {found.sentence}")
    if as_json:
        out_json(found)
        return
    for user, called in found.people.items():
        out(f"{user}  {called}".rstrip())
    for union, called in found.outsiders.items():
        out(f"from outside: {union}  {called}".rstrip())


def _classes(plan: Plan, name: str, given: list[str] | None) -> list[str]:
    from pipelines.plan import PUBLIC

    if name not in plan.destinations:
        raise fail(f"there is no destination {name}: there are {', '.join(sorted(plan.destinations))}", 2)
    known = sorted({field.data_class for kind in plan.kinds.values() for field in kind.fields} - {PUBLIC})
    if not known:
        raise fail("every field is public: there is nothing to vouch for")
    if unknown := set(given or ()) - set(known):
        raise fail(f"no field has the class {', '.join(sorted(unknown))}: there are {', '.join(known)}", 2)
    chosen = given or [
        one for one in known if typer.confirm(f"May every member of {name} see what is {one}?", err=True)
    ]
    if not chosen:
        raise fail("no class was chosen, and no code was sent")
    return sorted(set(chosen))


def _look(wiring: Wiring, name: str) -> None:
    """Say who is in the group now, where it can be asked: the word is given for that group."""
    from connectors.contract import ConnectorError
    from worker.readers import Readers

    readers = Readers(wiring.ledger, wiring.limiter, lambda: None, wiring.ages)
    readers.follow(wiring.channels(), wiring.bridge.plan)
    place = readers.place(name)
    if place is None:
        return
    try:
        known = readers.read(place)
    except ConnectorError as error:
        raise fail(f"who is in {name} could not be asked for, and no code was sent: {error}") from None
    if known.outsiders:
        typer.echo(f"Somebody from outside is in {name}: while they are, it gets what is public.", err=True)


def _sent(wiring: Wiring, name: str, admin: str, classes: list[str]) -> Challenge:
    from connectors.contract import Outcome
    from worker.greet import greet_within
    from worker.verify import Challenge, message, new_code

    code = new_code()
    channel = wiring.channels()[name].client
    draft = message(code, admin, classes, wiring.bridge.plan.destinations[name].locale)
    sent = greet_within(wiring.ledger, wiring.limiter, name, channel, draft)
    if sent.outcome not in {Outcome.DELIVERED, Outcome.PARTLY}:
        said = " ".join(filter(None, (sent.code, sent.reason)))
        raise fail(f"the code could not be sent into {name}: {said or sent.outcome}")
    return Challenge(code, datetime.now(UTC))


def _await_code(challenge: Challenge) -> None:
    from worker.verify import Said

    while True:
        said = challenge.answer(typer.prompt("The code that stands in the group now", err=True), datetime.now(UTC))
        if said is Said.RIGHT:
            return
        if said is Said.EXPIRED:
            raise fail("the code has ended; run it again for another. Nothing was stored")
        if said is Said.ENDED:
            raise fail("three wrong codes; run it again for another. Nothing was stored")
        typer.echo("That is not the code.", err=True)
