"""A twin under an address, with what tests ask of it. Signs by itself: nothing of the twin's own code checks itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import jwt
import requests

from connectors.sandbox.twin import Twin
from tests.served import DEADLINE_S, Host

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
RECORDS = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
SELECT = "SELECT"


def percent(text: str) -> str:
    return quote(text, safe="-._~")


def sign(base: str, consumer_secret: str, token_secret: str) -> str:
    key = f"{percent(consumer_secret)}&{percent(token_secret)}".encode()
    return base64.b64encode(hmac.new(key, base.encode(), hashlib.sha256).digest()).decode()


@dataclass
class Served:
    """One running twin. `user` chooses whose token signs."""

    base: str
    twin: Twin
    http: requests.Session
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> Any:
        return self.twin.describe(self.base)

    def assertion(self, algorithm: str = "ES256", **changed: Any) -> str:
        facts = self.facts
        certificate = facts["certificates"].get(changed.pop("key_of", algorithm), facts["certificates"]["PS256"])
        now = int(time.time())
        claims = {"iss": facts["client_id"], "scope": "rest_webservices,restlets", "aud": facts["token_url"]}
        claims |= {"iat": now, "exp": now + 300}
        headers = {"kid": changed.pop("kid", certificate["kid"])}
        claims |= changed
        return jwt.encode(claims, certificate["private_key"], algorithm=algorithm, headers=headers)

    def grant(self, assertion: str, **changed: str) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": assertion}
        return self.http.post(self.base + TOKEN_PATH, data=form | changed, timeout=DEADLINE_S)

    def bearer(self) -> str:
        if "own" not in self.tokens:
            self.tokens["own"] = self.grant(self.assertion()).json()["access_token"]
        return f"Bearer {self.tokens['own']}"

    def oauth(self, method: str, url: str, user: str = "integration", **changed: str) -> str:
        """An Authorization header of OAuth 1.0a for this request."""
        facts = self.facts
        token = facts["tokens"][user]
        given = {
            "oauth_consumer_key": facts["consumer_key"],
            "oauth_token": token["token"],
            "oauth_nonce": secrets.token_hex(10),
            "oauth_timestamp": str(int(time.time())),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_version": "1.0",
        } | {k: v for k, v in changed.items() if k.startswith("oauth_")}
        split = urlsplit(url)
        pairs = sorted((percent(k), percent(v)) for k, v in [*parse_qsl(split.query), *given.items()])
        joined = "&".join(f"{k}={v}" for k, v in pairs)
        base = "&".join(percent(p) for p in (method, f"{split.scheme}://{split.netloc}{split.path}", joined))
        given["oauth_signature"] = changed.get("signature") or sign(base, facts["consumer_secret"], token["secret"])
        parts = ", ".join(f'{k}="{percent(v)}"' for k, v in given.items())
        return f'OAuth realm="{changed.get("realm", facts["account"])}", {parts}'

    def call(self, method: str, path: str, *, user: str = "", **more: Any) -> requests.Response:
        """Call by OAuth 2.0 as the integration, or as another user by a signed request."""
        url = self.base + (path if path.startswith("/services") else RECORDS + path)
        prepared = requests.Request(method, url, params=more.pop("params", None)).prepare().url or url
        login = self.oauth(method, prepared, user) if user else self.bearer()
        headers = {"Authorization": login, **more.pop("headers", {})}
        return self.http.request(method, prepared, headers=headers, timeout=DEADLINE_S, **more)

    def query(self, text: str, *given: Any, user: str = "", **paging: int) -> requests.Response:
        body = {"q": text, "params": list(given)} if given else {"q": text}
        return self.call("POST", SUITEQL, user=user, params=paging, json=body, headers={"Prefer": "transient"})

    def rows(self, text: str, *given: Any, **more: Any) -> list[dict[str, Any]]:
        answer = self.query(text, *given, **more)
        assert answer.status_code == 200, answer.text
        return [{k: v for k, v in item.items() if k != "links"} for item in answer.json()["items"]]

    def transactions(self, columns: str, rest: str, *given: Any, **more: Any) -> list[dict[str, Any]]:
        """Rows of the table transaction."""
        return self.rows(f"{SELECT} {columns} FROM transaction {rest}", *given, **more)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"{self.base}/__sandbox{path}", json=body, timeout=60)
        assert response.ok, response.text
        return response.json()

    def switch(self, **switches: Any) -> None:
        self.control("POST", "/switches", switches)

    def settings(self, **settings: Any) -> None:
        self.control("POST", "/settings", settings)

    def id_of(self, record: str, name: str) -> str:
        return str(next(r["id"] for r in self.facts["records"][record] if name in r["name"]))


def detail(response: requests.Response) -> tuple[int, str]:
    """Status and code of an error in REST."""
    return response.status_code, response.json()["o:errorDetails"][0]["o:errorCode"]


@contextmanager
def fresh(host: Host) -> Iterator[Served]:
    with requests.Session() as http:
        yield Served(host.base, host.fresh(), http)
