"""Many records in one call, and many calls in one."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.connectors.salesforce.sandbox.served import Served

V = "/services/data/v59.0"


def accounts(*names: str | None) -> list[dict[str, Any]]:
    return [{"attributes": {"type": "Account"}, "Name": name} for name in names]


def count(sf: Served) -> int:
    return int(sf.query("SELECT COUNT() FROM Account")["totalSize"])


def chain(sf: Served, *parts: dict[str, Any], whole: bool = False) -> list[Any]:
    answer = sf.call("POST", "/composite", json={"allOrNone": whole, "compositeRequest": list(parts)})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["compositeResponse"])


def part(method: str, url: str, name: str, **more: Any) -> dict[str, Any]:
    return {"method": method, "url": f"{V}{url}", "referenceId": name, **more}


@pytest.mark.parametrize(("whole", "left"), [(False, 5), (True, 4)])
def test_each_row_has_its_own_outcome_inside_200(sf: Served, whole: bool, left: int) -> None:
    body = {"allOrNone": whole, "records": accounts("One", None)}
    answer = sf.call("POST", "/composite/sobjects", json=body)
    first, second = answer.json()
    assert answer.status_code == 200
    assert second["errors"] == [
        {
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [Name]",
            "fields": ["Name"],
        }
    ]
    assert first["success"] is not whole
    assert not whole or first["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert count(sf) == left


@pytest.mark.parametrize(
    ("records", "code"),
    [
        (accounts(*["x"] * 201), "EXCEEDED_ID_LIMIT"),
        ([{"attributes": {"type": kind}, "Name": "x"} for kind in ["Account", "Quote"] * 6], "LIMIT_EXCEEDED"),
        ("none", "JSON_PARSER_ERROR"),
    ],
)
def test_a_collection_has_limits(sf: Served, records: Any, code: str) -> None:
    answer = sf.call("POST", "/composite/sobjects", json={"records": records})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert count(sf) == 4


def test_rows_are_changed_and_deleted_by_id(sf: Served) -> None:
    known, kind = sf.first("Account"), {"attributes": {"type": "Account"}}
    given = [kind | {"id": known, "Phone": "1"}, kind | {"id": "0015g000000zzzz", "Phone": "1"}, kind | {"Phone": "1"}]
    changed = sf.call("PATCH", "/composite/sobjects", json={"records": given}).json()
    gone = sf.call("DELETE", f"/composite/sobjects?ids={known},{known},xyz").json()
    assert [row.get("id") for row in changed] == [known, None, None]
    assert [row["errors"][0]["statusCode"] for row in changed[1:]] == ["NOT_FOUND", "MISSING_ARGUMENT"]
    assert [row["success"] for row in gone] == [True, False, False]
    assert [row["errors"][0]["statusCode"] for row in gone[1:]] == ["ENTITY_IS_DELETED", "MALFORMED_ID"]


def test_a_deletion_can_be_all_or_none(sf: Served) -> None:
    gone = sf.call("DELETE", f"/composite/sobjects?ids={sf.first('Account')},xyz&allOrNone=true").json()
    assert [row["success"] for row in gone] == [False, False]
    assert count(sf) == 4


def test_rows_are_read_in_the_order_of_their_ids(sf: Served) -> None:
    known = sf.first("Account"), sf.first("Account", 1)
    body = {"ids": [known[1], "0015g000000zzzz", known[0]], "fields": ["name"]}
    posted = sf.call("POST", "/composite/sobjects/Account", json=body).json()
    got = sf.call("GET", f"/composite/sobjects/Account?ids={known[1]}&fields=Name").json()
    assert [row and row["Name"] for row in posted] == ["Lotus Foods", None, "Harbour Trading"]
    assert got == posted[:1]
    wrong = sf.call("GET", f"/composite/sobjects/Account?ids={known[1]}&fields=Colour")
    assert wrong.json()[0]["errorCode"] == "INVALID_FIELD"


def test_rows_are_upserted_by_another_systems_key(sf: Served) -> None:
    given = [row | {"Legacy_Code__c": code} for row, code in zip(accounts("A", "B", None), "aab", strict=True)]
    first, second, third = sf.call(
        "PATCH", "/composite/sobjects/Account/Legacy_Code__c", json={"records": given}
    ).json()
    assert (first["created"], second["created"], third["success"]) == (True, False, False)
    assert first["id"] == second["id"]
    path = "/composite/sobjects/Account/Phone"
    assert sf.call("PATCH", path, json={"records": given}).status_code == 404


def test_a_part_uses_what_another_answered(sf: Served) -> None:
    made, read, found = chain(
        sf,
        part("POST", "/sobjects/Account", "made", body={"Name": "Chained"}),
        part("GET", "/sobjects/Account/@{made.id}?fields=Name,Phone", "read"),
        part("GET", "/query?q=SELECT+Name+FROM+Account+WHERE+Name='@{read.Name}'", "found"),
    )
    assert [p["httpStatusCode"] for p in (made, read, found)] == [201, 200, 200]
    assert made["httpHeaders"]["Location"] == f"{V}/sobjects/Account/{made['body']['id']}"
    assert found["body"]["records"][0]["Name"] == read["body"]["Name"] == "Chained"


def test_a_chain_without_allornone_stops_what_depends_on_a_failure(sf: Served) -> None:
    bad, dependent, other = chain(
        sf,
        part("POST", "/sobjects/Account", "bad", body={}),
        part("PATCH", "/sobjects/Account/@{bad.id}", "dependent", body={"Phone": "1"}),
        part("POST", "/sobjects/Account", "other", body={"Name": "Other"}),
    )
    assert bad["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert (dependent["httpStatusCode"], dependent["body"][0]["errorCode"]) == (400, "PROCESSING_HALTED")
    assert other["httpStatusCode"] == 201


def test_a_chain_with_allornone_leaves_nothing(sf: Served) -> None:
    collection = {"allOrNone": False, "records": accounts("Two", None)}
    first, second = chain(
        sf,
        part("POST", "/sobjects/Account", "first", body={"Name": "One"}),
        part("POST", "/composite/sobjects", "second", body=collection),
        whole=True,
    )
    assert first["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert second["body"][0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert count(sf) == 4


def test_conditions_and_entity_tags_pass_through_a_chain(sf: Served) -> None:
    (answer,) = chain(
        sf,
        part(
            "PATCH",
            f"/sobjects/Account/{sf.first('Account')}",
            "late",
            body={"Phone": "1"},
            httpHeaders={"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"},
        ),
    )
    assert answer["httpStatusCode"] == 412


def test_many_calls_count_as_one(sf: Served) -> None:
    before = sf.call("GET", "/limits").headers["Sforce-Limit-Info"]
    chain(sf, *(part("GET", "/limits", f"n{n}") for n in range(25)))
    after = sf.call("GET", "/limits").headers["Sforce-Limit-Info"]
    assert (before, after) == ("api-usage=1/15000", "api-usage=3/15000")


@pytest.mark.parametrize(
    "body",
    [
        {"compositeRequest": [part("GET", "/limits", f"n{n}") for n in range(26)]},
        {"compositeRequest": [part("GET", "/limits", "same")] * 2},
        {"compositeRequest": [part("GET", "/limits", "a", httpHeaders={"Accept": "text/xml"})]},
        {"compositeRequest": "none"},
    ],
)
def test_a_wrong_chain_is_refused_as_a_whole(sf: Served, body: Any) -> None:
    assert sf.call("POST", "/composite", json=body).status_code == 400


@pytest.mark.parametrize(("halts", "statuses"), [(True, [200, 404, 412]), (False, [200, 404, 204])])
def test_a_batch_goes_on_or_halts(sf: Served, halts: bool, statuses: list[int]) -> None:
    parts = [
        {"method": "GET", "url": "v59.0/limits"},
        {"method": "GET", "url": "v59.0/sobjects/Nothing"},
        {"method": "PATCH", "url": f"v59.0/sobjects/Account/{sf.first('Account')}", "richInput": {"Phone": "1"}},
    ]
    answer: requests.Response = sf.call("POST", "/composite/batch", json={"haltOnError": halts, "batchRequests": parts})
    assert answer.json()["hasErrors"] is True
    assert [one["statusCode"] for one in answer.json()["results"]] == statuses
    assert "DailyApiRequests" in answer.json()["results"][0]["result"]


@pytest.mark.parametrize("path", ["/composite", "/composite/batch"])
def test_a_chain_holds_no_other(sf: Served, path: str) -> None:
    (answer,) = chain(sf, part("POST", path, "inner", body={"compositeRequest": [], "batchRequests": []}))
    assert (answer["httpStatusCode"], answer["body"][0]["errorCode"]) == (400, "INVALID_INPUT")
