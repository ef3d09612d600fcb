"""Dataverse: change tracking, its order, its limits and how its tokens end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import pytest

from tests.connectors.dynamics.sandbox.served import TRACK, Served, error

ACCOUNTS = "/accounts?$select=name"


def start(d365: Served, path: str = ACCOUNTS) -> str:
    """Read everything once and return the delta link."""
    _, link = d365.follow(path, TRACK)
    assert link
    return link


def told(rows: Sequence[Any]) -> list[str]:
    return [f"-{row['id']}" if row.get("reason") == "deleted" else str(row["name"]) for row in rows]


def test_the_first_call_reads_everything_and_the_link_only_what_changed(d365: Served) -> None:
    first = d365.dv("GET", ACCOUNTS, headers=TRACK)
    link = first.json()["@odata.deltaLink"]
    d365.alter("account", d365.row("account", "Lotus Foods"), name="Lotus & Co")
    answer = d365.raw(link).json()
    again = d365.raw(answer["@odata.deltaLink"]).json()
    assert first.headers["Preference-Applied"] == "odata.track-changes"
    assert len(first.json()["value"]) == 4
    assert answer["@odata.context"].endswith("$metadata#accounts(name)/$delta")
    assert told(answer["value"]) == ["Lotus & Co"]
    assert again["value"] == []


def test_a_token_looks_like_the_vendors(d365: Served) -> None:
    link = start(d365)
    token = link.partition("$deltatoken=")[2]
    assert "%21" in token
    assert "%2f" in token
    assert unquote(token).partition("!")[0].isdecimal()
    assert error(d365.raw(link.replace("%", "%25"))) == (400, "0x80060888")
    assert error(d365.dv("GET", "/accounts?$deltatoken=9!99/99/2026 99:99:99")) == (400, "0x80060888")


def test_changes_come_by_version_and_deletions_last(d365: Served) -> None:
    link = start(d365)
    lotus, kite = d365.row("account", "Lotus Foods"), d365.row("account", "Kite & Lantern Retail")
    d365.control("DELETE", f"/dataverse/records/account/{lotus}")
    fresh = d365.make("account", {"name": "Fresh"})
    passing = d365.make("account", {"name": "Passing"})
    d365.control("DELETE", f"/dataverse/records/account/{passing}")
    d365.alter("account", kite, name="Kite")
    d365.alter("account", fresh, name="Fresher")
    rows, _ = d365.follow(link)
    assert told(rows) == ["Kite", "Fresher", f"-{lotus}", f"-{passing}"]
    assert rows[-1]["@odata.context"].endswith("$metadata#accounts/$deletedEntity")


def test_what_changes_while_pages_are_read_is_told_by_the_next_link(d365: Served) -> None:
    values = {"name": "Bulk {n}"}
    d365.control("POST", "/dataverse/records/account", {"values": values, "copies": 8})
    prefer = {"Prefer": "odata.track-changes,odata.maxpagesize=5"}
    first = d365.dv("GET", ACCOUNTS, headers=prefer).json()
    d365.alter("account", d365.row("account", "Bulk 8"), name="Moved")
    rest, link = d365.follow(first["@odata.nextLink"], prefer)
    later, _ = d365.follow(link)
    assert "@odata.deltaLink" not in first
    assert len(first["value"]) + len(rest) == 11
    assert told(later) == ["Moved"]


def test_changes_are_paged_too(d365: Served) -> None:
    link = start(d365)
    ids = [d365.make("account", {"name": f"New {n}"}) for n in range(5)]
    for one in ids[:2]:
        d365.control("DELETE", f"/dataverse/records/account/{one}")
    rows, last = d365.follow(link, {"Prefer": "odata.maxpagesize=2"})
    assert told(rows) == ["New 2", "New 3", "New 4", f"-{ids[0]}", f"-{ids[1]}"]
    assert d365.follow(last)[0] == []


def test_the_number_of_changes(d365: Served) -> None:
    token = start(d365).partition("?")[2].split("&")[-1]
    d365.make("account", {"name": "One more"})
    api = d365.facts["dataverse"]["api"]
    assert d365.raw(f"{api}/accounts/$count?{token}").text == "1"


@pytest.mark.parametrize("option", ["$filter=name eq 'x'", "$orderby=name", "$top=5", "$expand=primarycontactid"])
def test_what_cannot_be_combined(d365: Served, option: str) -> None:
    refused = d365.dv("GET", f"/accounts?{option}", headers=TRACK)
    name = option[1:].partition("=")[0]
    assert refused.status_code == 400
    assert refused.json()["error"]["message"] == (
        f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
    )


def test_a_table_without_tracking_says_so(d365: Served) -> None:
    d365.control("POST", "/dataverse/schema", {"table": "account", "tracked": False})
    refused = d365.dv("GET", ACCOUNTS, headers=TRACK)
    tracked = d365.dv("GET", "/EntityDefinitions?$select=LogicalName&$filter=ChangeTrackingEnabled eq true").json()
    assert refused.status_code == 400
    assert "account" not in {one["LogicalName"] for one in tracked["value"]}


@pytest.mark.parametrize(
    ("switches", "refusal"),
    [
        ({}, (400, "0x80044352")),
        ({"expired_delta_status": 410, "expired_delta_code": "0x80060426"}, (410, "0x80060426")),
    ],
)
def test_a_token_that_is_too_old_asks_for_a_full_read(
    d365: Served, switches: dict[str, Any], refusal: tuple[int, str]
) -> None:
    link = start(d365)
    d365.switch(**switches)
    d365.control("POST", "/dataverse/expire-deltas")
    refused = d365.raw(link)
    assert error(refused) == refusal
    assert "Please perform a full sync." in refused.json()["error"]["message"]
    assert d365.raw(start(d365)).status_code == 200


def test_tokens_live_as_long_as_the_setting_says(d365: Served) -> None:
    link = start(d365)
    d365.settings(change_tracking_days=-1)
    assert error(d365.raw(link)) == (400, "0x80044352")


def test_whoever_may_not_read_everything_may_not_track(d365: Served) -> None:
    caller = {**TRACK, "MSCRMCallerID": d365.user("tessa")["systemuserid"]}
    assert error(d365.dv("GET", "/opportunities?$select=name", headers=caller)) == (403, "0x80040220")
    assert d365.dv("GET", "/opportunities?$select=name", headers={"MSCRMCallerID": caller["MSCRMCallerID"]}).ok


@pytest.mark.parametrize(("late", "found"), [("held_back", ["Early", "Late"]), ("lost", [])])
def test_a_transaction_that_commits_late(d365: Served, late: str, found: list[str]) -> None:
    d365.switch(late_commit=late)
    start(d365)
    transaction = d365.control("POST", "/dataverse/transactions")["id"]
    d365.make("account", {"name": "Late"}, transaction=transaction, stamp="2026-01-02T03:04:05Z")
    d365.make("account", {"name": "Early"})
    link = start(d365)
    d365.control("POST", f"/dataverse/transactions/{transaction}/commit")
    rows, _ = d365.follow(link)
    assert sorted(told(rows)) == found


def test_the_link_may_come_with_each_page(d365: Served) -> None:
    d365.switch(delta_link="each_page")
    first = d365.dv("GET", ACCOUNTS, headers={"Prefer": "odata.track-changes,odata.maxpagesize=2"}).json()
    assert {"@odata.nextLink", "@odata.deltaLink"} <= set(first)


@pytest.mark.parametrize(("ends", "status"), [(False, 200), (True, 400)])
def test_a_changed_table_may_end_the_tokens(d365: Served, *, ends: bool, status: int) -> None:
    d365.switch(schema_change_ends_delta=ends)
    link = start(d365)
    d365.control("POST", "/dataverse/schema", {"table": "contact", "column": "jobtitle", "name": "role"})
    assert d365.raw(link).status_code == status


def test_equal_stamps_are_told_apart_by_their_version(d365: Served) -> None:
    link = start(d365)
    for name in ("A", "B", "C"):
        d365.make("account", {"name": name}, stamp="2026-01-02T03:04:05Z")
    rows, _ = d365.follow(link.replace("$select=name", "$select=name,modifiedon"))
    assert told(rows) == ["A", "B", "C"]
    assert {row["modifiedon"] for row in rows} == {"2026-01-02T03:04:05Z"}
