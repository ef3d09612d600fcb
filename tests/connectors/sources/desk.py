"""The runner's side of a connector at a twin, and whole rounds of reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from connectors.contract import Acted, Action, Page, RawRequest, Received, Record, Services, TokenStore, Unread
from tests.connectors.zoho.parts import Secrets, Tokens
from tests.served import served_session
from worker.ledger.arrivals import digest


class Client(Protocol):
    """What all connectors fulfil of the contract."""

    def pull(self, kind: str, cursor: str | None) -> Page: ...

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]: ...

    def receive(self, request: RawRequest) -> Received: ...

    def act(self, action: Action) -> Acted: ...


@dataclass
class Desk:
    """Services of one worker; `ahead` moves its clock."""

    tokens: TokenStore = field(default_factory=Tokens)
    vault: Secrets = field(default_factory=Secrets)
    ahead: timedelta = timedelta(0)

    def services(self) -> Services:
        return Services(
            session=served_session,
            tokens=self.tokens,
            now=lambda: datetime.now(UTC) + self.ahead,
            observe=lambda _key, _used, _limit: None,
            vault=self.vault,
        )


@dataclass
class Reader:
    """Rounds of one kind, with the cursor kept between the pages."""

    client: Client
    kind: str
    desk: Desk
    cursor: str | None = None
    more: bool = False

    def page(self) -> tuple[Record, ...]:
        page = self.client.pull(self.kind, self.cursor)
        assert page.unread == ()
        self.cursor, self.more = page.cursor, page.more
        return page.records

    def round(self) -> list[Record]:
        """Read a whole round, half a minute after the last one."""
        self.desk.ahead += timedelta(seconds=30)
        return [*self.page(), *self.rest()]

    def rest(self) -> list[Record]:
        records: list[Record] = []
        while self.more:
            records += self.page()
        return records

    def shown(self, name: str) -> dict[str, Any]:
        """Read a round: what the field shows of each record that came."""
        return {each.id: each.fields[name] for each in self.round()}


def kept(records: Sequence[Record]) -> list[str]:
    """Return the ids of what the ledger keeps: a state that equals the one before it is none."""
    known: dict[str, bytes] = {}
    ids = []
    for each in records:
        if known.get(each.id) != digest(each):
            known[each.id] = digest(each)
            ids.append(each.id)
    return ids
