"""Tables that remember their changes, and answer as Microsoft's pages on queries and change tracking say.

https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from tests.connectors.dynamics.dataverse.vendor import API, Asked, Said, Vendor, error

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def gid(number: int) -> str:
    """An id of a row: the order of ids is not the order of numbers."""
    return f"{(number * 7919) % 0xFFFF:08x}-0d87-e711-80e5-{number:012x}"


class Table:
    """One table. `tracked` is whether it gives delta links; `forget` makes those that it has given lapse."""

    def __init__(self, vendor: Vendor, entity_set: str, key: str, *, tracked: bool = True) -> None:
        self.vendor = vendor
        self.entity_set = entity_set
        self.key = key
        self.tracked = tracked
        self.rows: dict[str, dict[str, Any]] = {}
        self.deleted: dict[str, int] = {}
        self.version = 900_000
        self.oldest = 0
        self.lapsed = error(
            "0x80044352", 400, "Version stamp associated with the client has expired. Please perform a full sync."
        )
        vendor.on(entity_set, self)

    def put(self, number: int, second: float = 0, **cells: Any) -> str:
        """Create or change a row, stamped so many seconds after the beginning."""
        self.version += 1
        stamp = (BEGIN + timedelta(seconds=second)).replace(microsecond=0)
        row_id = gid(number)
        known = self.rows.get(row_id, {})
        self.rows[row_id] = {
            **known,
            "@odata.etag": f'W/"{self.version}"',
            self.key: row_id,
            "modifiedon": stamp.strftime("%Y-%m-%dT%H:%M:%SZ"),
            **cells,
        }
        self.deleted.pop(row_id, None)
        return row_id

    def drop(self, number: int) -> str:
        self.version += 1
        row_id = gid(number)
        del self.rows[row_id]
        self.deleted[row_id] = self.version
        return row_id

    def forget(self) -> None:
        self.version += 1
        self.oldest = self.version

    def __call__(self, asked: Asked) -> Said:
        params = asked.params
        if "$deltatoken" in params:
            return self._changes(asked)
        tracking = "odata.track-changes" in asked.wishes or 'istracking="True"' in params.get("$skiptoken", "")
        for option in ("$filter", "$orderby", "$expand", "$top"):
            if tracking and option in params:
                what = option.removeprefix("$")
                return error(
                    "0x80060888", 400, f'The "{what}" query parameter isn\'t supported when Change Tracking is enabled.'
                )
        found = self._ordered(self._filtered(params.get("$filter", "")), params.get("$orderby", ""))
        return self._page(asked, [self._shown(row, asked) for row in found], tracking=tracking and self.tracked)

    def _changes(self, asked: Asked) -> Said:
        since = int(asked.params["$deltatoken"].partition("!")[0])
        if since < self.oldest:
            return self.lapsed
        changed = sorted((_version(row), row_id) for row_id, row in self.rows.items() if _version(row) > since)
        removed = sorted((version, row_id) for row_id, version in self.deleted.items() if version > since)
        context = f"{self.vendor.base}{API}$metadata#{self.entity_set}/$deletedEntity"
        found: list[Mapping[str, Any]] = [self._shown(self.rows[row_id], asked) for _, row_id in changed]
        found += [{"@odata.context": context, "id": row_id, "reason": "deleted"} for _, row_id in removed]
        return self._page(asked, found, tracking=True)

    def _page(self, asked: Asked, found: list[Mapping[str, Any]], *, tracking: bool) -> Said:
        size = next(
            (int(each.partition("=")[2]) for each in asked.wishes if each.startswith("odata.maxpagesize")), 5000
        )
        token = asked.params.get("$skiptoken", "")
        first = int(re.findall(r'last="(\d+)"', token)[0]) if token else 0
        body: dict[str, Any] = {
            "@odata.context": f"{self.vendor.base}{API}$metadata#{self.entity_set}",
            "value": found[first : first + size],
        }
        kept = "&".join(each for each in asked.raw.partition("?")[2].split("&") if not each.startswith(("$skip",)))
        where = f"{self.vendor.base}{API}{self.entity_set}"
        if len(found) > first + size:
            cookie = f'<cookie last="{first + size}" istracking="{tracking}" />'
            body["@odata.nextLink"] = f"{where}?{kept}&$skiptoken={quote(cookie, safe='=')}".replace("?&", "?")
        elif tracking:
            kept = "&".join(each for each in kept.split("&") if not each.startswith("$deltatoken"))
            body["@odata.deltaLink"] = f"{where}?{kept}&$deltatoken={self.version}%2108%2f22%2f2026%2008%3a10%3a44"
        return Said(200, body)

    def _shown(self, row: Mapping[str, Any], asked: Asked) -> Mapping[str, Any]:
        names = {*asked.params["$select"].split(","), self.key}
        return {name: value for name, value in row.items() if name.partition("@")[0] in {*names, ""}}

    def _filtered(self, text: str) -> list[dict[str, Any]]:
        ids = set(re.findall(r"(\w+) eq ([0-9a-f-]{36})", text))
        found = list(self.rows.values())
        if ids:
            found = [row for row in found if any(row.get(key) == value for key, value in ids)]
        for operator, at in re.findall(r"modifiedon (ge|lt) (\S+?)(?= |$)", text):
            bound = datetime.fromisoformat(at)
            stamped = [(datetime.fromisoformat(row["modifiedon"]), row) for row in found]
            found = [row for stamp, row in stamped if (stamp >= bound if operator == "ge" else stamp < bound)]
        return found

    def _ordered(self, found: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
        names = [each.removesuffix(" asc") for each in text.split(",") if each]
        return sorted(found, key=lambda row: tuple(row[name] for name in names or [self.key]))


def _version(row: Mapping[str, Any]) -> int:
    return int(row["@odata.etag"][3:-1])
