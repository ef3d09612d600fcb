"""A twin under an address, with what tests ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from connectors.sandbox.twin import Twin
from tests.served import DEADLINE_S, Host

MANAGER = "wilmot@harbour.example"
SELLER = "tessa@harbour.example"
NEWCOMER = "abel@harbour.example"
LONG_AGO = "2024-01-01T00:00:00+08:00"


def query(columns: str, rest: str) -> str:
    words = ["select", columns, "from", rest]
    return " ".join(words)


@dataclass
class Served:
    """One running twin. `user` chooses whose token `call` sends, the integration's by default."""

    base: str
    twin: Twin
    http: requests.Session
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> Any:
        return self.twin.describe(self.base)

    def grant(self, centre: str = "us", **form: str) -> requests.Response:
        facts = self.facts
        form = {"client_id": facts["client_id"], "client_secret": facts["client_secret"], **form}
        return self.http.post(
            f"{facts['data_centres'][centre]['accounts']}/oauth/v2/token", data=form, timeout=DEADLINE_S
        )

    def renew(self, refresh_token: str = "", **more: str) -> requests.Response:
        token = refresh_token or self.facts["refresh_token"]
        return self.grant(grant_type="refresh_token", refresh_token=token, **more)

    def token(self, user: str = "") -> str:
        if user not in self.tokens:
            known = {u["email"]: u["refresh_token"] for u in self.facts["users"]}
            self.tokens[user] = self.renew(known[user] if user else "").json()["access_token"]
        return self.tokens[user]

    def scoped(self, *scopes: str, user: str = "integration@harbour.example") -> str:
        """Return a token with these scopes alone."""
        given = self.control("POST", "/grants", {"user": user, "scopes": scopes, "refresh": True})
        return str(self.renew(given["refresh_token"]).json()["access_token"])

    def call(self, method: str, path: str, user: str = "", **more: Any) -> requests.Response:
        token = more.pop("token", None) or self.token(user)
        headers = {"Authorization": f"Zoho-oauthtoken {token}", **more.pop("headers", {})}
        url = f"{self.facts['api_domain']}/crm/v8{path}"
        return self.http.request(method, url, headers=headers, timeout=DEADLINE_S, **more)

    def listed(self, module: str, fields: str = "id", user: str = "", token: str = "", **params: Any) -> Any:
        headers = {"If-Modified-Since": params.pop("since")} if "since" in params else {}
        asked = {"fields": fields, **params}
        return self.call("GET", f"/{module}", user, token=token, params=asked, headers=headers)

    def coql(self, query: str, user: str = "", **more: Any) -> requests.Response:
        return self.call("POST", "/coql", user, json={"select_query": query}, **more)

    def names(self, where: str, rest: str = "") -> list[str]:
        answer = self.coql(query("Deal_Number", f"Deals where {where} {rest}"))
        return [] if answer.status_code == 204 else [row["Deal_Number"] for row in answer.json()["data"]]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"{self.base}/__sandbox{path}", json=body, timeout=DEADLINE_S)
        assert response.ok, response.text
        return response.json()

    def switch(self, **switches: Any) -> None:
        self.control("POST", "/switches", switches)

    def set(self, **settings: Any) -> None:
        self.control("POST", "/settings", settings)

    def id_of(self, module: str, name: str) -> str:
        return str(next(row["id"] for row in self.facts["modules"][module] if row["name"] == name))

    def deal(self, name: str = "Harbour cold chain") -> str:
        return self.id_of("Deals", name)

    def shown(self, deal: str, user: str = "") -> Any:
        return self.call("GET", f"/Deals/{deal}", user).json()["data"][0]


@contextmanager
def fresh(host: Host) -> Iterator[Served]:
    with requests.Session() as http:
        yield Served(host.base, host.fresh(), http)
