"""An installation that hears an application: two relays on one ledger, connections that end in every way, and callbacks."""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.contract import Level
from tests.processes.application import sign_in
from tests.processes.installation import Installation, installation, listens, until
from tests.processes.process import Process, free_port, run
from worker.ledger.engine import Ledger
from worker.ledger.listening import Line, lines
from worker.ledger.seal import Sealer, master_key
from worker.ledger.tables import SignalForm, SignalState, signal

KEYS = {"token": "signaturetoken12", "aes_key": base64.b64encode(b"k" * 32).decode().rstrip("=")}
BRIDGE = """
version: 1
applications:
  desk:
    connector: dingtalk
    settings:
      application: APPLICATION
      callbacks: {events: [{token: env:EVENT_TOKEN, aes_key: env:EVENT_KEY}]}
sources:
  shop:
    connector: generic
    settings: {kind: order, id: id, version: rev, signature: {keys: [env:SHOP_KEY], prefix: "sha256="}}
    kinds:
      order: {fields: {buyer: {path: buyer, type: text}}}
destinations:
  people:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: person, users: [u-amy], application: APPLICATION}
routes:
  orders: {from: shop.order, to: people, title: Order, fields: [buyer]}
"""


@dataclass(frozen=True)
class Office:
    """An installation with a second relay."""

    parts: Installation
    other: Process
    ledger: Ledger
    app: str

    def heard(self) -> Counter[tuple[SignalForm, str]]:
        """Count what is stored, by its form and id."""
        return Counter((SignalForm(row.form), row.signal_id) for row in self.parts.books.rows(signal.select()))

    def emit(self, count: int) -> set[str]:
        """Let something happen so many times; returns the events' ids."""
        data = {"userId": ["u-amy"], "optStaffId": "u-ben"}
        made = [self.ask("POST", "events", json={"type": "user_modify_org", "data": data, "app": self.app})
                for _ in range(count)]  # fmt: skip
        return {each["id"] for each in made}

    def ask(self, method: str, path: str, **given: Any) -> Any:
        return self.parts.sink.ask(method, path, **given)

    def lines(self) -> list[Line]:
        with self.ledger.read() as connection:
            return lines(connection)

    def await_events(self, ids: set[str], within_s: float = 30) -> None:
        wanted = {(SignalForm.CHANGE, id_) for id_ in ids}
        until(lambda: wanted <= self.heard().keys(), f"all {len(ids)} events are stored", within_s)

    def connections(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self.ask("GET", "stream")["connections"]
        return found

    def await_connections(self, count: int) -> None:
        until(lambda: len(self.connections()) == count, f"{count} connections stand: {self.connections()}", 60)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("hears")
    keys = {"EVENT_TOKEN": KEYS["token"], "EVENT_KEY": KEYS["aes_key"]}
    with installation(folder, BRIDGE, DINGBRIDGE_TICK_S="0.2", **keys) as parts:
        app = sign_in(parts, folder, BRIDGE)
        parts.sink.ask(
            "POST", "settings", json={"ack_timeout_s": 1, "event_retries_s": [1] * 20, "stream_given_up_s": 3}
        )
        port = free_port()
        other = Process("relay-2", ["relay"], {**parts.settings, "DINGBRIDGE_RELAY_PORT": str(port)}, folder)
        ledger = Ledger(
            f"sqlite:///{folder / 'state' / 'ledger.sqlite3'}",
            Sealer(master_key(None, folder / "state" / "master.key")),
        )
        try:
            parts.start()
            other.start()
            until(lambda: listens(port), "the second relay listens", 30)
            yield Office(parts, other, ledger, app["client_id"])
        finally:
            other.stop()
            ledger.close()


def test_both_relays_stand_and_say_so(office: Office) -> None:
    office.await_connections(2)
    until(lambda: [line.level for line in office.lines()] == [Level.FINE] * 2, "both lines are fine", 10)
    said = run(["status", "--json"], office.parts.settings)
    listening = json.loads(said.stdout)["applications"]
    assert [one["name"] for one in listening] == ["desk"]
    assert len(listening[0]["lines"]) == 2


@pytest.mark.parametrize("how", ["cut", "silence", "disconnect"])
def test_a_connection_that_ends_loses_no_event_and_doubles_none(office: Office, how: str) -> None:
    office.await_connections(2)
    ids = office.emit(20)
    office.ask("POST", "stream", json={"what": how, "connection": office.connections()[0]["id"]})
    ids |= office.emit(20)
    office.await_events(ids, 60)
    heard = office.heard()
    assert {heard[SignalForm.CHANGE, id_] for id_ in ids} == {1}


def test_what_comes_twice_is_stored_once(office: Office) -> None:
    (id_,) = office.emit(1)
    office.await_events({id_})
    office.ask("POST", f"events/{id_}/repeat", json={})
    (later,) = office.emit(1)
    office.await_events({later})
    assert office.heard()[SignalForm.CHANGE, id_] == 1


def test_a_killed_relay_loses_no_event(office: Office) -> None:
    office.await_connections(2)
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(office.emit, 60)
        time.sleep(0.05)
        office.other.kill()
        ids = made.result(60)
    office.await_events(ids, 60)
    assert {office.heard()[SignalForm.CHANGE, id_] for id_ in ids} == {1}
    office.other.start()
    office.await_connections(2)


def test_words_are_stored_once_and_dealt_with(office: Office) -> None:
    before = sum(1 for form, _ in office.heard() if form is SignalForm.WORDS)
    office.ask("POST", "say", json={"user": "u-amy", "text": "/help", "app": office.app})
    until(lambda: sum(1 for form, _ in office.heard() if form is SignalForm.WORDS) == before + 1, "stored", 10)
    until(lambda: {row.state for row in office.parts.books.rows(signal.select())} == {SignalState.DONE}, "done", 10)


def test_a_time_in_which_words_may_be_lost_is_told(office: Office) -> None:
    office.await_connections(2)
    office.ask("POST", "stream", json={"what": "cut", "connection": office.connections()[0]["id"]})
    until(lambda: any(line.gaps and line.gap_loss == "cut" for line in office.lines()), "the gap is written", 20)
    told = next(line for line in office.lines() if line.gap_loss == "cut")
    assert told.gap_since is not None
    assert told.gap_until is not None
    assert told.gap_since <= told.gap_until


def test_events_by_http_are_stored_and_those_of_an_outage_fetched(office: Office) -> None:
    parts = office.parts
    office.ask("POST", "settings", json={"http_timeout_s": 1, "http_retries_s": [0.5, 0.5], "failed_kept_s": 120})
    address = f"http://127.0.0.1:{parts.port}/hooks/desk"
    office.ask("PATCH", f"apps/{office.app}", json={"mode": "http"})
    made = office.ask("POST", f"apps/{office.app}/callback", json={"url": address, **KEYS, "check": True})
    assert made
    ids = office.emit(5)
    office.await_events(ids, 20)
    parts.relay.kill()
    before = len(office.heard())
    missed = office.emit(5)
    until(lambda: len(office.ask("GET", "pushes")["failed"]) >= len(missed), "they have failed", 30)
    parts.start_relay()
    # fetched without their ids, so they are counted
    until(lambda: len(office.heard()) >= before + len(missed), "what failed is fetched", 30)
    assert len(office.heard()) == before + len(missed)
