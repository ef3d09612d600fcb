"""One bad row stops nothing: it is set aside with what to do, and a field that was retyped is described again."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Malformed, Record, Unread
from connectors.salesforce.client import Client
from tests.connectors.salesforce.parts import Desk, Script, payload, settings

IDS = ("006Dn00000AbCdEIAV", "006Dn00000AbCdFIAV", "006Dn00000AbCdGIAV")


def rows(*changes: dict[str, Any]) -> dict[str, Any]:
    (row,) = payload("query__opportunity")["records"]
    found = [row | {"Id": id_} | change for id_, change in zip(IDS, changes, strict=False)]
    return {"totalSize": len(found), "done": True, "records": found}


def script(*answers: Any) -> Script:
    described = {each.capitalize(): payload(f"describe__{each}") for each in ("opportunity", "user")}
    return Script(described, list(answers))


def client(org: Script) -> Client:
    return Client("crm", settings(), Desk().services(), org)


def test_a_row_that_breaks_its_description_is_set_aside_and_the_others_are_read() -> None:
    org = script(rows({}, {"Amount": "secret value"}, {}))
    page = client(org).pull("Opportunity", None)
    assert [record.id for record in page.records] == [IDS[0], IDS[2]]
    (bad,) = page.unread
    assert (bad.source, bad.kind, bad.id) == ("crm", "Opportunity", IDS[1])
    assert bad.sentence.startswith("A row of Opportunity does not fit the org's own description in the field Amount")
    assert "secret value" not in bad.sentence + repr(bad)
    assert b"secret value" in bad.body
    # it is described once more before it is given up
    assert org.described.count("Opportunity") == 2


def test_a_field_that_was_retyped_is_read_as_what_it_is_now() -> None:
    org = script(rows({"Amount": "about ten"}))
    source = client(org)
    org.answers.insert(0, rows({}))
    page = source.pull("Opportunity", None)
    retyped = payload("describe__opportunity")
    for entry in retyped["fields"]:
        if entry["name"] == "Amount":
            entry["type"] = "string"
    org.descriptions = {**org.descriptions, "Opportunity": retyped}
    page = source.pull("Opportunity", None)
    assert (page.records[0].fields["Amount"], page.unread) == ("about ten", ())


@pytest.mark.parametrize(("last", "place"), [({"Amount": []}, IDS[1]), ({"Id": None}, IDS[0])])
def test_the_round_goes_on_behind_the_last_row_that_has_a_place(last: dict[str, Any], place: str) -> None:
    org = script(rows({}, last) | {"done": False}, rows())
    source = client(org)
    page = source.pull("Opportunity", None)
    assert (len(page.records), len(page.unread), page.more) == (1, 1, True)
    assert source.pull("Opportunity", page.cursor).records == ()
    assert f"Id > '{place}'" in org.asked[1][1]


def test_rows_without_any_place_are_malformed() -> None:
    with pytest.raises(Malformed, match="without id or stamp"):
        client(script(rows({"Id": None}))).pull("Opportunity", None)


def test_a_row_that_is_no_row_is_set_aside() -> None:
    answer = rows({})
    answer["records"].append("<html/>")
    assert [each.id for each in client(script(answer)).pull("Opportunity", None).unread] == [""]


def test_a_read_has_the_same_way_out() -> None:
    found = client(script(rows({}, {"Amount": "x"}))).read("Opportunity", IDS)
    assert [type(each) for each in found] == [Record, Unread, Record]
    assert isinstance(found[2], Record)
    assert found[2].deleted
