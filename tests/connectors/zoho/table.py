"""A module's rows that answer the queries which the vendor's page allows: enough of its language to page by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.connectors.zoho.vendor import Asked, Said, rows

EARLY = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
HONG_KONG = timezone(timedelta(hours=8))
_SINCE = re.compile(r"Modified_Time >= '([^']+)'")
_UNTIL = re.compile(r"Modified_Time < '([^']+)'")
_BEHIND = re.compile(r"\(\(Modified_Time = '([^']+)' and id > '(\d+)'\) or Modified_Time > '([^']+)'\)")
_IDS = re.compile(r"\bid in \(([^)]*)\)")
_LIMIT = re.compile(r"limit (\d+)$")


def at(seconds: int) -> str:
    """A stamp as an org in Hong Kong shows it."""
    return (EARLY + timedelta(seconds=seconds)).astimezone(HONG_KONG).isoformat(timespec="seconds")


@dataclass
class Table:
    """Rows as (stamp in seconds, id, further cells); `asked` holds the queries."""

    found: list[tuple[int, int, dict[str, Any]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def put(self, stamp: int, number: int, **cells: Any) -> None:
        self.found = [row for row in self.found if row[1] != number] + [(stamp, number, cells)]

    def __call__(self, asked: Asked) -> Said:
        query = asked.query
        self.asked.append(query)
        limit = _LIMIT.search(query)
        most = int(limit[1]) if limit else 200
        matching = [row for row in sorted(self.found, key=lambda row: row[:2]) if _matches(query, row)]
        shown = [{"id": str(number), "Modified_Time": at(stamp), **cells} for stamp, number, cells in matching[:most]]
        return rows(*shown, more=len(matching) > most)


def _matches(query: str, row: tuple[int, int, Any]) -> bool:
    stamp, number = EARLY + timedelta(seconds=row[0]), row[1]
    behind, since, until, ids = (pattern.search(query) for pattern in (_BEHIND, _SINCE, _UNTIL, _IDS))
    if ids and str(number) not in re.findall(r"\d+", ids[1]):
        return False
    if until and stamp >= _read(until[1]):
        return False
    if behind:
        return (stamp == _read(behind[1]) and number > int(behind[2])) or stamp > _read(behind[3])
    return not since or stamp >= _read(since[1])


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def ids(found: Sequence[Any]) -> list[str]:
    return [record.id for record in found]
