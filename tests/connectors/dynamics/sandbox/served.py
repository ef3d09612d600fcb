"""A twin under an address, with what tests ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.sandbox.twin import Twin
from tests.served import DEADLINE_S, Host

TRACK = {"Prefer": "odata.track-changes"}
ANNOTATED = {"Prefer": 'odata.include-annotations="*"'}


@dataclass
class Served:
    """One running twin. `http` keeps cookies, as a product's session does."""

    base: str
    twin: Twin
    http: requests.Session
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> Any:
        return self.twin.describe(self.base)

    def grant(self, tenant: str = "", **form: str) -> requests.Response:
        url = f"{self.base}/{tenant or self.facts['tenant_id']}/oauth2/v2.0/token"
        return self.http.post(url, data=form, timeout=DEADLINE_S)

    def credentials(self, **more: str) -> dict[str, str]:
        facts = self.facts
        own = {"client_id": facts["client_id"], "client_secret": facts["client_secret"]}
        return {"grant_type": "client_credentials", "scope": facts["dataverse"]["scope"], **own, **more}

    def token(self, surface: str = "dataverse") -> str:
        if surface not in self.tokens:
            form = self.credentials(scope=self.facts[surface]["scope"])
            self.tokens[surface] = self.grant(**form).json()["access_token"]
        return self.tokens[surface]

    def dv(self, method: str, path: str, **more: Any) -> requests.Response:
        """Call Dataverse: a path below the API, or a whole link byte for byte."""
        return self._call(method, path, "dataverse", **more)

    def bc(self, method: str, path: str, **more: Any) -> requests.Response:
        """Call Business Central: a path below the API, or a whole link byte for byte."""
        return self._call(method, path, "businesscentral", **more)

    def _call(self, method: str, path: str, surface: str, **more: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.facts[surface]['api']}{path}"
        headers = {"Authorization": f"Bearer {self.token(surface)}", **more.pop("headers", {})}
        return self.http.request(method, url, headers=headers, timeout=DEADLINE_S, **more)

    def raw(self, link: str, headers: dict[str, str] | None = None) -> requests.Response:
        """Follow a link without a client that touches its encoding."""
        request = requests.Request(
            "GET", self.base, headers={"Authorization": f"Bearer {self.token()}", **(headers or {})}
        )
        prepared = self.http.prepare_request(request)
        prepared.url = link
        return self.http.send(prepared, timeout=DEADLINE_S)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"{self.base}/__sandbox{path}", json=body, timeout=30)
        assert response.ok, response.text
        return response.json()

    def make(self, table: str, values: dict[str, Any], **more: Any) -> str:
        """Make a row behind the vendor's back and return its id."""
        return str(self.control("POST", f"/dataverse/records/{table}", {"values": values, **more})["ids"][0])

    def alter(self, table: str, row_id: str, **values: Any) -> None:
        self.control("PATCH", f"/dataverse/records/{table}/{row_id}", {"values": values})

    def switch(self, **values: Any) -> None:
        self.control("POST", "/switches", values)

    def settings(self, **values: Any) -> None:
        self.control("POST", "/settings", values)

    def user(self, name: str) -> dict[str, str]:
        users = self.facts["dataverse"]["users"]
        return next(user for user in users if user["domainname"].startswith(name))

    def row(self, table: str, name: str) -> str:
        """The id of a demo row by one of its texts."""
        return next(str(row["id"]) for row in self.facts["dataverse"]["rows"][table] if name in row.values())

    def company(self, name: str = "Harbour HK") -> str:
        found = next(c["id"] for c in self.facts["businesscentral"]["companies"] if c["name"] == name)
        return f"/companies({found})"

    def record(self, resource: str, number: str) -> str:
        rows = self.facts["businesscentral"]["records"][resource]
        found = next(r["id"] for r in rows if r["number"] == number)
        return f"{self.company()}/{resource}({found})"

    def follow(self, path: str, headers: dict[str, str] | None = None) -> tuple[list[Any], str]:
        """All rows behind a path of Dataverse, page by page, and the delta link when there is one."""
        rows: list[Any] = []
        while True:
            answer = self.raw(path, headers) if path.startswith("http") else self.dv("GET", path, headers=headers or {})
            body = answer.json()
            assert answer.status_code == 200, body
            rows += body["value"]
            if "@odata.nextLink" not in body:
                return rows, body.get("@odata.deltaLink", "")
            path = body["@odata.nextLink"]


def error(answer: requests.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]


def path_of(link: str) -> str:
    return urlsplit(link).path


@contextmanager
def fresh(host: Host) -> Iterator[Served]:
    with requests.Session() as http:
        yield Served(host.base, host.fresh(), http)
