"""What a channel's application promises that can be asked who is who."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.contract import Directory, KnowsPeople
from tests.contract.case import ConnectorCase

NOBODY = "nobody-has-this-id"


def check_everybody_is_known_by_their_id(case: ConnectorCase) -> None:
    with _directory(case) as directory:
        everybody = directory.everybody()
        assert everybody
        for user, person in everybody.items():
            assert person.id == user
            assert person.at.utcoffset() is not None
            alone = directory.person(user)
            assert alone is not None
            assert (alone.id, alone.name, alone.union) == (person.id, person.name, person.union)


def check_who_is_not_there_is_nobody_and_no_error(case: ConnectorCase) -> None:
    with _directory(case) as directory:
        assert directory.person(NOBODY) is None
        assert NOBODY not in directory.everybody()


def check_each_department_comes_after_its_parent(case: ConnectorCase) -> None:
    with _directory(case) as directory:
        known: set[str] = set()
        for department in directory.departments():
            assert department.parent in known or not (known or department.parent)
            assert department.id not in known
            known.add(department.id)
        assert {each for person in directory.everybody().values() for each in person.departments} <= known


def check_who_has_a_role_is_somebody(case: ConnectorCase) -> None:
    with _directory(case) as directory:
        everybody, roles = directory.everybody(), list(directory.roles())
        assert len({role.id for role in roles}) == len(roles)
        for role in roles:
            assert set(directory.people_with(role.id)) <= everybody.keys()


CHECKS = (
    check_everybody_is_known_by_their_id,
    check_who_is_not_there_is_nobody_and_no_error,
    check_each_department_comes_after_its_parent,
    check_who_has_a_role_is_somebody,
)


@contextmanager
def _directory(case: ConnectorCase) -> Iterator[Directory]:
    assert case.office is not None
    with case.office() as client:
        assert isinstance(client, KnowsPeople)
        yield client.directory
