"""Single records: writing, reading, conditions, metadata."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from connectors.salesforce.sandbox import ids
from tests.connectors.salesforce.sandbox.served import Served

NEW = {"Name": "Orchid stand", "StageName": "Qualification", "CloseDate": "2027-01-31"}


def http_date(stamp: str, seconds: int = 0) -> str:
    moment = datetime.fromisoformat(stamp).astimezone(UTC) + timedelta(seconds=seconds)
    return format_datetime(moment, usegmt=True)


def test_a_new_record_is_complete(sf: Served) -> None:
    response = sf.call("POST", "/sobjects/Opportunity/", json=NEW | {"Amount": 1000})
    body = response.json()
    row = sf.call("GET", f"/sobjects/Opportunity/{body['id']}").json()
    assert response.status_code == 201
    assert body == {"id": body["id"], "success": True, "errors": []}
    assert row["OwnerId"] == row["CreatedById"] == row["LastModifiedById"] == "0055g0000000001AAA"
    assert row["CreatedDate"] == row["SystemModstamp"] == row["LastModifiedDate"]
    assert (row["Probability"], row["IsClosed"], row["CurrencyIsoCode"]) == (10.0, False, "HKD")


def test_numbers_are_printed_as_doubles(sf: Served) -> None:
    made = sf.call("POST", "/sobjects/Opportunity", json=NEW | {"Amount": 12_500_000.25}).json()["id"]
    path = f"/sobjects/Opportunity/{made}?fields=Amount"
    assert '"Amount":1.250000025E7' in sf.call("GET", path).text
    sf.call("PATCH", f"/sobjects/Opportunity/{made}", json={"Amount": 100})
    assert '"Amount":100.0' in sf.call("GET", path).text


def test_a_change_moves_stamp_author_and_what_the_stage_decides(sf: Served) -> None:
    path = f"/sobjects/Opportunity/{sf.deal(1041)}"
    before = sf.call("GET", path).json()
    response = sf.call("PATCH", path, json={"StageName": "Closed Won"})
    after = sf.call("GET", path).json()
    assert (response.status_code, response.content) == (204, b"")
    assert (after["IsWon"], after["IsClosed"], after["Probability"]) == (True, True, 100.0)
    assert after["SystemModstamp"] > before["SystemModstamp"]
    assert after["CreatedDate"] == before["CreatedDate"]
    assert after["LastModifiedById"] == "0055g0000000001AAA"
    assert before["LastModifiedById"] == "0055g0000000003AAA"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "x"}, "REQUIRED_FIELD_MISSING"),
        (NEW | {"Colour": "red"}, "INVALID_FIELD"),
        (NEW | {"IsWon": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        (NEW | {"Id": "0065g0000000001AAA"}, "INVALID_FIELD"),
        (NEW | {"Deal_Number__c": "x" * 21}, "STRING_TOO_LONG"),
        (NEW | {"Amount": "a lot"}, "JSON_PARSER_ERROR"),
        (NEW | {"Amount": "NaN"}, "JSON_PARSER_ERROR"),
        (NEW | {"Probability": 12345}, "NUMBER_OUTSIDE_VALID_RANGE"),
        (NEW | {"CloseDate": "31/01/2027"}, "JSON_PARSER_ERROR"),
        (NEW | {"CurrencyIsoCode": "XXX"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        (NEW | {"AccountId": "nowhere"}, "MALFORMED_ID"),
        (NEW | {"AccountId": "0015g000000zzzz"}, "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_a_wrong_record_is_refused(sf: Served, body: dict[str, Any], code: str) -> None:
    response = sf.call("POST", "/sobjects/Opportunity", json=body)
    assert response.status_code == 400
    assert response.json()[0]["errorCode"] == code


def test_a_required_field_cannot_be_emptied(sf: Served) -> None:
    response = sf.call("PATCH", f"/sobjects/Opportunity/{sf.deal(1041)}", json={"Name": ""})
    assert response.json()[0] == {
        "message": "Required fields are missing: [Name]",
        "errorCode": "REQUIRED_FIELD_MISSING",
        "fields": ["Name"],
    }


def test_fields_chooses_what_is_read(sf: Served) -> None:
    row = sf.call("GET", f"/sobjects/Opportunity/{sf.deal(1042)[:15]}?fields=Name,amount").json()
    assert list(row) == ["attributes", "Name", "Amount"]


def test_unknown_deleted_and_foreign_paths_are_told_apart(sf: Served) -> None:
    gone = f"/sobjects/Opportunity/{sf.deal(1046)}"
    sf.call("DELETE", gone)
    answers = {
        path: sf.call("GET", path)
        for path in (
            gone,
            "/sobjects/Opportunity/0065g000000zzzz",
            "/sobjects/Opportunity/x",
            "/sobjects/Deal",
            "/nothing",
        )
    }
    assert {a.status_code for a in answers.values()} == {404}
    assert [a.json()[0]["errorCode"] for a in answers.values()] == ["ENTITY_IS_DELETED", *["NOT_FOUND"] * 4]
    assert sf.call("DELETE", gone).json()[0]["errorCode"] == "ENTITY_IS_DELETED"


def test_a_wrong_method_names_the_right_ones(sf: Served) -> None:
    response = sf.call("PUT", f"/sobjects/Opportunity/{sf.deal(1041)}")
    message = "HTTP Method 'PUT' not allowed. Allowed are HEAD,GET,PATCH,DELETE"
    assert response.status_code == 405
    assert response.json() == [{"message": message, "errorCode": "METHOD_NOT_ALLOWED"}]


def test_a_stale_condition_stops_a_write(sf: Served) -> None:
    path = f"/sobjects/Opportunity/{sf.deal(1042)}"
    read = sf.call("GET", path).json()["LastModifiedDate"]
    held = {"If-Unmodified-Since": http_date(read)}
    first = sf.call("PATCH", path, json={"NextStep": "first"}, headers=held)
    second = sf.call("PATCH", path, json={"NextStep": "second"}, headers=held)
    assert (first.status_code, second.status_code) == (204, 412)
    assert sf.call("GET", path).json()["NextStep"] == "first"
    assert sf.call("PATCH", path, json={"NextStep": "x"}, headers={"If-Unmodified-Since": "soon"}).status_code == 400


def test_two_writes_in_one_second_are_not_seen_by_the_condition(sf: Served) -> None:
    path = f"/sobjects/Opportunity/{sf.deal(1042)}"
    sf.call("PATCH", path, json={"NextStep": "mine"})
    stamp = sf.call("GET", path).json()["LastModifiedDate"]
    theirs = {"values": {"NextStep": "theirs"}, "stamp": stamp}
    sf.control("PATCH", path.replace("/sobjects", "/records"), theirs)
    held = {"If-Unmodified-Since": http_date(stamp)}
    assert sf.call("PATCH", path, json={"NextStep": "mine again"}, headers=held).status_code == 204


def test_an_unchanged_record_need_not_be_sent_again(sf: Served) -> None:
    path = f"/sobjects/Opportunity/{sf.deal(1042)}"
    stamp = sf.call("GET", path).json()["LastModifiedDate"]
    same = sf.call("GET", path, headers={"If-Modified-Since": http_date(stamp)})
    older = sf.call("GET", path, headers={"If-Modified-Since": http_date(stamp, -1)})
    assert (same.status_code, same.content) == (304, b"")
    assert older.status_code == 200


def test_describe_tells_types_choices_and_relationships(sf: Served) -> None:
    body = sf.call("GET", "/sobjects/Opportunity/describe/").json()
    fields = {f["name"]: f for f in body["fields"]}
    types = {
        n: fields[n]["type"] for n in ("Amount", "Discount__c", "CloseDate", "StageName", "SystemModstamp", "OwnerId")
    }
    assert (body["name"], body["keyPrefix"], body["replicateable"]) == ("Opportunity", "006", True)
    assert types == {
        "Amount": "currency",
        "Discount__c": "percent",
        "CloseDate": "date",
        "StageName": "picklist",
        "SystemModstamp": "datetime",
        "OwnerId": "reference",
    }
    assert (fields["Amount"]["precision"], fields["Amount"]["scale"]) == (18, 2)
    assert "Closed Won" in {v["value"] for v in fields["StageName"]["picklistValues"]}
    assert (fields["AccountId"]["relationshipName"], fields["AccountId"]["referenceTo"]) == ("Account", ["Account"])
    assert (fields["Deal_Number__c"]["custom"], fields["IsWon"]["updateable"]) == (True, False)


def test_versions_need_no_session(sf: Served) -> None:
    rows = sf.http.get(f"{sf.base}/services/data/", timeout=10).json()
    assert {"label": "Winter '24", "url": "/services/data/v59.0", "version": "59.0"} in rows
    assert sf.http.get(f"{sf.base}/services/data/v59.0", timeout=10).status_code == 401
    assert sf.call("GET", "/services/data/v12.0/").status_code == 404


def test_resources_lead_to_the_objects(sf: Served) -> None:
    links = sf.call("GET", "/").json()
    listed = sf.call("GET", links["sobjects"]).json()["sobjects"]
    assert {o["name"] for o in listed} >= {
        "Account",
        "Case",
        "Contact",
        "Event",
        "Opportunity",
        "Quote",
        "Task",
        "User",
    }
    assert not next(o for o in listed if o["name"] == "ProcessInstance")["replicateable"]
    assert sf.call("GET", "/sobjects/Account").json()["objectDescribe"]["keyPrefix"] == "001"


def test_the_checksum_repairs_the_case_of_an_id() -> None:
    full = ids.with_checksum("0018d00000AbCdE")
    assert ids.with_checksum("00530000003T5rZ") == "00530000003T5rZAAS"
    assert ids.canonical(full.lower()) == full
    assert ids.canonical("0018d00000AbCdE") == full
    assert ids.canonical(f"{full[:-1]}#") is None
    assert ids.canonical("too short") is None
