"""HTTP itself: packed answers and bodies, bodies in chunks, entity tags, external keys in paths."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.connectors.salesforce.sandbox.served import Served

NEW = {"Name": "Key", "StageName": "Qualification", "CloseDate": "2027-01-31"}
KEY = "/sobjects/Opportunity/Erp_Key__c/"


def test_answers_are_packed_for_who_accepts_it(sf: Served) -> None:
    packed = sf.call("GET", "/sobjects", headers={"Accept-Encoding": "gzip"})
    plain = sf.call("GET", "/sobjects", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_packed_bodies_are_unpacked(sf: Served, name: str, pack: type[bytes]) -> None:
    headers = {"Content-Encoding": name, "Content-Type": "application/json"}
    good = sf.call("POST", "/sobjects/Opportunity", data=pack(json.dumps(NEW).encode()), headers=headers)
    bad = sf.call("POST", "/sobjects/Opportunity", data=b"{}", headers=headers)
    assert (good.status_code, bad.status_code) == (201, 400)
    other = sf.call("POST", "/sobjects/Opportunity", data=b"{}", headers={"Content-Encoding": "lz"})
    assert other.status_code == 415


def test_a_body_may_come_in_chunks(sf: Served) -> None:
    def chunks() -> Iterator[bytes]:
        text = json.dumps(NEW).encode()
        yield from (text[at : at + 10] for at in range(0, len(text), 10))

    answer = sf.call("POST", "/sobjects/Opportunity", data=chunks(), headers={"Content-Type": "application/json"})
    sent = sf.control("GET", "/received?path=Opportunity")["received"][0]
    assert answer.status_code == 201
    assert sent["headers"]["transfer-encoding"] == "chunked"
    assert sent["body"] == json.dumps(NEW)


def test_an_upsert_makes_then_changes(sf: Served) -> None:
    path = KEY + quote("SO/10 42 ä", safe="")
    made = sf.call("PATCH", path, json=NEW)
    changed = sf.call("PATCH", path, json={"NextStep": "x"})
    read = sf.call("GET", path)
    old = sf.call("PATCH", f"/services/data/v45.0{path}", json={"NextStep": "y"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    assert (changed.status_code, changed.json()) == (200, made.json() | {"created": False})
    assert (read.json()["Erp_Key__c"], read.json()["NextStep"]) == ("SO/10 42 ä", "x")
    assert (old.status_code, old.content) == (204, b"")
    assert sf.call("DELETE", path).status_code == 204
    assert sf.call("GET", path).status_code == 404


def test_an_upsert_may_be_kept_from_creating(sf: Served) -> None:
    answer = sf.call("PATCH", f"{KEY}new?updateOnly=true", json=NEW)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")
    assert sf.call("PATCH", f"{KEY}new?updateOnly=false", json=NEW).status_code == 201


@pytest.mark.parametrize("body", [NEW | {"Erp_Key__c": "a"}, NEW | {"Id": "0065g0000000001AAA"}])
def test_the_body_of_an_upsert_holds_no_key(sf: Served, body: dict[str, str]) -> None:
    assert sf.call("PATCH", f"{KEY}a", json=body).json()[0]["errorCode"] == "INVALID_FIELD"


def test_a_key_that_several_records_have_is_answered_with_their_paths(sf: Served) -> None:
    path = "/sobjects/Account/Legacy_Code__c/"
    made = [sf.call("POST", "/sobjects/Account", json={"Name": n, "Legacy_Code__c": "L1"}).json()["id"] for n in "ab"]
    for method in ("PATCH", "GET", "DELETE"):
        answer = sf.call(method, f"{path}l1", json={"Name": "c"})
        assert answer.status_code == 300
        assert answer.json() == [f"/services/data/v59.0/sobjects/Account/{one}" for one in made]
    assert sf.query("SELECT Id FROM Account WHERE Name = 'c'")["totalSize"] == 0
    assert sf.call("PATCH", "/sobjects/Account/Phone/1", json={}).status_code == 404


def test_a_unique_key_is_unique(sf: Served) -> None:
    first = sf.call("POST", "/sobjects/Opportunity", json=NEW | {"Erp_Key__c": "k1"}).json()["id"]
    answer = sf.call("POST", "/sobjects/Opportunity", json=NEW | {"Erp_Key__c": "K1"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "DUPLICATE_VALUE")
    assert answer.json()[0]["message"].endswith(f"with id: {first[:15]}")


def test_accounts_alone_have_entity_tags(sf: Served) -> None:
    path = f"/sobjects/Account/{sf.first('Account')}"
    tag = sf.call("GET", path).headers["ETag"]
    same = sf.call("GET", path, headers={"If-None-Match": tag})
    changed = sf.call("PATCH", path, json={"Phone": "1"}, headers={"If-Match": f'"other", {tag}'})
    late = sf.call("PATCH", path, json={"Phone": "2"}, headers={"If-Match": tag})
    unlike = sf.call("PATCH", path, json={"Phone": "2"}, headers={"If-None-Match": changed.headers["ETag"]})
    wrong = sf.call("PATCH", path, json={"Phone": "2"}, headers={"If-Match": "no quotes"})
    assert (same.status_code, changed.status_code, late.status_code) == (304, 204, 412)
    assert (unlike.status_code, wrong.status_code) == (412, 400)
    deal = f"/sobjects/Opportunity/{sf.deal(1041)}"
    assert "ETag" not in sf.call("GET", deal).headers
    assert sf.call("PATCH", deal, json={"NextStep": "x"}, headers={"If-Match": '"x"'}).status_code == 204
