"""One limit for the whole account, told in another way on each channel."""

from __future__ import annotations

import threading
import time

from tests.connectors.netsuite.sandbox.served import Served, detail
from tests.connectors.netsuite.sandbox.soap import Soap
from tests.connectors.netsuite.sandbox.test_approvals import script

LIMITS = "/services/rest/system/v1/governanceLimits"


def test_rest_says_429_without_a_time_to_wait(ns: Served) -> None:
    ns.control("POST", "/governance", {"places": 5})
    answer = ns.call("GET", "/customer/11")
    assert detail(answer) == (429, "CONCURRENCY_LIMIT_EXCEEDED")
    assert answer.json()["title"] == "Bad Request"
    assert "Retry-After" not in answer.headers
    assert detail(ns.query("SELECT id FROM item")) == (429, "CONCURRENCY_LIMIT_EXCEEDED")


def test_a_script_says_400(ns: Served) -> None:
    ns.control("POST", "/governance", {"places": 5})
    answer = script(ns, {"type": "purchaseOrder", "id": "1005", "decision": "approve"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "SSS_REQUEST_LIMIT_EXCEEDED")


def test_soap_says_it_with_a_fault(ns: Served) -> None:
    ns.control("POST", "/governance", {"places": 5})
    fault = Soap(ns).fault("getServerTime")
    assert (fault.kind, fault.code) == ("exceededConcurrentRequestLimitFault", "WS_REQUEST_BLOCKED")
    assert fault.message == "SuiteTalk concurrent request limit exceeded. Request blocked."


def test_a_refused_request_has_used_up_its_nonce(ns: Served) -> None:
    ns.control("POST", "/governance", {"places": 5})
    url = f"{ns.base}/services/rest/system/v1/serverTime"
    header = {"Authorization": ns.oauth("GET", url)}
    first = ns.http.get(url, headers=header, timeout=10).status_code
    ns.control("DELETE", "/governance")
    again = ns.http.get(url, headers=header, timeout=10).status_code
    fresh = ns.http.get(url, headers={"Authorization": ns.oauth("GET", url)}, timeout=10).status_code
    assert (first, again, fresh) == (429, 401, 200)


def test_all_channels_share_the_places(ns: Served) -> None:
    ns.bearer()
    soap = Soap(ns)
    ns.control("POST", "/slow", {"path": "NetSuitePort|suiteql|restlet", "seconds": 1.5, "count": 5})
    slow = [threading.Thread(target=soap.call, args=("getServerTime",)) for _ in range(2)]
    slow += [threading.Thread(target=ns.query, args=("SELECT id FROM item",)) for _ in range(2)]
    slow += [threading.Thread(target=script, args=(ns, {"type": "purchaseOrder", "id": "1005"}))]
    for one in slow:
        one.start()
    deadline = time.monotonic() + 5
    while ns.control("GET", "/governance")["highest"] < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    refused = ns.call("GET", "/customer/11").status_code
    for one in slow:
        one.join(10)
    assert (refused, ns.call("GET", "/customer/11").status_code) == (429, 200)
    told = ns.control("GET", "/governance")
    assert (told["highest"], told["refused"]) == (5, 1)
    ns.control("DELETE", "/governance/counts")
    told = ns.control("GET", "/governance")
    assert (told["highest"], told["refused"]) == (0, 0)


def test_places_come_back_by_themselves(ns: Served) -> None:
    ns.bearer()
    ns.control("POST", "/governance", {"places": 5, "seconds": 0.3})
    assert ns.call("GET", "/customer/11").status_code == 429
    time.sleep(0.35)
    assert ns.call("GET", "/customer/11").status_code == 200


def test_the_token_endpoint_takes_no_place(ns: Served) -> None:
    ns.control("POST", "/governance", {"places": 5})
    assert ns.grant(ns.assertion()).status_code == 200


def test_administrators_may_ask_for_the_limits(ns: Served) -> None:
    assert detail(ns.call("GET", LIMITS)) == (403, "INSUFFICIENT_PERMISSION")
    assert ns.call("GET", LIMITS, user="administrator").json() == {
        "accountConcurrencyLimit": 5,
        "accountUnallocatedConcurrencyLimit": 5,
        "integrationLimitType": "accountLimit",
    }
    ns.settings(account_concurrency=15, integration_concurrency=2)
    assert ns.call("GET", LIMITS, user="administrator").json() == {
        "accountConcurrencyLimit": 15,
        "accountUnallocatedConcurrencyLimit": 13,
        "integrationConcurrencyLimit": 2,
        "integrationLimitType": "integrationSpecific",
    }


def test_an_integration_may_have_a_limit_of_its_own(ns: Served) -> None:
    ns.bearer()
    ns.settings(integration_concurrency=1)
    ns.control("POST", "/slow", {"path": "customer/11", "seconds": 1.0})
    one = threading.Thread(target=ns.call, args=("GET", "/customer/11"))
    one.start()
    deadline = time.monotonic() + 5
    while ns.control("GET", "/governance")["highest"] < 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert ns.call("GET", "/customer/12").status_code == 429
    one.join(10)
    assert ns.call("GET", "/customer/12").status_code == 200
