"""Lists by page and page token, single records, deletions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.connectors.zoho.sandbox.served import MANAGER, SELLER, Served

START = "2026-03-01T08:00:00+08:00"


def seed(crm: Served, count: int, per_second: int = 1) -> None:
    values = {"Subject": "Task {n}", "Status": "Not Started"}
    crm.control("POST", "/seed/Tasks", {"count": count, "start": START, "per_second": per_second, "values": values})


def ahead(seconds: int) -> str:
    return (datetime.fromisoformat(START) + timedelta(seconds=seconds)).isoformat()


def walked(crm: Served, **params: Any) -> list[list[str]]:
    """Return the ids of all pages, by token."""
    pages: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        body = crm.listed("Tasks", **params, **token).json()
        pages.append([row["id"] for row in body["data"]])
        if not body["info"]["more_records"]:
            return pages
        token = {"page_token": body["info"]["next_page_token"]}


def test_a_list_shows_what_is_asked_and_always_the_id(crm: Served) -> None:
    answer = crm.listed("Deals", "Deal_Name,Amount,Account_Name,Owner,Closing_Date", sort_by="id", sort_order="asc")
    first, info = answer.json()["data"][0], answer.json()["info"]
    assert set(first) == {"Deal_Name", "Amount", "Account_Name", "Owner", "Closing_Date", "id"}
    assert (first["Amount"], first["Account_Name"]["name"]) == (480000, "Harbour Trading")
    assert first["Owner"]["email"] == SELLER
    assert (info["count"], info["more_records"], info["next_page_token"]) == (6, False, None)
    assert (info["sort_by"], info["sort_order"], info["page"]) == ("id", "asc", 1)


def test_fields_must_be_given_and_are_at_most_fifty(crm: Served) -> None:
    without = crm.call("GET", "/Deals")
    assert (without.status_code, without.json()["details"]) == (400, {"param_name": "fields"})
    assert without.json()["code"] == "REQUIRED_PARAM_MISSING"
    assert crm.listed("Deals", ",".join(["Deal_Name"] * 50)).status_code == 200
    assert crm.listed("Deals", ",".join(["Deal_Name"] * 51)).json()["code"] == "LIMIT_EXCEEDED"


@pytest.mark.parametrize(("how", "status"), [("ignored", 200), ("refused", 400)])
def test_a_field_that_is_not_there(crm: Served, how: str, status: int) -> None:
    crm.switch(unknown_field=how)
    answer = crm.listed("Deals", "Deal_Name,No_Such")
    assert answer.status_code == status
    assert "No_Such" not in answer.json().get("data", [{}])[0]


def test_a_module_that_is_not_there(crm: Served) -> None:
    answer = crm.listed("Leads")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_MODULE")


@pytest.mark.parametrize("params", [{"page": "0"}, {"page": "x"}, {"sort_by": "Amount"}, {"sort_order": "up"}])
def test_parameters_that_cannot_be_read_are_named(crm: Served, params: dict[str, str]) -> None:
    answer = crm.listed("Deals", **params)
    assert (answer.status_code, answer.json()["details"]["param_name"]) == (400, next(iter(params)))


def test_pages_reach_two_thousand_and_tokens_go_on(crm: Served) -> None:
    seed(crm, 2250, per_second=100)
    last = crm.listed("Tasks", page=10).json()
    refused = crm.listed("Tasks", page=11)
    assert (last["info"]["count"], last["info"]["more_records"]) == (200, True)
    assert (refused.status_code, refused.json()["code"]) == (400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED")
    assert refused.json()["details"] == {"limit": 2000}
    beyond = crm.listed("Tasks", page_token=last["info"]["next_page_token"]).json()
    assert (beyond["info"]["page"], beyond["info"]["previous_page_token"]) == (11, last["info"]["next_page_token"])
    assert not {row["id"] for row in beyond["data"]} & {row["id"] for row in last["data"]}
    assert beyond["info"]["page_token_expiry"].endswith("+08:00")


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("by", ["id", "Modified_Time", "Created_Time"])
def test_a_walk_by_tokens_gives_each_record_once(crm: Served, by: str, order: str) -> None:
    seed(crm, 1001, per_second=300)
    pages = walked(crm, sort_by=by, sort_order=order)
    ids = [one for page in pages for one in page]
    assert (len(pages), len(ids), len(set(ids))) == (6, 1002, 1002)
    if by == "id":
        assert ids == sorted(ids, key=int, reverse=order == "desc")


@pytest.mark.parametrize(("kind", "seen"), [("position", 1), ("snapshot", 0)])
def test_what_is_written_while_somebody_pages(crm: Served, kind: str, seen: int) -> None:
    crm.switch(page_token=kind)
    seed(crm, 300)
    asked = {"sort_by": "Modified_Time", "sort_order": "asc"}
    first = crm.listed("Tasks", **asked).json()
    moved = first["data"][0]["id"]
    crm.control("PATCH", f"/records/Tasks/{moved}", {"values": {"Status": "Completed"}})
    rest = crm.listed("Tasks", **asked, page_token=first["info"]["next_page_token"]).json()["data"]
    assert [row["id"] for row in rest].count(moved) == seen


def test_page_tokens_end_and_belong_to_their_user_and_list(crm: Served) -> None:
    seed(crm, 300)
    token = crm.listed("Tasks").json()["info"]["next_page_token"]
    both = crm.listed("Tasks", page=2, page_token=token).json()
    assert both["code"] == "AMBIGUITY_DURING_PROCESSING"
    assert crm.listed("Tasks", user=MANAGER, page_token=token).json()["code"] == "INVALID_DATA"
    assert crm.listed("Tasks", "Subject", page_token=token).json()["code"] == "TOKEN_BOUND_DATA_MISMATCH"
    assert crm.listed("Tasks", sort_order="asc", page_token=token).json()["code"] == "TOKEN_BOUND_DATA_MISMATCH"
    assert crm.listed("Tasks", page_token="x").json()["code"] == "INVALID_DATA"
    assert crm.listed("Tasks", page_token=token).status_code == 200
    crm.control("POST", "/expire-pages")
    ended = crm.listed("Tasks", page_token=token).json()
    assert (ended["code"], ended["details"]) == ("EXPIRED_VALUE", {"param_name": "page_token"})


def test_tokens_have_a_ceiling(crm: Served) -> None:
    crm.set(page_token_rows=400)
    seed(crm, 500)
    second = crm.listed("Tasks", page=2).json()
    answer = crm.listed("Tasks", page_token=second["info"]["next_page_token"])
    assert (answer.status_code, answer.json()["code"]) == (400, "PAGINATION_LIMIT_EXCEEDED")


@pytest.mark.parametrize(("how", "status"), [("refused", 400), ("clipped", 200)])
def test_more_than_two_hundred_a_page(crm: Served, how: str, status: int) -> None:
    crm.switch(per_page_over=how)
    seed(crm, 300)
    answer = crm.listed("Tasks", per_page=500)
    assert answer.status_code == status
    assert len(answer.json().get("data", ())) in {0, 200}


@pytest.mark.parametrize(("how", "count"), [("after", 2), ("from", 3)])
def test_since_a_second_or_after_it(crm: Served, how: str, count: int) -> None:
    crm.switch(modified_since=how)
    seed(crm, 5)
    crm.control("DELETE", f"/records/Tasks/{crm.id_of('Tasks', 'Call the buyer')}")
    for by in ("Modified_Time", "id"):
        answer = crm.listed("Tasks", sort_by=by, since=ahead(2))
        assert len(answer.json()["data"]) == count


def test_nothing_changed_and_nothing_there_have_no_body(crm: Served) -> None:
    unchanged = crm.listed("Deals", since=datetime.now(UTC).isoformat())
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    crm.control("DELETE", f"/records/Cases/{crm.id_of('Cases', 'Reefer unit alarms')}")
    empty = crm.listed("Cases")
    assert (empty.status_code, empty.content) == (204, b"")
    assert crm.listed("Deals", page=2).status_code == 204
    bad = crm.listed("Deals", since="Thu, 01 Jan 2026 00:00:00 GMT")
    assert bad.json()["details"]["header"] == "If-Modified-Since"


def test_one_record_shows_everything(crm: Served) -> None:
    shown = crm.shown(crm.deal())
    assert shown["Stage"] == "Proposal/Price Quote"
    assert shown["Modified_Time"].endswith("+08:00")
    assert shown["$approval"] == {
        "delegate": False, "takeover": False, "approve": False, "reject": False, "resubmit": False,
    }  # fmt: skip
    assert (shown["$editable"], shown["$currency_symbol"], shown["Locked__s"]) == (True, "HK$", False)
    quote = crm.id_of("Quotes", "Cold chain, first offer")
    whole = crm.call("GET", f"/Quotes/{quote}").json()["data"][0]
    assert [item["Quantity"] for item in whole["Quoted_Items"]] == [12]
    few = crm.call("GET", f"/Deals/{crm.deal()}", params={"fields": "Stage"}).json()["data"][0]
    assert set(few) == {"Stage", "id"}


def test_one_record_that_did_not_change(crm: Served) -> None:
    stamp = crm.shown(crm.deal())["Modified_Time"]
    answer = crm.call("GET", f"/Deals/{crm.deal()}", headers={"If-Modified-Since": stamp})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize(("how", "status"), [("no_content", 204), ("invalid_data", 400)])
def test_one_record_that_is_not_there(crm: Served, how: str, status: int) -> None:
    crm.switch(missing_record=how)
    assert crm.call("GET", "/Deals/554023000009999999").status_code == status
    assert crm.call("GET", "/Deals/abc").json()["code"] == "INVALID_DATA"


def test_several_records_by_id(crm: Served) -> None:
    names = ("Harbour cold chain", "Lotus packaging line")
    wanted = ",".join(crm.deal(name) for name in names)
    rows = crm.listed("Deals", "Deal_Name", ids=f"{wanted},554023000009999999").json()["data"]
    assert [row["Deal_Name"] for row in rows] == list(names)
    assert crm.listed("Deals", ids="554023000009999999").status_code == 204
    assert crm.listed("Deals", ids="a,b").json()["details"] == {"param_name": "ids"}


@pytest.mark.parametrize(("zone", "offset"), [("org", "+08:00"), ("user", "+00:00")])
def test_the_offset_of_times(crm: Served, zone: str, offset: str) -> None:
    crm.switch(offset_of=zone)
    stamp = "2026-01-15T10:00:00+08:00"
    crm.control("PATCH", f"/records/Deals/{crm.deal()}", {"values": {"Next_Step": "x"}, "stamp": stamp})
    told = crm.shown(crm.deal(), MANAGER)["Modified_Time"]
    assert told.endswith(offset)
    assert datetime.fromisoformat(told) == datetime.fromisoformat(stamp)


@pytest.mark.parametrize(("how", "stage"), [("actual", "Qualification"), ("display", "First contact")])
def test_the_value_of_a_choice(crm: Served, how: str, stage: str) -> None:
    crm.switch(picklist_shown=how)
    shown = crm.shown(crm.deal("Kite shop fittings"))
    assert (shown["Stage"], shown["Channels"]) == (stage, ["Fair", "Web"])


def test_approval_is_shown_and_can_be_asked_for(crm: Served) -> None:
    crm.control("POST", f"/records/Deals/{crm.deal()}/state", {"awaiting": [MANAGER]})
    shown = crm.shown(crm.deal(), MANAGER)
    assert (shown["$approval"]["approve"], shown["$approval_state"], shown["$approved"]) == (True, "awaiting", False)
    assert crm.shown(crm.deal(), SELLER)["$approval"]["approve"] is False
    assert [row["id"] for row in crm.listed("Deals", approved="false").json()["data"]] == [crm.deal()]
    assert len(crm.listed("Deals", approved="true").json()["data"]) == 5


def test_deleted_records_by_kind(crm: Served) -> None:
    kept, gone = crm.deal("Kite shop fittings"), crm.deal("Lotus seasonal labels")
    for deal in (kept, gone):
        assert crm.call("DELETE", f"/Deals/{deal}").json()["data"][0]["message"] == "record deleted"
    crm.control("POST", f"/records/Deals/{gone}/purge")
    told = {row["id"]: row for row in crm.call("GET", "/Deals/deleted", params={"type": "all"}).json()["data"]}
    assert set(told) == {kept, gone}
    assert (told[kept]["type"], told[kept]["display_name"]) == ("recycle", "Kite shop fittings")
    assert told[kept]["deleted_by"]["name"] == "Dingbridge Integration"
    whole = (told[gone]["type"], told[gone]["display_name"], told[gone]["deleted_by"], told[gone]["created_by"])
    assert whole == ("permanent", None, None, None)
    for kind, one in (("recycle", kept), ("permanent", gone)):
        rows = crm.call("GET", "/Deals/deleted", params={"type": kind}).json()["data"]
        assert [row["id"] for row in rows] == [one]
    assert crm.call("GET", f"/Deals/{kept}").status_code == 204
    assert crm.call("GET", "/Deals/deleted", params={"type": "old"}).json()["code"] == "PATTERN_NOT_MATCHED"


def test_deleted_records_since_and_by_page(crm: Served) -> None:
    assert crm.call("GET", "/Deals/deleted").status_code == 204
    now = datetime.now(UTC).replace(microsecond=0)
    for minutes, name in ((5, "Kite shop fittings"), (1, "Lotus seasonal labels")):
        stamp = (now - timedelta(minutes=minutes)).isoformat()
        crm.control("DELETE", f"/records/Deals/{crm.deal(name)}", {"stamp": stamp})
    since = {"If-Modified-Since": (now - timedelta(minutes=3)).isoformat()}
    rows = crm.call("GET", "/Deals/deleted", headers=since).json()["data"]
    assert [row["display_name"] for row in rows] == ["Lotus seasonal labels"]
    later = crm.call("GET", "/Deals/deleted", headers={"If-Modified-Since": now.isoformat()})
    assert (later.status_code, later.content) == (304, b"")
    info = crm.call("GET", "/Deals/deleted", params={"per_page": 1, "page": 2}).json()["info"]
    assert (info["page"], info["count"], info["more_records"]) == (2, 1, False)


def test_the_bin_forgets_after_its_days(crm: Served) -> None:
    now = datetime.now(UTC)
    for days, name in ((61, "Kite shop fittings"), (121, "Lotus seasonal labels")):
        stamp = (now - timedelta(days=days)).isoformat()
        crm.control("DELETE", f"/records/Deals/{crm.deal(name)}", {"stamp": stamp})
    rows = crm.call("GET", "/Deals/deleted").json()["data"]
    assert [(row["type"], row["display_name"]) for row in rows] == [("permanent", None)]


def test_what_is_restored_is_there_and_newly_modified(crm: Served) -> None:
    deal = crm.deal()
    before = crm.shown(deal)["Modified_Time"]
    crm.call("DELETE", f"/Deals/{deal}")
    crm.control("POST", f"/records/Deals/{deal}/restore")
    assert crm.shown(deal)["Modified_Time"] >= before
    assert crm.call("GET", "/Deals/deleted").status_code == 204
