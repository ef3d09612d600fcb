"""https://open.dingtalk.com/document/development/obtain-the-event-list-of-failed-push-messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Malformed, Topic, Unknown
from connectors.dingtalk.callbacks.failed import failed_events
from tests.connectors.dingtalk.people.office import Office, opened

PATH = "call_back/get_call_back_failed_result"
JOINED: dict[str, Any] = {
    "user_add_org": {"userid": ["zhangsan"], "corpid": "ding241f"},
    "call_back_tag": "user_add_org",
    "event_time": 1606126433000,
}
APPROVED: dict[str, Any] = {
    "bpms_instance_change": {
        "bpmsCallBackData": {"processInstanceId": "9Qgx5QqjR7axMw", "type": "finish", "result": "agree"},
        "corpid": "ding241f",
    },
    "call_back_tag": "bpms_instance_change",
    "event_time": 1606126433000,
}


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as office:
        yield office


def test_the_next_page_is_asked_for_only_when_this_one_is_stored(office: Office) -> None:
    office.says(PATH, {"failed_list": [JOINED], "has_more": True}, {"failed_list": [APPROVED], "has_more": False})
    pages = failed_events(office.calls)
    (joined,) = next(pages).changes
    assert len(office.asked) == 1
    assert (joined.topic, joined.people, joined.company) == (Topic.PERSON, ("zhangsan",), "ding241f")
    assert joined.at.timestamp() == 1606126433
    (approved,) = next(pages).changes
    assert (approved.topic, approved.subjects) == (Topic.APPROVAL, ("9Qgx5QqjR7axMw",))
    assert approved.details["result"] == "agree"
    assert list(pages) == []
    assert (office.asked[0].method, office.asked[0].token) == ("GET", "t0k3n")


def test_nothing_failed(office: Office) -> None:
    office.says(PATH, {"failed_list": [], "has_more": False})
    assert list(failed_events(office.calls)) == []


def test_an_entry_that_cannot_be_read_is_counted_beside_the_others(office: Office) -> None:
    office.says(PATH, {"failed_list": [{"call_back_tag": "x"}, "y", JOINED], "has_more": False})
    received = list(failed_events(office.calls))
    assert [bool(each.refusal) for each in received] == [True, True, False]


def test_a_lost_answer_is_told_and_not_asked_for_again(office: Office) -> None:
    office.refuses(PATH, status=502)
    with pytest.raises(Unknown):
        list(failed_events(office.calls))
    assert len(office.asked) == 1


def test_no_list_is_malformed(office: Office) -> None:
    office.says(PATH, {"failed_list": {"a": 1}, "has_more": False})
    with pytest.raises(Malformed):
        list(failed_events(office.calls))


def test_a_list_that_forgets_nothing_comes_to_an_end(office: Office) -> None:
    office.says(PATH, {"failed_list": [JOINED], "has_more": True})
    assert len({change.id for each in failed_events(office.calls) for change in each.changes}) == 1
    assert len(office.asked) == 2
