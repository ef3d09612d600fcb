"""From what waits for one recipient to the bytes of its messages."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.contract import Resend
from pipelines.outgoing import Dispatched, dispatch
from pipelines.plan import Destination, Plan, person_of
from pipelines.stages.merge import Assembled
from pipelines.stages.supersede import Waiting
from worker.actions.framing import asked
from worker.channels import Channel
from worker.ledger.arrivals import micros
from worker.ledger.decisions import LANES
from worker.ledger.outbox import Frozen


@dataclass(frozen=True, slots=True)
class Composer:
    """Composes by one plan and its channels. `look_in` is after how long it is looked who reads what is not public."""

    plan: Plan
    channels: Mapping[str, Channel]
    look_in: timedelta

    def compose(self, destination: Destination, fresh: Sequence[Waiting], free: int) -> tuple[Dispatched, list[Frozen]]:
        """Return what becomes of waiting facts, and the messages for them; the first `free` may go now."""
        channel = self.channels[destination.name]
        planned = dispatch(self.plan, destination, channel.client, fresh, free, datetime.now(UTC))
        return planned, [
            self._freeze(destination, channel, message, planned, sending=n < free)
            for n, message in enumerate(planned.messages)
        ]

    def _freeze(
        self, destination: Destination, channel: Channel, message: Assembled, planned: Dispatched, *, sending: bool
    ) -> Frozen:
        key = secrets.token_hex(16)
        asks = asked(channel.client, message.draft, message.route, destination)
        carried = set(message.notices)
        classes = frozenset[str]().union(*(planned.classes.get(id_, frozenset()) for id_ in carried))
        return Frozen(
            destination=channel.name,
            key=key,
            lane=LANES.index(message.lane),
            body=channel.client.freeze(message.draft, key),
            notices=tuple(dict.fromkeys(message.notices)),
            withheld=sum(len(planned.withheld.get(id_, ())) for id_ in carried),
            repeatable=channel.client.resend is Resend.IDEMPOTENT,
            sending=sending,
            asked=asks,
            again=planned.again.intersection(message.notices),
            classes=classes,
            cleared_at=_cleared_at(destination),
            look_in=self._look_in(destination) if classes else None,
        )

    def _look_in(self, destination: Destination) -> int | None:
        """Return after how many microseconds it is looked who reads a message; None where nobody can join."""
        audience = destination.audience
        if audience is None or audience.cleared is None or person_of(destination.name):
            return None
        return self.look_in // timedelta(microseconds=1)


def _cleared_at(destination: Destination) -> int:
    audience = destination.audience
    return 0 if audience is None or audience.read_at is None else micros(audience.read_at)
