"""The connector at the local twin, which another hand wrote from the vendor's pages."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import (
    Acted,
    Action,
    Choice,
    Effect,
    Hint,
    Level,
    Misconfigured,
    Money,
    RawRequest,
    Record,
    Refusal,
    Services,
    Throttled,
    Verb,
)
from connectors.zoho.client import Client
from connectors.zoho.poll import Cursor
from connectors.zoho.sandbox import create
from connectors.zoho.settings import ZohoSettings
from tests.connectors.zoho.parts import Secrets, Tokens, drained
from tests.connectors.zoho.sandbox.served import MANAGER, NEWCOMER, SELLER, Served, fresh
from tests.served import Host, served_session, serving

BEGINNING, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
START = "2026-01-05T09:00:00+08:00"
AWAITING = "Lotus packaging line"
KINDS: dict[str, Any] = {
    "Deals": {
        "fields": ["Amount", "Stage", "Closing_Date", "Account_Name.Account_Name", "Owner", "Channels"],
        "number": "Deal_Number",
        "approve": "Approve",
        "reject": "Reject",
    },
    "Accounts": {"fields": ["Industry", "Annual_Revenue"], "number": "Account_Name", "reading": "list"},
    "Cases": {"fields": ["Subject", "Status"], "number": "Case_Number"},
}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@pytest.fixture
def zoho(host: Host) -> Iterator[Served]:
    with fresh(host) as served:
        yield served


@dataclass
class Office:
    """A client with the runner's side of it; `ahead` moves its clock."""

    zoho: Served
    tokens: Tokens
    ahead: timedelta = timedelta(0)

    def client(self, **changes: Any) -> Client:
        facts = self.zoho.facts
        settings = ZohoSettings.model_validate(
            {
                "accounts_url": facts["accounts_url"],
                "client_id": facts["client_id"],
                "client_secret": facts["client_secret"],
                "refresh_token": facts["refresh_token"],
                "actors": {user["id"]: user["refresh_token"] for user in facts["users"][1:]},
                "kinds": KINDS,
            }
            | changes
        )
        services = Services(
            session=served_session,
            tokens=self.tokens,
            now=lambda: datetime.now(UTC) + self.ahead,
            observe=lambda _key, _used, _limit: None,
            vault=Secrets(),
        )
        return Client("crm", settings, services)

    def user(self, email: str) -> str:
        return str(next(user["id"] for user in self.zoho.facts["users"] if user["email"] == email))


@pytest.fixture
def office(zoho: Served) -> Office:
    return Office(zoho, Tokens())


def records(client: Client, kind: str, cursor: str | None = None) -> list[Record]:
    return [record for page in drained(client, kind, cursor) for record in page.records]


def test_each_module_is_read_typed_and_once(office: Office) -> None:
    client = office.client(page_size=3)
    for kind in KINDS:
        found = records(client, kind)
        assert len({record.id for record in found}) == len(found) == len(office.zoho.facts["modules"][kind])
        assert list(client.versions(kind, BEGINNING, END)) == [(record.id, record.version) for record in found]
    deal = next(record for record in records(client, "Deals") if record.id == office.zoho.deal(AWAITING))
    assert deal.fields["Amount"] == Money(Decimal("1250000.50"), "HKD")
    assert deal.fields["Account_Name.Account_Name"] == "Lotus Foods"
    assert deal.changed_by is not None
    assert deal.changed_by.label


@pytest.mark.parametrize(
    "switches",
    [
        {"offset_of": "user"},
        {"picklist_shown": "display"},
        {"page_token": "snapshot"},
        {"modified_since": "from"},
        {"unknown_field": "refused"},
        {"missing_record": "invalid_data"},
        {"scope_mismatch_status": 403},
        {"token_error_status": 400},
    ],
    ids=str,
)
def test_the_other_answers_change_nothing_that_is_read(office: Office, switches: dict[str, Any]) -> None:
    before = {kind: records(office.client(), kind) for kind in KINDS}
    office.zoho.switch(**switches)
    assert {kind: records(office.client(), kind) for kind in KINDS} == before
    deal = office.zoho.deal()
    assert [one.deleted for one in office.client().read("Deals", [deal, "404"])] == [False, True]


def test_thousands_with_one_stamp_and_late_rows_are_each_read_once(office: Office) -> None:
    made = {
        "count": 4500,
        "per_second": 4500,
        "start": START,
        "values": {"Deal_Name": "Many", "Stage": "Qualification"},
    }
    office.zoho.control("POST", "/seed/Deals", made)
    found = records(office.client(), "Deals")
    assert len({record.id for record in found}) == len(found) == 4506


def test_a_transaction_that_commits_late_is_found(office: Office) -> None:
    client = office.client()
    opened = office.zoho.control("POST", "/transactions", {})
    body = {"values": {"Deal_Name": "Late", "Stage": "Qualification"}, "transaction": opened["id"]}
    late = office.zoho.control("POST", "/records/Deals", body)["id"]
    cursor = drained(client, "Deals")[-1].cursor
    office.zoho.control("POST", f"/transactions/{opened['id']}/commit", {})
    assert late in {record.id for record in records(client, "Deals", cursor)}


def test_deleted_records_are_told(office: Office) -> None:
    client = office.client()
    cursor = drained(client, "Deals")[-1].cursor
    gone = office.zoho.deal(AWAITING)
    office.zoho.control("DELETE", f"/records/Deals/{gone}")
    known = Cursor.read(cursor)
    assert known.swept is not None
    due = replace(known, swept=known.swept - timedelta(minutes=20)).text()
    assert [(one.id, one.deleted) for one in records(client, "Deals", due)[-1:]] == [(gone, True)]
    assert client.read("Deals", [gone])[0].deleted


def test_a_list_goes_on_where_a_page_token_has_ended(office: Office) -> None:
    made = {"count": 700, "per_second": 50, "start": START, "values": {"Account_Name": "Many"}}
    office.zoho.control("POST", "/seed/Accounts", made)
    client = office.client()
    first = client.pull("Accounts", None)
    office.zoho.control("POST", "/expire-pages", {})
    rest = records(client, "Accounts", first.cursor)
    assert len({record.id for record in (*first.records, *rest)}) == 704


def test_a_token_that_ends_is_renewed(office: Office) -> None:
    client = office.client()
    client.pull("Deals", None)
    office.zoho.control("POST", "/expire-tokens", {})
    assert client.pull("Deals", None).records
    assert len(office.tokens.spoilt) == 1


def test_the_wrong_data_centre_is_explained(office: Office) -> None:
    with pytest.raises(Misconfigured, match="region"):
        office.client(accounts_url=office.zoho.facts["data_centres"]["eu"]["accounts"]).pull("Deals", None)


def test_the_eleventh_token_waits(office: Office) -> None:
    client = office.client()
    for _ in range(10):
        office.tokens.held.clear()
        client.pull("Deals", None)
    office.tokens.held.clear()
    with pytest.raises(Throttled) as raised:
        client.pull("Deals", None)
    assert raised.value.after == timedelta(minutes=10)


def test_too_many_calls_stop_the_app(office: Office) -> None:
    client = office.client()
    client.pull("Deals", None)
    office.zoho.control("POST", "/throttle", {"count": 1, "seconds": 60})
    with pytest.raises(Throttled) as raised:
        client.pull("Deals", None)
    assert raised.value.scope == client.budgets()[0].key


def test_a_field_taken_away_in_the_middle_is_hidden(office: Office) -> None:
    client = office.client(page_size=2)
    page = client.pull("Deals", None)
    office.zoho.control("POST", "/fields/Deals/Closing_Date", {"remove": True})
    rest = records(client, "Deals", page.cursor)
    assert {repr(record.fields["Closing_Date"]) for record in rest} == {"Hidden()"}
    assert all("Amount" in record.fields for record in rest)


def acted(office: Office, email: str, verb: Verb, deal: str = AWAITING, **changes: Any) -> Callable[[], Acted]:
    client = office.client()
    record = client.read("Deals", [office.zoho.deal(deal)])[0]
    action = Action("k", verb, "Deals", record.id, office.user(email), record.version, **changes)
    return lambda: client.act(action)


def test_a_value_is_set_once_as_the_person(office: Office) -> None:
    decide = acted(office, MANAGER, Verb.SET, fields={"Amount": Money(Decimal("99.10"), "HKD")})
    first, again = decide(), decide()
    assert (first.effect, again.effect) == (Effect.DONE, Effect.ALREADY)
    assert first.record is not None
    assert first.record.fields["Amount"] == Money(Decimal("99.10"), "HKD")
    assert first.record.changed_by == again.by
    assert again.by is not None
    assert again.by.id == office.user(MANAGER)


def test_a_record_changed_since_is_not_written(office: Office) -> None:
    decide = acted(office, MANAGER, Verb.SET, fields={"Amount": Money(Decimal(1), "HKD")})
    office.zoho.control("PATCH", f"/records/Deals/{office.zoho.deal(AWAITING)}", {"values": {"Next_Step": "call"}})
    assert decide().effect is Effect.MOVED


def test_a_change_between_reading_and_writing_is_refused_by_the_vendor(office: Office) -> None:
    """The person's view is older than the record, which the connector is made to overlook."""
    client = office.client()
    deal = office.zoho.deal(AWAITING)
    record = client.read("Deals", [deal])[0]
    office.zoho.control("PATCH", f"/records/Deals/{deal}", {"values": {"Next_Step": "call"}})
    answer = office.zoho.call(
        "PUT",
        f"/Deals/{deal}",
        headers={"If-Unmodified-Since": record.version},
        json={"data": [{"id": deal, "Next_Step": "x"}]},
    )
    assert answer.status_code == 412
    assert answer.json()["data"][0]["code"] == "ALREADY_MODIFIED"


def test_who_may_not_see_the_record_may_not_write_it(office: Office) -> None:
    office.zoho.control("POST", "/private", {"module": "Deals", "private": True})
    decide = acted(office, NEWCOMER, Verb.SET, fields={"Stage": Choice("Qualification", "")})
    assert decide().effect is Effect.DENIED
    client = office.client()
    deal = office.zoho.deal(AWAITING)
    assert client.sees(office.user(NEWCOMER), "Deals", [deal]) == {}
    assert deal in client.sees(office.user(MANAGER), "Deals", [deal])


def test_a_transition_is_the_managers_and_only_once(office: Office) -> None:
    transitions = office.zoho.call("GET", f"/Deals/{office.zoho.deal(AWAITING)}/actions/blueprint", MANAGER).json()
    names = {each["name"]: each["next_field_value"] for each in transitions["blueprint"]["transitions"]}
    assert "Approve" in names
    kinds = {**KINDS, "Deals": {**KINDS["Deals"], "transitions": {"Approve": names["Approve"]}}}
    client = office.client(kinds=kinds)
    record = client.read("Deals", [office.zoho.deal(AWAITING)])[0]
    action = Action("k", Verb.APPROVE, "Deals", record.id, office.user(MANAGER), record.version)
    assert not client.may(office.user(SELLER), action).allowed
    assert client.act(replace(action, actor=office.user(SELLER))).effect is Effect.DENIED
    assert client.may(office.user(MANAGER), action).allowed
    assert client.act(action).effect is Effect.DONE
    assert client.act(action).effect is Effect.ALREADY
    assert client.act(replace(action, verb=Verb.REJECT)).effect is Effect.MOVED


def test_channels_are_made_proven_and_mended(office: Office) -> None:
    client = office.client()
    first = client.subscribe(f"{office.zoho.base}/push", None)
    again = client.subscribe(f"{office.zoho.base}/push", first.state)
    assert again.silent_since is None
    assert len(office.zoho.control("GET", "/channels")["channels"]) == len(KINDS)
    for channel in office.zoho.control("GET", "/channels")["channels"]:
        office.zoho.call("DELETE", "/actions/watch", params={"channel_ids": channel["channel_id"]})
    mended = client.subscribe(f"{office.zoho.base}/push", again.state)
    assert mended.silent_since is not None
    assert len(office.zoho.control("GET", "/channels")["channels"]) == len(KINDS)


def test_the_probe_finds_what_is_granted_and_what_is_not(office: Office) -> None:
    found = {each.about: each for each in office.client().probe()}
    assert {each.about for each in found.values() if each.level is Level.WRONG} == set()
    bare = office.zoho.control(
        "POST",
        "/grants",
        {"user": "integration@harbour.example", "scopes": ["ZohoCRM.users.READ"], "refresh": True},
    )
    found = {each.about: each for each in office.client(refresh_token=bare["refresh_token"]).probe()}
    assert found["Deals"].level is Level.WRONG
    assert "ZohoCRM." in found["Deals"].sentence


@pytest.mark.parametrize("switches", [{}, {"channel_id": "number"}, {"affected_fields": "empty"}], ids=str)
def test_what_the_vendor_posts_is_believed_and_read_again(office: Office, switches: dict[str, Any]) -> None:
    office.zoho.switch(**switches)
    client = office.client()
    client.subscribe(f"{office.zoho.base}/push", None)
    deal = office.zoho.deal(AWAITING)
    office.zoho.control("PATCH", f"/records/Deals/{deal}", {"values": {"Next_Step": "call"}})
    office.zoho.control("DELETE", f"/records/Deals/{deal}")
    bodies = posted(office, 2)
    assert len(bodies) == 2
    for body in bodies:
        request = RawRequest("POST", {}, "", body, datetime.now(UTC))
        received = client.receive(request)
        assert received.refusal is None, received.reason
        assert received.hints == (Hint("Deals", deal),)
        assert office.client(client_secret="another").receive(request).refusal is Refusal.BAD_SIGNATURE
    assert client.read("Deals", [deal])[0].deleted


def posted(office: Office, count: int) -> list[bytes]:
    """Wait for what the twin tried to post."""
    until = time.monotonic() + 10
    sent: list[Any] = []
    while len(sent) < count and time.monotonic() < until:
        sent = office.zoho.control("GET", "/notifications")["sent"]
        time.sleep(0.02)
    return [json.dumps(one["body"]).encode() if isinstance(one["body"], dict) else one["body"].encode() for one in sent]


@pytest.mark.parametrize(
    "switches",
    [{"forbidden_transition": "NO_PERMISSION"}, {"written_rows_status": "success"}, {"read_only_written": "ignored"}],
    ids=str,
)
def test_the_other_answers_change_no_decision(office: Office, switches: dict[str, Any]) -> None:
    office.zoho.switch(**switches)
    assert acted(office, MANAGER, Verb.SET, fields={"Amount": Money(Decimal(7), "HKD")})().effect is Effect.DONE
    wrong = acted(office, MANAGER, Verb.SET, fields={"Stage": Choice("No such stage", "")})()
    assert wrong.effect is Effect.REFUSED
    assert wrong.reason
    assert acted(office, MANAGER, Verb.APPROVE)().effect is Effect.DONE
