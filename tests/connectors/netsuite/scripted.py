"""The vendor as scripted answers behind a session, typed from its pages; the runner's side beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import BaseAdapter

from connectors.contract import Services
from connectors.netsuite.settings import NetSuiteSettings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MEI, WONG = "1207", "1311"
SECRETS = ("consumer-secret-1", "token-secret-1", "token-secret-of-mei", "key-shared-with-the-script")
RECORDS = "/services/rest/record/v1/"
SUITEQL = "/services/rest/query/v1/suiteql"


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    @property
    def query(self) -> str:
        return str(self.body["q"])

    @property
    def token(self) -> str:
        """Whose token signed it."""
        return self.headers["authorization"].split('oauth_token="')[1].split('"')[0]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer; `cut`: the connection breaks instead."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


Script = Callable[[Asked], Said]


class Vendor(BaseAdapter):
    """Answers by method and path: the first of a list, then the next; the last one stays."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self._scripts: dict[tuple[str, str], list[Said | Script]] = {}

    def on(self, method: str, path: str, *answers: Said | Script) -> None:
        self._scripts[method, path] = list(answers)

    def calls(self, method: str = "", path: str = "") -> list[Asked]:
        return [one for one in self.asked if method in {"", one.method} and one.path.startswith(path)]

    def session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", self)
        return session

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = json.loads(request.body) if request.body else None
        asked = Asked(str(request.method), parts.path, params, headers, body)
        self.asked.append(asked)
        scripts = self._scripts.get((asked.method, asked.path), [error("NONEXISTENT_ID", 404)])
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        said = script if isinstance(script, Said) else script(asked)
        if said.cut:
            raise requests.exceptions.ConnectionError("connection reset")
        return _response(request, said)

    def close(self) -> None:
        """Nothing is open."""


def _response(request: requests.PreparedRequest, said: Said) -> requests.Response:
    response = requests.Response()
    response.status_code = said.status
    response.request = request
    response.headers.update({"Date": "Mon, 02 Mar 2026 09:00:00 GMT", **said.headers})
    response._content = b"" if said.body is None else json.dumps(said.body).encode()
    return response


def error(code: str, status: int = 400, detail: str = "refused", **more: Any) -> Said:
    """An error as https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156570709583.html shows them."""
    kind = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
    details = [{"detail": detail, "o:errorCode": code, **more}]
    return Said(status, {"type": kind, "title": "Error", "status": status, "o:errorDetails": details})


def rows(*found: Mapping[str, str]) -> Said:
    """What a query answers."""
    items = [{"links": [], **row} for row in found]
    counts = {"count": len(items), "offset": 0, "totalResults": len(items)}
    return Said(200, {"links": [], "hasMore": False, "items": items, **counts})


def tba(token: str, secret: str) -> dict[str, Any]:
    return {
        "tba": {
            "consumer_key": "consumer-1",
            "consumer_secret": SECRETS[0],
            "token_id": token,
            "token_secret": secret,
        }
    }


def settings(**changes: Any) -> NetSuiteSettings:
    whole = {
        "account": "123456_SB1",
        "zone": "America/Los_Angeles",
        "auth": tba("token-1", SECRETS[1]),
        "actors": {MEI: tba("token-of-mei", SECRETS[2])},
        "push_keys": [SECRETS[3]],
        "kinds": {"purchaseOrder": {"fields": ["tranDate", "memo", "total", "approvalStatus", "nextApprover"]}},
    } | changes
    return NetSuiteSettings.model_validate(whole)


class Nothing:
    """A token cache and a vault that nobody needs: each call is signed."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def services(vendor: Vendor, now: datetime = NOW) -> Services:
    nothing: Any = Nothing()
    return Services(vendor.session, nothing, lambda: now, lambda _key, _used, _limit: None, nothing)
