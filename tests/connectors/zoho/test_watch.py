from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Misconfigured, Retryable
from connectors.zoho.push import Channel
from tests.connectors.zoho.parts import DEALS, NOW, Desk, client, settings
from tests.connectors.zoho.vendor import Asked, Said, Vendor, error

ADDRESS = "https://bridge.example.com/push/crm"
WATCH = "actions/watch"


class Watches:
    """The vendor's channels: given the life that is asked for, up to `longest`."""

    def __init__(self, vendor: Vendor, desk: Desk, longest: timedelta = timedelta(days=7)) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.longest = longest
        self.desk = desk
        for method in ("POST", "PUT"):
            vendor.on(method, WATCH, self.write)
        vendor.on("GET", WATCH, self.list)

    def write(self, asked: Asked) -> Said:
        results = []
        for entry in asked.body["watch"]:
            # of https://www.zoho.com/crm/developer/docs/api/v8/notifications/enable.html
            asked_for = datetime.fromisoformat(entry["channel_expiry"])
            ends = min(asked_for, self.desk.now + self.longest).isoformat()
            assert (entry["channel_id"] in self.kept) == (asked.method == "PUT")
            self.kept[entry["channel_id"]] = entry | {"channel_expiry": ends, "resource_name": "Deals"}
            events = [{"channel_expiry": ends, "resource_name": "Deals", "channel_id": entry["channel_id"]}]
            results.append({"status": "success", "code": "SUCCESS", "message": "", "details": {"events": events}})
        return Said(201 if asked.method == "POST" else 200, {"watch": results})

    def list(self, _asked: Asked) -> Said:
        if not self.kept:
            return Said(204)
        info = {"per_page": 200, "count": len(self.kept), "page": 1, "more_records": False}
        return Said(200, {"watch": list(self.kept.values()), "info": info})

    def end(self) -> None:
        """What has ended is no longer listed."""
        self.kept = {key: each for key, each in self.kept.items() if each["channel_expiry"] > self.desk.now.isoformat()}


@pytest.fixture
def watches(vendor: Vendor, desk: Desk) -> Watches:
    return Watches(vendor, desk)


def written(vendor: Vendor) -> list[str]:
    return [one.method for one in vendor.calls(WATCH) if one.method != "GET"]


@pytest.mark.usefixtures("watches")
def test_a_channel_is_made_with_a_secret_and_proven(vendor: Vendor, desk: Desk) -> None:
    made = client(vendor, desk)
    found = made.subscribe(ADDRESS, None)
    channel = Channel.of("crm", "Deals", settings(vendor))
    assert vendor.calls(WATCH, "POST")[0].body == {
        "watch": [
            {
                "channel_id": channel.id,
                "events": ["Deals.create", "Deals.edit", "Deals.delete"],
                "channel_expiry": (NOW + timedelta(days=6)).isoformat(),
                "token": channel.token,
                "notify_url": ADDRESS,
                "notify_on_related_action": False,
                "return_affected_field_values": False,
            }
        ]
    }
    assert [one.method for one in vendor.calls(WATCH)] == ["GET", "POST", "GET"]
    assert found.silent_since is None
    assert NOW < found.renew_at <= NOW + timedelta(hours=1)
    assert channel.token not in found.state


@pytest.mark.usefixtures("watches")
def test_it_is_proven_each_hour_and_written_before_half_of_its_life(vendor: Vendor, desk: Desk) -> None:
    made = client(vendor, desk)
    found = made.subscribe(ADDRESS, None)
    while desk.now < NOW + timedelta(days=3):
        desk.now = found.renew_at
        found = made.subscribe(ADDRESS, found.state)
        assert found.silent_since is None
    assert written(vendor) == ["POST", "PUT"]
    assert len(vendor.calls(WATCH, "GET")) > 70


def test_a_shorter_life_than_asked_for_is_renewed_in_time(vendor: Vendor, desk: Desk, watches: Watches) -> None:
    watches.longest = timedelta(hours=1)
    found = client(vendor, desk).subscribe(ADDRESS, None)
    assert found.renew_at < NOW + timedelta(minutes=30)


def test_a_restart_makes_no_second_channel(vendor: Vendor, desk: Desk, watches: Watches) -> None:
    first = client(vendor, desk).subscribe(ADDRESS, None)
    client(vendor, desk).subscribe(ADDRESS, first.state)
    client(vendor, desk).subscribe(ADDRESS, None)
    assert len(watches.kept) == 1
    assert written(vendor) == ["POST", "PUT"], "without a state it is written once more, as the same channel"


def test_a_channel_that_ended_while_we_were_down_is_followed_by_a_comparison(
    vendor: Vendor, desk: Desk, watches: Watches
) -> None:
    state = client(vendor, desk).subscribe(ADDRESS, None).state
    desk.later(days=10)
    watches.end()
    found = client(vendor, desk).subscribe(ADDRESS, state)
    assert found.silent_since == NOW
    assert written(vendor) == ["POST", "POST"]
    desk.now = found.renew_at
    assert client(vendor, desk).subscribe(ADDRESS, found.state).silent_since is None


@pytest.mark.parametrize("change", [{"notify_url": "https://old.example.com"}, {"token": "old"}, {"events": []}])
def test_a_channel_that_calls_something_else_is_put_right(
    vendor: Vendor, desk: Desk, watches: Watches, change: dict[str, Any]
) -> None:
    made = client(vendor, desk)
    state = made.subscribe(ADDRESS, None).state
    next(iter(watches.kept.values())).update(change)
    desk.later(minutes=30)
    found = made.subscribe(ADDRESS, state)
    assert written(vendor) == ["POST", "PUT"]
    assert found.silent_since == NOW


def test_a_module_added_later_is_no_gap(vendor: Vendor, desk: Desk, watches: Watches) -> None:
    state = client(vendor, desk).subscribe(ADDRESS, None).state
    desk.later(minutes=30)
    both = client(vendor, desk, kinds={"Deals": DEALS, "Accounts": DEALS})
    assert both.subscribe(ADDRESS, state).silent_since is None
    assert len(watches.kept) == 2


@pytest.mark.usefixtures("watches")
def test_a_module_that_is_not_notified_of_is_named(vendor: Vendor, desk: Desk) -> None:
    refused = {"status": "error", "code": "INVALID_DATA", "message": "", "details": {"api_name": "events"}}
    vendor.on("POST", WATCH, Said(400, {"watch": [refused]}))
    with pytest.raises(Misconfigured, match="Deals"):
        client(vendor, desk).subscribe(ADDRESS, None)
    vendor.on("POST", WATCH, error("MANDATORY_NOT_FOUND", api_name="notify_url"))
    with pytest.raises(Misconfigured, match="notify_url"):
        client(vendor, desk).subscribe(ADDRESS, None)
    vendor.on("GET", WATCH, error("OAUTH_SCOPE_MISMATCH", 401))
    with pytest.raises(Misconfigured, match=r"ZohoCRM\.notifications"):
        client(vendor, desk).subscribe(ADDRESS, None)


@pytest.mark.usefixtures("watches")
def test_a_channel_that_is_taken_and_not_listed_is_no_success(vendor: Vendor, desk: Desk) -> None:
    vendor.on("GET", WATCH, Said(204))
    with pytest.raises(Retryable):
        client(vendor, desk).subscribe(ADDRESS, None)


@pytest.mark.parametrize("state", ["", "{}", "no json", '{"v":1,"proved":null,"lives":{}}', "[]"])
@pytest.mark.usefixtures("watches")
def test_a_state_that_cannot_be_read_begins_anew(vendor: Vendor, desk: Desk, state: str) -> None:
    assert client(vendor, desk).subscribe(ADDRESS, state).silent_since is None
