"""One address for everything that DingTalk posts: each request goes to the door that its own marks name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from connectors.contract import RawRequest, Received, Refusal, Reply
from connectors.dingtalk.callbacks.cards import CARD_SIGNATURE, ROBOT_SIGNATURE, CardDoor, RobotDoor, pressed
from connectors.dingtalk.callbacks.events import EventDoor, is_event
from connectors.dingtalk.callbacks.refusing import refused, reply

MOST_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Doors:
    """Fulfils `Receives`. A door that is None is shut: what comes for it is refused as unsigned."""

    events: EventDoor | None = None
    cards: CardDoor | None = None
    robot: RobotDoor | None = None

    @property
    def max_body(self) -> int:
        """Bytes; DingTalk names no largest event."""
        return MOST_BYTES

    def receive(self, request: RawRequest) -> Received:
        """Verify one request and say what it brought; raises nothing whatever the bytes are."""
        if len(request.body) > MOST_BYTES:
            return refused(Refusal.TOO_LARGE, f"The body has more than {MOST_BYTES} bytes.")
        door = self._door(request)
        if door is None:
            return refused(Refusal.UNSIGNED, "Nothing in the request says that it is an event, a press or a message.")
        return door.receive(request)

    def refuse(self, refusal: Refusal) -> Reply:
        """Return the reply to what the relay itself does not take; DingTalk then sends an event again."""
        return reply(refusal)

    def answered(self, received: Received, shown: Mapping[str, str]) -> Received:
        """Return the same with a reply that shows `shown` to the one who pressed; anything else is left as it is."""
        return replace(received, reply=pressed(dict(shown))) if received.presses and shown else received

    def _door(self, request: RawRequest) -> EventDoor | CardDoor | RobotDoor | None:
        if CARD_SIGNATURE in request.headers:
            return self.cards
        if is_event(request):
            return self.events
        return self.robot if ROBOT_SIGNATURE in request.headers else None
