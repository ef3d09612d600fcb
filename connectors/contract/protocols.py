"""What a client of a source or channel can do; each fulfils one or more of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from connectors.contract.actions import Acted, Action, Answer
from connectors.contract.decisions import Aside, Showing
from connectors.contract.findings import Described, Finding
from connectors.contract.hearing import Gap, Press, Reach, Words
from connectors.contract.messages import Budget, Delivery, Draft, Reached, Recalled, Resend
from connectors.contract.people import Directory, Members, Unlisted
from connectors.contract.pushes import RawRequest, Received, Refusal, Reply, Subscription
from connectors.contract.records import Page, Record, Unread


@runtime_checkable
class Pulls(Protocol):
    """A source that is asked."""

    def pull(self, kind: str, cursor: str | None) -> Page:
        """Read one page of what changed since `cursor` (None: from the beginning of what the settings name)."""
        ...


@runtime_checkable
class Limited(Protocol):
    """A source whose calls use quotas."""

    def budgets(self) -> Sequence[Budget]:
        """The quotas that every call uses, all of them at once."""
        ...


@runtime_checkable
class Receives(Protocol):
    """A source that calls us. No I/O: only what stands in the request and the settings."""

    @property
    def max_body(self) -> int:
        """Bytes; more is refused while reading."""
        ...

    def receive(self, request: RawRequest) -> Received:
        """Verify the raw bytes and turn them into records, or refuse."""
        ...

    def refuse(self, refusal: Refusal) -> Reply:
        """Say what this vendor must get when the relay itself refuses (`OVERLOADED`, `TOO_LARGE`)."""
        ...


class Ear(Protocol):
    """What the runner lends to a channel that it listens to."""

    async def take(self, received: Received) -> bool:
        """Store what came; True once it is committed, False where it could not be stored. Raises nothing."""
        ...

    async def shown(self, press: Press) -> Mapping[str, str]:
        """Give what the card is to show at once to the one who pressed, after `take`; empty: leave it as it is."""
        ...

    def missed(self, gap: Gap) -> None:
        """Note that something may have been lost. Called as soon as we hear again; raises nothing."""
        ...

    def stands(self, finding: Finding) -> None:
        """Note how the connection stands: FINE when one is open, DOUBT or WRONG when none can be had. Raises nothing."""
        ...


@runtime_checkable
class Listens(Protocol):
    """A channel that speaks over a connection which we open, so that it needs no address of ours."""

    async def listen(self, ear: Ear) -> None:
        """Listen until cancelled; what the vendor or the network does ends nothing and raises nothing.

        Acknowledges after `take` has returned True. Several processes may listen: each thing is said to one of them.
        """
        ...


@runtime_checkable
class Hears(Receives, Protocol):
    """A channel's application that posts to us what its people do."""

    def answered(self, received: Received, shown: Mapping[str, str]) -> Received:
        """Return the same with a reply that shows `shown` to the one who pressed; anything else is left as it is."""
        ...

    def recover(self) -> Iterator[Received]:
        """Give what could not be posted while we were away; each is stored before the next is asked for.

        Raises the contract's errors.
        """
        ...


@runtime_checkable
class Converses(Protocol):
    """A channel's application that answers where it was spoken to: the writer alone, or the group that heard it."""

    def reach(self, settings: BaseModel) -> Reach:
        """Return who reads the destination of these settings, by the user ids and conversations of this application."""
        ...

    def answer_budgets(self, words: Words) -> Sequence[Budget]:
        """Return every quota that `answer` uses; the first is what a throttling without a scope stops."""
        ...

    def answer(self, words: Words, draft: Draft) -> Delivery:
        """Answer once, where `words` were written. Never raises for what the vendor or the network did."""
        ...


@runtime_checkable
class Reads(Protocol):
    """A source whose records can be read by id."""

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """Read the present state of these ids. What is gone comes back with `deleted=True`."""
        ...


@runtime_checkable
class Lists(Protocol):
    """A source that can list what it has, to be compared with what came."""

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Give (id, version) of the present state of each record stamped in [since, until), as `Record` has them."""
        ...


@runtime_checkable
class Subscribes(Protocol):
    """A source whose push is a subscription that lapses."""

    def subscribe(self, address: str, state: str | None) -> Subscription:
        """Make, prove or renew the subscription that calls `address`; `state` is the last one's, None at first.

        Called at the start, at `renew_at`, and again after an error. May be repeated: it never makes a second one.
        """
        ...


@runtime_checkable
class Acts(Protocol):
    """A source that decisions are carried back into."""

    def act(self, action: Action) -> Acted:
        """Carry it out as the acting user, only if the record still has `version`. The same `key` twice writes once.

        Raises Retryable, Throttled, Misconfigured, Malformed, and Unknown where the answer was lost and reading the
        record again did not tell whether it was written.
        """
        ...


@runtime_checkable
class Authorises(Protocol):
    """A source that can be asked what one of its users may do and see. `actor` is the user's id in the source."""

    def may(self, actor: str, action: Action) -> Answer:
        """Ask whether the source would let `actor` do this now. It is asked before the write, which may still refuse."""
        ...

    def sees(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Give, for each of these records that `actor` may read, the names of the fields they may read."""
        ...


@runtime_checkable
class Delivers(Protocol):
    """A channel that messages go into."""

    resend: Resend

    def budgets(self) -> Sequence[Budget]:
        """The quotas that every send uses, all of them at once; the first is the destination's own."""
        ...

    def pack(self, draft: Draft) -> Sequence[tuple[Draft, Sequence[int]]]:
        """Split at the borders of facts so that each part fits the channel.

        Returns the parts in order, each with the indexes of its facts; a fact too large for one goes on in the next.
        """
        ...

    def freeze(self, draft: Draft, key: str) -> bytes:
        """Make the bytes of one part. The same draft and key give the same bytes."""
        ...

    def send(self, frozen: bytes) -> Delivery:
        """Send once. Never raises for what the vendor or the network did."""
        ...


@runtime_checkable
class KnowsPeople(Protocol):
    """A channel's application that can be asked who is who."""

    @property
    def directory(self) -> Directory:
        """The organisation's people, departments and roles as this application sees them."""
        ...


@runtime_checkable
class KnowsAudience(Protocol):
    """A destination's client that can be asked who reads what is sent there."""

    @property
    def place(self) -> str:
        """The place's id by which a `Change` names it; empty where no change does."""
        ...

    def audience_budgets(self) -> Sequence[Budget]:
        """The quotas that `members` uses, all of them at once; none where it asks nobody."""
        ...

    def members(self) -> Members | Unlisted:
        """Return everybody who reads it now, or why nobody can say.

        Raises the contract's errors for what passes by itself: half a list is none.
        """
        ...


@runtime_checkable
class Tells(Protocol):
    """A channel whose word at the send is not the last: it can be asked later to whom a message came."""

    told_within: timedelta
    """How long after the send it may be asked."""

    def told(self, handle: str) -> Mapping[str, Reached]:
        """Return what became of a message for each person of whom the vendor tells; empty: nothing yet.

        Raises the contract's errors.
        """
        ...


@runtime_checkable
class Recalls(Protocol):
    """A channel that can take back what it sent."""

    recalled_within: timedelta
    """How long after the send it may be taken back."""

    def recall(self, handles: Sequence[str]) -> Recalled:
        """Take back messages by their handles; twice changes nothing more. Raises the contract's errors.

        What was taken back before an error stays so.
        """
        ...


@runtime_checkable
class Shows(Protocol):
    """A channel whose messages carry buttons, and can be changed after they were sent."""

    @property
    def pressed_in(self) -> str:
        """Where its messages are pressed, as `Press.place` names it; empty where presses do not tell."""
        ...

    @property
    def aside(self) -> Aside:
        """How somebody who pressed is told something at once: the names in the answer to a press."""
        ...

    def show(self, key: str, showing: Showing) -> None:
        """Change the message that was frozen under `key`. May be repeated: the last call is what everybody sees.

        Never called before a press was answered. Raises the contract's errors, Refused where the message will never
        take it.
        """
        ...


@runtime_checkable
class Addresses(Protocol):
    """A channel that knows whose messages it carries."""

    @property
    def reader(self) -> str:
        """The user id of the one person who reads them; empty where there are more."""
        ...


@runtime_checkable
class Probes(Protocol):
    """A source or channel that can tell whether what it needs is granted."""

    def probe(self) -> Sequence[Finding]:
        """Look without changing or sending anything. Never raises for what the vendor or the network did."""
        ...


@runtime_checkable
class Describes(Protocol):
    """A source that can tell which fields a kind has."""

    def describe(self, kind: str) -> Sequence[Described]:
        """Return the fields that our credential may read. Raises the contract's errors."""
        ...
