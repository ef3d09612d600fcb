"""One application as something that speaks to us: by Stream, by HTTP, and when it is asked who is who."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, Field

from connectors.contract import (
    Budget,
    Delivery,
    Draft,
    Ear,
    RawRequest,
    Reach,
    Received,
    Refusal,
    Reply,
    Services,
    Words,
)
from connectors.dingtalk.app.calls import Calls
from connectors.dingtalk.app.settings import Application
from connectors.dingtalk.app.talk import Talk
from connectors.dingtalk.callbacks.failed import failed_events
from connectors.dingtalk.callbacks.settings import Callbacks
from connectors.dingtalk.people.answers import Answers
from connectors.dingtalk.people.directory import Directory
from connectors.dingtalk.reach import reach
from connectors.dingtalk.settings import STRICT
from connectors.dingtalk.stream.gateway import Topics
from connectors.dingtalk.stream.listener import Stream


class StreamSettings(BaseModel):
    """What comes by Stream. Which events come is chosen in the developer console.

    https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol
    """

    model_config = STRICT

    events: bool = Field(default=True, description="Whether changes among people, groups and approvals come.")
    presses: bool = Field(default=True, description="Whether presses of cards' buttons come.")
    words: bool = Field(default=True, description="Whether messages to the robot come.")

    @property
    def topics(self) -> Topics:
        """The topics of the gateway."""
        return Topics(self.events, self.presses, self.words)


class InboundSettings(BaseModel):
    """An enterprise application: what it hears and whom it knows."""

    model_config = STRICT

    application: Application = Field(description="The application.")
    stream: StreamSettings = Field(default=StreamSettings(), description="What comes by Stream.")
    callbacks: Callbacks = Field(default=Callbacks(), description="What DingTalk posts to an address of ours.")


class Inbound:
    """Fulfils `Listens`, `Hears`, `Converses` and `KnowsPeople`."""

    def __init__(self, settings: InboundSettings, services: Services) -> None:
        application = settings.application
        self._stream = Stream(application, settings.stream.topics, services, random=random.random)
        self._doors = settings.callbacks.doors(application)
        self._calls = Calls(application, services)
        self._application = application
        # who reads one request by HTTP can put other words to its time, and another address into them
        self._talk = Talk(application, services, believes_addresses=not settings.callbacks.robot)
        self.directory = Directory(Answers(self._calls), services.now)

    async def listen(self, ear: Ear) -> None:
        """Listen until cancelled; see `Listens`."""
        await self._stream.listen(ear)

    @property
    def max_body(self) -> int:
        """Bytes; more is refused while reading."""
        return self._doors.max_body

    def receive(self, request: RawRequest) -> Received:
        """Verify one request and say what it brought; raises nothing whatever the bytes are."""
        return self._doors.receive(request)

    def refuse(self, refusal: Refusal) -> Reply:
        """Return the reply to what the relay itself does not take."""
        return self._doors.refuse(refusal)

    def answered(self, received: Received, shown: Mapping[str, str]) -> Received:
        """Return the same with a reply that shows `shown` to the one who pressed."""
        return self._doors.answered(received, shown)

    def recover(self) -> Iterator[Received]:
        """Give what DingTalk could not post while we were away; store each before asking for the next.

        Nothing where events do not come by HTTP. Raises the contract's errors.
        """
        return failed_events(self._calls) if self._doors.events is not None else iter(())

    def reach(self, settings: BaseModel) -> Reach:
        """Return who reads a destination of the same organisation, as far as its settings tell."""
        return reach(self._application, settings)

    def answer_budgets(self, words: Words) -> Sequence[Budget]:
        """Return every quota of the call that answers."""
        return self._talk.budgets(words)

    def answer(self, words: Words, draft: Draft) -> Delivery:
        """Answer once, in the chat in which the robot was spoken to."""
        return self._talk.answer(words, draft)


def listener(_name: str, settings: InboundSettings, services: Services) -> Inbound:
    """Make what hears one application. Nothing is called before its first call."""
    return Inbound(settings, services)
