"""Who reads what is sent to a destination, by what its settings name: a group, people, departments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from connectors.contract import Budget, Members, Services, Unlisted
from connectors.dingtalk.app.allowances import budgets
from connectors.dingtalk.app.calls import Calls
from connectors.dingtalk.app.settings import CardSettings, GroupSettings, WorkSettings
from connectors.dingtalk.people.answers import Answers
from connectors.dingtalk.people.directory import PEOPLE, Directory
from connectors.dingtalk.people.groups import Groups
from connectors.dingtalk.people.values import Group


@dataclass(frozen=True, slots=True)
class GroupReaders:
    """The members of one group."""

    groups: Groups
    group: Group
    budgets: tuple[Budget, ...]

    @classmethod
    def of(cls, calls: Calls, settings: GroupSettings | CardSettings, services: Services) -> GroupReaders:
        """Return the members of the group that the settings name."""
        group = Group.of(settings.conversation or "", settings.cool_app, settings.chat)
        groups = Groups(Answers(calls), services.now)
        return cls(groups, group, budgets(calls.application, groups.path(group)))

    def members(self) -> Members | Unlisted:
        """Return who is in the group, or why nobody can say. Raises the contract's errors for what passes."""
        return self.groups.members(self.group)


@dataclass(frozen=True, slots=True)
class NamedReaders:
    """People whom the settings name; DingTalk is not asked."""

    users: tuple[str, ...]
    now: Callable[[], datetime]
    budgets: tuple[Budget, ...] = ()

    def members(self) -> Members:
        """Return them."""
        return Members(MappingProxyType(dict.fromkeys(self.users, "")), MappingProxyType({}), self.now())


@dataclass(frozen=True, slots=True)
class DepartmentReaders:
    """People whom the settings name, and everybody of some departments and of those below."""

    named: NamedReaders
    departments: tuple[str, ...]
    directory: Directory
    budgets: tuple[Budget, ...]

    @classmethod
    def of(cls, calls: Calls, settings: WorkSettings, services: Services) -> DepartmentReaders:
        """Return the receivers of the settings."""
        asked = budgets(calls.application, PEOPLE) if settings.departments else ()
        directory = Directory(Answers(calls), services.now)
        return cls(NamedReaders(settings.users, services.now), settings.departments, directory, asked)

    def members(self) -> Members:
        """Return them all by user id. Raises the contract's errors."""
        named = self.named.members()
        people = dict(named.people)
        for top in self.departments:
            for department in self.directory.departments(top):
                people |= {person.id: person.name for person in self.directory.people_of(department.id)}
        return Members(MappingProxyType(people), named.outsiders, named.at)
