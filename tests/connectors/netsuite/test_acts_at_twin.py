"""Decisions, pushes and checks at the twin over HTTP."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from connectors.contract import Acted, Action, Effect, Level, RawRequest, Record, Ref, Retryable, Verb
from connectors.netsuite import CONNECTOR
from connectors.netsuite.client import Client
from connectors.netsuite.sandbox import create
from connectors.netsuite.settings import NetSuiteSettings
from tests.contract.case import NAME, local_services
from tests.served import Host, served_session, serving

APPROVER, CLERK, ORDER = "2", "3", "1005"
PUSH_KEY = "key-shared-with-the-script"
KINDS = {
    "purchaseOrder": {"fields": ["tranDate", "entity", "total", "approvalStatus", "nextApprover", "memo"]},
    "salesOrder": {"fields": ["tranDate", "entity", "total", "orderStatus", "memo"]},
}
INTEGRATION = Ref("employee", "1", "Bridge Integration")


@dataclass(frozen=True, slots=True)
class Twin:
    """A fresh twin with its control paths."""

    base: str
    facts: dict[str, Any]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.base}/__sandbox{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def received(self, path: str, method: str) -> list[dict[str, Any]]:
        rows = self.control("GET", f"/received?path={path}")["received"]
        return [row for row in rows if row["method"] == method]

    def tba(self, who: str) -> dict[str, Any]:
        token = self.facts["tokens"][who]
        consumer = {name: self.facts[name] for name in ("consumer_key", "consumer_secret")}
        return {"tba": {**consumer, "token_id": token["token"], "token_secret": token["secret"]}}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@pytest.fixture
def twin(host: Host) -> Twin:
    return Twin(host.base, dict(host.fresh().describe(host.base)))


def client(twin: Twin, **changes: Any) -> Client:
    whole = {
        "account": twin.facts["account"],
        "base_url": twin.base,
        "zone": twin.facts["company_zone"],
        "auth": twin.tba("integration"),
        "actors": {APPROVER: twin.tba("approver"), CLERK: twin.tba("clerk")},
        "push_keys": [PUSH_KEY],
        "kinds": KINDS,
    } | changes
    services = replace(local_services(), session=served_session, now=lambda: datetime.now(UTC))
    built = CONNECTOR.build(NAME, NetSuiteSettings.model_validate(whole), services)
    assert isinstance(built, Client)
    return built


def approve(client: Client, seen: Record | None = None) -> Acted:
    return client.act(Action("k1", Verb.APPROVE, "purchaseOrder", ORDER, APPROVER, (seen or state(client)).version))


def state(client: Client) -> Record:
    (found,) = client.read("purchaseOrder", [ORDER])
    assert isinstance(found, Record)
    return found


def written(twin: Twin) -> int:
    return len(twin.received(f"purchaseOrder/{ORDER}", "PATCH"))


def test_an_approval_is_the_persons_own_in_netsuite(twin: Twin) -> None:
    found = approve(client(twin))
    assert found.effect is Effect.DONE
    assert found.record is not None
    assert found.record.changed_by == found.by == Ref("employee", APPROVER, "Ivo Larch")


def test_the_integrations_name_stands_where_it_writes_for_somebody(twin: Twin) -> None:
    found = approve(client(twin, actors={}, act_as_integration_user=True))
    assert found.effect is Effect.DONE
    assert found.record is not None
    assert found.record.changed_by == INTEGRATION


def test_client_credentials_decide_as_well(twin: Twin) -> None:
    certificate = twin.facts["certificates"]["PS256"]
    oauth2 = {
        "client_id": twin.facts["client_id"],
        "certificate_id": certificate["kid"],
        "private_key": certificate["private_key"],
    }
    at_twin = client(twin, auth={"oauth2": oauth2}, actors={}, act_as_integration_user=True)
    assert approve(at_twin).effect is Effect.DONE


def test_a_lost_answer_to_what_was_written_is_found_out(twin: Twin) -> None:
    at_twin = client(twin)
    seen = state(at_twin)
    twin.control("POST", "/faults", {"path": f"purchaseOrder/{ORDER}", "method": "PATCH", "after": True})
    assert approve(at_twin, seen).effect is Effect.DONE
    assert approve(at_twin, seen).effect is Effect.ALREADY
    assert written(twin) == 1


def test_a_lost_request_may_be_sent_again(twin: Twin) -> None:
    at_twin = client(twin)
    seen = state(at_twin)
    twin.control("POST", "/faults", {"path": f"purchaseOrder/{ORDER}", "method": "PATCH", "drop": True})
    with pytest.raises(Retryable):
        approve(at_twin, seen)
    assert approve(at_twin, seen).effect is Effect.DONE


def test_a_locked_order_is_refused_and_still_shown(twin: Twin) -> None:
    twin.control("POST", "/lock", {"type": "purchaseOrder", "id": int(ORDER)})
    at_twin = client(twin)
    found = approve(at_twin)
    assert found.effect is Effect.REFUSED
    assert found.record == state(at_twin)
    assert written(twin) == 0
    twin.control("POST", "/switches", {"locked_reads": "readable"})
    assert approve(at_twin).effect is Effect.REFUSED


def test_a_misspelt_field_is_not_dropped_silently(twin: Twin) -> None:
    at_twin = client(twin)
    seen = state(at_twin)
    wanted = {"memo": "Urgent", "custbody_typo": "x"}
    found = at_twin.act(Action("k1", Verb.SET, "purchaseOrder", ORDER, APPROVER, seen.version, wanted))
    assert found.effect is Effect.REFUSED
    assert "custbody_typo" in found.reason
    assert state(at_twin) == seen


def test_without_approval_routing_nothing_is_said_to_be_done(twin: Twin) -> None:
    twin.control("POST", "/settings", {"approval_routing": False})
    assert approve(client(twin)).effect is not Effect.DONE


def test_what_is_pushed_and_what_is_polled_is_one_record(twin: Twin) -> None:
    at_twin = client(twin)
    polled = {record.id: record for record in at_twin.pull("purchaseOrder", None).records}
    saved = polled[ORDER].stamp + timedelta(milliseconds=345)
    told = {"account": twin.facts["account"], "type": "purchaseorder", "id": ORDER, "stamp": saved.isoformat()}
    body, time = json.dumps(told).encode(), str(int(saved.timestamp()))
    signature = hmac.digest(PUSH_KEY.encode(), f"{time}.".encode() + body, "sha256").hex()
    headers = {"x-dingbridge-time": time, "x-dingbridge-signature": signature}
    (hint,) = at_twin.receive(RawRequest("POST", headers, "", body, saved)).hints
    (read,) = at_twin.read(hint.kind, [hint.id])
    assert read == polled[ORDER], "what is announced would be told twice"
    assert hint.stamp == polled[ORDER].stamp, "it would be read again without end"


def test_a_check_finds_what_is_granted(twin: Twin) -> None:
    found = {each.about: each for each in client(twin).probe()}
    assert {about for about, each in found.items() if each.level is Level.WRONG} == set()
    assert found["quota"].level is Level.DOUBT, "only an administrator may ask"
    assert found["zone"].level is Level.FINE
    assert found["deletions"].level is Level.FINE


def test_a_check_finds_a_wrong_zone_and_a_small_role(twin: Twin) -> None:
    found = {each.about: each for each in client(twin, zone="Europe/Berlin").probe()}
    assert found["zone"].level is Level.WRONG
    found = {each.about: each for each in client(twin, auth=twin.tba("clerk")).probe()}
    assert found["purchaseOrder"].level is not Level.FINE
    assert "Purchase Order (Transactions)" in found["purchaseOrder"].sentence


def test_an_administrator_learns_the_quota(twin: Twin) -> None:
    found = {each.about: each for each in client(twin, auth=twin.tba("administrator"), concurrency=9).probe()}
    assert found["quota"].level is Level.WRONG
    assert "5 calls" in found["quota"].sentence


def test_the_fields_of_a_type_are_listed(twin: Twin) -> None:
    paths = {each.path for each in client(twin).describe("purchaseOrder")}
    assert set(KINDS["purchaseOrder"]["fields"]) <= paths
