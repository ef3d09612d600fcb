"""Of several waiting states of one record only the newest is told, with what the reader last knew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.notice import Notice


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice with its id in the ledger, and how often it was sent without an answer.

    `deciders` are the channel's user ids of who decides what it asks; `own`: its one reader made the change. `since` is when
    it was decided (aware), `waited`: it had to wait, and shares a message with whatever else had to. `muted` is until when
    (aware) its one reader mutes its route, which may be over.
    """

    id: int
    notice: Notice
    unanswered: int = 0
    deciders: tuple[str, ...] = ()
    own: bool = False
    since: datetime | None = None
    waited: bool = False
    muted: datetime | None = None


def supersede(waiting: Sequence[Waiting]) -> tuple[list[Waiting], list[tuple[int, int]]]:
    """Return the newest of each record and route, in order of arrival, and pairs (superseded id, by which id).

    The survivor's `before` is what the oldest of them knew, so that the text tells of every change since the last
    message; a field that came back to what it was is no change.
    """
    newest: dict[tuple[str, tuple[str, str, str]], Waiting] = {}
    gone: list[tuple[int, int]] = []
    for one in sorted(waiting, key=lambda w: w.notice.order):
        key = (one.notice.route, one.notice.subject)
        older = newest.pop(key, None)
        if older is None:
            newest[key] = one
            continue
        gone.append((older.id, one.id))
        before = {**one.notice.before, **older.notice.before}
        before = {name: value for name, value in before.items() if one.notice.fields.get(name) != value}
        newest[key] = replace(
            one,
            own=one.own and older.own,
            waited=one.waited or older.waited,
            notice=replace(one.notice, before=before, new=older.notice.new or one.notice.new),
        )
    last = dict(gone)
    return list(newest.values()), [(old, _follow(new, last)) for old, new in gone]


def _follow(id_: int, last: dict[int, int]) -> int:
    while id_ in last:
        id_ = last[id_]
    return id_
