"""What can be said of a record that never arrived: when its source was last heard of."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from worker.explain.sentences import Tale
from worker.explain.story import Said, Voice
from worker.ledger.heard import Heard, heard, sources
from worker.ledger.plans import Plans


def silence(connection: Connection, what: str, plans: Plans, voice: Voice) -> Iterator[Said]:
    """Tell that `what` never arrived, and when its source, or every source, was last heard of."""
    yield voice.say(Tale.NEVER_SENT, what=what)
    plan = plans.newest()
    known = sources(connection) | {source for source, _ in (plan.kinds if plan else ())}
    meant = known & {what.partition(".")[0]} or known
    if not meant:
        yield voice.say(Tale.NO_SOURCES)
    for name in sorted(meant):
        yield from _last_heard(heard(connection, name), voice)


def _last_heard(of: Heard, voice: Voice) -> Iterator[Said]:
    for poll in of.polls:
        polled = Tale.NEVER_POLLED if poll.succeeded_at is None else Tale.POLLED
        yield voice.say(polled, poll.succeeded_at, source=of.source, kind=poll.kind)
        if poll.failure:
            yield voice.say(Tale.POLL_FAILS, source=of.source, kind=poll.kind, why=poll.failure)
    yield voice.say(Tale.NEVER_PUSHED if of.pushed_at is None else Tale.LAST_PUSH, of.pushed_at, source=of.source)
    for one in of.refusals:
        reason = one.reason.replace("_", " ")
        yield voice.say(Tale.REFUSALS, one.last_at, source=of.source, count=one.count, reason=reason)
    if not of.refusals:
        yield voice.say(Tale.NO_REFUSALS, source=of.source)
