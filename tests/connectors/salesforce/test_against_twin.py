"""The connector with the twin over HTTP: sign-in, rounds of polling, deletions, typing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.contract import HIDDEN, Choice, Malformed, Misconfigured, Money, Record, Ref
from tests.connectors.salesforce.reader import DEAL, Reader
from tests.connectors.salesforce.sandbox.served import Served
from tests.contract.common import whole
from worker.ledger.arrivals import digest

NEW = {"StageName": "Prospecting", "CloseDate": "2027-01-31"}
INTEGRATION = "integration@harbour.example"


@pytest.fixture
def reader(sf: Served) -> Reader:
    return Reader(sf)


def one(records: list[Record], record_id: str) -> Record:
    (found,) = [record for record in records if record.id == record_id]
    return found


def test_both_ways_to_sign_in_read_the_same(sf: Served, reader: Reader) -> None:
    jwt = {
        "client_id": sf.facts["client_id"],
        "username": INTEGRATION,
        "private_key": sf.facts["jwt"]["private_key"],
    }
    by_key = Reader(sf, {"auth": {"jwt": jwt}})
    assert [(each.id, digest(each)) for each in reader.round()] == [(each.id, digest(each)) for each in by_key.round()]
    assert [each.number for each in by_key.round()] == []
    assert reader.tokens() == 2


@pytest.mark.parametrize("status", [400, 401])
def test_a_wrong_secret_is_named_whatever_the_status(sf: Served, status: int) -> None:
    sf.control("POST", "/switches", {"wrong_client_status": status})
    credentials = {"client_id": sf.facts["client_id"], "client_secret": "wrong"}
    with pytest.raises(Misconfigured, match="client_secret"):
        Reader(sf, {"auth": {"client_credentials": credentials}}).round()


def test_a_user_who_has_not_approved_the_app_is_told_what_to_grant(sf: Served) -> None:
    jwt = {"client_id": sf.facts["client_id"], "username": "nobody@harbour.example"}
    with pytest.raises(Misconfigured, match="Pre-authorise"):
        Reader(sf, {"auth": {"jwt": jwt | {"private_key": sf.facts["jwt"]["private_key"]}}}).round()


def test_five_thousand_rows_with_one_stamp_come_once_each_over_many_pages(sf: Served) -> None:
    rows = [NEW | {"Name": f"Load {n}", "Deal_Number__c": f"L-{n}"} for n in range(5_000)]
    stamp = (datetime.now(UTC) - timedelta(minutes=3)).isoformat(timespec="seconds")
    made = sf.control("POST", "/records/Opportunity", {"records": rows, "stamp": stamp})["ids"]
    reader = Reader(sf, {"page_size": 900})
    first = reader.round()
    assert [each.id for each in first if each.number.startswith("L-")] == sorted(made)
    assert (len(first), reader.pages) == (5_006, 6)
    again = reader.round()
    assert {each.id: (each.version, digest(each)) for each in again} == {
        each.id: (each.version, digest(each)) for each in first if each.id in made
    }


def test_a_late_commit_with_an_older_stamp_is_found(sf: Served, reader: Reader) -> None:
    late, early = sf.deal(1041), sf.deal(1042)
    reader.round()
    opened = sf.control("POST", "/transactions")["id"]
    reader.change(late, values={"NextStep": "late"}, transaction=opened)
    reader.change(early, values={"NextStep": "early"})
    # however long it runs: the vendor says up to where it is complete
    for _ in range(3):
        assert early in [each.id for each in reader.round(later=timedelta(hours=2))]
    sf.control("POST", f"/transactions/{opened}/commit")
    found = {each.id: each.fields["NextStep"] for each in reader.round()}
    assert (found[late], found[early]) == ("late", "early")


def test_two_changes_within_the_overlap_are_two_states_and_a_re_read_is_none(sf: Served, reader: Reader) -> None:
    deal, stamp = sf.deal(1043), reader.desk.now.isoformat(timespec="seconds")
    reader.round()
    states = []
    for step in ("Call", "Visit"):
        # both within one second: only the digest tells them apart
        reader.change(deal, values={"NextStep": step}, stamp=stamp)
        states += [one(reader.round(), deal), one(reader.round(), deal)]
    assert len({state.version for state in states}) == 1
    assert [digest(state) for state in states[::2]] == [digest(state) for state in states[1::2]]
    assert digest(states[0]) != digest(states[2])


@pytest.mark.parametrize("moves", [True, False])
def test_a_deletion_and_an_undeletion_are_told(sf: Served, reader: Reader, moves: bool) -> None:
    sf.control("POST", "/switches", {"deletion_moves_stamp": moves})
    deal = sf.deal(1044)
    reader.round()
    reader.round()
    sf.control("DELETE", f"/records/Opportunity/{deal}")
    at_once = reader.round()
    by_log = reader.round(later=timedelta(minutes=10))
    assert [each.id for each in at_once] == ([deal] if moves else [])
    told = one(by_log, deal)
    assert (told.deleted, told.fields, told.url) == (True, {}, "")
    # where both tell, it is one arrival
    assert {(each.version, digest(each)) for each in at_once} <= {(told.version, digest(told))}
    sf.control("POST", f"/records/Opportunity/{deal}/undelete", {"stamp": reader.desk.now.isoformat()})
    back = one(reader.round(), deal)
    assert (back.deleted, back.number) == (False, "OPP-1044")
    assert back.stamp > told.stamp


def test_a_record_that_was_purged_between_two_rounds_is_told_by_the_log(sf: Served, reader: Reader) -> None:
    deal = sf.deal(1044)
    reader.round()
    reader.round()
    sf.control("DELETE", f"/records/Opportunity/{deal}")
    sf.control("POST", f"/records/Opportunity/{deal}/purge")
    assert reader.round() == []
    assert [(each.id, each.deleted) for each in reader.round(later=timedelta(minutes=10))] == [(deal, True)]
    assert [each.deleted for each in whole(reader.client.read("Opportunity", [deal, sf.deal(1041)]))] == [True, False]


def test_numbers_look_the_same_however_they_are_written(sf: Served) -> None:
    states = []
    for form in ("double", "plain"):
        sf.control("POST", "/switches", {"numbers": form})
        states.append({each.number: each for each in Reader(sf).round()})
    assert {name: digest(each) for name, each in states[0].items()} == {
        n: digest(each) for n, each in states[1].items()
    }
    amounts = [
        str(each.fields["Amount"].amount) for each in states[0].values() if isinstance(each.fields["Amount"], Money)
    ]
    assert amounts == ["480000.00", "1250000.50", "96000.00", "23600000.00", "38000.00"]


@pytest.mark.parametrize("numbers", ["double", "plain"])
def test_values_arrive_typed(sf: Served, reader: Reader, numbers: str) -> None:
    sf.control("POST", "/switches", {"numbers": numbers})
    records = {each.number: each.fields for each in reader.round()}
    assert records["OPP-1044"]["Amount"] == Money(Decimal(23_600_000), "CNY")
    assert records["OPP-1042"]["Amount"] == Money(Decimal("1250000.5"), "HKD")
    assert records["OPP-1045"]["Amount"] is None
    assert records["OPP-1042"]["Discount__c"] == Decimal("7.5")
    assert records["OPP-1044"]["StageName"] == Choice("Closed Won", "Closed Won")
    assert (records["OPP-1044"]["IsWon"], records["OPP-1041"]["IsWon"]) == (True, False)
    assert type(records["OPP-1041"]["CloseDate"]) is date
    assert records["OPP-1041"]["OwnerId"] == Ref("User", "0055g0000000003AAA")
    assert records["OPP-1041"]["Account.Name"] == "Harbour Trading"


def test_who_changed_it_and_when_is_told(sf: Served, reader: Reader) -> None:
    deal = sf.deal(1042)
    reader.change(deal, values={"NextStep": "x"}, user="wilmot@harbour.example", stamp="2026-05-06T07:08:09Z")
    record = one(reader.round(), deal)
    assert record.changed_by == Ref("User", "0055g0000000002AAA", "Wilmot Kestrel")
    assert record.stamp == record.occurred_at == datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


def test_a_field_that_is_taken_away_is_marked_as_hidden_from_the_next_page_on(sf: Served, reader: Reader) -> None:
    deal = sf.deal(1042)
    reader.change(deal, values={"NextStep": "x"})
    assert one(reader.round(), deal).fields["Amount"] == Money(Decimal("1250000.5"), "HKD")
    sf.control("POST", "/hide", {"object": "Opportunity", "field": "Amount", "user": INTEGRATION})
    assert one(reader.round(), deal).fields["Amount"] is HIDDEN


def test_an_object_that_there_is_not_is_named(sf: Served) -> None:
    with pytest.raises(Misconfigured, match="Invoice__c"):
        Reader(sf, {"kinds": {"Invoice__c": DEAL}}).page("Invoice__c")


def test_stamps_finer_than_documented_lose_nothing(sf: Served) -> None:
    sf.control("POST", "/switches", {"hidden_milliseconds": True})
    second = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    # the later within the second, the smaller the id
    for number, milliseconds in ((1044, 100), (1043, 500), (1042, 900)):
        stamp = (second + timedelta(milliseconds=milliseconds)).isoformat()
        sf.control("PATCH", f"/records/Opportunity/{sf.deal(number)}", {"values": {}, "stamp": stamp})
    reader = Reader(sf, {"page_size": 4})
    assert {each.number for each in reader.round()} == {f"OPP-{number}" for number in range(1041, 1047)}
    assert {each.number for each in reader.round()} == {"OPP-1042", "OPP-1043", "OPP-1044"}
    # a page that is smaller than what happened within one second stops the source, loudly
    with pytest.raises(Malformed, match="excludes"):
        Reader(sf, {"page_size": 2}).round()
