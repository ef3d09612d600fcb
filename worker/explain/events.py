"""What was decided about each arrival, with the values that the routes saw then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.case import Case, Event, KindProgram, open_case
from pipelines.chain import decide
from pipelines.notice import State
from pipelines.plan import Plan, Route, destination_of
from pipelines.stages.address import meant
from pipelines.verdict import HELD, Reason, Verdict
from pipelines.waiting import DELETED
from worker.explain.sentences import WHY_HELD, Tale
from worker.explain.story import Said, Voice, span
from worker.explain.values import Seen, labels
from worker.ledger.history import Happening, Ruling
from worker.ledger.plans import Plans
from worker.ledger.tables import InboxState


@dataclass(frozen=True, slots=True)
class Scene:
    """One arrival with the plan of its time. `case` is None where its content or its plan is gone."""

    happening: Happening
    ruling: Ruling | None
    plan: Plan | None
    of: KindProgram | None
    case: Case | None

    def route(self, name: str) -> Route | None:
        """Return a route as it was."""
        return next((route for route in self.plan.routes if route.name == name), None) if self.plan else None

    def why(self, reason: Reason, detail: str, destination: str = "") -> str:
        """Return why something is held, as the clause after "because"."""
        label = labels(self.of).get(detail, detail)
        return WHY_HELD[reason].format(label=label, destination=destination)


def scenes(happenings: Sequence[Happening], plans: Plans, voice: Voice) -> Iterator[Scene]:
    """Give each arrival of one record with what was known before it, by deciding again with the plans of then."""
    known: State | None = None
    for one in happenings:
        ruling, record = one.ruling, one.record
        plan = plans.get(ruling.plan_id) if ruling else None
        of = plans.programs(ruling.plan_id).get((one.source, one.kind)) if ruling else None
        if ruling is None or record is None or of is None:
            yield Scene(one, ruling, plan, of, None)
            continue
        event, at = Event(one.seq, record, one.baseline, known), voice.instant(ruling.at)
        yield Scene(one, ruling, plan, of, open_case(of, event, at))
        known = decide(of, event, at).state or known


def arrived(scene: Scene, voice: Voice) -> Said:
    """Tell how a state came, and when by the source's clock."""
    one, record = scene.happening, scene.happening.record
    occurred: datetime | int = one.stamp if record is None else record.occurred_at or record.stamp
    return voice.say(
        Tale.PUSHED if one.pushed else Tale.FOUND,
        one.received_at,
        source=one.source,
        what=f"{one.kind} {(record and record.number) or one.record_id}",
        seq=one.seq,
        occurred=voice.clock(occurred),
    )


def troubled(scene: Scene, voice: Voice) -> Said | None:
    """Tell why an arrival was not decided, or why its content is gone; None when all is well."""
    one = scene.happening
    if one.state is InboxState.UNREADABLE:
        at, why = (one.entry.at, one.entry.detail) if one.entry else (None, one.trouble)
        return voice.say(Tale.UNREADABLE, at, why=why)
    if one.state is InboxState.NEW:
        return voice.say(Tale.UNDECIDED)
    return voice.say(Tale.ERASED, why=one.trouble) if one.record is None else None


def overall(scene: Scene, verdict: Verdict, voice: Voice) -> Said:
    """Tell a verdict about the event as a whole."""
    one, ruling = scene.happening, scene.ruling
    known = scene.case.event.known if scene.case else None
    return voice.say(
        verdict.reason,
        ruling.at if ruling else None,
        source=one.source,
        kind=one.kind,
        stamp=voice.clock(one.stamp),
        known=voice.clock(known.stamp) if known else "a later time",
    )


def unmoved(scene: Scene, voice: Voice) -> Iterator[Said]:
    """Tell of timers that were due and told nobody."""
    for entry in scene.happening.timed:
        route = entry.detail.partition(" ")[0]
        if entry.reason == Reason.FILTERED:
            yield voice.say(Tale.TIME_PASSED, entry.at, route=route)
        elif entry.reason in {Reason.MET, Reason.ACTED}:
            yield voice.say(Reason(entry.reason), entry.at, route=route)
        elif entry.reason == Reason.SHADOW:
            yield voice.say(Tale.TIME_TRIAL, entry.at, route=route)


def _waits(scene: Scene, name: str, at: int | None, voice: Voice) -> Said:
    route = scene.route(name)
    wait, expects = (route.wait, route.expects) if route else (None, None)
    if wait is not None and expects is not None:
        of, label = expects.asks, labels(scene.of).get(expects.of, expects.of)
        after = span(wait.after.total_seconds())
        return voice.say(Tale.EXPECTS, at, route=name, source=of.source, kind=of.kind, label=label, span=after)
    if wait is not None and wait.by is not None:
        return voice.say(Tale.WAITS_BY, at, route=name, time=f"{wait.by.at:%H:%M}", zone=wait.by.zone)
    return voice.say(Reason.WAITS, at, route=name, span=span(wait.after.total_seconds()) if wait else "a time")


def _whom(scene: Scene, route: Route | None) -> str:
    if route is None:
        return "its destinations"
    asked = next((each for each in scene.of.routes if each.route == route), None) if scene.of else None
    recipients = meant(asked, scene.case) if asked and scene.case else route.to
    return ", ".join(dict.fromkeys(map(destination_of, recipients)))


def untold(scene: Scene, verdict: Verdict, voice: Voice) -> Said:
    """Tell why one route made no notice."""
    at = scene.ruling.at if scene.ruling else None
    route = scene.route(verdict.route)
    if verdict.reason in HELD:
        return voice.say(Tale.TRIAL_HELD, at, route=verdict.route, why=scene.why(verdict.reason, verdict.detail))
    if verdict.reason is Reason.SHADOW:
        return voice.say(Reason.SHADOW, at, route=verdict.route, destination=_whom(scene, route))
    if verdict.reason is Reason.WAITS:
        return _waits(scene, verdict.route, at, voice)
    if verdict.reason in {Reason.TAKEN, Reason.UNCHANGED}:
        key = Tale.NOTHING_NEW if verdict.reason is Reason.UNCHANGED else Reason.TAKEN
        return voice.say(key, at, route=verdict.route, check=verdict.detail)
    if route is None or scene.of is None or scene.case is None:
        return voice.say(verdict.reason, at, route=verdict.route, check=verdict.detail, destination="")
    return _unmet(scene, verdict, Seen(scene.of, route, scene.case, voice), at)


def _unmet(scene: Scene, verdict: Verdict, seen: Seen, at: int | None) -> Said:
    route, voice = seen.route, seen.voice
    check, _, name = verdict.detail.partition(":")
    if check == DELETED:
        return voice.say(Tale.GONE, at, route=route.name)
    if check == "equals":
        wanted, label = route.equals[name], labels(scene.of)[name]
        facts = {"label": label, "wanted": wanted, "value": seen.field(name)}
        return voice.say(Tale.NOT_EQUAL, at, route=route.name, **facts)
    return voice.say(Tale.RULE_NOT_MET, at, route=route.name, rule=route.when, values=seen.rule())
