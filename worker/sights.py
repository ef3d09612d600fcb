"""Asking sources what people may read of records, beside the turns of dispatch: a slow source stops no other record."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from connectors.contract import Authorises, Retryable
from pipelines.plan import Lane
from worker.asking import Asking, Source, Sources, after, said
from worker.ledger.audiences import Ages
from worker.ledger.engine import Ledger
from worker.limiter import Limiter

log = structlog.get_logger()

AT_ONCE = 3
"""Questions that one source is asked at once by one worker."""

RECORDS = 100
"""Records in one question."""

PATIENCE_S = 5.0
"""How long a question waits for the source's quota."""

AGAIN_S = 5.0
"""After how long it is asked again what could not be answered, and where nobody said when."""

LONGEST_S = 30.0
"""How long a fact waits for a source's answer."""

KEPT = 20_000
"""Answers that are kept before it is looked which of them are too old."""

Subject = tuple[str, str, str]
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user of a source who may or may not read records of a kind."""

    source: str
    kind: str
    actor: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be known: what `viewer`, the channel's `user`, may read of a record as it is since the arrival `seq`."""

    viewer: Viewer
    user: str
    record_id: str
    seq: int

    @property
    def subject(self) -> Subject:
        """The record."""
        return (self.viewer.source, self.viewer.kind, self.record_id)


@dataclass(frozen=True, slots=True)
class Looked:
    """What is known: the fields that people may read, as paths, by record and user id.

    Of records in `open` somebody's answer is awaited, of those in `failed` somebody's could not be had. `until` is how
    long the answers hold, by the monotonic clock.
    """

    sees: Mapping[Subject, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    open: frozenset[Subject] = frozenset()
    failed: frozenset[Subject] = frozenset()
    until: float = math.inf


@dataclass(frozen=True, slots=True)
class _Answer:
    """`fields` None: it could not be had."""

    until: float
    fields: frozenset[str] | None


_State = tuple[str, int]
"""A record of a viewer's source and kind, as it is since an arrival."""


class Sights:
    """Asks a few questions at once of each source, each once at a time; `woken` is called after each answer."""

    def __init__(self, ledger: Ledger, limiter: Limiter, woken: Callable[[], None], ages: Ages) -> None:
        self._asking = Asking(ledger, limiter, Lane.URGENT, PATIENCE_S)
        self._woken = woken
        self._listed_s = ages.listed.total_seconds()
        self._lock = threading.Lock()
        self.follow({})

    def follow(self, sources: Sources) -> None:
        """Ask these sources from now on; what others answered counts no more."""
        with self._lock:
            self._sources = sources
            self._answers: dict[tuple[Viewer, _State], _Answer] = {}
            self._since: dict[tuple[Viewer, _State], float] = {}
            self._queue: defaultdict[Viewer, set[_State]] = defaultdict(set)
            self._blocked: dict[str, float] = {}
            self._threads: Counter[str] = Counter()

    def look(self, wanted: Collection[Wanted]) -> Looked:
        """Return what is known, and have the rest asked for. Who of a source cannot be asked at all sees nothing."""
        sees: defaultdict[Subject, dict[str, frozenset[str]]] = defaultdict(dict)
        awaited, failed, until = set(), set(), math.inf
        with self._lock:
            at = time.monotonic()
            for one in wanted:
                answer = self._answer(one.viewer, (one.record_id, one.seq), at)
                if answer is None:
                    awaited.add(one.subject)
                elif answer.fields is None:
                    failed.add(one.subject)
                else:
                    sees[one.subject][one.user] = answer.fields
                    until = min(until, answer.until)
            self._start()
        return Looked(dict(sees), frozenset(awaited), frozenset(failed), until)

    def _answer(self, viewer: Viewer, state: _State, at: float) -> _Answer | None:
        """Return what is known of one question; None: it is going to be answered."""
        source, key = self._sources.get(viewer.source), (viewer, state)
        if source is None or not isinstance(source.client, Authorises):
            return _Answer(math.inf, NOTHING)
        known = self._answers.get(key)
        if known is not None and known.until > at:
            return known
        if (blocked := self._blocked.get(viewer.source, 0.0)) > at:
            return _Answer(blocked, None)
        if key not in self._since:
            self._since[key] = at
            self._queue[viewer].add(state)
        return None if at - self._since[key] < LONGEST_S else _Answer(at, None)

    def _start(self) -> None:
        for name in {viewer.source for viewer in self._queue}:
            asked = sum(viewer.source == name for viewer in self._queue)
            for _ in range(min(asked, AT_ONCE - self._threads[name])):
                self._threads[name] += 1
                of = (self._sources, self._threads)
                threading.Thread(target=self._run, args=(name, *of), name=f"sights-{name}", daemon=True).start()

    def _run(self, name: str, sources: Sources, threads: Counter[str]) -> None:
        """Put the questions that a source has, until there are none or others are followed."""
        while (question := self._next(name, sources, threads)) is not None:
            viewer, states = question
            self._ask(sources[name], viewer, states)
            self._woken()

    def _next(self, name: str, sources: Sources, threads: Counter[str]) -> tuple[Viewer, Sequence[_State]] | None:
        with self._lock:
            viewer = next((each for each in self._queue if each.source == name), None)
            if sources is not self._sources or viewer is None:
                threads[name] -= 1
                return None
            states = self._queue.pop(viewer)
            some = sorted(states)[:RECORDS]
            if len(some) < len(states):
                self._queue[viewer] = states.difference(some)
            return viewer, some

    def _ask(self, source: Source, viewer: Viewer, states: Sequence[_State]) -> None:
        ids = list(dict.fromkeys(id_ for id_, _ in states))
        began = time.monotonic()
        seen: Mapping[str, frozenset[str]] | None = None
        until = began + self._listed_s
        try:
            seen = self._asking(source, lambda: _sees(source, viewer, ids))
        except Exception as error:  # noqa: BLE001 - whatever a source does, nobody is cleared by it, and others go on
            until = self._failed(viewer, error)
        with self._lock:
            if source is not self._sources.get(viewer.source):
                return
            if len(self._answers) > KEPT:
                self._answers = {key: each for key, each in self._answers.items() if each.until > began}
            for state in states:
                self._since.pop((viewer, state), None)
                fields = None if seen is None else seen.get(state[0], NOTHING)
                self._answers[viewer, state] = _Answer(until, fields)

    def _failed(self, viewer: Viewer, error: Exception) -> float:
        """Tell the log, leave a source alone that is busy or away; returns when to ask again."""
        sentence, detail = said(error)
        log.warning(
            "a source could not be asked what somebody sees", source=viewer.source, error=sentence, detail=detail
        )
        self._asking.heed(error)
        wait = after(error)
        until = time.monotonic() + (AGAIN_S if wait is None else max(wait.total_seconds(), AGAIN_S))
        if isinstance(error, Retryable):
            with self._lock:
                self._blocked[viewer.source] = until
                for each in [one for one in self._queue if one.source == viewer.source]:
                    for state in self._queue.pop(each):
                        self._since.pop((each, state), None)
        return until


def _sees(source: Source, viewer: Viewer, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
    if not isinstance(source.client, Authorises):
        raise TypeError(f"the connector of '{source.name}' does not tell what its users see")
    return source.client.sees(viewer.actor, viewer.kind, ids)
