"""Who of a destination's readers is cleared for the records that messages tell of, by what their sources let them read."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from pipelines.notice import Notice
from pipelines.outgoing import asked, seen_of
from pipelines.plan import Destination, Plan
from worker.clearing import Clearing
from worker.ledger import disclosures
from worker.ledger.engine import Ledger
from worker.sights import Looked, Sights, Viewer, Wanted

Facts = Sequence[tuple[Destination, frozenset[str]]]
"""Of each fact of a message: its destination with the readers as they are cleared for its record, and the classes shown."""


@dataclass(frozen=True, slots=True)
class ToldOf:
    """What messages show, by message; one of which something is not known any more is not among them.

    For those in `open` a source's answer is awaited, for those in `failed` it could not be had. `until` is how long the
    answers hold, by the monotonic clock.
    """

    shown: Mapping[int, Facts] = field(default_factory=dict)
    open: frozenset[int] = frozenset()
    failed: frozenset[int] = frozenset()
    until: float = math.inf


@dataclass(frozen=True, slots=True)
class ByRecord:
    """Answers for one plan, by what `sights` asks the sources."""

    ledger: Ledger
    plan: Plan
    clearing: Clearing
    sights: Sights

    def seen(
        self, connection: Connection, destination: Destination, notices: Sequence[Notice], *, each: bool = False
    ) -> tuple[Destination, Looked]:
        """Return a destination with what sources let its readers see of records, and what is still to be answered.

        With `each` it is asked about each reader, even where one of them whom nobody can ask about decides for all.
        """
        at, wanted = self.ledger.now(connection), []
        for (source, kind, record_id), sought in asked(self.plan, destination, notices).items():
            actors = self.clearing.actors(connection, destination.application, source, sought.users, at)
            if each or sought.apart or len(actors) == len(sought.users):
                of = ((Viewer(source, kind, actor), user) for user, actor in actors.items())
                wanted += [Wanted(viewer, user, record_id, sought.seq) for viewer, user in of]
        looked = self.sights.look(wanted) if wanted else Looked()
        if destination.audience is None or not looked.sees:
            return destination, looked
        return replace(destination, audience=replace(destination.audience, sees=looked.sees)), looked

    def told(self, connection: Connection, destination: Destination, messages: Sequence[int]) -> ToldOf:
        """Return what these messages show to a destination's readers, and what sources let these see of it now."""
        carried = disclosures.carried(self.ledger, connection, messages)
        destination, looked = self.seen(
            connection, destination, [one.notice for one in carried if one.notice], each=True
        )
        shown: defaultdict[int, list[tuple[Destination, frozenset[str]]]] = defaultdict(list)
        lost: set[int] = set()
        for one in carried:
            seen = seen_of(self.plan, destination, one.notice, one.withheld) if one.notice else None
            if seen is None:
                lost.add(one.message_id)
            else:
                shown[one.message_id].append(seen)
        known = {id_: each for id_, each in shown.items() if id_ not in lost}
        of_open, of_failed = (
            frozenset(one.message_id for one in carried if one.notice and one.notice.subject in subjects)
            for subjects in (looked.open, looked.failed)
        )
        return ToldOf(known, of_open, of_failed, looked.until)
