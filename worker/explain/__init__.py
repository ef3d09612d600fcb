"""Why somebody was told, or was not: the whole way of a record in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from pipelines.plan import Plan
from pipelines.verdict import Reason, Verdict
from worker.explain.deeds import told
from worker.explain.events import Scene, arrived, overall, scenes, troubled, unmoved, untold
from worker.explain.person import Personally, find
from worker.explain.sentences import Tale
from worker.explain.silence import silence
from worker.explain.story import Chapter, Passage, Said, Story, Voice, say
from worker.explain.ways import Way
from worker.ledger import actions, history, peace, timers
from worker.ledger.decisions import Subject
from worker.ledger.engine import Ledger
from worker.ledger.heard import quotas
from worker.ledger.plans import Plans

__all__ = ["Ambiguous", "Story", "explain", "say"]


def explain(ledger: Ledger, what: str, plans: Plans, now: datetime, zone: str = "UTC", person: str = "") -> Story:
    """Return the story of what an operator asks about; see `worker.ledger.history.find` for what `what` may be.

    `now` is aware; times are told in `zone`, an IANA name. What is not known gives a story of silence: when its source
    was last heard of. With `person`, a user id or a name, it is of what they got and did not get, and why. Raises
    `Ambiguous` where several people have the name.
    """
    voice = Voice(now, zone)
    with ledger.read() as connection:
        found = history.find(ledger, connection, what)
        if not found.subjects:
            return Story(what, zone, (), tuple(silence(connection, what, plans, voice)))
        teller = _Teller(ledger, connection, plans, voice, _personally(ledger, connection, plans, voice, person))
        return Story(what, zone, tuple(teller.chapter(subject, found.seqs) for subject in found.subjects))


class Ambiguous(Exception):
    """Several people have a name."""


def _personally(ledger: Ledger, connection: Connection, plans: Plans, voice: Voice, person: str) -> Personally | None:
    if not person:
        return None
    plan = plans.newest() or Plan("", {}, (), {})
    found = find(ledger, connection, plan, person)
    if len(found) > 1:
        raise Ambiguous(f"several people are called {person}: give one of the user ids {', '.join(found)}")
    return Personally(ledger, connection, found[0], plan, voice)


class _Teller:
    """Tells record by record over one connection, with `personally` only of what concerns one person."""

    def __init__(
        self, ledger: Ledger, connection: Connection, plans: Plans, voice: Voice, personally: Personally | None
    ) -> None:
        self._personally = personally
        self._ledger = ledger
        self._connection = connection
        self._plans = plans
        self._voice = voice
        self._quotas = quotas(connection)
        self._rests = peace.rests(connection)

    def chapter(self, subject: Subject, seqs: frozenset[int] | None) -> Chapter:
        happened = history.happenings(self._ledger, self._connection, subject)
        notices = {telling.id: telling for one in happened for telling in one.tellings}
        deeds = actions.of_record(self._connection, subject)
        passages = []
        number = url = ""
        for scene in scenes(happened, self._plans, self._voice):
            one = scene.happening
            if one.record is not None:
                number, url = one.record.number or number, one.record.url or url
            if seqs is None or one.seq in seqs:
                decided = [said for deed in deeds if deed.seq == one.seq for said in told(deed, self._voice)]
                passages.append(Passage(one.seq, (*self._passage(scene, notices), *decided)))
        if passages and passages[-1].seq == happened[-1].seq:
            last = passages[-1]
            passages[-1] = replace(last, said=(*last.said, *self._waiting(subject)))
        return Chapter(*subject, number, url, tuple(passages))

    def _passage(self, scene: Scene, notices: dict[int, history.Telling]) -> Iterator[Said]:
        yield arrived(scene, self._voice)
        if (trouble := troubled(scene, self._voice)) is not None:
            yield trouble
        if scene.ruling is None:
            return
        one = scene.happening
        if not scene.ruling.verdicts:
            yield self._voice.say(Tale.NO_ROUTE, scene.ruling.at, source=one.source, kind=one.kind)
        for verdict in scene.ruling.verdicts:
            mine = [telling for telling in one.tellings if telling.route == verdict.route]
            if not verdict.route:
                yield overall(scene, verdict, self._voice)
            elif not mine or verdict.reason is Reason.WAITS:
                yield untold(scene, verdict, self._voice)
            yield from self._told(scene, mine, verdict, notices)
        yield from self._timed(scene, notices)

    def _told(
        self, scene: Scene, mine: list[history.Telling], verdict: Verdict, notices: dict[int, history.Telling]
    ) -> Iterator[Said]:
        """Tell of the notices of one route, or of those that one person reads."""
        one = self._personally
        if one is None:
            for telling in mine:
                yield from self._way(scene, telling, notices).told(verdict)
            return
        places = [(telling, place) for telling in mine if (place := one.place(telling.destination)) is not None]
        if mine and not places:
            yield from one.unread(verdict.route, mine)
        for telling, place in places:
            yield place.said
            yield from self._way(scene, telling, notices).told(verdict)
            yield from one.got(telling, place)
            yield from one.sees(scene, telling)

    def _timed(self, scene: Scene, notices: dict[int, history.Telling]) -> Iterator[Said]:
        """Tell what came of timers that no verdict of this arrival speaks of."""
        one = scene.happening
        judged = {verdict.route for verdict in scene.ruling.verdicts} if scene.ruling else set()
        yield from unmoved(scene, self._voice)
        for route in dict.fromkeys(telling.route for telling in one.tellings if telling.route not in judged):
            mine = [telling for telling in one.tellings if telling.route == route]
            yield from self._told(scene, mine, Verdict(route, Reason.WAITS), notices)

    def _way(self, scene: Scene, telling: history.Telling, notices: dict[int, history.Telling]) -> Way:
        return Way(self._connection, scene, telling, notices, self._quotas, self._rests, self._voice)

    def _waiting(self, subject: Subject) -> Iterator[Said]:
        for route, due in sorted(timers.of_record(self._connection, subject).items()):
            yield self._voice.say(Tale.WAITS_UNTIL, route=route, due=self._voice.clock(due))
