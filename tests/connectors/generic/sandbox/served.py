"""The twin under an address, and a caller that signs as the protocol's description says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from connectors.sandbox.twin import Twin
from tests.served import DEADLINE_S, Host

ADA, LIN, MIRA, PIA, TOM = "u-204", "u-205", "u-201", "u-300", "u-209"
KIND = "purchase_request"


def decision(action: str = "approve", actor: str = ADA, **more: Any) -> dict[str, Any]:
    return {
        "action": action,
        "actor": actor,
        "version": "1",
        "fields": {},
        "transition": "",
        "comment": "",
        **more,
    }


def signed(key: str, method: str, path: str, headers: Mapping[str, str], body: bytes, at: int = 0) -> dict[str, str]:
    """Return the headers of a signed request; `headers` are signed as well."""
    given = dict(headers)
    if body:
        given["content-digest"] = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    values = {"@method": method, "@path": path, **given}
    listed = " ".join(f'"{name}"' for name in values)
    parameters = f'({listed});created={at or int(time.time())};keyid="dingbridge"'
    lines = [f'"{name}": {value}' for name, value in values.items()]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    mac = base64.b64encode(hmac.digest(key.encode(), base.encode(), "sha256")).decode()
    return {**given, "signature-input": f"sig={parameters}", "signature": f"sig=:{mac}:"}


@dataclass
class Served:
    base: str
    twin: Twin
    http: requests.Session

    @property
    def settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = dict(self.twin.describe(self.base)["settings"])
        return settings

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        content = b"" if body is None else json.dumps(body).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = signed(self.settings["write_back"]["key"], method, f"/purchasing{path}", names, content)
        return self.http.request(
            method, f"{self.base}/purchasing{path}", headers=sent, data=content, timeout=DEADLINE_S
        )

    def act(self, body: Any, id_: str = "501", key: str = "k-1", version: str = "1") -> requests.Response:
        return self.call("POST", f"/{KIND}/{id_}/actions", body, idempotency_key=f'"{key}"', if_match=f'"{version}"')

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"{self.base}/__sandbox{path}", json=body, timeout=DEADLINE_S)
        assert response.ok, response.text
        return response.json()

    def writes(self) -> int:
        return int(self.control("GET", "/writes")["writes"])

    def fault(self, **fault: Any) -> None:
        self.control("POST", "/faults", fault)

    def change(self, id_: str = "501", **values: Any) -> Any:
        return self.control("PATCH", f"/records/{id_}", {"values": values})


@contextmanager
def fresh(host: Host) -> Iterator[Served]:
    with requests.Session() as http:
        http.trust_env = False
        yield Served(host.base, host.fresh(), http)
