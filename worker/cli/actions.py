"""The command that lists what people decided on cards, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.ask import Zone, open_existing, zone_of
from worker.cli.common import Config, Json, moment, out, out_json, table

if TYPE_CHECKING:
    from worker.ledger.actions import Deed


def actions(
    everything: Annotated[bool, typer.Option("--all", help="Also what was carried out.")] = False,
    most: Annotated[int, typer.Option(help="At most so many, the newest first.", min=1)] = 100,
    config: Config = None,
    zone: Zone = "",
    as_json: Json = False,
) -> None:
    """List what people decided on cards and is not carried out: under way, unknown, refused, too late, failed."""
    from worker.ledger.actions import listed
    from worker.ledger.tables import ActionState

    states = [state for state in ActionState if everything or state is not ActionState.DONE]
    with open_existing(config) as ledger:
        with ledger.read() as connection:
            found = listed(connection, states, most)
        at = zone_of(ledger, zone)
    if as_json:
        out_json([{**_plain(one), "state": one.state.name.lower()} for one in found])
    elif found:
        head = ("id", "pressed", "record", "action", "by", "as", "became", "why")
        table([head, *(_row(one, at) for one in found)])
    else:
        out("Nobody's decision is open, refused or failed.")


def _plain(one: Deed) -> dict[str, object]:
    import msgspec

    plain: dict[str, object] = msgspec.to_builtins(one)
    return plain


def _row(one: Deed, zone: str) -> tuple[str, ...]:
    from worker.explain.sentences import WHY_NOT

    record = f"{one.source}.{one.kind}/{one.record_id}" if one.source else one.card
    why = "; ".join(filter(None, (WHY_NOT.get(one.why, one.why), one.detail)))
    became = one.state.name.lower()
    return (str(one.id), moment(one.pressed_at, zone), record, one.verb, one.by, one.actor, became, why)
