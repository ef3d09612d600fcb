"""What the ledger says became of an event, waited for and put into a few words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from pipelines.plan import person_of
from pipelines.verdict import Reason
from worker.demo.chat import Chat, Message, numbers
from worker.demo.patience import Patience
from worker.ledger.decisions import Subject
from worker.ledger.engine import Ledger
from worker.ledger.heard import heard
from worker.ledger.history import Happening, Telling, happenings
from worker.ledger.tables import InboxState, NoticeState, directory, message, person
from worker.tally import Tally, tally

SETTLED = frozenset(
    {NoticeState.SHOWN, NoticeState.SUPERSEDED, NoticeState.HELD, NoticeState.DROPPED, NoticeState.DEAD}
)

_OF_THE_WHOLE: Mapping[Reason, str] = {
    Reason.BASELINE: "known from now on, told to nobody (baseline)",
    Reason.UNCHANGED: "read again, but nothing that is mapped has changed: told to nobody (unchanged)",
    Reason.UNMAPPED: "the bridge file does not map this kind: stored, told to nobody (unmapped)",
    Reason.OLDER: "a newer state was known already: told to nobody (older)",
}


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks at the ledger, and at the chat for what people saw."""

    ledger: Ledger
    chat: Chat
    patience: Patience

    def seen(self, subject: Subject) -> int:
        """Return how many states of a record have arrived."""
        return len(self._happenings(subject))

    def outcome(self, subject: Subject, seen: int = 0) -> Happening:
        """Wait until the first state after `seen` others is decided and everything that it told is settled."""

        def look() -> Happening | None:
            found = self._happenings(subject)
            return found[seen] if len(found) > seen and _over(found[seen]) else None

        return self.patience.until(f"the outcome of {'.'.join(subject[:2])} {subject[2]}", look)

    def people(self, application: str) -> int:
        """Wait until the people of an application are read, and return how many are there."""

        def look() -> int | None:
            with self.ledger.read() as connection:
                read = select(directory.c.read_at).where(directory.c.application == application)
                there = select(func.count()).where(person.c.application == application, person.c.active)
                return None if connection.execute(read).scalar() is None else connection.execute(there).scalar_one()

        return self.patience.until(f"the people of {application}", look)

    def waits(self, subject: Subject, count: int) -> bool:
        """Wait until `count` states of a record are decided, and tell whether what the newest tells is still to come."""

        def look() -> Happening | None:
            found = self._happenings(subject)
            decided = len(found) >= count and all(one.state is not InboxState.NEW for one in found)
            return found[-1] if decided else None

        newest = self.patience.until(f"{subject[2]} to be decided", look)
        return any(telling.state is NoticeState.WAITING for telling in newest.tellings)

    def newest(self, subject: Subject, tellings: int = 1) -> Happening:
        """Wait until the newest state of a record told so many recipients, and all that it told is settled."""

        def look() -> Happening | None:
            found = self._happenings(subject)[-1:]
            return next((one for one in found if len(one.tellings) >= tellings and _over(one)), None)

        return self.patience.until(f"{subject[2]} to be told", look)

    def failure(self, source: str) -> str:
        """Wait until asking `source` fails, and return what the ledger says of it."""

        def look() -> str | None:
            with self.ledger.read() as connection:
                return next((poll.failure for poll in heard(connection, source).polls if poll.failure), None)

        return self.patience.until(f"a failed call to {source}", look)

    def refused(self, reason: str, count: int) -> int:
        """Wait until at least `count` pushes are counted as refused for `reason`, and return how many are."""

        def look() -> int | None:
            found = self.tally().refused.get(reason, 0)
            return found if found >= count else None

        return self.patience.until("the refused push to be counted", look)

    def arrived(self, count: int) -> Tally:
        """Wait until so many events have arrived and all of them are decided."""

        def look() -> Tally | None:
            found = self.tally()
            return found if found.accepted >= count and not found.undecided else None

        return self.patience.until(f"{count} events", look)

    def quiet(self) -> Tally:
        """Wait until nothing is undecided, waiting or on its way, and return the counts."""

        def look() -> Tally | None:
            found = self.tally()
            return None if found.undecided or found.waiting or found.on_their_way else found

        return self.patience.until("the ledger to come to rest", look)

    def tally(self) -> Tally:
        """Return the ledger's counts."""
        return tally(self.ledger)

    def shown(self, told: Sequence[Telling]) -> list[Message]:
        """Return the messages in the chat that carry these notices, each once."""
        keys = [sending.key for telling in told for sending in telling.messages]
        with self.ledger.read() as connection:
            query = select(message.c.key, message.c.handle).where(message.c.key.in_(keys))
            known = {name for row in connection.execute(query) for name in row if name}
        return [one for one in self.chat.messages() if one.key in known]

    def facts(self, number: str) -> int:
        """Return how many facts in the chat tell of a number."""
        return numbers(self.chat.messages()).count(number)

    def sentences(self, one: Happening) -> Iterator[str]:
        """Say what became of an event; of routes that merely did not ask for it only when none did."""
        for telling in one.tellings:
            yield self.told(telling)
        verdicts = one.ruling.verdicts if one.ruling else ()
        for verdict in verdicts:
            if not verdict.route:
                yield _OF_THE_WHOLE[verdict.reason]
            elif verdict.reason is Reason.SHADOW:
                yield f"route {verdict.route} would have told it, but is on trial: nothing is sent (shadow)"
        if verdicts and all(verdict.reason is Reason.FILTERED for verdict in verdicts):
            routes = "its one route" if len(verdicts) == 1 else f"{len(verdicts)} routes"
            yield f"no route asks for that: told to nobody (filtered by {routes})"

    def told(self, telling: Telling) -> str:
        """Say what became of a notice."""
        name = self.chat.name(telling.destination)
        if telling.state is NoticeState.HELD:
            return f"held for a person to decide: {telling.reason} ({telling.detail})"
        if telling.state is not NoticeState.SHOWN:
            return f"{name}: {telling.state.name.lower()}"
        shown = next(iter(self.shown([telling])), None)
        if shown is None:
            return f"the ledger says that {name} was told, and the chat does not show it"
        without = f", with {shown.withheld} field withheld" if shown.withheld else ""
        digest = f" in a digest of {len(shown.facts)}" if len(shown.facts) > 1 else ""
        alone = ", one to one" if person_of(telling.destination) else ""
        return f"→ {name} is told{alone}{digest}{without}: {shown.title}"

    def _happenings(self, subject: Subject) -> list[Happening]:
        with self.ledger.read() as connection:
            return happenings(self.ledger, connection, subject)


def _over(one: Happening) -> bool:
    return one.state is not InboxState.NEW and all(telling.state in SETTLED for telling in one.tellings)
