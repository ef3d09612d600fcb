"""From what waits for one destination to messages, in the order that is written here once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.contract import Delivers
from pipelines.language import say
from pipelines.notice import Notice
from pipelines.plan import PUBLIC, WITHIN, Destination, Kind, Mode, Plan, Policy, Route, WhenUnknown, person_of
from pipelines.stages.by_source import Sought, of_record, shown, sought
from pipelines.stages.clearance import Allowed, Cleared, allowed, depends, disclose, lost
from pipelines.stages.merge import Assembled, Ready, merge
from pipelines.stages.muted import muting
from pipelines.stages.render import REPEATED, render
from pipelines.stages.silenced import silencing
from pipelines.stages.supersede import Waiting, supersede
from pipelines.verdict import Reason

Subject = tuple[str, str, str]

_STOPPING: Mapping[Policy, Reason] = {Policy.HOLD: Reason.NOT_FOR_ALL, Policy.REFUSE: Reason.KEPT_BACK}
"""Why nothing goes out where something would be withheld, by the policies that want all or nothing."""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What is to be written in one transaction.

    `superseded` are pairs (notice, by which); `held` are (notice, reason, detail) of what is not sent, for a person to
    decide or, where its route is on trial or silenced now, for good; `withheld` names fields by notice; `again` are
    those that are told once more, with a mark, when nobody knows whether they were shown; `details` are pairs (notice,
    recipient) of what is told one to one beside; `classes` are those beside `public` that are shown, by notice.
    A notice that is in none of them and in no message goes on waiting, and with it the older states that it stands
    for: what it tells of the time before it is worked out from them when it goes.
    """

    messages: tuple[Assembled, ...]
    superseded: tuple[tuple[int, int], ...]
    held: tuple[tuple[int, Reason, str], ...]
    withheld: Mapping[int, tuple[str, ...]]
    again: frozenset[int] = frozenset()
    details: tuple[tuple[int, str], ...] = ()
    classes: Mapping[int, frozenset[str]] = field(default_factory=dict)


def dispatch(
    plan: Plan, destination: Destination, channel: Delivers, waiting: Sequence[Waiting], free: int, now: datetime
) -> Dispatched:
    """Supersede, clear, render, merge. `free` is how many messages the quota carries now; `now` is aware."""
    newest, superseded = supersede(waiting)
    today = _today(destination, now)
    all_may = allowed(destination, today)
    routes = {route.name: route for route in plan.routes}
    ready: list[Ready] = []
    held: list[tuple[int, Reason, str]] = []
    withheld: dict[int, tuple[str, ...]] = {}
    details: list[tuple[int, str]] = []
    classes: dict[int, frozenset[str]] = {}
    for one in newest:
        route = routes.get(one.notice.route)
        if route is None or not _tells(route, one.notice):
            held.append((one.id, Reason.DESTINATION_GONE, one.notice.route))
            continue
        if stopped := _silent(plan, route, destination, now) or _muted(route, one, now):
            held.append((one.id, *stopped))
            continue
        kind = plan.kinds[route.source, route.kind]
        readers = of_record(destination, one.notice, route, kind)
        may = all_may if readers is destination else allowed(readers, today)
        cleared = disclose(one.notice, route, kind, may.classes)
        if _lost(one.notice, route, kind, may):
            altered = destination.audience.altered if destination.audience else None
            held.append((one.id, Reason.UNVERIFIED, str(altered or "")))
            continue
        initiated = _initiated(readers, route, kind, cleared)
        if stopped := _stopped(one, route, cleared, split=bool(initiated)):
            held.append((one.id, *stopped))
            continue
        try:
            specs = {spec.name: spec for spec in kind.fields}
            fact = render(one.notice, cleared, route, destination, specs, now)
        except Exception as error:  # noqa: BLE001 - one fact that cannot be shown must not stop all others of a group
            held.append((one.id, Reason.UNSHOWABLE, type(error).__name__))
            continue
        if one.unanswered:
            fact = replace(fact, notes=(*fact.notes, say(REPEATED, destination.locale)))
        if cleared.withheld:
            withheld[one.id] = cleared.withheld
            details += [(one.id, f"{route.details}{WITHIN}{user}") for user in initiated]
        if shown := {specs[name].data_class for name in cleared.fields} - {PUBLIC}:
            classes[one.id] = frozenset(shown)
        asked = () if one.notice.deleted else one.deciders
        ready.append(Ready(one.id, route, one.notice.lane, fact, asked, one.waited))
    messages = tuple(merge(ready, free, channel, destination.locale)) if ready else ()
    carried = {id_ for message in messages for id_ in message.notices}
    gone = carried | {id_ for id_, *_ in held}
    return Dispatched(
        messages,
        tuple((old, new) for old, new in superseded if new in gone),
        tuple(held),
        {id_: names for id_, names in withheld.items() if id_ in carried},
        frozenset(one.id for one in ready if one.id in carried and one.route.when_unknown is WhenUnknown.AGAIN),
        tuple((id_, recipient) for id_, recipient in details if id_ in carried),
        classes,
    )


def unseen(plan: Plan, destination: Destination, waiting: Sequence[Waiting], now: datetime) -> frozenset[Subject]:
    """Return the records of which something waits that may go out only after the readers were asked for; `now` is aware.

    Those that no route tells any more are not among them.
    """
    today = _today(destination, now)
    pointing = {route.name for route in plan.routes if route.policy is Policy.POINTER}
    ruled = plan.clearances.ruled
    return frozenset(
        one.notice.subject
        for one in waiting
        if one.notice.route not in pointing
        and (kind := plan.kinds.get((one.notice.source, one.notice.kind))) is not None
        and depends(one.notice, kind, destination, today, ruled)
    )


def told_now(plan: Plan, destination: Destination, notice: Notice, now: datetime) -> bool:
    """Tell whether these readers would be told of a notice at `now` (aware), if nobody muted it."""
    route = next((each for each in plan.routes if each.name == notice.route), None)
    if route is None or not _tells(route, notice) or _silent(plan, route, destination, now):
        return False
    kind, may = plan.kinds[route.of_kind], allowed(destination, _today(destination, now))
    cleared = disclose(notice, route, kind, may.classes)
    return not _lost(notice, route, kind, may) and _stopped(Waiting(0, notice), route, cleared, split=False) is None


def asked(plan: Plan, destination: Destination, notices: Iterable[Notice]) -> Mapping[Subject, Sought]:
    """Return of whom their sources are to be asked before these notices go to a destination whose readers are known."""
    routes = {route.name: route for route in plan.routes}
    found: dict[Subject, Sought] = {}
    for one in notices:
        route, kind = routes.get(one.route), plan.kinds.get((one.source, one.kind))
        if route is None or kind is None or not _tells(route, one):
            continue
        if (each := sought(destination, one, route, kind)) is not None:
            found[one.subject] = found[one.subject] | each if one.subject in found else each
    return found


def seen_of(
    plan: Plan, destination: Destination, notice: Notice, withheld: Collection[str]
) -> tuple[Destination, frozenset[str]] | None:
    """Return a destination as its readers are cleared for a notice's record, and the classes that are shown of it.

    None where no route tells it any more.
    """
    route = next((route for route in plan.routes if route.name == notice.route), None)
    kind = plan.kinds.get((notice.source, notice.kind))
    if route is None or kind is None or not _tells(route, notice):
        return None
    return of_record(destination, notice, route, kind), shown(notice, kind, withheld)


def _today(destination: Destination, now: datetime) -> date:
    return now.astimezone(ZoneInfo(destination.zone)).date()


def _tells(route: Route, notice: Notice) -> bool:
    # by the name alone a route that now reads another kind would lend that kind's data classes
    return (route.source, route.kind) == (notice.source, notice.kind) and route.tells(notice.destination)


def _silent(plan: Plan, route: Route, destination: Destination, now: datetime) -> tuple[Reason, str] | None:
    """Return why a route tells a destination nothing now, whatever the fact is."""
    if route.mode is Mode.SHADOW:
        return Reason.SHADOW, route.name
    silence = silencing(plan.silences, route, destination.name, now)
    return (Reason.SILENCED, silence.name) if silence else None


def _muted(route: Route, one: Waiting, now: datetime) -> tuple[Reason, str] | None:
    until = muting(route, one, now)
    return (Reason.MUTED, until.isoformat()) if until else None


def _lost(notice: Notice, route: Route, kind: Kind, may: Allowed) -> bool:
    # a pointer shows no field, so no word on the group is needed for it
    return route.policy is not Policy.POINTER and lost(notice, kind, may)


def _initiated(destination: Destination, route: Route, kind: Kind, cleared: Cleared) -> tuple[str, ...]:
    """Return the members who are told one to one what is withheld from the whole group, by user id."""
    audience = destination.audience
    if route.policy is not Policy.SPLIT or not cleared.withheld or person_of(destination.name):
        return ()
    if audience is None or not audience.read or audience.cleared is None:
        return ()
    secret = {spec.data_class for spec in kind.fields if spec.name in cleared.withheld}
    return tuple(user for user, classes in audience.cleared.items() if classes & secret)


def _stopped(one: Waiting, route: Route, cleared: Cleared, *, split: bool) -> tuple[Reason, str] | None:
    """Return why a cleared fact does not go to these readers, with the field that it is about; None: it does.

    What is told one to one beside, `split`, is required there.
    """
    if not split and (missing := _required(route, cleared)):
        return Reason.REQUIRED_WITHHELD, missing
    if cleared.withheld and route.policy in _STOPPING:
        return _STOPPING[route.policy], cleared.withheld[0]
    if route.decide is None:
        return (Reason.OWN_CHANGE, "") if one.own else None
    asks = not one.notice.deleted
    return (Reason.NOBODY_DECIDES, route.decide.by) if asks and not one.deciders else None


def _required(route: Route, cleared: Cleared) -> str:
    # nobody decides on what they do not see
    needed = {*route.required, *(route.decide.compared if route.decide else ())}
    return next((name for name in cleared.withheld if name in needed), "")
