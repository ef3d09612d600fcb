"""Who comes and goes in a generated company, at random instants, half of them close to when a fact is told."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.companies.company import Change, Channel, Company, Group, Listing, Move

JOINS_AND_LEAVES = 10
AIMED = 4
"""So many of these come to a group just when a fact is told there."""
COMING, GOING = (0.02, 0.15), (0.4, 0.6)
"""In which parts of a run guests come and go."""
CLOSE = (-0.6, 1.2)
AFTER = (0.0, 1.0)
"""Seconds around a fact's push between which moves are dense, and within which the aimed ones lie."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Something that is to happen; without a group in one that is drawn."""

    at: float
    change: Change
    group: str = ""


def moves_of(company: Company, chance: random.Random, seconds: float) -> tuple[Move, ...]:
    """Ten joins and leaves or more, some roles given and taken, and now and then somebody from outside."""
    kinds = [chance.choice((Change.JOIN, Change.JOIN, Change.LEAVE)) for _ in range(JOINS_AND_LEAVES - AIMED)]
    chance.shuffle(kinds)
    instants = sorted(_instant(company, chance, seconds) for _ in kinds)
    plans = [_Plan(at, kind) for at, kind in zip(instants, kinds, strict=True)]
    plans += [_aimed(company, chance) for _ in range(AIMED)]
    # whoever is cleared by a role is in doubt while roles change anywhere in the organisation
    plans += [_Plan(chance.uniform(0.0, seconds / 2), Change.ROLES) for _ in range(chance.choice((0, 1, 1, 2)))]
    guests = [(COMING, Change.OUTSIDER_COMES), (GOING, Change.OUTSIDER_GOES)][: chance.choice((1, 2, 2))]
    plans += [_Plan(chance.uniform(*share) * seconds, change) for share, change in guests]
    play = _Play(company, chance)
    return tuple(play.move(plan) for plan in sorted(plans, key=lambda each: each.at))


def _instant(company: Company, chance: random.Random, seconds: float) -> float:
    if chance.random() < 0.5:
        return chance.uniform(0.0, seconds)
    near = chance.choice(company.facts).at + chance.uniform(*CLOSE)
    return min(max(near, 0.0), seconds)


def _aimed(company: Company, chance: random.Random) -> _Plan:
    last = list(company.groups)[-1]
    told = [(fact.at, company.destinations[company.routes[fact.way].to[0]]) for fact in company.facts]
    # into the last group come guests
    at, place = chance.choice([(at, place) for at, place in told if company.listable(place) and place.group != last])
    return _Plan(at + chance.uniform(*AFTER), Change.JOIN, place.group)


class _Play:
    """The company as it is after the moves that were made."""

    def __init__(self, company: Company, chance: random.Random) -> None:
        self._company = company
        self._chance = chance
        self._members = {each.id: list(each.members) for each in company.groups.values()}
        self._outsiders = {each.id: list(each.outsiders) for each in company.groups.values()}
        self._roles = {each.id: each.roles for each in company.people.values()}
        self._open = [each.group for each in company.destinations.values() if each.channel is Channel.CARD]
        self._guests = 0

    def move(self, plan: _Plan) -> Move:
        ways: Mapping[Change, Callable[[_Plan], Move | None]] = {
            Change.JOIN: self._join,
            Change.LEAVE: self._leave,
            Change.ROLES: self._change_roles,
            Change.OUTSIDER_COMES: self._come,
            Change.OUTSIDER_GOES: self._go,
        }
        return ways[plan.change](plan) or self._join(plan) or self._leave_any(plan.at)

    def _join(self, plan: _Plan) -> Move | None:
        """Somebody joins a group, more often one who is cleared for what is told there; one who is not, when it is aimed at."""
        group = self._company.groups[plan.group] if plan.group else self._group()
        others = [each for each in self._company.people if each not in self._members[group.id]]
        if not others:
            return None
        known = [each for each in others if self._alike(each, group)]
        strange = [each for each in others if each not in known]
        wanted = strange if plan.group else known if self._chance.random() < 0.8 else others
        person = self._chance.choice(wanted or others)
        self._members[group.id].append(person)
        return Move(plan.at, Change.JOIN, person, group.id)

    def _leave(self, plan: _Plan) -> Move | None:
        group = self._group()
        return self._out_of(plan.at, group) if len(self._members[group.id]) > 1 else None

    def _leave_any(self, at: float) -> Move:
        return self._out_of(at, max(self._company.groups.values(), key=lambda one: len(self._members[one.id])))

    def _out_of(self, at: float, group: Group) -> Move:
        # the owner stays: another owner is another group
        person = self._chance.choice(self._members[group.id][1:])
        self._members[group.id].remove(person)
        return Move(at, Change.LEAVE, person, group.id)

    def _change_roles(self, plan: _Plan) -> Move:
        """Give somebody a role, or take one, more often of somebody who is in a group."""
        inside = sorted({each for members in self._members.values() for each in members})
        person = self._chance.choice(inside)
        had, ids = self._roles[person], [each.id for each in self._company.roles]
        free = [each for each in ids if each not in had]
        take = had and (not free or self._chance.random() < 0.6)
        new = had[1:] if take else (*had, self._chance.choice(free))
        self._roles[person] = new
        return Move(plan.at, Change.ROLES, person, roles=new)

    def _come(self, plan: _Plan) -> Move | None:
        free = [each for each in self._open if not self._outsiders[each]]
        if not free:
            return None
        # most often where they are from the beginning in other companies
        group = free[-1] if self._chance.random() < 0.7 else self._chance.choice(free)
        self._guests += 1
        guest = f"{self._company.name}-y{self._guests}"
        self._outsiders[group].append(guest)
        return Move(plan.at, Change.OUTSIDER_COMES, guest, group)

    def _go(self, plan: _Plan) -> Move | None:
        group = next((each for each in reversed(self._open) if self._outsiders[each]), None)
        return Move(plan.at, Change.OUTSIDER_GOES, self._outsiders[group].pop(), group) if group else None

    def _group(self) -> Group:
        listed = [each for each in self._company.groups.values() if each.listing is not Listing.FOREIGN]
        return self._chance.choice(listed)

    def _alike(self, person: str, group: Group) -> bool:
        """Whether somebody is cleared for each class for which all who are in the group are."""
        return all(
            self._cleared(person, class_)
            for class_ in self._company.clearances
            if all(self._cleared(each, class_) for each in self._members[group.id])
        )

    def _cleared(self, person: str, class_: str) -> bool:
        return self._company.cleared(person, class_, self._roles[person])
