"""The day in figures: counted in the ledger, counted again outside of it, and held against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from connectors.contract import Outcome
from pipelines.plan import destination_of
from worker.demo.chat import Message, numbers
from worker.demo.opening import Opened
from worker.demo.promises import Promise
from worker.ledger.engine import Ledger
from worker.ledger.tables import MessageState, Step, inbox, message, snapshot, trail
from worker.tally import Tally

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
States = frozenset[tuple[str, datetime]]
"""Records, each as its id and the stamp of its last change."""

HOLDERS: Mapping[str, tuple[str, str]] = {
    "partners": ("deals as they are now", "Zoho CRM holds"),
    "netsuite": ("orders in NetSuite as they are now", "NetSuite holds"),
    "business-central": ("orders in Business Central as they are now", "Business Central holds"),
    "dataverse": ("orders in Dataverse as they are now", "Dataverse holds"),
}
"""By source: what a figure is called, and who has seen it outside."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One count: what the ledger says, what was seen outside, and who saw it."""

    name: str
    ledger: int
    outside: int
    witness: str

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.ledger == self.outside

    @property
    def sentence(self) -> str:
        """Both figures in words."""
        return f"{self.name}: the ledger says {self.ledger}, {self.witness} {self.outside}"


@dataclass(frozen=True, slots=True)
class Written:
    """What the ledger wrote of its messages.

    `keys` are those of delivered messages by destination, as the chat knows them; `attempts` all requests, `refusals` those that DingTalk
    answered with something else than success, `pushed` events that the shop sent, `records` what each source holds as it
    was last seen, each record as its id and stamp.
    """

    keys: Mapping[str, frozenset[str]]
    attempts: int
    refusals: int
    pushed: int
    records: Mapping[str, States]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen outside of the ledger: messages, the chat's counts, what the shop was answered, others' records."""

    messages: Sequence[Message]
    requests: int
    refusals: int
    taken: int
    turned_away: int
    records: Mapping[str, States]
    groups: Mapping[str, str]
    """Names of the groups by destination."""


def written(ledger: Ledger) -> Written:
    """Read the ledger's messages, apart from the queries behind `Tally`."""
    keys: dict[str, set[str]] = {}
    with ledger.read() as connection:
        of_each = select(message.c.destination, message.c.key, message.c.handle)
        for row in connection.execute(of_each.where(message.c.state == MessageState.DELIVERED)):
            keys.setdefault(destination_of(row.destination), set()).add(row.handle or row.key)
        attempts = connection.execute(select(func.sum(message.c.attempts))).scalar() or 0
        failed = select(func.count()).where(trail.c.step == Step.ATTEMPT, trail.c.reason != str(Outcome.DELIVERED))
        refusals = connection.execute(failed).scalar_one()
        pushes = select(func.count()).where(inbox.c.source == "shop", inbox.c.pushed)
        pushed = connection.execute(pushes).scalar_one()
        records = {source: _states(connection, source) for source in HOLDERS}
    return Written({name: frozenset(found) for name, found in keys.items()}, int(attempts), refusals, pushed, records)


def _states(connection: Connection, source: str) -> States:
    # stock has no stamp of its own
    known = select(snapshot.c.record_id, snapshot.c.stamp).where(
        snapshot.c.source == source, snapshot.c.kind != "stock"
    )
    return frozenset((row.record_id, EPOCH + timedelta(microseconds=row.stamp)) for row in connection.execute(known))


def seen(opened: Opened) -> Seen:
    """Ask the chat, the shop, Zoho CRM and the ERPs."""
    chat, shop = opened.chat, opened.shop
    return Seen(
        messages=chat.messages(),
        requests=chat.requests(),
        refusals=chat.refusals(),
        taken=shop.taken,
        turned_away=shop.refused,
        records={
            "partners": frozenset(opened.partners.deals().items()),
            "netsuite": frozenset(opened.netsuite.orders().items()),
            "business-central": frozenset(opened.central.orders().items()),
            "dataverse": frozenset(opened.dataverse.orders().items()),
        },
        groups=chat.groups,
    )


def compare(counted: Tally, kept: Written, outside: Seen) -> tuple[Figure, ...]:
    """Put both sides of each count beside each other."""
    shows, shop = "the chat shows", "the shop counted"
    told = numbers(outside.messages)
    rows = [
        Figure("messages delivered", counted.delivered_messages, len(outside.messages), shows),
        Figure("facts delivered", counted.delivered_facts, len(told), shows),
        Figure("fields withheld", counted.withheld, sum(one.withheld for one in outside.messages), shows),
    ]
    for name, group in outside.groups.items():
        keys = kept.keys.get(name, frozenset())
        there = {one.key for one in outside.messages if one.destination == name}
        rows.append(Figure(f"messages in {group}", len(keys), len(there & keys), shows))
    rows += [
        Figure("requests to DingTalk", kept.attempts, outside.requests, "DingTalk counted"),
        Figure("refused by DingTalk", kept.refusals, outside.refusals, "DingTalk counted"),
        Figure("pushes accepted", kept.pushed, outside.taken, shop),
        Figure("pushes refused", sum(counted.refused.values()), outside.turned_away, shop),
    ]
    for source, (name, holder) in HOLDERS.items():
        now = outside.records[source]
        rows.append(Figure(name, len(kept.records[source] & now), len(now), holder))
    return tuple(rows)


def summary(
    counted: Tally, figures: Sequence[Figure], promised: Sequence[Promise], elapsed_s: float, chat_page: str
) -> dict[str, Any]:
    """Return the result for machines; `delivered` and `facts` are facts, `messages` what they arrived in."""
    return {
        "accepted": counted.accepted,
        "delivered": counted.delivered_facts,
        "suppressed": dict(counted.suppressed),
        "withheld": counted.withheld,
        "held": counted.held,
        "dead": counted.dead,
        "elapsed_s": round(elapsed_s, 1),
        "facts": counted.delivered_facts,
        "messages": counted.delivered_messages,
        "refused": dict(counted.refused),
        "agree": all(figure.agrees for figure in figures),
        "kept": all(promise.kept for promise in promised),
        "promises": {one.name: one.to_plain() for one in promised},
        "figures": {figure.name: [figure.ledger, figure.outside] for figure in figures},
        "chat_page": chat_page,
    }


def table(figures: Sequence[Figure]) -> list[str]:
    """Return the figures as lines for people."""
    width = max(len(figure.name) for figure in figures)
    lines = [f"{'':{width}}  ledger  outside"]
    for figure in figures:
        mark = "" if figure.agrees else "   they differ"
        lines.append(f"{figure.name:{width}}  {figure.ledger:6d}  {figure.outside:7d}{mark}")
    return lines
