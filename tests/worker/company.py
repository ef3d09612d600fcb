"""A small organisation that is read into a real ledger, and changes; only the channel is played."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from connectors.contract import Change, Department, Leaver, Person, Role, Topic
from worker.directory import DirectoryReader
from worker.ledger.changes import changed
from worker.ledger.engine import Ledger
from worker.ledger.tables import directory

APP = "office"
NOW = datetime.now(UTC)


def person(user: str, *departments: str) -> Person:
    return Person(user, user.title(), NOW, email=f"{user}@example.com", departments=departments or ("sales",))


@dataclass
class Company:
    """Amy and Ben are in Sales, Amy is in Finance as well, which is below Head office."""

    ledger: Ledger
    people: dict[str, Person] = field(
        default_factory=lambda: {"u-amy": person("u-amy", "sales", "finance"), "u-ben": person("u-ben")}
    )
    having: dict[str, set[str]] = field(default_factory=lambda: {"r-control": {"u-amy"}})
    tells_roles: bool = True
    """Whether it tells somebody's roles with them."""

    @property
    def directory(self) -> Company:
        return self

    def everybody(self) -> Mapping[str, Person]:
        return dict(self.people)

    def person(self, user: str) -> Person | None:
        one = self.people.get(user)
        mine = tuple(role for role in self.roles() if user in self.having.get(role.id, ()))
        return None if one is None else replace(one, roles=mine if self.tells_roles else None)

    def departments(self) -> Iterator[Department]:
        names = {"all": ("Company", ""), "head": ("Head office", "all"), "finance": ("Finance", "head")}
        for id_, (name, parent) in {**names, "sales": ("Sales", "all")}.items():
            yield Department(id_, name, parent, NOW)

    def roles(self) -> Iterator[Role]:
        yield Role("r-control", "Controller", "Accounting")

    def people_with(self, role: str) -> Iterator[str]:
        yield from sorted(self.having.get(role, ()))

    def leavers(self, since: datetime, until: datetime) -> Iterator[Leaver]:
        assert since < until
        yield from ()

    @property
    def reader(self) -> DirectoryReader:
        return DirectoryReader(self.ledger, {APP: self}, "worker-1", lambda _: None)

    def read(self) -> None:
        """Read everybody."""
        assert self.reader.everybody(APP).failure == ""

    def news(self, topic: Topic, *users: str) -> None:
        """Let the channel tell of a change, of which nobody has read more yet."""
        with self.ledger.write() as connection:
            changed(self.ledger, connection, APP, Change("e", topic, "event", NOW, people=users))

    def heed(self) -> None:
        """Read whom the news named."""
        assert self.reader.news(APP).failure == ""

    def gives(self, user: str, role: str = "r-control") -> None:
        """Give somebody a role, and tell it."""
        self.having[role] = {*self.having[role], user}
        self.news(Topic.ROLE, user)

    def takes(self, user: str, role: str = "r-control") -> None:
        """Take a role away from somebody, and tell it."""
        self.having[role] = self.having[role] - {user}
        self.news(Topic.ROLE, user)

    def moves(self, user: str, *departments: str) -> None:
        """Move somebody to other departments, and tell it."""
        self.people[user] = replace(self.people[user], departments=departments)
        self.news(Topic.PERSON, user)

    def ages(self, hours: float) -> None:
        """Let so much time go by since everybody was read."""
        with self.ledger.write() as connection:
            at = self.ledger.now(connection) - int(hours * 3600 * 1_000_000)
            connection.execute(directory.update().values(read_at=at))
