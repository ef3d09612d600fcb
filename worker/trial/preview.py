"""A route's message as its readers would see it now, beside what the running configuration would send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from config.casebook import Situation
from connectors.contract import Delivers, Record
from pipelines.plan import WITHIN, Destination, Plan, Route, Silence
from pipelines.stages.silenced import silencing
from pipelines.verdict import Reason
from worker.trial.compare import diff
from worker.trial.rule import Ruled, Shown, live, rule, show, with_audience
from worker.trial.why import held, why


@dataclass(frozen=True, slots=True)
class Setup:
    """A plan with the clients of its destinations. `reader` is somebody, by user id, whose own messages are shown as well."""

    plan: Plan
    channels: Mapping[str, Delivers]
    reader: str = ""

    def route(self, name: str) -> Route | None:
        """Return a route, None where there is none of this name."""
        return next((each for each in self.plan.routes if each.name == name), None)

    def read_by(self, situation: Situation, locale: str) -> Setup:
        """Return the same with the situation's audience, reading `locale` (empty: the destination's own)."""
        plan = with_audience(self.plan, situation)
        destinations = {name: replace(each, locale=locale or each.locale) for name, each in plan.destinations.items()}
        return replace(self, plan=replace(plan, destinations=destinations))


@dataclass(frozen=True, slots=True)
class Withheld:
    """A field that is left out, because not everybody there may see its class."""

    field: str
    label: str
    data_class: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one destination would read. `stopped` says why it reads nothing now, and is empty where it reads this.

    `compared` are the lines of the running configuration's message (`- `) and of this one (`+ `); None where there is
    none to compare with.
    """

    destination: str
    locale: str
    shown: Shown
    stopped: str
    withheld: tuple[Withheld, ...]
    compared: tuple[str, ...] | None = None

    @property
    def differs(self) -> bool:
        """Whether the running configuration's message is another one."""
        return any(line[:1] in {"-", "+"} for line in self.compared or ())


@dataclass(frozen=True, slots=True)
class Preview:
    """What a route makes of a record's newest state; `why` is empty where it tells."""

    route: str
    record: Record
    reason: Reason
    detail: str
    why: str
    readings: tuple[Reading, ...]


def preview(setup: Setup, running: Setup | None, route: Route, situation: Situation) -> Preview:
    """Show what `route` of `setup` makes of the state that arrives, whether it tells it or not."""
    ruled = rule(setup.plan, situation)
    verdict = ruled.verdict(route.name)
    told = verdict.reason is Reason.TOLD
    before = _running(running, route, situation)
    readings = []
    for name, shown in _shown(setup, route, ruled).items():
        destination = setup.plan.reader(name)
        compared = None if before is None else diff(_lines(before.get(name)), _lines(shown))
        silence = silencing(setup.plan.silences, route, name, situation.at)
        withheld = tuple(_withheld(ruled, shown))
        readings.append(
            Reading(name, destination.locale, shown, _stopped(ruled, shown, silence, destination), withheld, compared)
        )
    clause = "" if told else why(ruled, route, verdict)
    return Preview(route.name, situation.states[-1], verdict.reason, verdict.detail, clause, tuple(readings))


def _shown(setup: Setup, route: Route, ruled: Ruled) -> dict[str, Shown]:
    plan = live(setup.plan, route)
    notices = ruled.notices(route.name)
    shown = {name: show(plan, setup.channels[name], notice, ruled.at) for name, notice in notices.items()}
    if setup.reader and route.details and notices:
        alone = f"{route.details}{WITHIN}{setup.reader}"
        notice = replace(next(iter(notices.values())), destination=alone)
        whole = show(plan, setup.channels[route.details], notice, ruled.at)
        if any(set(whole.withheld) < set(each.withheld) for each in shown.values()):
            shown[alone] = whole
    return shown


def _running(running: Setup | None, route: Route, situation: Situation) -> Mapping[str, Shown] | None:
    """Return what the running configuration's route of the same name says; None where none of it runs."""
    same = running.route(route.name) if running else None
    if running is None or same is None or (same.source, same.kind) != (route.source, route.kind):
        return None
    return _shown(running, same, rule(running.plan, situation))


def _lines(shown: Shown | None) -> Iterator[str]:
    for part in shown.parts if shown else ():
        yield part.title
        yield from part.text.splitlines()
        yield from (f"{caption}: {url}" for caption, url in part.links)


def _stopped(ruled: Ruled, shown: Shown, silence: Silence | None, destination: Destination) -> str:
    if shown.reason is Reason.KEPT_BACK:
        return "not sent, because not everybody there may see all of it"
    if shown.reason is not Reason.TOLD:
        label = next((each.label for each in ruled.of.kind.fields if each.name == shown.detail), shown.detail)
        return f"held, because {held(shown.reason, label, destination.name)}"
    if silence is not None:
        return f"silenced by {silence.name} until {silence.until.isoformat()}; {silence.owner} ordered it"
    return ""


def _withheld(ruled: Ruled, shown: Shown) -> Iterator[Withheld]:
    specs = {spec.name: spec for spec in ruled.of.kind.fields}
    for name in shown.withheld:
        yield Withheld(name, specs[name].label, specs[name].data_class)
