"""Query locators: the rest of an answer that did not fit one page.

See https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-apicursors.html
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.settings import Settings
from connectors.salesforce.sandbox.soql.plan import Bound
from connectors.salesforce.sandbox.store import Row

PREFIX = "0r8"  # A-SALESFORCE-58


@dataclass(frozen=True, slots=True)
class Children:
    """What a query inside SELECT found: rows by the id of the record that they belong to."""

    name: str
    object_name: str
    columns: Sequence[Bound]
    rows: Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Result:
    """An answer as it was when the query ran."""

    object_name: str
    columns: Sequence[Bound]
    rows: Sequence[Row]
    children: Sequence[Children] = ()


@dataclass(frozen=True, slots=True)
class Cursor:
    """An answer that is read page by page; `opened` is in monotonic seconds."""

    id: str
    user_id: str
    result: Result
    opened: float


class Cursors:
    """All open locators of the org."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cursors: dict[str, Cursor] = {}
        self._numbers = count(1)

    def open(self, user_id: str, result: Result) -> Cursor:
        """Return an answer that can be cut into pages; only `keep` makes its later pages reachable."""
        return Cursor(ids.make_id(PREFIX, next(self._numbers)), user_id, result, time.monotonic())

    def keep(self, cursor: Cursor) -> None:
        """Keep an answer until its locator expires, and forget those that have."""
        self._cursors = {c.id: c for c in self._cursors.values() if not self._expired(c)}
        self._cursors[cursor.id] = cursor

    def find(self, locator: str, user_id: str) -> tuple[Cursor, int]:
        """Return the answer behind a locator and the row to go on from.

        Raises `ApiError` 400 `INVALID_QUERY_LOCATOR` when it is unknown, expired or another user's.
        """
        cursor_id, _, start = locator.partition("-")
        cursor = self._cursors.get(cursor_id)
        if cursor is None or self._expired(cursor) or cursor.user_id != user_id:
            raise _invalid()
        if not start.isdecimal() or int(start) >= len(cursor.result.rows):
            raise _invalid()
        return cursor, int(start)

    def _expired(self, cursor: Cursor) -> bool:
        return time.monotonic() - cursor.opened >= self._settings.locator_seconds


def _invalid() -> ApiError:
    return ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
