"""Queries to one account: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.netsuite.errors import unreadable
from connectors.netsuite.suiteql import Query
from connectors.netsuite.values import RawRow
from connectors.netsuite.wire import Account, Call

PATH = "/services/rest/query/v1/suiteql"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of an answer; `more`: there are others behind them."""

    rows: tuple[RawRow, ...]
    more: bool


class Queries:
    """Asks queries; `offset` stays 0, because a query names the row that it goes on behind."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def ask(self, query: Query, limit: int) -> Rows:
        """Return at most `limit` rows, 1,000 at most. Raises the contract's errors."""
        body: dict[str, Any] = {"q": query.text}
        if query.params:
            body["params"] = list(query.params)
        params = {"limit": str(limit), "offset": "0"}
        answer = self._account.call(Call("POST", PATH, params, body, {"Prefer": "transient"}))
        items = answer.body.get("items") if isinstance(answer.body, dict) else None
        if not isinstance(items, list) or not all(isinstance(row, dict) for row in items):
            raise unreadable(str(answer.body).encode())
        # A full page goes on even where the vendor forgets to say so; an empty one never does.
        return Rows(tuple(items), bool(items) and (answer.body.get("hasMore") is True or len(items) >= limit))
