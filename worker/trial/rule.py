"""One state decided by a configuration, and what each destination would read of it; nothing is stored or sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from config.casebook import Situation
from connectors.contract import Delivers, Draft, Fact, Previews, Seen
from pipelines.approval import deciders
from pipelines.case import Case, Event, KindProgram, open_case, program
from pipelines.chain import decide
from pipelines.notice import Notice, State
from pipelines.outgoing import dispatch
from pipelines.plan import Attestation, Mode, Plan, Route, destination_of
from pipelines.stages.address import address
from pipelines.stages.supersede import Waiting
from pipelines.verdict import Reason, Verdict

_MANY = 100
"""More messages than one fact is ever split into: no quota limits what is only looked at."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a destination reads of a fact, part by part, or why it reads nothing. `withheld` names fields."""

    reason: Reason
    detail: str = ""
    parts: tuple[Seen, ...] = ()
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruled:
    """A state as all routes of its kind see it, with the verdict of each by name."""

    of: KindProgram
    case: Case
    verdicts: Mapping[str, Verdict]
    at: datetime

    def verdict(self, route: str) -> Verdict:
        """Return a route's verdict; a step of an escalation tells nothing of what the route before it does not tell."""
        return self.verdicts.get(route, Verdict(route, Reason.FILTERED))

    def notices(self, route: str) -> dict[str, Notice]:
        """Return what a route has to say, by destination, whatever its verdict."""
        program = next(each for each in self.of.routes if each.route.name == route)
        return {destination_of(notice.destination): notice for notice in address(program, self.case)}


def rule(plan: Plan, situation: Situation) -> Ruled:
    """Decide the state that arrives, after those before it. Raises KeyError for a kind that is not mapped."""
    *earlier, newest = situation.states
    at = situation.at
    of = program(plan)[newest.source, newest.kind]
    known: State | None = None
    for seq, state in enumerate(earlier, start=1):
        known = decide(of, Event(seq, state, baseline=False, known=known), at).state or known
    event = Event(len(situation.states), newest, situation.first_pull, known)
    decision = decide(of, event, at)
    verdicts = {verdict.route: verdict for verdict in decision.verdicts}
    if (whole := verdicts.pop("", None)) is not None:
        verdicts = {each.route.name: replace(whole, route=each.route.name) for each in of.routes}
    return Ruled(of, open_case(of, event, at), verdicts, at)


def with_audience(plan: Plan, situation: Situation) -> Plan:
    """Return the plan with what the situation says of its readers in place of attestations."""
    day = situation.at.date()
    given = {
        name: replace(
            plan.destinations[name],
            attestation=Attestation("", day.min, day.max, classes),
            verified=None,
            audience=None,
        )
        for name, classes in situation.audience.items()
        if name in plan.destinations
    }
    return replace(plan, destinations={**plan.destinations, **given})


def live(plan: Plan, route: Route) -> Plan:
    """Return the plan with this route told, though it be on trial or silenced."""
    routes = tuple(replace(each, mode=Mode.LIVE) if each.name == route.name else each for each in plan.routes)
    return replace(plan, routes=routes, silences=())


def show(plan: Plan, channel: Delivers, notice: Notice, at: datetime) -> Shown:
    """Return what a destination reads of a notice at `at` (aware)."""
    asks = next((each.decide for each in plan.routes if each.name == notice.route), None)
    # whom the source names is taken for known: who they are among the channel's people is of the ledger
    one = Waiting(1, notice, deciders=deciders(asks, notice.fields) if asks is not None else ())
    planned = dispatch(plan, plan.reader(notice.destination), channel, [one], _MANY, at)
    for _, reason, detail in planned.held:
        return Shown(reason, detail)
    parts = tuple(_seen(channel, message.draft) for message in planned.messages)
    return Shown(Reason.TOLD, "", parts, planned.withheld.get(1, ()))


def _seen(channel: Delivers, draft: Draft) -> Seen:
    if isinstance(channel, Previews):
        return channel.seen(draft)
    # a channel that cannot tell how it lays a message out: the words are the same
    rows = [row for fact in draft.facts for row in _rows(draft, fact)]
    links = tuple((draft.open_label, fact.url) for fact in draft.facts if fact.url)
    return Seen(draft.preview, "\n".join(rows), links, len(channel.freeze(draft, "")), 0)


def _rows(draft: Draft, fact: Fact) -> list[str]:
    head = " · ".join(filter(None, (f"{fact.title} {fact.number}".strip(), fact.at)))
    told = [
        f"{line.label}: {line.value if line.before is None else f'{line.before} → {line.value}'}" for line in fact.lines
    ]
    return [head, *told, *(f"> {note}" for note in fact.notes), *([f"[{draft.open_label}]"] if fact.url else [])]
