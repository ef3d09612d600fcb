"""A small org on this machine, typed from the vendor's pages: one deal, its approval, people, and faults on demand."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from connectors.salesforce import CONNECTOR
from connectors.salesforce.client import Client
from tests.connectors.salesforce.parts import CLIENT_CREDENTIALS, NOW, Desk, payload, settings
from tests.served import Scripted, served_session

BASE = "/services/data/v62.0/"
DEAL = "006Dn00000AbCdEIAV"
ANN, BOB, EVE = "005Dn000001UsrAIAS", "005Dn000001UsrBIAS", "005Dn000001UsrCIAS"
QUEUE = "00GDn000001QueUMAS"
NAMES = {ANN: "Ann Approver", BOB: "Bob Buyer", EVE: "Eve Else"}
STAMP = datetime(2026, 3, 2, 8, 15, 42, tzinfo=UTC)
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = _KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()

Fault = Callable[[Request], Response | None]


def shown(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def refusal(status: int, code: str, message: str = "Not now.") -> Response:
    return Response(json.dumps([{"errorCode": code, "message": message, "fields": []}]), status)


@dataclass
class Office:
    """The org's side. `faults` are taken once each, by the first call whose path they match."""

    server: HTTPServer
    values: dict[str, Any] = field(default_factory=lambda: {"Amount": 480000.5, "StageName": "Proposal"})
    stamp: datetime = STAMP
    by: str = BOB
    status: str = ""
    items: dict[str, str] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    delegates: dict[str, str] = field(default_factory=dict)
    readable: set[str] = field(default_factory=lambda: {ANN, BOB})
    editable: set[str] = field(default_factory=lambda: {ANN, BOB})
    granted: dict[str, bool] = field(default_factory=lambda: {"Amount": True, "StageName": True})
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    def client(self, desk: Desk | None = None, **changes: Any) -> Client:
        desk = desk or Desk(now=NOW, session=served_session())
        usual: dict[str, Any] = {
            "url": self.server.url_for("").rstrip("/"),
            "auth": CLIENT_CREDENTIALS,
            "acting": {"client_id": "key-2", "private_key": PEM},
        }
        built = CONNECTOR.build("crm", settings(**{**usual, **changes}), desk.services())
        assert isinstance(built, Client)
        return built

    def fail(self, path: str, fault: Fault | Response) -> None:
        self.faults.append((path, (lambda _: fault) if isinstance(fault, Response) else fault))

    def lose(self, path: str, *, carried_out: bool) -> None:
        """Break the connection once, before or after the call was carried out."""
        self.lost.append(path if carried_out else f"-{path}")

    def calls(self, path: str) -> list[Request]:
        return [each for each in self.asked if re.search(path, each.path)]

    def submit(self, *approvers: str) -> None:
        self.status = "Pending"
        self.items = {f"04iDn000000Wk{number:02}IAA": who for number, who in enumerate(approvers)}

    def _answer(self, request: Request) -> Response:
        self.asked.append(request)
        for number, (path, fault) in enumerate(self.faults):
            if re.search(path, request.path):
                del self.faults[number]
                answer = fault(request)
                if answer is not None:
                    return answer
        for path in self.lost:
            if re.search(path.lstrip("-"), request.path):
                self.lost.remove(path)
                if not path.startswith("-"):
                    self._carry_out(request)
                request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                return Response("")
        return self._carry_out(request)

    def _carry_out(self, request: Request) -> Response:
        path = request.path.removeprefix(BASE)
        if request.path.endswith("/oauth2/token"):
            return self._token(parse_qs(request.get_data(as_text=True)))
        if path.endswith("/describe"):
            return Response(json.dumps(described(path.split("/")[1]), default=str))
        if path in {"query", "queryAll"}:
            return Response(json.dumps(self._query(request.args["q"])))
        if path == "composite":
            parts = list(self._parts(request.get_json(), person="bridge" not in request.headers["Authorization"]))
            return Response(json.dumps({"compositeResponse": parts}, default=str))
        if path.startswith("process/approvals"):
            return self._decide(request)
        assert request.method == "PATCH"
        return self._patch(request)

    def _token(self, form: Mapping[str, list[str]]) -> Response:
        who = "bridge"
        if "assertion" in form:
            claims = jwt.decode(form["assertion"][0], options={"verify_signature": False})
            who = claims["sub"]
        self.tokens.append(who)
        return Response(json.dumps({"access_token": f"token of {who} {len(self.tokens)}", "scope": "api"}))

    def _parts(self, body: Any, *, person: bool) -> Iterator[dict[str, Any]]:
        for part in body["compositeRequest"]:
            url = urlsplit(part["url"])
            if url.path.endswith("/describe"):
                answer = self._seen(described(url.path.split("/")[-2])) if person else None
            else:
                answer = self._query(*parse_qs(url.query)["q"])
            yield {"referenceId": part["referenceId"], "httpStatusCode": 200, "body": answer}

    def _seen(self, found: Any) -> Any:
        """An object as a person sees it, who lacks what is not granted."""
        covered = [entry for entry in found["fields"] if entry["permissionable"]]
        for entry in covered:
            entry["updateable"] = self.granted.get(entry["name"], False)
        found["fields"] = [each for each in found["fields"] if each not in covered or each["name"] in self.granted]
        return found

    def _query(self, query: str) -> dict[str, Any]:
        found = re.search(r"FROM (\w+)", query)
        assert found
        rows = list(getattr(self, f"_{found[1].lower()}")(query))
        return {"totalSize": len(rows), "done": True, "records": rows}

    def _opportunity(self, query: str) -> Iterator[dict[str, Any]]:
        if DEAL in query:
            author = {"Name": NAMES[self.by]}
            stamps = dict.fromkeys(("SystemModstamp", "LastModifiedDate"), shown(self.stamp))
            blank = {"Id": DEAL, "Name": "Pump station 7", "IsDeleted": False, "LastModifiedById": self.by}
            yield {**blank, **stamps, "LastModifiedBy": author, **self.values}

    def _user(self, query: str) -> Iterator[dict[str, Any]]:
        ids = re.findall(r"005\w+", query)
        if "DelegatedApproverId" in query:
            yield from ({"Id": each} for each in ids[:-1] if self.delegates.get(each) == ids[-1])
        else:
            yield from ({"Id": each, "Username": f"{NAMES[each]}@example.com"} for each in ids if each in NAMES)

    def _processinstance(self, _query: str) -> Iterator[dict[str, Any]]:
        if self.status:
            yield {"Id": "04gDn0000000001IAA", "Status": self.status}

    def _processinstanceworkitem(self, _query: str) -> Iterator[dict[str, Any]]:
        for item, who in self.items.items():
            yield {"Id": item, "ActorId": who, "ProcessInstanceId": "04gDn0000000001IAA"}

    def _processinstancestep(self, _query: str) -> Iterator[dict[str, Any]]:
        yield from reversed(self.steps)

    def _userrecordaccess(self, query: str) -> Iterator[dict[str, Any]]:
        (user,) = re.findall(r"'(005\w+)'", query)
        for record in re.findall(r"'(006\w+)'", query):
            access = {"HasReadAccess": user in self.readable, "HasEditAccess": user in self.editable}
            yield {"RecordId": record, **access}

    def _fieldpermissions(self, _query: str) -> Iterator[dict[str, Any]]:
        for name, edit in self.granted.items():
            yield {"Field": f"Opportunity.{name}", "PermissionsRead": True, "PermissionsEdit": edit}

    def _patch(self, request: Request) -> Response:
        condition = parsedate_to_datetime(request.headers["If-Unmodified-Since"])
        if self.stamp > condition:
            return Response("", 412)
        self.change(whose(request), **request.get_json())
        return Response("", 204)

    def change(self, who: str, at: datetime | None = None, **values: Any) -> None:
        self.values |= values
        self.by, self.stamp = who, at or self.stamp + timedelta(minutes=1)

    def _decide(self, request: Request) -> Response:
        (wanted,) = request.get_json()["requests"]
        who, item = whose(request), wanted["contextId"]
        if item not in self.items:
            return refusal(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        del self.items[item]
        self.decided(who, {"Approve": "Approved", "Reject": "Rejected"}[wanted["actionType"]], wanted["comments"])
        return Response(json.dumps([{"success": True, "errors": None, "instanceStatus": self.status}]))

    def decided(self, who: str, status: str, comment: str = "") -> None:
        step = {"StepStatus": status, "ActorId": who, "Actor": {"Name": NAMES[who]}, "Comments": comment}
        self.steps.append({**step, "Id": f"04h{len(self.steps)}", "ProcessInstanceId": "04gDn0000000001IAA"})
        if status == "Rejected" or not self.items:
            self.status, self.items = status, {}


def whose(request: Request) -> str:
    """The user whose token this is."""
    name = request.headers["Authorization"].removeprefix("Bearer token of ").partition("@")[0]
    return next(user for user, each in NAMES.items() if each == name)


def described(name: str) -> Any:
    found = payload(f"describe__{name.lower()}")
    for entry in found["fields"]:
        entry["permissionable"] = entry["name"] in {"Amount", "StageName"}
        entry["updateable"] = entry["name"] not in {"Id", "SystemModstamp"}
    return found


@contextmanager
def opened() -> Iterator[Office]:
    with Scripted(host="127.0.0.1", threaded=True) as server:
        yield Office(server)
