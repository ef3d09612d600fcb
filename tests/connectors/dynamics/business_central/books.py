"""One company's books that answer as the vendor's pages say: enough of its query language, paging, etags, webhooks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID

import requests

from tests.connectors.dynamics.business_central.vendor import (
    API,
    BELOW,
    COMPANY,
    TOKEN,
    Asked,
    Said,
    Vendor,
    error,
    rows,
    vending,
)

_CONDITION = re.compile(r"\(?(\w+) (eq|ge|gt|le|lt) ('[^']*'|[^ ()]+)\)?")
_ENTITY = re.compile(re.escape(BELOW) + r"(\w+)\(([^)]*)\)(?:/Microsoft\.NAV\.(\w+))?$")
_SUBSCRIPTION = re.compile(re.escape(API) + r"subscriptions\('([^']*)'\)$")
EARLY = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
LIFE = timedelta(days=3)
HANDSHAKE = "MzQ4YjZkZjk-validation"


def gid(number: int) -> str:
    return str(UUID(int=0xB6F4017A_B749_EE11_AD0B_000000000000 + number))


def stamp(at: datetime) -> str:
    """As the vendor writes one: milliseconds without zeros at their end."""
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3].rstrip("0").rstrip(".")
    return f"{text}Z"


@dataclass
class Books:
    """Entity sets of rows by id. `called` answers a handshake in place of the bridge; None: it is really called."""

    vendor: Vendor
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sets: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    called: Callable[[str, str], str] | None = None
    writes: int = 0
    lost_links: bool = False
    forbidden: frozenset[str] = frozenset()
    """Names of tokens that may read nothing."""

    def put(self, entity_set: str, number: int, at: datetime, **cells: Any) -> str:
        row = {"id": gid(number), "number": f"SO-{number:05}", "lastModifiedDateTime": stamp(at), **cells}
        self.sets.setdefault(entity_set, {})[row["id"]] = row
        return str(row["id"])

    def touch(self, entity_set: str, record_id: str, at: datetime | None = None, **cells: Any) -> None:
        self.sets[entity_set][record_id] |= {"lastModifiedDateTime": stamp(at or self.now()), **cells}

    def __call__(self, asked: Asked) -> Said:
        if asked.headers.get("authorization", "").removeprefix("Bearer ") in self.forbidden:
            return error("Authorization_RequestDenied", 403, "TableData 36 Sales Header Read: Base Application.")
        if asked.path.startswith(f"{API}subscriptions"):
            return self._subscriptions(asked)
        entity = _ENTITY.match(asked.path)
        if entity is not None:
            return self._entity(asked, entity[1], entity[2], entity[3] or "")
        name = asked.path.removeprefix(BELOW)
        return self._collection(asked, self.sets[name]) if name in self.sets else error("BadRequest_NotFound", 404)

    def _collection(self, asked: Asked, found: Mapping[str, dict[str, Any]]) -> Said:
        if self.lost_links and "$skiptoken" in asked.params:
            return error("BadRequest", 400, "The skip token is not valid.")
        conditions = _CONDITION.findall(asked.params.get("$filter", ""))
        if " or " in asked.params.get("$filter", "") and len({name for name, _, _ in conditions}) > 1:
            return error("BadRequest", 400, "The 'OR' operator is not supported on distinct fields on an OData filter.")
        either = " or " in asked.params.get("$filter", "")
        kept = [row for row in found.values() if _holds(row, conditions, either=either)]
        order = asked.params.get("$orderby", "id asc").split(" ")[0]
        kept.sort(key=lambda row: _place(row, order))
        size = int(asked.headers.get("prefer", "odata.maxpagesize=20000").partition("odata.maxpagesize=")[2])
        size = min(size, int(asked.params.get("$top", size)))
        behind, _, record_id = asked.params.get("$skiptoken", "").partition("~")
        if record_id:
            # a link goes on behind the last row's key (A-DYNAMICS-307)
            kept = [row for row in kept if _place(row, order) > _place({order: behind, "id": record_id}, order)]
        page, rest = kept[:size], kept[size:] if "$top" not in asked.params else []
        link = ""
        if rest:
            options = {key: value for key, value in asked.params.items() if key != "$skiptoken"}
            query = "&".join(f"{key}={quote(value, safe='$(),:;=')}" for key, value in options.items())
            token = f"{page[-1].get(order)}~{page[-1]['id']}"
            link = f"{self.vendor.base}{asked.path}?{query}&$skiptoken={token}"
        return rows(*(self._shown(row, asked.params.get("$select", "")) for row in page), link=link)

    def _shown(self, row: Mapping[str, Any], select: str) -> dict[str, Any]:
        wanted = set(select.split(",")) if select else set(row)
        cells = {key: value for key, value in row.items() if key in wanted or isinstance(value, list)}
        return {"@odata.etag": _tag(row), **cells}

    def _entity(self, asked: Asked, name: str, record_id: str, action: str) -> Said:
        row = self.sets.get(name, {}).get(record_id)
        if row is None:
            return error("Internal_RecordNotFound", 404, "The record does not exist.")
        if action:
            self.writes += 1
            if action == "shipAndInvoice":
                del self.sets[name][record_id]
            else:
                self.touch(name, record_id, status="Open")
            return Said(204)
        if asked.method == "PATCH":
            return self._patched(asked, name, record_id, row)
        return Said(200, self._shown(row, ""))

    def _patched(self, asked: Asked, name: str, record_id: str, row: dict[str, Any]) -> Said:
        tag = asked.headers.get("if-match", "")
        if not tag:
            return error("BadRequest_InvalidToken", 400, "Could not validate the client concurrency token.")
        if tag not in {"*", _tag(row)}:
            return error("Request_EntityChanged", 409, "Another user has already changed the record.")
        self.writes += 1
        self.touch(name, record_id, **asked.body)
        return Said(200, self._shown(self.sets[name][record_id], ""))

    def _subscriptions(self, asked: Asked) -> Said:
        if asked.method == "GET":
            return rows(*({"@odata.etag": _tag(each), **each} for each in self.subscriptions.values()))
        found = _SUBSCRIPTION.match(asked.path)
        if found is not None:
            known = self.subscriptions.get(found[1])
            if known is None:
                return error("Internal_RecordNotFound", 404)
            if asked.headers.get("if-match") not in {"*", _tag(known)}:
                return error("BadRequest_InvalidToken", 400, "Could not validate the client concurrency token.")
        if not self._answers(asked.body["notificationUrl"]):
            return error("BadRequest", 400, "The notification URL did not return the validation token.")
        number = found[1] if found else f"c670ea73cacb459bb51dc1740da2f{len(self.subscriptions):03}"
        self.subscriptions[number] = {
            "subscriptionId": number,
            **asked.body,
            "lastModifiedDateTime": stamp(self.now()),
            "expirationDateTime": stamp(self.now() + LIFE),
        }
        return Said(200 if found else 201, self.subscriptions[number])

    def _answers(self, url: str) -> bool:
        if self.called is not None:
            return self.called(url, HANDSHAKE) == HANDSHAKE
        answer = requests.post(url, params={"validationToken": HANDSHAKE}, timeout=5)
        return answer.status_code == 200 and answer.text == HANDSHAKE


def _tag(row: Mapping[str, Any]) -> str:
    return f'W/"{abs(hash(str(sorted(row.items(), key=str))))}"'


def _place(row: Mapping[str, Any], order: str) -> Any:
    return _value(row.get(order)), row["id"]


def _value(cell: Any) -> Any:
    return (
        (cell is not None, datetime.fromisoformat(cell)) if isinstance(cell, str) and cell.endswith("Z") else str(cell)
    )


def _holds(row: Mapping[str, Any], conditions: list[tuple[str, str, str]], *, either: bool) -> bool:
    held = [_compared(row.get(name), operator, text) for name, operator, text in conditions]
    return any(held) if either else all(held)


def _compared(cell: Any, operator: str, text: str) -> bool:
    wanted: Any = text.strip("'")
    if isinstance(cell, str) and cell.endswith("Z"):
        cell, wanted = datetime.fromisoformat(cell), datetime.fromisoformat(wanted)
    elif isinstance(cell, int | Decimal):
        wanted = Decimal(wanted)
    return bool(
        {
            "eq": cell == wanted,
            "ge": cell >= wanted,
            "gt": cell > wanted,
            "le": cell <= wanted,
            "lt": cell < wanted,
        }[operator]
    )


@contextmanager
def open_books(now: Callable[[], datetime] | None = None) -> Iterator[Books]:
    with vending() as vendor:
        books = Books(vendor, now or (lambda: datetime.now(UTC)), called=lambda _url, token: token)
        vendor.otherwise = books
        yield books


def personal(vendor: Vendor, tokens: Mapping[str, str]) -> None:
    """Let the vendor give tokens by name: of a refresh token, else of the application."""

    def granted(asked: Asked) -> Said:
        form = asked.form
        if form["grant_type"] == "client_credentials":
            return vendor.granted(access_token="access-app")
        if form["refresh_token"] not in tokens:
            return Said(400, {"error": "invalid_grant", "error_description": "AADSTS700082: expired"})
        return vendor.granted(access_token=tokens[form["refresh_token"]], refresh_token=form["refresh_token"])

    vendor.on("POST", TOKEN, granted)


__all__ = ["COMPANY", "EARLY", "Books", "gid", "open_books", "personal", "stamp"]
