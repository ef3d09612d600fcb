"""What an action is carried out on: the card, what it shows, the source, and how the source's records are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.contract import Acted, Acts, Reads, Record, Ref, Value, Verb
from connectors.contract import Action as Decision
from pipelines.mapping import map_record
from pipelines.plan import Kind, Plan
from worker.asking import Source
from worker.ledger import cards
from worker.ledger.actions import Claimed
from worker.ledger.cards import Card
from worker.ledger.engine import Ledger


@dataclass(frozen=True, slots=True)
class Scene:
    """A claimed action with all that carrying it out needs; `shown` is None when that can no longer be read."""

    one: Claimed
    card: Card
    source: Source
    reads: Reads
    acts: Acts
    kind: Kind
    shown: Mapping[str, Value] | None

    def same(self, present: Record) -> bool:
        """Tell whether what the card shows still holds, as far as it is compared."""
        read, holding = map_record(self.kind, present), self.card.asked.holding
        doubtful = any(name in read.problems for name in (*holding.compared, *holding.equals))
        return self.shown is not None and not doubtful and holding.holds(self.shown, read.fields)

    @property
    def decision(self) -> Decision:
        """The person's decision, as the source takes it."""
        one = self.one
        return Decision(one.key, Verb(one.verb), one.subject[1], one.subject[2], one.actor, one.version)

    def who(self, acted: Acted) -> str:
        """Return the name of who decided: by the source, by the card, else the id by which the channel knows them."""
        by = acted.by.id if acted.by is not None else self.one.actor
        if acted.by is not None and acted.by.label:
            return acted.by.label
        named = [value for value in (self.shown or {}).values() if isinstance(value, Ref)]
        label = next((each.label for each in named if each.id == by and each.label), "")
        return label or (self.one.by if by == self.one.actor else by)


def scene(ledger: Ledger, plan: Plan, sources: Mapping[str, Source], one: Claimed) -> Scene | None:
    """Return what a claimed action is carried out on; None where the configuration has no such source to write to."""
    source, kind = sources.get(one.subject[0]), plan.kinds.get(one.subject[:2])
    with ledger.read() as connection:
        card = cards.find(connection, one.card)
        shown = cards.shown(ledger, connection, card) if card is not None else None
    if source is None or kind is None or card is None:
        return None
    client = source.client
    if not isinstance(client, Reads) or not isinstance(client, Acts):
        return None
    return Scene(one, card, source, client, client, kind, shown)
