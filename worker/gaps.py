"""What clearances name that an organisation or a source does not have, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from sqlalchemy import Connection

from config.compile import Bridge
from config.problem import Place, Problem, problem
from config.tree import restored
from pipelines.clearances import Clearance
from pipelines.matching import MatchState
from worker.ledger import clearances, matches, people
from worker.ledger.engine import Ledger

NAMED = 10
"""Users that are named one by one."""


class Lack(StrEnum):
    """What is lacking."""

    ROLE = "roles"
    DEPARTMENT = "departments"
    PERSON = "people"
    COUNTERPART = "counterpart"
    """A role that users of a source have, of which nobody said what it clears them for."""
    DISTINCTION = "distinction"
    """Users of a source who could be several people, or several who could be one."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is lacking: `of` is the data class, or the source; `name` what was named, or the users.

    `like` is what there is of a similar name.
    """

    lack: Lack
    of: str
    application: str
    name: str
    count: int = 1
    like: str = ""


def gaps(connection: Connection, bridge: Bridge) -> Iterator[Gap]:
    """Give what clearances name and nobody has, and users who are not told apart; of people who were read, no others."""
    for one in bridge.plan.clearances.of:
        if people.times(connection, one.application)[0] is not None:
            yield from _of_class(connection, one)
    for name, source in bridge.sources.items():
        if source.people is None:
            continue
        if users := matches.standing(connection, name).get(MatchState.AMBIGUOUS):
            more = f" and {len(users) - NAMED} more" if len(users) > NAMED else ""
            named = f"{', '.join(users[:NAMED])}{more}"
            yield Gap(Lack.DISTINCTION, name, source.people.application, named, len(users))


def _of_class(connection: Connection, one: Clearance) -> Iterator[Gap]:
    roles, departments = clearances.names(connection, one.application)
    here = clearances.present(connection, one.application, one.people)
    for lack, named, known in (
        (Lack.ROLE, one.roles, roles),
        (Lack.DEPARTMENT, one.departments, departments),
        (Lack.PERSON, one.people, here),
    ):
        for name in named:
            if name not in known:
                like = next(iter(get_close_matches(name, known, n=1)), "") if lack is not Lack.PERSON else ""
                yield Gap(lack, one.data_class, one.application, name, like=like)


def unmet(ledger: Ledger, connection: Connection, bridge: Bridge) -> Iterator[Gap]:
    """Give the roles that users of a source have and that its `roles.clear` does not know; opens each user's record."""
    for one in bridge.plan.clearances.source_roles:
        found = clearances.roles_of_users(ledger, connection, one) - one.clear.keys()
        yield from (Gap(Lack.COUNTERPART, one.source, one.application, name) for name in sorted(found))


def placed(bridge: Bridge, found: Iterable[Gap]) -> tuple[Problem, ...]:
    """Return gaps as problems of the file, each where it stands."""
    return tuple(problem(_place(bridge, gap), _sentence(gap)) for gap in found)


def _place(bridge: Bridge, gap: Gap) -> Place:
    root = restored(bridge.content)
    if gap.lack in {Lack.ROLE, Lack.DEPARTMENT, Lack.PERSON}:
        return root.table("clearances").table(gap.of).keys[gap.lack]
    people_of = root.table("sources").table(gap.of)
    if gap.lack is Lack.COUNTERPART:
        return people_of.table("people").table("roles").keys["clear"]
    return people_of.keys["people"]


def _sentence(gap: Gap) -> str:
    hint = f": did you mean '{gap.like}'?" if gap.like else ""
    match gap.lack:
        case Lack.ROLE:
            return f"'{gap.name}' is no role of the people of {gap.application}{hint}"
        case Lack.DEPARTMENT:
            return f"'{gap.name}' is no department of {gap.application}{hint}"
        case Lack.PERSON:
            return f"'{gap.name}' is nobody of {gap.application}: give user ids of people who are there"
        case Lack.COUNTERPART:
            return (
                f"users of {gap.of} have the role '{gap.name}', which stands nowhere here: say what it clears them for"
            )
    users = "user" if gap.count == 1 else "users"
    return f"{gap.count} {users} could be several people of {gap.application} ({gap.name}): see to their keys"
