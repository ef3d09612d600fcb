"""Work notifications: small, sent again without harm, and known to have come only by a later question."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.contract import (
    Draft,
    Fact,
    Format,
    Line,
    Malformed,
    Outcome,
    Reached,
    Refused,
    Resend,
    Retryable,
    Throttled,
)
from connectors.dingtalk.app.work import MOST_BYTES, PATH, RECALL, RESULT
from tests.connectors.dingtalk.app.vendor import CUT, Said, Vendor

AGENT = "836390886"
FACT = Fact("Order released", "SO-1042", "https://crm.example.com/1", lines=(Line("Amount", "HKD 2", "HKD 1"),))
DRAFT = Draft("Order SO-1042", (FACT,), open_label="Open the order in the CRM")
TAKEN = Said(200, {"errcode": 0, "task_id": 256271667526, "request_id": "4jzllmte0wau"})


def sender(vendor: Vendor, **changes: Any) -> Any:
    return vendor.sender("work", **{"agent_id": AGENT, "users": ["amy", "ben"], **changes})


def test_it_goes_to_people_and_departments(vendor: Vendor) -> None:
    vendor.on(PATH, TAKEN)
    work = sender(vendor, departments=["1", "42"])
    receipt = work.send(work.freeze(DRAFT, "key-1"))
    assert (receipt.outcome, receipt.handle) == (Outcome.DELIVERED, "256271667526")
    body = vendor.to(PATH)[0].body
    assert (body["agent_id"], body["userid_list"], body["dept_id_list"]) == (836390886, "amy,ben", "1,42")
    assert body["to_all_user"] is False


@pytest.mark.parametrize(
    ("form", "kind", "fields"),
    [
        (Format.TEXT, "text", {"content"}),
        (Format.MARKDOWN, "markdown", {"title", "text"}),
        (Format.ACTION_CARD, "action_card", {"title", "markdown", "single_title", "single_url"}),
    ],
)
def test_each_format(vendor: Vendor, form: Format, kind: str, fields: set[str]) -> None:
    work = sender(vendor)
    [(part, _)] = work.pack(Draft("Order SO-1042", (FACT,), form, open_label="Open the order in the CRM"))
    message = json.loads(work.freeze(part, "key-1"))["msg"]
    assert message["msgtype"] == kind
    assert set(message[kind]) == fields
    if form is Format.ACTION_CARD:
        assert len(message[kind]["single_title"]) <= 20
        assert message[kind]["single_url"] == FACT.url


def test_a_link_too_long_for_a_button_stands_in_the_text(vendor: Vendor) -> None:
    long = Fact("Order released", "SO-1042", "https://crm.example.com/" + "x" * 500)
    work = sender(vendor)
    [(part, _)] = work.pack(Draft("Order", (long,), Format.ACTION_CARD, open_label="Open"))
    message = json.loads(work.freeze(part, "key-1"))["msg"]
    assert message["msgtype"] == "markdown"
    assert long.url in message["markdown"]["text"]


def test_a_resend_is_the_same_content_and_a_new_message_is_another(vendor: Vendor) -> None:
    # DingTalk shows the same content to the same person once a day
    work = sender(vendor)
    assert work.resend is Resend.IDEMPOTENT
    assert work.freeze(DRAFT, "key-1") == work.freeze(DRAFT, "key-1")
    first, second = (json.loads(work.freeze(DRAFT, key))["msg"] for key in ("key-1", "key-2"))
    assert first != second


def test_success_is_not_delivery(vendor: Vendor) -> None:
    vendor.on(
        RESULT,
        Said(
            200,
            {
                "errcode": 0,
                "send_result": {
                    "failed_user_id_list": ["f"],
                    "forbidden_user_id_list": ["g", "h", "i"],
                    "forbidden_list": [
                        {"code": "143105", "count": 500, "userid": "g"},
                        {"code": 143106, "count": 1, "userid": "h"},
                    ],
                    "invalid_dept_id_list": [42],
                    "invalid_user_id_list": ["j"],
                    "read_user_id_list": ["manager4220"],
                    "unread_user_id_list": ["k"],
                },
                "request_id": "6pcvwp6jcows",
            },
        ),
    )
    assert sender(vendor).told("256271667526") == {
        "f": Reached.FAILED,
        "g": Reached.CAPPED,
        "h": Reached.REPEATED,
        "i": Reached.FORBIDDEN,
        "j": Reached.INVALID,
        "manager4220": Reached.READ,
        "k": Reached.UNREAD,
        "department 42": Reached.INVALID,
    }
    assert vendor.to(RESULT)[0].body == {"agent_id": 836390886, "task_id": 256271667526}


def test_a_result_that_is_none(vendor: Vendor) -> None:
    vendor.on(RESULT, Said(200, {"errcode": 0}), CUT)
    with pytest.raises(Malformed):
        sender(vendor).told("1")
    with pytest.raises(Retryable):
        sender(vendor).told("1")


def test_departments_that_may_be_too_large_are_asked_about_once(vendor: Vendor) -> None:
    vendor.on(RESULT, CUT, Said(200, {"errcode": 88, "sub_code": "90018", "errmsg": "…"}))
    work = sender(vendor, departments=["1"])
    with pytest.raises(Refused, match="more than 100"):
        work.told("1")
    with pytest.raises(Throttled):
        work.told("1")


def test_whether_dingtalk_is_done(vendor: Vendor) -> None:
    path = "topapi/message/corpconversation/getsendprogress"
    vendor.on(
        path,
        Said(200, {"errcode": 0, "progress": {"progress_in_percent": 50, "status": 1}}),
        Said(200, {"errcode": 0, "progress": {"progress_in_percent": 100, "status": 2}}),
    )
    work = sender(vendor)
    assert [work.finished("7"), work.finished("7")] == [False, True]


def test_a_recall(vendor: Vendor) -> None:
    vendor.on(RECALL, Said(200, {"errcode": 0, "errmsg": "ok"}), Said(200, {"errcode": 400002, "errmsg": "bad id"}))
    recalled = sender(vendor).recall(["7", "8"])
    assert (recalled.gone, list(recalled.kept)) == (("7",), ["8"])
    assert [one.body for one in vendor.to(RECALL)] == [{"agent_id": 836390886, "msg_task_id": n} for n in (7, 8)]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (Said(200, {"errcode": 88, "sub_code": "90018", "errmsg": "…"}), Outcome.THROTTLED),
        (Said(200, {"errcode": 88, "sub_code": "60011", "errmsg": "…"}), Outcome.MISCONFIGURED),
        (Said(200, {"errcode": 40056, "errmsg": "不合法的agentid"}), Outcome.MISCONFIGURED),
        (Said(200, {"errcode": 34016, "errmsg": "…"}), Outcome.TOO_LARGE),
        (Said(200, {"errcode": 0}), Outcome.UNKNOWN),
        (CUT, Outcome.UNKNOWN),
    ],
)
def test_what_becomes_of_a_notification(vendor: Vendor, said: Said, outcome: Outcome) -> None:
    vendor.on(PATH, said)
    work = sender(vendor)
    assert work.send(work.freeze(DRAFT, "key-1")).outcome is outcome


TEXTS = st.text(max_size=300)
FACTS = st.builds(
    Fact,
    title=TEXTS,
    number=st.text(max_size=200),
    url=st.sampled_from(["", "https://crm.example.com/1", "https://crm.example.com/" + "订" * 300]),
    at=st.text(max_size=100),
    lines=st.lists(
        st.builds(Line, label=TEXTS, value=st.text(max_size=3000), before=st.none() | TEXTS), max_size=3
    ).map(tuple),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
)
DRAFTS = st.builds(
    Draft,
    preview=st.text(max_size=1500),
    facts=st.lists(FACTS, max_size=4).map(tuple),
    format=st.sampled_from(Format),
    mentions=st.just(("amy",)),
    open_label=TEXTS,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DRAFTS)
def test_every_part_is_small_enough(vendor: Vendor, draft: Draft) -> None:
    work = sender(vendor)
    parts = work.pack(draft)
    for part, indexes in parts:
        message = json.loads(work.freeze(part, "key-1"))["msg"]
        assert (
            len(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")) <= MOST_BYTES
        )
        assert len(message[message["msgtype"]].get("title", "")) <= 64
        assert len(part.facts) == len(indexes)
    carried = [index for _, indexes in parts for index in indexes]
    assert list(dict.fromkeys(carried)) == list(range(len(draft.facts)))


@pytest.mark.parametrize(
    "changes",
    [
        {"agent_id": "x"},
        {"users": [f"u{n}" for n in range(101)]},
        {"departments": [f"{n}" for n in range(21)]},
    ],
)
def test_settings_beyond_what_dingtalk_takes(vendor: Vendor, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        sender(vendor, **changes)
