"""One client for both families of calls: what a throttling stops is named by the budget that it concerns."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from connectors.contract import Malformed, Purpose, Retryable, Throttled, Token, Unknown
from connectors.dingtalk.app.allowances import budgets, month_budget
from connectors.dingtalk.app.calls import Call, look, texts
from tests.connectors.dingtalk.app.vendor import CUT, Said, Vendor, refusal

SEND = "v1.0/robot/groupMessages/send"
OLDER = "topapi/message/corpconversation/getsendresult"
BLOCK = Said(200, b'{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"x"}')


@pytest.mark.parametrize(
    ("said", "budget"),
    [
        (refusal("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", 403), 0),
        (Said(200, {"errcode": 88, "sub_code": "90018"}), 0),
        (refusal("send.too.fast"), 1),
        (Said(200, {"errcode": 90003}), 2),
        (BLOCK, 3),
        (refusal("Forbidden.AccessDenied.ApiCountLimitForOrg", 403), 4),
        (Said(200, {"errcode": 90020}), 4),
    ],
)
def test_a_throttling_names_the_budget_that_it_stops(vendor: Vendor, said: Said, budget: int) -> None:
    vendor.on(SEND, said)
    calls = vendor.calls()
    with pytest.raises(Throttled) as caught:
        calls.make(Call(SEND, b"{}"))
    assert caught.value.scope == budgets(calls.application, SEND)[budget].key


@pytest.mark.parametrize(
    ("path", "purpose"),
    [
        (SEND, Purpose.MESSAGE),
        ("v1.0/card/instances/createAndDeliver", Purpose.MESSAGE),
        ("v1.0/card/instances", Purpose.UPDATE),
        ("v1.0/im/sceneGroups/members/batchQuery", Purpose.LOOK_UP),
        ("v1.0/robot/groupMessages/query", Purpose.RESULT),
        (OLDER, Purpose.RESULT),
        ("v1.0/robot/otoMessages/batchRecall", Purpose.RECALL),
        ("v1.0/workflow/processInstances", Purpose.APPROVAL),
    ],
)
def test_a_counted_call_is_told_with_what_it_was_for(vendor: Vendor, path: str, purpose: Purpose) -> None:
    vendor.on(path, Said(200, {"errcode": 0}))
    calls = vendor.calls()
    calls.ask(Call(path, b"{}"))
    assert vendor.spent == [(month_budget(calls.application).key, purpose)]


def test_free_and_throttled_calls_are_not_counted(vendor: Vendor) -> None:
    free = "topapi/v2/user/getbymobile"
    vendor.on(free, Said(200, {"errcode": 0}))
    vendor.on(SEND, refusal("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", 403), BLOCK, refusal("some.refusal"), CUT)
    calls = vendor.calls()
    for path in (free, SEND, SEND):
        calls.ask(Call(path, b"{}"))
    assert vendor.spent == []
    assert calls.ask(Call(SEND, b"{}")).fine is False
    with pytest.raises(Unknown):
        calls.ask(Call(SEND, b"{}"))
    assert [purpose for _, purpose in vendor.spent] == [Purpose.MESSAGE] * 2


def test_only_the_month_itself_uses_up_the_month(vendor: Vendor) -> None:
    vendor.on(SEND, Said(200, {"errcode": 90003}))
    vendor.calls().ask(Call(SEND, b"{}"))
    assert vendor.observed == []


def test_a_lost_answer_is_in_doubt_only_where_something_may_have_changed(vendor: Vendor) -> None:
    for path in (SEND, OLDER):
        vendor.on(path, CUT)
        with pytest.raises(Unknown):
            vendor.calls().make(Call(path, b"{}"))
        with pytest.raises(Retryable):
            vendor.calls().make(look(path))


def test_a_query_is_encoded_once(vendor: Vendor) -> None:
    path = "v1.0/robot/oToMessages/readStatus"
    vendor.on(path, Said(200, {"sendStatus": "SUCCESS"}))
    vendor.calls().make(Call(path, method="GET", query={"processQueryKey": "a+b/c=&d"}, repeatable=True))
    assert vendor.to(path)[0].query == {"processQueryKey": "a+b/c=&d"}


@pytest.mark.parametrize("found", ["amy", {"amy": 1}, [["amy"]], 7])
def test_what_is_no_list_of_ids(found: object) -> None:
    with pytest.raises(Malformed):
        texts({"users": found}, "users")


class Locked:
    """A token store as the runner has one: one renewal at a time, the others wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None

    def get(self, _key: str, renew: Callable[[], Token]) -> Token:
        with self._lock:
            self._token = self._token or renew()
            return self._token

    def spoil(self, _key: str, token: Token) -> None:
        with self._lock:
            if self._token == token:
                self._token = None


def test_many_threads_that_hear_of_an_old_token_renew_it_once(vendor: Vendor) -> None:
    store = Locked()
    vendor.store = store  # type: ignore[assignment]  # a store with a lock, for this test alone
    vendor.on(SEND, Said(200, {"processQueryKey": "1"}))
    calls = vendor.calls()
    vendor.ended.add(calls.tokens.get().value)
    gate = threading.Barrier(4)
    found: list[object] = []

    def send() -> None:
        gate.wait(10)
        found.append(calls.make(Call(SEND, b"{}"))["processQueryKey"])

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == ["1"] * 4
    assert vendor.tokens == 2
