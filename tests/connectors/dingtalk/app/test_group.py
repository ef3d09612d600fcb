"""The application's robot in a group: what is sent, what becomes of it, recalling it, and who has read it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from connectors.contract import Delivers, Draft, Fact, Format, Line, Outcome, Probes, Refused, Resend
from connectors.dingtalk.app.group import PATH
from tests.connectors.dingtalk.app.vendor import API_TOKEN, CLIENT, CUT, Said, Vendor, refusal

GROUP = "cidExample=="
FACT = Fact("Order released", "SO-1042", "https://crm.example.com/1", "10:32", (Line("Amount", "HKD 2", "HKD 1"),))
DRAFT = Draft("Order SO-1042", (FACT,), open_label="Open")
TAKEN = Said(200, {"processQueryKey": "key-of-the-message"})


def test_it_fulfils_the_contract_of_a_channel(vendor: Vendor) -> None:
    sender = vendor.sender("group", conversation=GROUP)
    assert isinstance(sender, Delivers)
    assert isinstance(sender, Probes)
    assert sender.resend is Resend.DUPLICATES


@pytest.mark.parametrize(
    ("form", "sample", "fields"),
    [
        (Format.TEXT, "sampleText", {"content"}),
        (Format.MARKDOWN, "sampleMarkdown", {"title", "text"}),
        (Format.ACTION_CARD, "sampleActionCard", {"title", "text", "singleTitle", "singleURL"}),
    ],
)
def test_each_format_has_its_sample(vendor: Vendor, form: Format, sample: str, fields: set[str]) -> None:
    vendor.on(PATH, TAKEN)
    sender = vendor.sender("group", conversation=GROUP)
    frozen = sender.freeze(Draft("Order SO-1042", (FACT,), form, open_label="Open"), "key-1")
    assert sender.send(frozen).outcome is Outcome.DELIVERED
    asked = vendor.to(PATH)[0]
    body = asked.body
    assert asked.raw == frozen
    assert asked.headers["content-type"].startswith("application/json")
    assert (body["robotCode"], body["openConversationId"], body["msgKey"]) == (CLIENT, GROUP, sample)
    param = json.loads(body["msgParam"])
    assert set(param) == fields
    assert "SO-1042" in param.get("text", param.get("content"))
    if form is Format.ACTION_CARD:
        assert (param["singleTitle"], param["singleURL"]) == ("Open", "https://crm.example.com/1")


def test_a_robot_of_its_own_code_and_a_cool_app(vendor: Vendor) -> None:
    sender = vendor.sender(
        "group", conversation=GROUP, cool_app="COOLAPP-1", application=vendor.application(robot_code="dingrobot")
    )
    body = json.loads(sender.freeze(DRAFT, "key-1"))
    assert (body["robotCode"], body["coolAppCode"]) == ("dingrobot", "COOLAPP-1")


def test_an_application_mentions_nobody(vendor: Vendor) -> None:
    sender = vendor.sender("group", conversation=GROUP)
    called = Draft("Order", (FACT,), mentions=("manager01",))
    assert b"manager01" not in sender.freeze(called, "key-1")
    assert all(b"manager01" not in sender.freeze(part, "key-1") for part, _ in sender.pack(called))


def test_the_receipt_holds_what_recalling_and_reading_need(vendor: Vendor) -> None:
    vendor.on(PATH, TAKEN)
    sender = vendor.sender("group", conversation=GROUP)
    receipt = sender.send(sender.freeze(DRAFT, "key-1"))
    assert receipt.handle == "key-of-the-message"


@pytest.mark.parametrize(
    ("said", "outcome", "after"),
    [
        (refusal("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", 403), Outcome.THROTTLED, timedelta(seconds=1)),
        (refusal("Forbidden.AccessDenied.AccessTokenPermissionDenied", 403), Outcome.MISCONFIGURED, None),
        (refusal("group.disbanded"), Outcome.MISCONFIGURED, None),
        (refusal("contain.notAllowed.text"), Outcome.REFUSED, None),
        (refusal("invalidParameter.msgParam.tooLong"), Outcome.TOO_LARGE, None),
        (refusal("unknown.send.result"), Outcome.UNKNOWN, None),
        (refusal("system.error", 500), Outcome.UNKNOWN, None),
        (Said(200, {}), Outcome.UNKNOWN, None),
        (Said(200, {"requestId": "1"}), Outcome.UNKNOWN, None),
        (CUT, Outcome.UNKNOWN, None),
    ],
)
def test_what_becomes_of_a_message(vendor: Vendor, said: Said, outcome: Outcome, after: timedelta | None) -> None:
    vendor.on(PATH, said)
    sender = vendor.sender("group", conversation=GROUP)
    receipt = sender.send(sender.freeze(DRAFT, "key-1"))
    assert (receipt.outcome, receipt.after) == (outcome, after)
    assert receipt.reason.endswith(".")


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (CUT, Outcome.RETRY),
        (Said(502, b"<html></html>"), Outcome.RETRY),
        (Said(503, b""), Outcome.RETRY),
        (refusal("Forbidden.AccessDenied.QpsLimitForApi", 403), Outcome.THROTTLED),
        (refusal("invalidClientIdOrSecret"), Outcome.MISCONFIGURED),
        (Said(200, {"hello": "world"}), Outcome.MISCONFIGURED),
        (refusal("something.new"), Outcome.REFUSED),
    ],
)
def test_without_a_token_nothing_was_sent(vendor: Vendor, said: Said, outcome: Outcome) -> None:
    vendor.on(API_TOKEN, said)
    sender = vendor.sender("group", conversation=GROUP)
    assert sender.send(sender.freeze(DRAFT, "key-1")).outcome is outcome
    assert vendor.to(PATH) == []


def test_a_used_up_month_is_told_to_the_ledger(vendor: Vendor) -> None:
    vendor.on(PATH, refusal("Forbidden.AccessDenied.ApiCountLimitForOrg", 403))
    sender = vendor.sender("group", conversation=GROUP)
    receipt = sender.send(sender.freeze(DRAFT, "key-1"))
    assert (receipt.outcome, receipt.after) == (Outcome.THROTTLED, timedelta(hours=1))
    month = sender.budgets()[-1]
    assert vendor.observed == [(month.key, 5000, 5000)]


def test_a_long_message_is_split_below_15000_bytes_and_loses_nothing(vendor: Vendor) -> None:
    sender = vendor.sender("group", conversation=GROUP)
    facts = tuple(
        Fact("订单", f"SO-{n}", f"https://crm.example.com/{n}", lines=(Line("客户", "香港贸易 " * 150),))
        for n in range(40)
    )
    parts = sender.pack(Draft("Orders", facts, open_label="Open"))
    bodies = [json.loads(sender.freeze(part, "key-1")) for part, _ in parts]
    assert len(parts) > 1
    assert all(len(body["msgParam"].encode()) <= 15_000 for body in bodies)
    together = " ".join(body["msgParam"] for body in bodies)
    assert all(f"SO-{n}" in together for n in range(40))


def test_a_recall_says_what_is_gone(vendor: Vendor) -> None:
    path = "v1.0/robot/groupMessages/recall"
    first = {"successResult": [f"m{n}" for n in range(20)], "failedResult": {}}
    vendor.on(path, Said(200, first), Said(200, {"successResult": [], "failedResult": {"m20": "expired"}}))
    recalled = vendor.sender("group", conversation=GROUP).recall([f"m{n}" for n in range(21)])
    assert len(recalled.gone) == 20
    assert recalled.kept == {"m20": "expired"}
    asked = [one.body for one in vendor.to(path)]
    assert [len(body["processQueryKeys"]) for body in asked] == [20, 1]
    assert {(body["openConversationId"], body["robotCode"]) for body in asked} == {(GROUP, CLIENT)}


def test_who_has_read_it_over_several_pages(vendor: Vendor) -> None:
    path = "v1.0/robot/groupMessages/query"
    vendor.on(
        path,
        Said(200, {"sendStatus": "SUCCESS", "readUserIds": ["amy"], "hasMore": True, "nextToken": "50"}),
        Said(200, {"sendStatus": "SUCCESS", "readUserIds": ["ben"], "hasMore": False}),
    )
    assert vendor.sender("group", conversation=GROUP).readers("m1") == ("amy", "ben")
    assert [one.body.get("nextToken") for one in vendor.to(path)] == [None, "50"]


def test_who_has_read_it_is_not_known_yet(vendor: Vendor) -> None:
    vendor.on("v1.0/robot/groupMessages/query", refusal("processQueryKey.expireTime"))
    with pytest.raises(Refused, match="not known yet"):
        vendor.sender("group", conversation=GROUP).readers("m1")
