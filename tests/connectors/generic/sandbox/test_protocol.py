"""The twin keeps the protocol that the README describes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests

import connectors.generic
from tests.connectors.generic.sandbox.served import ADA, KIND, LIN, MIRA, PIA, TOM, Served, decision, signed
from tests.served import DEADLINE_S

README = Path(connectors.generic.__file__).with_name("README.md").read_text(encoding="utf-8")
KEY = "sandbox-key-of-writing-back-to-purchasing"


def test_a_record_is_read_as_it_is_pushed(erp: Served) -> None:
    answer = erp.call("GET", f"/{KIND}/501")
    assert answer.status_code == 200
    assert b'"amount":4620.00,' in answer.content
    assert answer.json()["request"]["limit"] == "13000.00"
    pushed: list[bytes] = []

    class Relay(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            pushed.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as relay:
        Thread(target=relay.serve_forever, args=(0.02,), daemon=True).start()
        to = f"http://127.0.0.1:{relay.server_port}/hooks/erp"
        assert erp.control("POST", "/push/501", {"to": to}) == {"status": 200}
        relay.shutdown()
    assert pushed == [answer.content]


def test_who_is_gone_and_who_never_was(erp: Served) -> None:
    erp.control("DELETE", "/records/502")
    assert erp.call("GET", f"/{KIND}/502").status_code == 410
    never = erp.call("GET", f"/{KIND}/7%2F3")
    assert never.status_code == 404
    assert never.json() == {"status": 404, "kind": KIND, "id": "7/3"}
    assert erp.call("GET", "/elsewhere").text == "Not Found"


def test_a_decision_is_written_once_for_its_key(erp: Served) -> None:
    answers = [erp.act(decision()) for _time in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 200]
    assert answers[0].json()["request"]["state"] == "approved"
    assert {each.content for each in answers} == {answers[0].content}
    assert erp.writes() == 1
    assert erp.act(decision(comment="other")).status_code == 422
    assert erp.call("GET", f"/{KIND}/501/actions/k-1").content == answers[0].content
    assert erp.call("GET", f"/{KIND}/501/actions/k-2").json()["id"] == "501"


def test_two_at_once_with_one_key_are_told_apart(erp: Served) -> None:
    erp.control("POST", "/pace", {"seconds": 0.5})
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _n: erp.act(decision()), range(2)))
    assert sorted(each.status_code for each in answers) == [200, 409]
    (working,) = (each for each in answers if each.status_code == 409)
    assert "by" not in working.json()
    assert working.headers["retry-after"] == "1"
    assert erp.writes() == 1


@pytest.mark.parametrize(
    ("id_", "body", "version", "status", "told"),
    [
        ("502", decision(), "1", 403, "Your limit is HKD 50,000."),
        ("501", decision(actor=TOM), "1", 403, "Your limit is HKD 0."),
        ("501", decision(actor=MIRA), "1", 403, "own request"),
        ("501", decision(actor="u-999"), "1", 403, "not known"),
        ("501", decision("delete"), "1", 403, "no delete"),
        ("501", decision(), "0", 412, "changed"),
        ("501", decision("set", fields={"request.cost_centre": "CC-99"}), "1", 422, "cost centre"),
        ("501", decision("set", fields={"request.amount": {"amount": 1, "currency": "CNY"}}), "1", 422, "HKD"),
        ("501", decision("set", fields={"request.state": "approved"}), "1", 422, "cannot be set"),
        ("501", decision("set"), "1", 422, "Nothing"),
        ("501", decision("set", fields={"request.note": 7}), "1", 422, "text"),
        ("501", decision("set", fields={"request.amount": -1}), "1", 422, "above 0"),
        ("501", decision("set", fields={"request.limit": 7}), "1", 422, "as text"),
        ("501", decision("set", TOM, fields={"request.note": "x"}), "1", 403, "requester"),
        ("501", decision("transition", transition="order"), "1", 403, "purchasing"),
        ("501", decision("transition", actor=PIA, transition="order"), "1", 422, "submitted"),
    ],
)
def test_what_is_not_carried_out_says_why(
    erp: Served, id_: str, body: dict[str, Any], version: str, status: int, told: str
) -> None:
    answer = erp.act(body, id_, version=version)
    assert answer.status_code == status
    assert told in answer.json()["detail"]
    assert erp.writes() == 0


def test_what_was_decided_before_names_who_did(erp: Served) -> None:
    assert erp.act(decision("reject", LIN)).status_code == 200
    answer = erp.act(decision(), key="k-2")
    assert answer.status_code == 409
    assert answer.json()["by"] == {"id": LIN, "name": "Lin Yun"}
    assert erp.writes() == 1


def test_who_may_and_what_somebody_sees(erp: Served) -> None:
    assert erp.call("POST", f"/{KIND}/501/may", decision()).json() == {"allowed": True}
    told = erp.call("POST", f"/{KIND}/502/may", decision()).json()
    assert told == {"allowed": False, "reason": "Your limit is HKD 50,000."}
    asked = {"kind": KIND, "ids": ["501", "999"]}
    seen = {who: erp.call("POST", "/sees", {"actor": who, **asked}).json() for who in (ADA, PIA, TOM)}
    assert {"request.amount", "request.lines", "request.lines.price"} <= set(seen[ADA]["501"])
    assert set(seen[PIA]["501"]) - set(seen[ADA]["501"]) == {"request.supplier_account"}
    assert seen[TOM] == {}
    assert erp.writes() == 0


def tampered(what: str) -> tuple[dict[str, str], bytes]:
    body = b'{"actor":"","kind":"","ids":[]}'
    at = int(time.time()) - 400 if what == "time" else 0
    path = "/purchasing/elsewhere" if what == "path" else "/purchasing/sees"
    headers = signed("another-key-of-sixteen" if what == "key" else KEY, "POST", path, {}, body, at)
    if what == "condition":
        headers["if-match"] = '"1"'
    if what == "nothing":
        del headers["signature"]
    return headers, body + b" " if what == "body" else body


@pytest.mark.parametrize("what", ["time", "path", "key", "condition", "nothing", "body"])
def test_what_is_not_signed_as_it_came_is_refused(erp: Served, what: str) -> None:
    headers, body = tampered(what)
    answer = requests.post(f"{erp.base}/purchasing/sees", data=body, headers=headers, timeout=DEADLINE_S)
    assert answer.status_code == 401


def test_what_is_no_decision_is_a_bad_request(erp: Served) -> None:
    assert erp.act({"action": "approve"}).status_code == 400
    assert erp.call("POST", f"/{KIND}/501/actions", decision()).status_code == 400


@pytest.fixture
def genuine() -> Callable[..., bool]:
    (code,) = (each for each in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "def genuine" in each)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - the text is our own README
    found: Callable[..., bool] = names["genuine"]
    return found


@pytest.mark.parametrize("what", ["", "time", "path", "key", "condition", "nothing", "body"])
def test_the_readme_s_check_judges_as_the_twin_does(genuine: Callable[..., bool], what: str) -> None:
    headers, body = tampered(what)
    assert genuine(KEY.encode(), "POST", "/purchasing/sees", headers, body) is (what == "")


@pytest.mark.parametrize(("path", "status"), [("/records/501", 400), ("/records/999", 404)])
def test_the_control_api_says_what_it_does_not_know(erp: Served, path: str, status: int) -> None:
    answer = requests.patch(f"{erp.base}/__sandbox{path}", json={"values": {"colour": "red"}}, timeout=DEADLINE_S)
    assert answer.status_code == status
    assert "known are" in answer.text


def test_the_control_api_describes_the_twin(erp: Served) -> None:
    assert erp.control("GET", "/") == erp.twin.describe(erp.base)
