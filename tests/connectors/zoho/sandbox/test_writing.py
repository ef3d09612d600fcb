"""Insert, update, upsert: results by row, conditions, duplicates, states."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from tests.connectors.zoho.sandbox.served import LONG_AGO, MANAGER, NEWCOMER, SELLER, Served

GOOD = {"Deal_Name": "New line", "Stage": "Qualification"}


def put(crm: Served, deal: str, user: str = "", headers: Any = None, **values: Any) -> requests.Response:
    return crm.call("PUT", f"/Deals/{deal}", user, json={"data": [values]}, headers=headers or {})


def row(answer: requests.Response) -> Any:
    (one,) = answer.json()["data"]
    return one


def test_an_insert_tells_id_and_stamps_by_row(crm: Served) -> None:
    body = {"data": [{**GOOD, "Amount": 12.5, "Owner": {"id": crm.facts["users"][1]["id"]}}], "trigger": []}
    answer = crm.call("POST", "/Deals", json=body)
    made = row(answer)
    assert (answer.status_code, made["code"], made["status"]) == (201, "SUCCESS", "success")
    assert made["message"] == "record added"
    assert made["details"]["Created_By"]["name"] == "Dingbridge Integration"
    shown = crm.shown(made["details"]["id"])
    assert (shown["Amount"], shown["Owner"]["email"]) == (12.5, MANAGER)
    assert shown["Modified_Time"] == made["details"]["Modified_Time"]


@pytest.mark.parametrize(
    ("values", "code", "details"),
    [
        ({"Deal_Name": "x"}, "MANDATORY_NOT_FOUND", {"api_name": "Stage", "json_path": "$.data[1].Stage"}),
        ({**GOOD, "Amount": "much"}, "INVALID_DATA", {"api_name": "Amount", "expected_data_type": "currency"}),
        ({**GOOD, "Amount": "NaN"}, "INVALID_DATA", {"expected_data_type": "currency"}),
        ({**GOOD, "Amount": True}, "INVALID_DATA", {"expected_data_type": "currency"}),
        ({**GOOD, "Closing_Date": "31/12"}, "INVALID_DATA", {"json_path": "$.data[1].Closing_Date"}),
        ({**GOOD, "Probability": 1.5}, "INVALID_DATA", {"expected_data_type": "integer"}),
        ({**GOOD, "Channels": "Web"}, "INVALID_DATA", {"expected_data_type": "multiselectpicklist"}),
        ({**GOOD, "Deal_Name": "x" * 121}, "INVALID_DATA", {"maximum_length": 120}),
        ({**GOOD, "Account_Name": {"id": "1"}}, "INVALID_DATA", {"json_path": "$.data[1].Account_Name"}),
        ({**GOOD, "Account_Name": {"name": "x"}}, "INVALID_DATA", {"expected_data_type": "lookup"}),
        ({**GOOD, "Deal_Number": "OPP-1041"}, "DUPLICATE_DATA", {"api_name": "Deal_Number"}),
    ],
)
def test_a_refused_row_names_its_field_and_the_others_are_written(
    crm: Served, values: dict[str, Any], code: str, details: dict[str, Any]
) -> None:
    answer = crm.call("POST", "/Deals", json={"data": [GOOD, values]})
    good, bad = answer.json()["data"]
    assert (answer.status_code, good["status"], bad["status"]) == (207, "success", "error")
    assert bad["code"] == code
    assert details.items() <= bad["details"].items()


@pytest.mark.parametrize(("how", "mixed", "failed"), [("by_rows", 207, 400), ("success", 201, 201)])
def test_the_status_of_refused_rows(crm: Served, how: str, mixed: int, failed: int) -> None:
    crm.switch(written_rows_status=how)
    assert crm.call("POST", "/Deals", json={"data": [GOOD, {}]}).status_code == mixed
    assert crm.call("POST", "/Deals", json={"data": [{}]}).status_code == failed


def test_a_duplicate_tells_of_the_other_record(crm: Served) -> None:
    told = row(crm.call("POST", "/Deals", json={"data": [{**GOOD, "Deal_Number": "opp-1041"}]}))["details"]
    assert told["id"] == told["duplicate_record"]["id"] == crm.deal()
    assert told["duplicate_record"]["module"]["api_name"] == "Deals"
    assert row(put(crm, crm.deal(), Deal_Number="OPP-1041"))["code"] == "SUCCESS"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "INVALID_DATA"),
        (b"[]", "INVALID_DATA"),
        (b"{}", "MANDATORY_NOT_FOUND"),
        (b'{"data":{}}', "INVALID_DATA"),
        (b'{"data":[' + b",".join([b"{}"] * 101) + b"]}", "LIMIT_EXCEEDED"),
    ],
)
def test_a_body_that_cannot_be_read(crm: Served, body: bytes, code: str) -> None:
    answer = crm.call("POST", "/Deals", data=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_an_update_changes_what_is_given_and_empties_what_is_null(crm: Served) -> None:
    answer = put(crm, crm.deal(), Amount=None, Next_Step="Call")
    assert (answer.status_code, row(answer)["message"]) == (200, "record updated")
    shown = crm.shown(crm.deal())
    assert (shown["Amount"], shown["Next_Step"], shown["Deal_Name"]) == (None, "Call", "Harbour cold chain")
    assert shown["Modified_By"]["name"] == "Dingbridge Integration"
    assert row(put(crm, crm.deal(), Deal_Name=None))["code"] == "MANDATORY_NOT_FOUND"


def test_several_rows_by_id(crm: Served) -> None:
    rows = [{"id": crm.deal(), "Next_Step": "a"}, {"id": "1", "Next_Step": "b"}, {"Next_Step": "c"}]
    answer = crm.call("PUT", "/Deals", json={"data": rows})
    codes = [one["code"] for one in answer.json()["data"]]
    assert (answer.status_code, codes) == (207, ["SUCCESS", "INVALID_DATA", "MANDATORY_NOT_FOUND"])
    paths = [one["details"]["json_path"] for one in answer.json()["data"][1:]]
    assert paths == ["$.data[1].id", "$.data[2].id"]


def test_a_condition_on_the_last_change(crm: Served) -> None:
    stamp = crm.shown(crm.deal())["Modified_Time"]
    late = put(crm, crm.deal(), headers={"If-Unmodified-Since": LONG_AGO}, Next_Step="x")
    told = row(late)
    assert (late.status_code, told["code"]) == (412, "ALREADY_MODIFIED")
    assert set(told["details"]) == {"id", "Modified_Time", "Modified_By", "Created_Time", "Created_By"}
    assert crm.shown(crm.deal())["Next_Step"] is None
    assert put(crm, crm.deal(), headers={"If-Unmodified-Since": stamp}, Next_Step="x").status_code == 200
    bad = put(crm, crm.deal(), headers={"If-Unmodified-Since": "yesterday"}, Next_Step="x")
    assert (bad.status_code, bad.json()["details"]["header"]) == (400, "If-Unmodified-Since")


def test_a_condition_on_several_rows_is_looked_at_row_by_row(crm: Served) -> None:
    first, second = crm.deal(), crm.deal("Harbour fleet tracking")
    stamp = crm.shown(second)["Modified_Time"]
    crm.control("PATCH", f"/records/Deals/{first}", {"values": {"Next_Step": "later"}})
    rows = {"data": [{"id": first, "Next_Step": "x"}, {"id": second, "Next_Step": "x"}]}
    answer = crm.call("PUT", "/Deals", json=rows, headers={"If-Unmodified-Since": stamp})
    assert answer.status_code == 207
    assert [one["code"] for one in answer.json()["data"]] == ["ALREADY_MODIFIED", "SUCCESS"]
    again = crm.call("PUT", "/Deals", json=rows, headers={"If-Unmodified-Since": stamp})
    assert again.status_code == 412


def test_a_condition_holds_for_an_upsert_too(crm: Served) -> None:
    body = {"data": [{"Deal_Name": "Harbour cold chain", "Next_Step": "x"}]}
    answer = crm.call("POST", "/Deals/upsert", json=body, headers={"If-Unmodified-Since": LONG_AGO})
    assert (answer.status_code, row(answer)["code"]) == (412, "ALREADY_MODIFIED")


def test_two_changes_in_one_second_pass_one_condition(crm: Served) -> None:
    stamp = "2026-01-15T10:00:00+08:00"
    for step in ("a", "b"):
        crm.control("PATCH", f"/records/Deals/{crm.deal()}", {"values": {"Next_Step": step}, "stamp": stamp})
    assert put(crm, crm.deal(), headers={"If-Unmodified-Since": stamp}, Next_Step="c").status_code == 200


def test_an_upsert_tells_what_it_did(crm: Served) -> None:
    rows = [
        {"Last_Name": "Saffron", "Email": "petra@harbour-trading.example", "Phone": "1"},
        {"Last_Name": "Fennel", "Email": "new@lotus-foods.example"},
    ]
    answer = crm.call("POST", "/Contacts/upsert", json={"data": rows, "duplicate_check_fields": ["Email"]})
    told = [(one["action"], one["duplicate_field"], one["message"]) for one in answer.json()["data"]]
    assert answer.status_code == 200
    assert told == [("update", "Email", "record updated"), ("insert", None, "record added")]
    by_id = {"data": [{"id": crm.deal(), "Next_Step": "x"}]}
    assert row(crm.call("POST", "/Deals/upsert", json=by_id))["action"] == "update"


def test_an_insert_that_is_repeated_makes_two(crm: Served) -> None:
    made = [row(crm.call("POST", "/Deals", json={"data": [GOOD]}))["details"]["id"] for _ in range(2)]
    assert len(set(made)) == 2


@pytest.mark.parametrize(("how", "status"), [("ignored", 200), ("refused", 400)])
def test_a_written_field_that_is_not_there(crm: Served, how: str, status: int) -> None:
    crm.switch(unknown_written_field=how)
    assert put(crm, crm.deal(), No_Such=1).status_code == status


@pytest.mark.parametrize(("how", "status"), [("refused", 400), ("accepted", 201)])
def test_a_choice_that_is_not_on_the_list(crm: Served, how: str, status: int) -> None:
    crm.switch(unknown_choice=how)
    assert crm.call("POST", "/Deals", json={"data": [{**GOOD, "Stage": "Limbo"}]}).status_code == status


@pytest.mark.parametrize(("how", "status"), [("refused", 400), ("ignored", 200)])
def test_a_field_that_the_profile_may_not_write(crm: Served, how: str, status: int) -> None:
    crm.switch(read_only_written=how)
    answer = put(crm, crm.deal(), SELLER, Probability=90)
    assert answer.status_code == status
    assert crm.shown(crm.deal())["Probability"] is None


def test_what_a_profile_may_not_do(crm: Served) -> None:
    order = crm.id_of("Sales_Orders", "Press spare parts")
    answer = crm.call("PUT", f"/Sales_Orders/{order}", SELLER, json={"data": [{"Status": "Approved"}]})
    assert (answer.status_code, answer.json()["code"]) == (403, "NO_PERMISSION")
    assert answer.json()["details"] == {"permissions": ["Crm_Implied_Edit_Sales_Orders"]}
    crm.control("POST", "/permissions", {"profile": "Sales", "module": "Cases", "right": "View", "allowed": False})
    assert crm.listed("Cases", user=SELLER).json()["code"] == "NO_PERMISSION"
    assert crm.listed("Cases").status_code == 200


def test_a_hidden_field_is_nowhere(crm: Served) -> None:
    deal = crm.deal("Lotus packaging line")
    assert crm.shown(deal)["Discount"] == 7.5
    assert "Discount" not in crm.shown(deal, SELLER)
    assert "Discount" not in crm.listed("Deals", "Discount,Stage", user=SELLER).json()["data"][0]
    refused = crm.coql("select Discount from Deals where id is not null", SELLER).json()
    assert (refused["code"], refused["details"]) == ("INVALID_QUERY", {"column_name": "Discount"})


def test_private_records_are_for_their_owner_and_those_above(crm: Served) -> None:
    crm.control("POST", "/private", {"module": "Deals"})
    own, manager_s = crm.deal(), crm.deal("Harbour fleet tracking")
    assert crm.call("GET", f"/Deals/{own}", SELLER).status_code == 200
    assert crm.call("GET", f"/Deals/{manager_s}", SELLER).status_code == 204
    assert crm.listed("Deals", user=NEWCOMER).status_code == 204
    assert len(crm.listed("Deals", user=MANAGER).json()["data"]) == 6
    assert row(put(crm, own, NEWCOMER, Next_Step="x"))["code"] == "INVALID_DATA"
    assert crm.coql("select id from Deals where id is not null", NEWCOMER).status_code == 204
    crm.control("POST", "/private", {"module": "Deals", "private": False})
    assert len(crm.listed("Deals", user=NEWCOMER).json()["data"]) == 6


@pytest.mark.parametrize(
    ("state", "code"), [({"locked": True}, "RECORD_LOCKED"), ({"awaiting": [MANAGER]}, "NOT_APPROVED")]
)
def test_a_record_that_cannot_be_written_now(crm: Served, state: dict[str, Any], code: str) -> None:
    crm.control("POST", f"/records/Deals/{crm.deal()}/state", state)
    assert row(put(crm, crm.deal(), Next_Step="x"))["code"] == code


def test_a_record_that_awaits_approval_may_be_written_after_all(crm: Served) -> None:
    crm.switch(awaiting_written="accepted")
    crm.control("POST", f"/records/Deals/{crm.deal()}/state", {"awaiting": [MANAGER]})
    assert put(crm, crm.deal(), Next_Step="x").status_code == 200


def test_the_field_of_a_blueprint_is_written_by_its_transitions_alone(crm: Served) -> None:
    assert row(put(crm, crm.deal(), Stage="Closed Won"))["code"] == "RECORD_IN_BLUEPRINT"
    assert put(crm, crm.deal("Harbour fleet tracking"), Stage="Closed Won").status_code == 200


def test_a_late_commit_shows_an_older_stamp(crm: Served) -> None:
    opened = crm.control("POST", "/transactions")["id"]
    stamp = (datetime.now().astimezone() - timedelta(minutes=10)).isoformat(timespec="seconds")
    write = {"values": {"Next_Step": "slow"}, "stamp": stamp, "transaction": opened}
    crm.control("PATCH", f"/records/Deals/{crm.deal()}", write)
    newest = row(put(crm, crm.deal("Kite shop fittings"), Next_Step="quick"))["details"]["Modified_Time"]
    assert crm.shown(crm.deal())["Next_Step"] is None
    assert row(put(crm, crm.deal(), Next_Step="x"))["code"] == "RECORD_LOCKED"
    assert crm.control("POST", f"/transactions/{opened}/commit") == {"records": 1}
    shown = crm.shown(crm.deal())
    assert shown["Next_Step"] == "slow"
    assert datetime.fromisoformat(shown["Modified_Time"]) < datetime.fromisoformat(newest)


@pytest.mark.parametrize("path", ["/transactions/tx9/commit", "/records/Nothing", "/seed/Nothing"])
def test_the_control_api_says_what_is_wrong(crm: Served, path: str) -> None:
    answer = crm.http.post(f"{crm.base}/__sandbox{path}", json={}, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]
