"""Pulling and reading, with the org's answers recorded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import HIDDEN, Budget, CursorLost, Malformed, Misconfigured, Refused, Retryable
from connectors.salesforce.client import Client
from connectors.salesforce.errors import FieldUnknown, LogLost, ObjectUnknown, QueryTimedOut
from tests.connectors.salesforce.parts import NOW, Desk, Script, payload, settings
from tests.contract.common import whole

ID = "006Dn00000AbCdEIAV"
SECOND = "006Dn00000AbCdFIAV"
WHEN = "2026-03-02T09:05:00.000+0000"


def script(*answers: Any) -> Script:
    described = {each.capitalize(): payload(f"describe__{each}") for each in ("opportunity", "account", "user")}
    return Script(described, list(answers))


def client(org: Script, desk: Desk | None = None, **changes: Any) -> Client:
    return Client("crm", settings(**changes), (desk or Desk()).services(), org)


def complete(until: str = "2026-03-02T08:59:00.000+0000") -> dict[str, Any]:
    """The vendor's word on how far it is complete: the ids are not looked at."""
    return {"ids": ["006Dn00000AbCdEIAV"], "latestDateCovered": until}


def log(*ids: str) -> dict[str, Any]:
    found = [{"id": each, "deletedDate": WHEN} for each in ids]
    return {"deletedRecords": found, "latestDateCovered": "2026-03-02T09:08:00.000+0000"}


def rows(*ids: str, done: bool = True) -> dict[str, Any]:
    (row,) = payload("query__opportunity")["records"]
    return {"totalSize": len(ids), "done": done, "records": [row | {"Id": each} for each in ids]}


def test_a_first_pull_reads_all_living_rows_and_the_next_rounds_read_the_recycle_bin_too() -> None:
    org = script(payload("query__opportunity"), complete(), payload("query__deleted"), log())
    source = client(org)
    first = source.pull("Opportunity", None)
    second = source.pull("Opportunity", first.cursor)
    assert [record.deleted for record in (*first.records, *second.records)] == [False, True]
    assert (first.more, second.more) == (False, False)
    (path, query), (covered, _), (later_path, later_query), _log = org.asked
    assert (path, covered, later_path) == ("query", "sobjects/Opportunity/updated", "queryAll")
    assert "WHERE" not in query
    # now 09:00 less settle (2 min) less overlap (15 min)
    assert "WHERE SystemModstamp >= 2026-03-02T08:43:00Z ORDER BY" in later_query


def test_a_named_start_tells_deletions_from_the_first_pull_on() -> None:
    kind = {"fields": ["Amount"], "number": "Name", "start": "2026-03-02T08:00:00Z"}
    org = script(payload("query__deleted"), complete(), rows(), log())
    source = client(org, kinds={"Opportunity": kind})
    first = source.pull("Opportunity", None)
    assert first.records[0].deleted
    assert org.asked[0][0] == "queryAll"
    assert ">= 2026-03-02T08:00:00Z" in org.asked[0][1]
    source.pull("Opportunity", first.cursor)
    assert org.asked[3][0] == "sobjects/Opportunity/deleted"
    assert org.spans[3] == ("2026-03-02T08:00:00+00:00", "2026-03-02T09:00:00+00:00")


def test_the_log_tells_what_the_query_does_not_show() -> None:
    desk, org = Desk(), script(rows(ID), complete(), rows(ID), log(ID, SECOND[:15]), complete(), rows(), rows(), log())
    source = client(org, desk)
    page = source.pull("Opportunity", None)
    desk.now += timedelta(minutes=10)
    page = source.pull("Opportunity", page.cursor)
    assert [(each.id, each.deleted) for each in page.records] == [(ID, False), (ID, True), (SECOND, True)]
    assert (page.records[1].version, page.records[1].fields) == (WHEN, {})
    assert page.records[1].stamp == datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
    desk.now += timedelta(minutes=4)
    page = source.pull("Opportunity", page.cursor)
    desk.now += timedelta(minutes=4)
    source.pull("Opportunity", page.cursor)
    asked = [span for span, (path, _) in zip(org.spans, org.asked, strict=True) if path.endswith("deleted")]
    # the first reaches back as far as clocks may differ, the second begins where the vendor said that it was complete
    assert [start for start, _ in asked] == ["2026-03-02T08:43:00+00:00", "2026-03-02T09:08:00+00:00"]


def test_a_deletion_that_query_and_log_tell_is_one() -> None:
    kind = {"fields": ["Amount"], "number": "Name", "start": "2026-03-02T08:00:00Z"}
    deleted = payload("query__deleted")
    org = script(deleted, complete(), deleted, log(deleted["records"][0]["Id"]))
    source = client(org, kinds={"Opportunity": kind})
    page = source.pull("Opportunity", None)
    assert len(source.pull("Opportunity", page.cursor).records) == 1
    assert org.answers == []


def test_a_log_that_reaches_back_not_far_enough_holds_up_nothing() -> None:
    desk, org = Desk(), script(rows(), complete("2026-03-22T08:59:00.000+0000"), rows(), LogLost("too old"), rows())
    source = client(org, desk)
    page = source.pull("Opportunity", None)
    desk.now += timedelta(days=20)
    page = source.pull("Opportunity", page.cursor)
    assert (page.records, page.more) == ((), False)
    source.pull("Opportunity", page.cursor)
    assert org.answers == []


def test_an_object_without_a_log_is_not_asked_for_it() -> None:
    desk, org = Desk(), script(rows(), rows())
    org.descriptions = {"Opportunity": payload("describe__opportunity") | {"replicateable": False}}
    source = client(org, desk)
    page = source.pull("Opportunity", None)
    desk.now += timedelta(hours=1)
    assert source.pull("Opportunity", page.cursor).records == ()


@pytest.mark.parametrize("body", [None, {}, {"deletedRecords": [{}]}, {"deletedRecords": [], "latestDateCovered": ""}])
def test_a_log_of_another_shape_is_malformed(body: Any) -> None:
    desk, org = Desk(), script(rows(), rows(), body)
    source = client(org, desk)
    page = source.pull("Opportunity", None)
    desk.now += timedelta(hours=1)
    with pytest.raises(Malformed, match="log of deletions"):
        source.pull("Opportunity", page.cursor)


def test_deletions_can_be_left_out() -> None:
    kind = {"fields": ["Amount"], "number": "Name", "deletions": False}
    org = script(payload("query__empty"), payload("query__empty"))
    source = client(org, kinds={"Opportunity": kind})
    source.pull("Opportunity", source.pull("Opportunity", None).cursor)
    assert [path for path, _ in org.asked] == ["query", "query"]


def test_a_full_page_goes_on_and_a_short_one_ends() -> None:
    org = script(rows(ID, SECOND), rows())
    source = client(org, page_size=2)
    first = source.pull("Opportunity", None)
    assert first.more
    last = source.pull("Opportunity", first.cursor)
    assert (last.records, last.more) == ((), False)
    assert f"Id > '{SECOND}'" in org.asked[1][1]


def test_a_page_that_the_vendor_cut_short_goes_on() -> None:
    assert client(script(rows(ID, done=False))).pull("Opportunity", None).more


def test_a_slow_query_is_asked_for_smaller_pages_and_then_left_to_the_runner() -> None:
    slow = QueryTimedOut("slow")
    org = script(slow, slow, rows(ID), slow, slow, slow)
    source = client(org)
    assert len(source.pull("Opportunity", None).records) == 1
    assert [query.rpartition(" ")[2] for _, query in org.asked] == ["2000", "1000", "500"]
    with pytest.raises(Retryable):
        source.pull("Opportunity", None)


def test_the_size_of_a_halved_page_tells_whether_it_was_short() -> None:
    org = script(QueryTimedOut("slow"), rows(ID, SECOND))
    assert client(org, page_size=4).pull("Opportunity", None).more


def test_a_permission_that_is_taken_away_hides_the_field_at_once() -> None:
    org = script(rows(ID), FieldUnknown("gone"), rows(ID))
    source = client(org)
    source.pull("Opportunity", None)
    less = payload("describe__opportunity")
    less["fields"] = [each for each in less["fields"] if each["name"] != "Amount"]
    org.descriptions = {"Opportunity": less}
    (record,) = source.pull("Opportunity", None).records
    assert record.fields["Amount"] is HIDDEN
    assert "Amount" not in org.asked[-1][1]


def test_a_field_that_stays_unknown_is_told_to_the_operator() -> None:
    gone = FieldUnknown("gone")
    with pytest.raises(Misconfigured):
        client(script(gone, gone)).pull("Opportunity", None)


def test_an_object_is_described_once_an_hour_and_each_related_one_once() -> None:
    kind = {"fields": ["Owner.Name", "Owner.Email"], "number": "Name"}
    desk, org = Desk(), script(rows(ID), rows(ID), rows(ID))
    source = client(org, desk, kinds={"Opportunity": kind})
    source.pull("Opportunity", None)
    desk.now += timedelta(minutes=59)
    source.pull("Opportunity", None)
    assert org.described == ["Opportunity", "User"]
    desk.now += timedelta(minutes=1)
    source.pull("Opportunity", None)
    assert org.described == ["Opportunity", "User"] * 2


def test_a_kind_without_access_is_named() -> None:
    org = Script({"Opportunity": ObjectUnknown("no", detail="HTTP 404 NOT_FOUND")})
    with pytest.raises(Misconfigured, match="Opportunity") as caught:
        client(org).pull("Opportunity", None)
    assert caught.value.detail == "HTTP 404 NOT_FOUND"


def test_a_kind_that_is_not_configured_is_named() -> None:
    with pytest.raises(Misconfigured, match="Lead"):
        client(script()).pull("Lead", None)


@pytest.mark.parametrize("body", [None, [], {"records": []}, "<html/>"])
def test_an_answer_without_rows_is_malformed(body: Any) -> None:
    with pytest.raises(Malformed):
        client(script(body)).pull("Opportunity", None)


def test_rows_that_the_query_excludes_do_not_go_round_for_ever() -> None:
    org = script(rows(ID), rows(ID))
    source = client(org, page_size=1)
    page = source.pull("Opportunity", None)
    with pytest.raises(Malformed, match="excludes"):
        source.pull("Opportunity", page.cursor)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "2026-03-02",
        "[]",
        "{}",
        '{"v":1,"mark":null,"scan":null,"swept":null}',
        '{"v":2,"mark":"2026-03-02T08:00:00","scan":null}',
        '{"v":2,"mark":null,"scan":{"since":null,"began":null,"last":null}}',
        '{"v":2,"mark":null,"scan":{"since":null,"began":"2026-03-02T08:00:00+00:00","last":["x","y"]}}',
    ],
)
def test_a_cursor_of_another_version_starts_a_new_scan(cursor: str) -> None:
    with pytest.raises(CursorLost):
        client(script()).pull("Opportunity", cursor)


def test_a_cursor_is_json_with_a_version() -> None:
    assert json.loads(client(script(rows(ID), rows())).pull("Opportunity", None).cursor)["v"] == 2


def test_a_read_answers_in_the_order_of_the_question_and_marks_what_is_gone() -> None:
    org = script(rows(SECOND, ID))
    found = whole(client(org).read("Opportunity", [ID[:15], "006Dn00000AbCdGIAV", SECOND, ID]))
    assert [record.id for record in found] == [ID, "006Dn00000AbCdGIAV", SECOND]
    assert [record.deleted for record in found] == [False, True, False]
    assert (found[1].stamp, found[1].fields) == (NOW, {})
    assert org.asked[0][0] == "queryAll"


def test_many_ids_are_read_in_several_calls() -> None:
    ids = [f"006Dn0000{n:06d}" for n in range(450)]
    org = script(*(payload("query__empty") for _ in range(3)))
    assert len(client(org).read("Opportunity", ids)) == 450
    assert [query.count("006Dn") for _, query in org.asked] == [200, 200, 50]


def test_an_answer_in_part_is_completed() -> None:
    org = script(rows(ID, done=False), rows(SECOND))
    found = whole(client(org).read("Opportunity", [ID, SECOND]))
    assert [record.deleted for record in found] == [False, False]
    assert ID not in org.asked[1][1]


def test_nothing_asked_costs_no_call() -> None:
    org = script()
    assert client(org).read("Opportunity", []) == []
    assert (org.asked, org.described) == ([], [])


def test_text_that_is_no_id_reaches_no_query() -> None:
    org = script()
    with pytest.raises(Refused):
        client(org).read("Opportunity", ["' OR Name != '"])
    assert org.asked == []


def test_calls_and_calls_at_once_are_budgets_of_their_own() -> None:
    key = "salesforce:example.my.salesforce.com:calls"
    assert client(script(), long_calls=3).budgets() == (Budget(key, ()), Budget(f"{key}:at-once", (), slots=3))
