"""`dingbridge replay`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.ask import Zone, open_existing, zone_of
from worker.cli.common import Config, Json, fail, moment, open_wiring, out, out_json, point

if TYPE_CHECKING:
    from worker.ledger.engine import Ledger
    from worker.ledger.replays import Chosen
    from worker.repair import MappedBy, Rehearsed, Replayed, Today

CONFIRMED_ABOVE = 100

Ids = Annotated[list[int] | None, typer.Argument(help="Messages, as `dingbridge dead list` numbers them.")]
Reason = Annotated[str, typer.Option(help="The outcome of the message (refused, unknown, delivered) or its code.")]
Route = Annotated[str, typer.Option(help="Only what this route told.")]
Source = Annotated[str, typer.Option(help="Only what came from this source.")]
Since = Annotated[str, typer.Option(help="Only what was due from then on: 2026-11-01 or 2026-11-01T09:00.")]
Until = Annotated[str, typer.Option(help="Only what was due before then.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent beside what was sent then.")]
MappingOf = Annotated[str, typer.Option("--mapping", help="`then`: the fact as it was; `now`: by today's mapping.")]
Limit = Annotated[int | None, typer.Option(min=1, help="At most so many facts, the oldest first.")]
Confirm = Annotated[bool, typer.Option("--confirm", help=f"Needed for more than {CONFIRMED_ABOVE} facts.")]


def replay(
    ids: Ids = None,
    *,
    reason: Reason = "",
    route: Route = "",
    source: Source = "",
    since: Since = "",
    until: Until = "",
    dry_run: DryRun = False,
    mapping: MappingOf = "then",
    limit: Limit = None,
    confirm: Confirm = False,
    config: Config = None,
    zone: Zone = "",
    as_json: Json = False,
) -> None:
    """Tell facts again: as new messages in the bulk lane, by today's clearance and quota, marked with when they were due.

    Without messages: what was given up and fits. `--reason delivered` means what was delivered.
    """
    from zoneinfo import ZoneInfo

    from worker.repair import Which, choose

    mapped_by = _mapped_by(mapping)
    if not (ids or reason or route or source or since or until):
        raise fail("say which: messages, or --reason, --route, --source, --since, --until", 2)
    with open_existing(config) as ledger:
        at = zone_of(ledger, zone)
        start, end = (point(given, ZoneInfo(at)) if given else None for given in (since, until))
        which = Which(tuple(dict.fromkeys(ids or ())), reason, route, source, start, end)
        with ledger.read() as connection:
            chosen = choose(connection, which, limit)
        count = len(chosen.ids)
        if count > CONFIRMED_ABOVE and not (confirm or dry_run):
            raise fail(f"this would tell {count} facts again: look with --dry-run, then give --confirm", 2)
        today = _today(config, mapped_by)
        _rehearse(ledger, chosen, today, at, as_json=as_json) if dry_run else _run(
            ledger, chosen, today, as_json=as_json
        )


def _mapped_by(given: str) -> MappedBy:
    from worker.repair import MappedBy

    try:
        return MappedBy(given)
    except ValueError:
        raise fail(f"--mapping is then or now, not {given}", 2) from None


def _today(config: Config, mapped_by: MappedBy) -> Today:
    from datetime import UTC, datetime

    from worker.repair import Today

    wiring = open_wiring(config)
    return Today(wiring.bridge.plan, wiring.plan_id, wiring.programs, mapped_by, datetime.now(UTC))


def _run(ledger: Ledger, chosen: Chosen, today: Today, *, as_json: bool) -> None:
    from worker.repair import replay as again

    answers = list(again(ledger, chosen, today))
    if as_json:
        out_json(answers)
    elif len(answers) > CONFIRMED_ABOVE:
        _counts(answers)
    else:
        for one in answers:
            out(f"{one.notice_id}: {one.sentence}" if one.notice_id else one.sentence)
    if not as_json:
        _older(chosen)
        if not answers:
            out("Nothing fits.")
    if any(one.as_notice is None for one in answers):
        raise typer.Exit(1)


def _counts(answers: Iterable[Replayed]) -> None:
    for sentence, count in Counter(one.sentence for one in answers).most_common():
        out(f"{count}: {sentence}")


def _older(chosen: Chosen) -> None:
    if chosen.older:
        out(f"{len(chosen.older)} are older states of records whose later state is among these: they are left out.")


def _rehearse(ledger: Ledger, chosen: Chosen, today: Today, zone: str, *, as_json: bool) -> None:
    from worker.explain.story import LOCALE
    from worker.repair import rehearse

    found = rehearse(ledger, chosen, today, LOCALE)
    if as_json:
        out_json(list(found))
        return
    for one in found:
        out("\n".join(_lines(one, zone)))
    _older(chosen)
    for id_ in chosen.unknown_messages:
        out(f"There is no message {id_}.")
    out(f"{len(chosen.ids)} facts. Nothing was sent.")


def _lines(one: Rehearsed, zone: str) -> Sequence[str]:
    from worker.repair import Replay

    name = one.number or f"{one.source}.{one.kind}/{one.record_id}"
    sent = f", sent as message {one.message_id}" if one.message_id else ""
    lines = [f"{name} by route {one.route} to {one.destination}, due {moment(one.due, zone)}{sent}"]
    if one.became is not Replay.WAITS:
        return [*lines, f"    {one.sentence}"]
    if one.holds_for:
        lines.append(f"    It would be held: {one.holds_for} is required, and not everybody there may see it.")
    for field in one.fields:
        then, now = _said(field.then.told, field.then.value), _said(field.now.told, field.now.value)
        if then == now:
            lines.append(f"    {field.name}: {then}")
            continue
        lines += [f"  {sign} {field.name}: {text}" for sign, text in (("-", then), ("+", now)) if text is not None]
    return lines


def _said(told: str, value: str | None) -> str | None:
    from worker.repair import Told

    return "(withheld)" if told == Told.WITHHELD else value
