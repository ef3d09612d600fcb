"""A twin under an address, with what tests ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from connectors.sandbox.twin import Twin
from tests.served import DEADLINE_S, Host

VERSION = "59.0"
DEALS = "SELECT Deal_Number__c FROM Opportunity"


@dataclass
class Served:
    """One running twin. `user` chooses whose token `call` sends."""

    base: str
    twin: Twin
    http: requests.Session
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> Any:
        return self.twin.describe(self.base)

    def grant(self, **form: str) -> requests.Response:
        return self.http.post(f"{self.base}/services/oauth2/token", data=form, timeout=DEADLINE_S)

    def client_credentials(self) -> Any:
        facts = self.facts
        return self.grant(
            grant_type="client_credentials", client_id=facts["client_id"], client_secret=facts["client_secret"]
        ).json()

    def token(self) -> str:
        if "own" not in self.tokens:
            self.tokens["own"] = self.client_credentials()["access_token"]
        return self.tokens["own"]

    def token_of(self, username: str) -> str:
        """A session of this user, as a password gives one."""
        if username not in self.tokens:
            facts = self.facts
            password = facts["login"]["password"] + facts["login"]["security_token"]
            client = {"client_id": facts["client_id"], "client_secret": facts["client_secret"]}
            answer = self.grant(grant_type="password", username=username, password=password, **client).json()
            self.tokens[username] = answer["access_token"]
        return self.tokens[username]

    def call(self, method: str, path: str, token: str = "", **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.token()}", **more.pop("headers", {})}
        url = f"{self.base}{path}" if path.startswith("/services") else f"{self.base}/services/data/v{VERSION}{path}"
        return self.http.request(method, url, headers=headers, timeout=DEADLINE_S, **more)

    def query(self, soql: str, resource: str = "query", **more: Any) -> Any:
        return self.call("GET", f"/{resource}", params={"q": soql}, **more).json()

    def names(self, where: str) -> list[str]:
        return [r["Deal_Number__c"] for r in self.query(f"{DEALS} {where}")["records"]]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"{self.base}/__sandbox{path}", json=body, timeout=DEADLINE_S)
        assert response.ok, response.text
        return response.json()

    def first(self, object_name: str, at: int = 0) -> str:
        return str(self.facts["objects"][object_name][at]["id"])

    def deal(self, number: int) -> str:
        rows = self.facts["objects"]["Opportunity"]
        return str(next(r["id"] for r in rows if r["Deal_Number__c"] == f"OPP-{number}"))


@contextmanager
def fresh(host: Host) -> Iterator[Served]:
    with requests.Session() as http:
        yield Served(host.base, host.fresh(), http)
