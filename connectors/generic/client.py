"""A sender of signed JSON that can be asked and written back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.contract import (
    Acted,
    Action,
    Answer,
    Budget,
    ConnectorError,
    Finding,
    Level,
    RawRequest,
    Received,
    Record,
    Refusal,
    Reply,
    Services,
    Unread,
)
from connectors.generic.acts import Acts
from connectors.generic.permissions import Permissions
from connectors.generic.reading import Reading
from connectors.generic.receiver import Receiver
from connectors.generic.records import Shape
from connectors.generic.settings import GenericSettings
from connectors.generic.wire import Counterpart


class Client:
    """A source that pushes, and takes decisions: `Receives`, `Reads`, `Acts`, `Authorises`, `Limited`, `Probes`."""

    def __init__(self, receiver: Receiver, shape: Shape, counterpart: Counterpart, services: Services) -> None:
        self._receiver = receiver
        self._kind = shape.kind
        self._counterpart = counterpart
        self._reading = Reading(shape, counterpart, services.now)
        self._acts = Acts(counterpart, self._reading)
        self._permissions = Permissions(counterpart, self._reading)

    @property
    def max_body(self) -> int:
        """Bytes of a push; more is refused while reading."""
        return self._receiver.max_body

    def receive(self, request: RawRequest) -> Received:
        """Verify one push and turn it into records, or refuse it; raises nothing whatever the bytes are."""
        return self._receiver.receive(request)

    def refuse(self, refusal: Refusal) -> Reply:
        """Return the reply to a push that is not taken; its body is the reason's name."""
        return self._receiver.refuse(refusal)

    def budgets(self) -> tuple[Budget, ...]:
        """Return the quota that every call uses: so many at once."""
        return (self._counterpart.budget,)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """Read the present state of `ids`, each once, in their order. Raises the contract's errors."""
        return self._reading.read(kind, ids)

    def act(self, action: Action) -> Acted:
        """Carry out a decision for the person who made it. Raises the contract's errors."""
        return self._acts.act(action)

    def may(self, actor: str, action: Action) -> Answer:
        """Ask whether the system would let `actor` do this now. Raises the contract's errors."""
        return self._permissions.may(actor, action)

    def sees(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Give the fields that `actor` may read of each of these records. Raises the contract's errors."""
        return self._permissions.sees(actor, kind, ids)

    def probe(self) -> Sequence[Finding]:
        """Look whether address, key and clock are right, by a question about no record."""
        try:
            self._permissions.asked("", self._kind, ())
        except ConnectorError as error:
            return [Finding("write back", Level.WRONG, str(error))]
        return [Finding("write back", Level.FINE, "The system answers and believes our signature.")]


def build(name: str, settings: GenericSettings, services: Services) -> Receiver | Client:
    """Make the client of the source `name`: one that only receives, unless the settings say where to write back."""
    receiver = Receiver(name, settings)
    if settings.write_back is None:
        return receiver
    counterpart = Counterpart(settings.write_back, settings, services)
    return Client(receiver, Shape.of(name, settings), counterpart, services)
