"""Carrying decisions out: read again, ask whether the person may, write on a condition, read back.

Before the source is asked to write, the ledger says so; from then on only the source tells what became of it. Where no
answer came, it is looked up and never written a second time; a worker that was lost between both repeats the same
decision under its own key, which a source carries out once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import redis
import structlog
from sqlalchemy.exc import SQLAlchemyError

from connectors.contract import (
    Acted,
    Authorises,
    Effect,
    Misconfigured,
    Record,
    Ref,
    Retryable,
    Unread,
)
from pipelines.plan import Lane, Plan
from worker.actions.ending import Ending, ended, failed, given_up, moved, saying_later, saying_unknown
from worker.actions.scene import Scene, scene
from worker.asking import Asking, Source, after, said
from worker.ledger import actions, arrivals, cards, cursors
from worker.ledger.actions import Claimed, Why
from worker.ledger.cards import Said
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.tables import ActionState, CardState
from worker.limiter import Limiter

log = structlog.get_logger()

LEASE_S = 300.0
QUOTA_S = 5.0
"""How long one call waits for the source's quota."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How an action waits, in seconds: between tries, for a source that does not take it, and between looks.

    `looks` are the pauses before each look at what became of a write without an answer; `longest_look` is how long a
    source that cannot even be read is waited for.
    """

    again: float = 5.0
    longest: float = 300.0
    patience: float = 3600.0
    looks: tuple[float, ...] = (2.0, 10.0, 30.0, 120.0, 300.0)
    longest_look: float = 24 * 3600.0

    def pause(self, looks: int) -> float:
        """Return how long to wait after so many looks."""
        return self.looks[min(looks, len(self.looks) - 1)]


class Overtaken(Exception):
    """Our lease was over and another worker carries this action out now."""


class Carrier:
    """Carries out what was heard, one action after the other; several workers share them by their leases."""

    def __init__(
        self,
        ledger: Ledger,
        limiter: Limiter,
        plan: Plan,
        sources: Mapping[str, Source],
        worker: str,
        committed: Callable[[], None],
    ) -> None:
        self._ledger = ledger
        self._ask = Asking(ledger, limiter, Lane.APPROVAL, QUOTA_S)
        self._plan = plan
        self._sources = sources
        self._owner = f"{worker[:48]} {secrets.token_hex(4)}"
        self._committed = committed
        self._interrupted = False
        self.pace = Pace()

    def step(self) -> bool:
        """Carry one action on; false when none is due. Raises what the ledger raises."""
        with self._ledger.write() as connection:
            if self._interrupted:
                # the ledger failed in the middle of one: what stands of it is the truth
                actions.give_back(connection, self._owner)
            one = actions.claim(connection, self._owner, self._ledger.now(connection), LEASE_S)
        if one is None:
            return False
        self._interrupted = True
        try:
            self._carry(one)
        except Overtaken:
            log.warning("another worker carries this action out", action=one.id)
        self._interrupted = False
        return True

    def _carry(self, one: Claimed) -> None:
        of = scene(self._ledger, self._plan, self._sources, one)
        if of is None:
            self._end(one, None, failed(Why.NO_SOURCE, "the configuration has no such source that is written back to"))
            return
        match one.state:
            case ActionState.HEARD:
                self._decide(of)
            case ActionState.WRITING:
                # it may be done already: its key, and the state that it was seen in, keep it from being done twice
                self._write(of)
            case _:
                self._look(of)

    def _decide(self, of: Scene) -> None:
        """See whether what the card shows still holds and whether the person may; then write."""
        try:
            present = self._read(of)
            ending = moved(of, present)
            if ending is None and isinstance(of.source.client, Authorises):
                ending = self._unauthorised(of, of.source.client)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a source does, nothing was written so far
            self._not_begun(of, error)
            return
        if ending is not None:
            self._end(of.one, of, ending)
            return
        self._hold(of.one)
        self._write(of)

    def _read(self, of: Scene) -> Record:
        _, kind, id_ = of.one.subject
        found = self._ask(of.source, lambda: of.reads.read(kind, [id_]))
        for each in found:
            if isinstance(each, Unread):
                raise Retryable("the record cannot be read as it stands now")
            if each.id == id_:
                return each
        raise Retryable("the source does not show the record")

    def _unauthorised(self, of: Scene, client: Authorises) -> Ending | None:
        answer = self._ask(of.source, lambda: client.may(of.one.actor, of.decision))
        return None if answer.allowed else ended(of, Acted(Effect.DENIED, reason=answer.reason))

    def _write(self, of: Scene) -> None:
        """Have the source do it, and settle by what it says; without an answer, look it up from now on."""
        try:
            acted = self._ask(of.source, lambda: of.acts.act(of.decision))
        except (Retryable, redis.RedisError) as error:
            self._ask.heed(error)
            self._later(of, error)
        except Misconfigured as error:
            # what was tried before may be done, whoever has to repair the connection now
            self._not_begun(of, error) if of.one.state is ActionState.HEARD else self._later(of, error)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, it may have been written
            self._unknown(of, error)
        else:
            self._end(of.one, of, ended(of, acted))

    def _unknown(self, of: Scene, error: Exception) -> None:
        """Look from now on what became of it; what was being looked up goes on being so."""
        sentence, detail = said(error)
        log.warning("what became of an action is not known", action=of.one.id, error=sentence, detail=detail)
        again = of.one.state is ActionState.UNKNOWN
        looks, saying = (of.one.looks + 1, None) if again else (0, saying_unknown())
        state = int(ActionState.UNKNOWN)
        self._rest(of.one, self.pace.pause(looks), saying, state=state, looks=looks, detail=sentence[:512])

    def _look(self, of: Scene) -> None:
        """Look what became of a write without an answer. Only where it is done or undone by now is the source asked."""
        if of.one.looks >= len(self.pace.looks):
            self._end(of.one, of, given_up(of, Why.NOT_SEEN))
            return
        try:
            present = self._read(of)
            ours = not present.deleted and present.version == of.one.version and of.same(present)
            client = of.source.client
            if ours and isinstance(client, Authorises):
                ours = self._ask(of.source, lambda: client.may(of.one.actor, of.decision)).allowed
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - a look without an answer tells nothing
            self._later(of, error, longest=self.pace.longest_look)
            return
        if ours:
            looks = of.one.looks + 1
            self._rest(of.one, self.pace.pause(looks), looks=looks)
        else:
            # the record is another by now, so that this writes nothing and tells whose doing that was
            self._write(of)

    def _not_begun(self, of: Scene, error: Exception) -> None:
        if isinstance(error, Misconfigured):
            self._end(of.one, of, failed(Why.MISCONFIGURED, said(error)[0], of))
            return
        self._ask.heed(error)
        self._later(of, error)

    def _later(self, of: Scene, error: Exception, *, longest: float | None = None) -> None:
        """Try again later, and say so on the card; after the source's time is up, give up."""
        sentence, detail = said(error)
        log.warning("an action waits", action=of.one.id, source=of.source.name, error=sentence, detail=detail)
        if now() - of.one.heard_at > (longest or self.pace.patience) * MICROSECONDS:
            self._end(of.one, of, given_up(of, Why.NO_ANSWER if of.one.state is ActionState.HEARD else Why.NOT_SEEN))
            return
        wait = after(error)
        seconds = min(self.pace.longest, self.pace.again * 2 ** min(of.one.attempts - 1, 10))
        first = of.one.state is not ActionState.UNKNOWN and of.one.attempts == 1
        self._rest(
            of.one,
            max(wait.total_seconds() if wait else 0.0, seconds),
            saying_later(of) if first else None,
            reason=str(Why.WAITS),
            detail=sentence[:512],
        )

    def _hold(self, one: Claimed) -> None:
        """Say that the source is about to be asked to do it."""
        with self._ledger.write() as connection:
            lease_until = self._ledger.now(connection) + int(LEASE_S * MICROSECONDS)
            if not actions.keep(connection, one, state=int(ActionState.WRITING), lease_until=lease_until):
                raise Overtaken

    def _rest(self, one: Claimed, seconds: float, saying: Said | None = None, **values: object) -> None:
        """Give an action back, to be looked at again after so many seconds."""
        with self._ledger.write() as connection:
            at = self._ledger.now(connection)
            due_at = at + int(seconds * MICROSECONDS)
            if not actions.keep(connection, one, lease_until=0, due_at=due_at, **values):
                raise Overtaken
            if saying is not None:
                cards.say(self._ledger, connection, one.card, saying, at)

    def _end(self, one: Claimed, of: Scene | None, ending: Ending) -> None:
        """Settle an action, with the card, and with the state that was read back, in one transaction."""
        record = _our_doing(one, ending)
        with self._ledger.write() as connection:
            at = self._ledger.now(connection)
            if not actions.settle(connection, one, ending.settled, at):
                raise Overtaken
            if of is not None:
                cards.move(connection, one.card, ending.card, ending.version)
                cursors.observe(self._ledger, connection, of.source.take_observed())
            else:
                cards.move(connection, one.card, CardState.OPEN)
            cards.say(self._ledger, connection, one.card, ending.said, at)
            rows = []
            if record is not None:
                received_at, sealer = now(), self._ledger.sealer
                rows = [arrivals.row(record, received_at=received_at, pushed=True, baseline=False, sealer=sealer)]
            added = arrivals.add(self._ledger, connection, rows)
        log.info("action settled", action=one.id, state=ending.settled.state.name.lower(), why=ending.settled.why)
        if added:
            self._committed()


def _our_doing(one: Claimed, ending: Ending) -> Record | None:
    """Return the state that was read back, as the change of the person who decided, whoever wrote it for them."""
    record = ending.record
    if record is None or ending.settled.state is not ActionState.DONE:
        return record
    theirs = record.changed_by is not None and record.changed_by.id == one.actor
    return record if theirs else replace(record, changed_by=Ref("", one.actor))
