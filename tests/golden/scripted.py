"""A vendor that answers one row of the oracle, behind a session and without a socket."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from connectors.contract import Reads, Record, Services
from connectors.registry import connector
from tests.contract.case import Secrets, Tokens
from tests.golden.units import UnitRow

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
STAMP = "2026-11-22T03:04:05Z"
_MARK = "\ue000"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: `target` is its path and query as they stood on the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """An answer; a body that is no bytes becomes JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Vendor(BaseAdapter):
    """Answers every request by one function."""

    def __init__(self, answer: Callable[[Asked], Said]) -> None:
        super().__init__()
        self._answer = answer

    def session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", self)
        return session

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        text = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
        target = "/" + str(request.url).partition("://")[2].partition("/")[2]
        said = self._answer(Asked(str(request.method), target, headers, text))
        response = requests.Response()
        response.status_code, response.request, response.url = said.status, request, str(request.url)
        response.headers.update({"Date": "Mon, 23 Nov 2026 01:00:00 GMT", **said.headers})
        content = said.body if isinstance(said.body, bytes) else written(said.body)
        response.raw = HTTPResponse(body=io.BytesIO(content), status=said.status, preload_content=False)
        return response

    def close(self) -> None:
        """Nothing is open."""


def record(row: UnitRow, settings: Mapping[str, Any], answer: Callable[[Asked], Said], record_id: str) -> Record:
    """Read the row's record through the connector's public client. Raises the contract's errors."""
    made = connector(row.vendor)
    services = Services(Vendor(answer).session, Tokens(), lambda: NOW, lambda _key, _used, _limit: None, Secrets())
    client = made.build(row.vendor, made.settings.model_validate(settings), services)
    assert isinstance(client, Reads)
    [found] = client.read(row.kind, [record_id])
    assert isinstance(found, Record), found.sentence
    assert not found.deleted
    return found


def parsed(payload: str) -> Any:
    """Parse JSON, each number as a text that `written` writes as the same digits."""
    return json.loads(payload, parse_float=_marked, parse_int=_marked)


def written(body: Any) -> bytes:
    """Write JSON, numbers with the digits that the row has."""
    text = json.dumps(body, ensure_ascii=False, default=lambda each: _marked(str(_decimal(each))))
    return re.sub(f'"{_MARK}([^{_MARK}]*){_MARK}"', r"\1", text).encode()


def numeric(value: Any) -> bool:
    """Whether a value of `parsed` was a number."""
    return isinstance(value, str) and value.startswith(_MARK)


def _marked(digits: str) -> str:
    return f"{_MARK}{digits}{_MARK}"


def _decimal(value: Any) -> Decimal:
    assert isinstance(value, Decimal)
    return value
