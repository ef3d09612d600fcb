"""The user event script, run as NetSuite would, against the receiver of the connector."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import connectors.netsuite
from connectors.contract import Hint, RawRequest, Refusal
from connectors.netsuite.push import Receiver
from tests.clients.node import Client

pytestmark = [pytest.mark.clients, pytest.mark.timeout(100)]

SCRIPT = Path(connectors.netsuite.__file__).parent / "suitescript" / "dingbridge_user_event.js"
NODE = Client(Path(__file__).parent / "suitescript")
KEY = "a-shared-key-with-\u00fc-1"
URL = "https://bridge.example.com/hooks/erp"
RECEIVER = Receiver("123456_SB1", {"purchaseOrder": "purchaseOrder"}, [KEY.encode()])
ORDER = {"type": "purchaseorder", "id": 1042, "values": {"lastmodifieddate": "2026-03-02T08:40:07.123Z"}}
EDIT = {"type": "edit", "newRecord": ORDER, "oldRecord": ORDER}
TAKEN = {"code": 200}


def run(*events: dict[str, Any], answers: tuple[dict[str, Any], ...] = (TAKEN,), **changes: Any) -> dict[str, Any]:
    given = {
        "script": str(SCRIPT),
        "secrets": {"custsecret_dingbridge": KEY},
        "parameters": {"custscript_dingbridge_url": URL, "custscript_dingbridge_secret": "custsecret_dingbridge"},
        "account": "123456_SB1",
        "events": events,
        "answers": answers,
    } | changes
    did: dict[str, Any] = NODE.run("run.cjs", given)
    assert did["thrown"] == [], "a fault reached the person who saves"
    return did


def request(posted: dict[str, Any]) -> RawRequest:
    headers = {name.lower(): value for name, value in posted["headers"].items()}
    return RawRequest("POST", headers, "", posted["body"].encode(), datetime.now(UTC))


@pytest.mark.parametrize(
    ("event", "stamp"),
    [
        (EDIT, datetime(2026, 3, 2, 8, 40, 7, tzinfo=UTC)),
        ({"type": "create", "newRecord": ORDER}, datetime(2026, 3, 2, 8, 40, 7, tzinfo=UTC)),
        ({"type": "xedit", "newRecord": {**ORDER, "values": {"memo": "x"}}, "oldRecord": ORDER}, None),
        ({"type": "delete", "oldRecord": ORDER}, None),
    ],
    ids=lambda given: given["type"] if isinstance(given, dict) else "",
)
def test_what_it_posts_is_taken(event: dict[str, Any], stamp: datetime | None) -> None:
    did = run(event)
    (posted,) = did["posted"]
    assert posted["url"] == URL
    received = RECEIVER.receive(request(posted))
    assert received.refusal is None, received.reason
    assert received.hints == (Hint("purchaseOrder", "1042", stamp),)
    assert did["logged"] == []


def test_another_key_is_not_believed() -> None:
    (posted,) = run(EDIT, secrets={"custsecret_dingbridge": "another-shared-key"})["posted"]
    assert RECEIVER.receive(request(posted)).refusal is Refusal.BAD_SIGNATURE


def test_a_copy_of_the_script_in_another_account_is_not_taken() -> None:
    (posted,) = run(EDIT, account="123456_SB2")["posted"]
    assert RECEIVER.receive(request(posted)).refusal is Refusal.INCOMPLETE


@pytest.mark.parametrize("answer", [{"error": "SSS_REQUEST_TIME_EXCEEDED"}, {"code": 503, "body": "overloaded"}])
def test_while_the_relay_is_away_nobodys_save_waits_twice(answer: dict[str, Any]) -> None:
    did = run(EDIT, EDIT, EDIT, answers=(answer,))
    assert len(did["posted"]) == 1
    (logged,) = did["logged"]
    assert "1042" in logged["details"], "the log names the record that was not told"
    assert did["cached"]["paused"]["ttl"] == 300


@pytest.mark.parametrize(
    "changes",
    [{"secrets": {}}, {"parameters": {}}, {"events": [{"type": "paybills"}]}],
    ids=["no secret", "no parameters", "no record"],
)
def test_whatever_is_not_set_up_is_logged_and_not_thrown(changes: dict[str, Any]) -> None:
    did = run(EDIT, **changes, answers=({"error": "SSS_MISSING_REQD_ARGUMENT"},))
    assert did["logged"]
    assert KEY not in str(did)
