"""`dingbridge preview`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.plan import destination_of
from worker.cli.common import Config, Json, fail, ledger_of, load_bridge, out, out_json, settings_for
from worker.cli.trial import looked_at, packing

if TYPE_CHECKING:
    from datetime import datetime

    from config.bridge import Blueprint
    from config.casebook import Situation
    from config.settings import Settings
    from connectors.contract import Record, Seen
    from pipelines.plan import Plan, Route
    from worker.ledger.engine import Ledger
    from worker.trial.preview import Preview, Reading, Setup

File = Annotated[
    Path | None, typer.Option("--record", help="A file with one record, as in a case.", show_default=False)
]
Id = Annotated[str, typer.Option("--id", help="A record of the ledger, by its id or number.", show_default=False)]


def preview(  # noqa: PLR0917 - options, which are given by name
    route: Annotated[str, typer.Argument(help="A route of the bridge file.")],
    record: File = None,
    of: Id = "",
    live: Annotated[bool, typer.Option("--live", help="With --id: ask the source for its state now.")] = False,
    to: Annotated[str, typer.Option(help="One of its destinations; else all.", show_default=False)] = "",
    locale: Annotated[str, typer.Option(help="Another language of the reader.", show_default=False)] = "",
    reader: Annotated[
        str, typer.Option(help="Somebody, by user id: what they alone are shown as well.", show_default=False)
    ] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show a route's message as DingTalk would show it now, beside what the running configuration would send."""
    from datetime import UTC, datetime

    from worker.trial.preview import preview as show

    if bool(record) == bool(of) or (live and not of):
        raise fail("give --record FILE or --id ID; --live goes with --id", 2)
    settings = settings_for(config)
    blueprint = looked_at(settings.config)
    meant = _route(blueprint.plan, route, to)
    reads = _locale(locale) if locale else ""
    with ledger_of(settings) as ledger:
        desk = _Desk(settings, blueprint, meant, ledger, datetime.now(UTC), reader)
        situation = desk.described(record) if record else desk.known(of, live=live)
        setup, running = desk.setup(), desk.running()
        before = running.read_by(situation, reads) if running else None
        found = show(setup.read_by(situation, reads), before, meant, situation)
    found = replace(
        found, readings=tuple(each for each in found.readings if to in {"", destination_of(each.destination)})
    )
    out_json(_plain(found)) if as_json else _print(found)


def _route(plan: Plan, name: str, to: str) -> Route:
    from config.declared import unknown

    found = next((each for each in plan.routes if each.name == name), None)
    if found is None:
        raise fail(unknown(name, [each.name for each in plan.routes], "route"), 2)
    if to and to not in found.to:
        raise fail(unknown(to, found.to, f"destination of {name}"), 2)
    return found


def _locale(given: str) -> str:
    from pydantic import TypeAdapter, ValidationError

    from config.values import LocaleName

    try:
        return TypeAdapter(LocaleName).validate_python(given)
    except ValidationError:
        raise fail(f"there is no locale '{given}': write a name such as en, zh_Hans_CN or zh_Hant_HK", 2) from None


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where a preview's record and configurations come from; `ledger` is None where nothing ran yet."""

    settings: Settings
    blueprint: Blueprint
    route: Route
    ledger: Ledger | None
    now: datetime
    reader: str = ""

    def described(self, path: Path) -> Situation:
        """Return what a file describes."""
        from config.casebook import read_situation
        from config.problem import ConfigurationInvalid, format_problems

        try:
            found = read_situation(path, self.blueprint, self.now)
        except ConfigurationInvalid as error:
            raise fail(f"the record has problems:\n{format_problems(error.problems)}") from None
        record, route = found.states[-1], self.route
        if (record.source, record.kind) != (route.source, route.kind):
            told = f"{route.name} tells of {route.source}.{route.kind}"
            raise fail(f"{told}, and {path} holds {record.source}.{record.kind}", 2)
        return found

    def known(self, id_: str, *, live: bool) -> Situation:
        """Return what the ledger knows of a record, with its state now where the source is asked."""
        from config.casebook import Situation
        from worker.trial.states import stored

        states = stored(self.ledger, self.route, id_) if self.ledger else ()
        if live:
            states = (*states, self._present(states[-1].id if states else id_))
        if not states:
            what = f"{self.route.source}.{self.route.kind} {id_}"
            raise fail(f"the ledger has no {what}: --live reads it from its source, --record FILE describes it")
        return Situation(states, self.now)

    def _present(self, record_id: str) -> Record:
        from connectors.contract import ConnectorError
        from worker.live import own_services
        from worker.trial.states import present
        from worker.vault import LedgerVault

        services = own_services(LedgerVault(self.ledger) if self.ledger else None)
        try:
            return present(load_bridge(self.settings.config), services, self.route, record_id)
        except ConnectorError as error:
            raise fail(f"the source could not be read: {error}") from None

    def setup(self) -> Setup:
        """Return the file's configuration, with the attestations that were given in the groups, and who is in them."""
        from worker.configuration import with_words
        from worker.trial.preview import Setup

        plan = with_words(self.ledger, self.blueprint.plan) if self.ledger else self.blueprint.plan
        return Setup(self._read_by(plan), packing(self.blueprint.destinations), self.reader)

    def running(self) -> Setup | None:
        """Return the configuration that is applied; None where none is, or its secrets are not here."""
        from worker.configuration import NotApplicable, applied
        from worker.trial.preview import Setup

        try:
            found = applied(self.ledger) if self.ledger else None
        except NotApplicable as error:
            fail(f"nothing to compare with: {error}")
            return None
        return Setup(self._read_by(found[0].plan), packing(found[0].destinations), self.reader) if found else None

    def _read_by(self, plan: Plan) -> Plan:
        """Return a plan with what is known of the readers of its destinations."""
        from worker.clearing import Clearing

        if self.ledger is None:
            return plan
        clearing = Clearing(self.ledger, plan.clearances)
        with self.ledger.read() as connection:
            at = self.ledger.now(connection)
            readers = clearing.seen(connection, plan, at)
            for name in plan.personal_destinations if self.reader else ():
                alone = clearing.alone(connection, readers[name], self.reader, at)
                readers[name] = replace(readers[name], audience=alone)
        return replace(plan, destinations=readers)


def _plain(of: Preview) -> dict[str, Any]:
    record = of.record
    return {
        "route": of.route,
        "record": {"source": record.source, "kind": record.kind, "id": record.id, "number": record.number},
        "reason": of.reason,
        "detail": of.detail,
        "why": of.why,
        "readings": [
            {
                "destination": one.destination,
                "locale": one.locale,
                "stopped": one.stopped,
                "parts": one.shown.parts,
                "withheld": one.withheld,
                "running": None if one.compared is None else {"same": not one.differs, "diff": one.compared},
            }
            for one in of.readings
        ],
    }


def _print(of: Preview) -> None:
    name = of.record.number or of.record.id
    out(f"{of.route}, {of.record.source}.{of.record.kind} {name}: {'told' if not of.why else f'not told, {of.why}'}")
    for one in of.readings:
        for line in _reading(one):
            out(line)


def _reading(one: Reading) -> Iterator[str]:
    yield f"{one.destination} ({one.locale})" + (f": {one.stopped}" if one.stopped else "")
    count = len(one.shown.parts)
    for number, part in enumerate(one.shown.parts, start=1):
        of = f" {number} of {count}" if count > 1 else ""
        yield from _part(part, of)
    for field in one.withheld:
        yield f"  withheld: {field.label}, of class {field.data_class}, which not everybody there may see"
    if one.compared is None:
        yield "  The running configuration has nothing to compare with."
    elif one.differs:
        yield "  The running configuration's message (-) and this one (+):"
        yield from (f"    {line}" for line in one.compared)
    else:
        yield "  The running configuration sends the same."


def _part(part: Seen, of: str) -> Iterator[str]:
    most = f" of {part.most}" if part.most else ""
    yield f"  message{of}, {part.size}{most} bytes; in the list of chats: {part.title}"
    yield from (f"  │ {line}".rstrip() for line in part.text.splitlines())
    yield from (
        f"  [{caption}] opens {url}" if url else f"  [{caption}] asks for a decision" for caption, url in part.links
    )
