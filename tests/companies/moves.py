"""Who comes and goes in a generated company, at random instants, half of them close to when a fact is told."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from tests.companies.company import Change, Channel, Company, Group, Listing, Move

JOINS_AND_LEAVES = 10
CLOSE = (-0.6, 1.2)
"""Seconds around a fact's push between which moves are dense."""


def moves_of(company: Company, chance: random.Random, seconds: float) -> tuple[Move, ...]:
    """Ten joins and leaves or more, some roles given and taken, and now and then somebody from outside."""
    kinds = [chance.choice((Change.JOIN, Change.JOIN, Change.LEAVE)) for _ in range(JOINS_AND_LEAVES)]
    kinds += [Change.ROLES] * chance.randint(2, 4)
    if chance.random() < 0.4:
        kinds += [Change.OUTSIDER_COMES] + [Change.OUTSIDER_GOES] * chance.randint(0, 1)
    chance.shuffle(kinds)
    instants = sorted(_instant(company, chance, seconds) for _ in kinds)
    play = _Play(company, chance)
    return tuple(play.move(at, kind) for at, kind in zip(instants, kinds, strict=True))


def _instant(company: Company, chance: random.Random, seconds: float) -> float:
    if chance.random() < 0.5:
        return chance.uniform(0.0, seconds)
    near = chance.choice(company.facts).at + chance.uniform(*CLOSE)
    return min(max(near, 0.0), seconds)


class _Play:
    """The company as it is after the moves that were made."""

    def __init__(self, company: Company, chance: random.Random) -> None:
        self._company = company
        self._chance = chance
        self._members = {each.id: list(each.members) for each in company.groups.values()}
        self._outsiders = {each.id: list(each.outsiders) for each in company.groups.values()}
        self._roles = {each.id: each.roles for each in company.people.values()}
        # the application's robot may not speak where somebody from outside is, its cards may
        self._open = [each.group for each in company.destinations.values() if each.channel is Channel.CARD]
        self._guests = 0

    def move(self, at: float, change: Change) -> Move:
        ways: Mapping[Change, Callable[[float], Move | None]] = {
            Change.JOIN: self._join,
            Change.LEAVE: self._leave,
            Change.ROLES: self._change_roles,
            Change.OUTSIDER_COMES: self._come,
            Change.OUTSIDER_GOES: self._go,
        }
        return ways[change](at) or self._join(at) or self._leave_any(at)

    def _join(self, at: float) -> Move | None:
        """Somebody joins a group, more often one who is cleared for what is told there."""
        group = self._group()
        others = [each for each in self._company.people if each not in self._members[group.id]]
        if not others:
            return None
        known = [each for each in others if self._alike(each, group)]
        person = self._chance.choice(known if known and self._chance.random() < 0.6 else others)
        self._members[group.id].append(person)
        return Move(at, Change.JOIN, person, group.id)

    def _leave(self, at: float) -> Move | None:
        group = self._group()
        return self._out_of(at, group) if len(self._members[group.id]) > 1 else None

    def _leave_any(self, at: float) -> Move:
        return self._out_of(at, max(self._company.groups.values(), key=lambda one: len(self._members[one.id])))

    def _out_of(self, at: float, group: Group) -> Move:
        # the owner stays: another owner is another group
        person = self._chance.choice(self._members[group.id][1:])
        self._members[group.id].remove(person)
        return Move(at, Change.LEAVE, person, group.id)

    def _change_roles(self, at: float) -> Move:
        """Give somebody a role, or take one, more often of somebody who is in a group."""
        inside = sorted({each for members in self._members.values() for each in members})
        person = self._chance.choice(inside)
        had, ids = self._roles[person], [each.id for each in self._company.roles]
        free = [each for each in ids if each not in had]
        take = had and (not free or self._chance.random() < 0.6)
        new = had[1:] if take else (*had, self._chance.choice(free))
        self._roles[person] = new
        return Move(at, Change.ROLES, person, roles=new)

    def _come(self, at: float) -> Move | None:
        if not self._open:
            return None
        group = self._chance.choice(self._open)
        self._guests += 1
        guest = f"{self._company.name}-x{self._guests}"
        self._outsiders[group].append(guest)
        return Move(at, Change.OUTSIDER_COMES, guest, group)

    def _go(self, at: float) -> Move | None:
        group = next((each for each in self._open if self._outsiders[each]), None)
        return Move(at, Change.OUTSIDER_GOES, self._outsiders[group].pop(), group) if group else None

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
