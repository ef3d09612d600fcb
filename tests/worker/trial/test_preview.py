"""A preview is the message that would go out now, and what differs from the running configuration's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.bridge import load
from config.settings import Settings
from connectors.contract import Money, Record, Value
from pipelines.plan import Attestation
from tests.worker.company import Company
from worker.cli.main import main
from worker.ledger import arrivals, configurations, migrate
from worker.ledger.arrivals import micros
from worker.ledger.configurations import Attested
from worker.ledger.engine import Ledger
from worker.wiring import open_ledger

BRIDGE = """
version: 1
connectors: [tests.worker.trial.shelf]
classes: [finance]
sources:
  crm:
    connector: shelf
    kinds:
      Deal:
        fields:
          name: {path: Name, type: text, label: Deal}
          amount: {path: Amount, type: money, label: Amount, class: finance}
          stage: {path: Stage, type: choice, label: Stage}
destinations:
  sales:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: robot, webhook: env:ROBOT, secret: env:ROBOT_SECRET}
    attestation: {by: Ann, on: 2026-01-01, until: 2999-12-31, classes: [finance]}
  shelf: {connector: shelf, zone: UTC, locale: en}
routes:
  won:
    from: crm.Deal
    equals: {stage: Won}
    when: changed.stage
    to: [sales, shelf]
    title: Deal won
    fields: [name, amount]
"""
WEBHOOK = "https://oapi.dingtalk.com/robot/send?access_token=t"
RECORD = """
at: 2026-11-02T12:00:00+08:00
record: {from: crm.Deal, number: D-1, url: "https://crm.example/1", fields: {Name: Desks, Amount: HKD 1000, Stage: Won}}
was: {Stage: Open, Amount: HKD 900}
"""
TEXT = [
    "Deal won D-1 · Nov 2, 2026 12:00 PM",
    "Deal: Desks",
    "Amount: HKD 900.00 → HKD 1,000.00",
    "",
    "[Open]",
]


class Desk:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._monkeypatch, self._capsys = folder, monkeypatch, capsys
        for name, value in {"ROBOT": WEBHOOK, "ROBOT_SECRET": "SEC0", "DINGBRIDGE_STATE_DIR": "state"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(folder)
        self.bridge()
        Path("deal.yaml").write_text(RECORD)

    def bridge(self, *changes: tuple[str, str], more: str = "") -> None:
        text = BRIDGE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        Path("bridge.yaml").write_text(text + more)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        settings = Settings(config=Path("bridge.yaml"))
        settings.state_dir.mkdir(exist_ok=True, mode=0o700)
        ledger = open_ledger(settings)
        migrate.upgrade(ledger)
        try:
            yield ledger
        finally:
            ledger.close()

    def applied(self, *records: Record) -> None:
        with self.ledger() as ledger:
            configurations.put(ledger, load(Path("bridge.yaml")))
            rows = [
                arrivals.row(one, received_at=micros(one.stamp), pushed=True, baseline=False, sealer=ledger.sealer)
                for one in records
            ]
            with ledger.write() as connection:
                arrivals.add(ledger, connection, rows)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr("sys.argv", ["dingbridge", "preview", "--config", "bridge.yaml", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = self._capsys.readouterr()
        return int(str(ended.value.code or 0)), told.out, told.err

    def shown(self, *arguments: str) -> dict[str, Any]:
        code, out, err = self.run(*arguments, "--json")
        assert code == 0, err
        answer: dict[str, Any] = json.loads(out)
        return answer

    def reading(self, *arguments: str, to: str = "sales") -> dict[str, Any]:
        (one,) = self.shown(*arguments, "--to", to)["readings"]
        assert isinstance(one, dict)
        return one


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


def deal(stage: str, amount: int, hour: int) -> Record:
    fields: dict[str, Value] = {"Name": "Desks", "Amount": Money(Decimal(amount), "HKD"), "Stage": stage}
    return Record("crm", "Deal", "d1", str(hour), datetime(2026, 11, 2, hour, tzinfo=UTC), fields, "D-1")


def lines(reading: dict[str, Any]) -> list[str]:
    return [line.replace("\u202f", " ") for part in reading["parts"] for line in part["text"].splitlines()]


def test_a_record_of_a_file_is_shown_as_the_chat_shows_it(desk: Desk) -> None:
    answer = desk.shown("won", "--record", "deal.yaml")
    assert (answer["reason"], answer["why"]) == ("told", "")
    sales, shelf = answer["readings"]
    assert lines(sales) == TEXT
    assert lines(shelf)[1] == "Deal: Desks"
    (part,) = sales["parts"]
    assert (part["title"], part["links"]) == ("Deal won D-1", [["Open", "https://crm.example/1"]])
    assert 0 < part["size"] < part["most"] == 20_000
    assert (sales["stopped"], sales["withheld"], sales["running"]) == ("", [], None)
    assert not Path("state").exists()


def test_what_is_withheld_is_named_with_its_class(desk: Desk) -> None:
    shelf = desk.reading("won", "--record", "deal.yaml", to="shelf")
    assert shelf["withheld"] == [{"field": "amount", "label": "Amount", "data_class": "finance"}]
    assert not any("HKD" in line for line in lines(shelf))
    Path("deal.yaml").write_text(RECORD + "audience: {sales: []}\n")
    assert desk.reading("won", "--record", "deal.yaml")["withheld"][0]["field"] == "amount"
    assert "withheld: Amount, of class finance" in desk.run("won", "--record", "deal.yaml", "--to", "sales")[1]


def test_a_reader_of_another_language(desk: Desk) -> None:
    reading = desk.reading("won", "--record", "deal.yaml", "--locale", "zh-Hans-CN")
    assert reading["locale"] == "zh_Hans_CN"
    assert "2026年11月2日" in lines(reading)[0]
    assert lines(reading)[-1] == "[打开]"


def test_a_message_that_is_not_told_is_shown_with_why(desk: Desk) -> None:
    Path("deal.yaml").write_text(RECORD.replace("Stage: Won", "Stage: Lost"))
    answer = desk.shown("won", "--record", "deal.yaml")
    assert (answer["reason"], answer["detail"]) == ("filtered", "equals:stage")
    assert answer["why"] == "Stage had to be Won and was Lost"
    assert lines(answer["readings"][0]) == TEXT


@pytest.mark.parametrize(
    ("change", "more", "stopped"),
    [
        (
            ("fields: [name, amount]", "fields: [name, amount]\n    required: [amount]"),
            "",
            "held, because Amount must be",
        ),
        (
            ("version: 1", "version: 1"),
            "silences: {move: {destinations: shelf, until: 2999-01-01T00:00:00Z, owner: Ann, reason: moved}}\n",
            "silenced by move until 2999-01-01T00:00:00+00:00; Ann ordered it",
        ),
    ],
)
def test_what_stands_in_the_way_of_one_destination(
    desk: Desk, change: tuple[str, str], more: str, stopped: str
) -> None:
    desk.bridge(change, more=more)
    sales, shelf = desk.shown("won", "--record", "deal.yaml")["readings"]
    assert (sales["stopped"], shelf["stopped"].startswith(stopped)) == ("", True)


def test_a_route_on_trial_is_shown(desk: Desk) -> None:
    desk.bridge(("title: Deal won", "title: Deal won\n    mode: shadow"))
    answer = desk.shown("won", "--record", "deal.yaml")
    assert (answer["why"], lines(answer["readings"][0])) == ("the route is on trial (shadow)", TEXT)


def test_a_long_message_is_shown_part_by_part(desk: Desk) -> None:
    Path("deal.yaml").write_text(RECORD.replace("Name: Desks", f"Name: {'海' * 9000}"))
    parts = desk.reading("won", "--record", "deal.yaml")["parts"]
    assert len(parts) > 1
    assert all(part["size"] <= part["most"] for part in parts)
    assert f"message 2 of {len(parts)}" in desk.run("won", "--record", "deal.yaml", "--to", "sales")[1]


def test_the_diff_is_with_what_is_applied(desk: Desk) -> None:
    desk.applied()
    assert desk.reading("won", "--record", "deal.yaml")["running"]["same"] is True
    desk.bridge(("title: Deal won", "title: Sold"), ("label: Amount", "label: Sum"))
    running = desk.reading("won", "--record", "deal.yaml")["running"]
    assert running["same"] is False
    assert {line for line in running["diff"] if line[:1] in {"+", "-"}} == {
        "- Deal won D-1",
        "- Deal won D-1 · Nov 2, 2026 12:00\u202fPM",
        "+ Sold D-1",
        "+ Sold D-1 · Nov 2, 2026 12:00\u202fPM",
        "- Amount: HKD 900.00 → HKD 1,000.00",
        "+ Sum: HKD 900.00 → HKD 1,000.00",
    }
    told = desk.run("won", "--record", "deal.yaml", "--to", "sales")[1]
    assert "The running configuration's message (-) and this one (+):" in told
    desk.bridge(("  won:\n", "  sold:\n"))
    assert desk.reading("sold", "--record", "deal.yaml")["running"] is None


def test_a_record_of_the_ledger_is_found_by_id_and_number(desk: Desk) -> None:
    desk.applied(deal("Open", 900, 1), deal("Won", 1000, 2))
    answer = desk.shown("won", "--id", "D-1")
    assert answer == desk.shown("won", "--id", "d1")
    assert (answer["reason"], answer["record"]["id"]) == ("told", "d1")
    assert "Amount: HKD 900.00 → HKD 1,000.00" in lines(answer["readings"][0])
    code, _, err = desk.run("won", "--id", "D-2")
    assert (code, "the ledger has no crm.Deal D-2" in err) == (1, True)


def test_the_source_is_asked_for_what_it_has_now(desk: Desk) -> None:
    code, _, err = desk.run("won", "--id", "d1")
    assert (code, "--live reads it from its source" in err) == (1, True)
    assert "Amount: HKD 7,000.00" in lines(desk.reading("won", "--id", "d1", "--live"))
    desk.applied(deal("Open", 900, 1))
    assert "Amount: HKD 900.00 → HKD 7,000.00" in lines(desk.reading("won", "--id", "D-1", "--live"))
    code, _, err = desk.run("won", "--id", "d9", "--live")
    assert (code, "crm has no Deal with the id d9" in err) == (1, True)


def test_a_word_that_was_given_in_the_group_counts(desk: Desk) -> None:
    assert desk.reading("won", "--record", "deal.yaml", to="shelf")["withheld"] != []
    with desk.ledger() as ledger:
        word = Attestation("Bo", date(2026, 1, 1), date(2999, 1, 1), frozenset({"finance"}))
        configurations.attest(ledger, Attested("shelf", word))
    assert desk.reading("won", "--record", "deal.yaml", to="shelf")["withheld"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["won"], "give --record FILE or --id ID"),
        (["won", "--record", "deal.yaml", "--id", "1"], "give --record FILE or --id ID"),
        (["won", "--record", "deal.yaml", "--live"], "--live goes with --id"),
        (["wun", "--record", "deal.yaml"], "'wun' is no route: did you mean 'won'?"),
        (["won", "--record", "deal.yaml", "--to", "salles"], "did you mean 'sales'?"),
        (["won", "--record", "deal.yaml", "--locale", "klingon"], "there is no locale 'klingon'"),
    ],
)
def test_wrong_usage_is_a_sentence(desk: Desk, arguments: list[str], said: str) -> None:
    code, _, err = desk.run(*arguments)
    assert (code, said in err) == (2, True)


def test_a_record_with_mistakes_is_told_with_places(desk: Desk) -> None:
    Path("deal.yaml").write_text("record: {from: crm.Deal, fields: {Nane: x}}\n")
    code, _, err = desk.run("won", "--record", "deal.yaml")
    assert (code, "deal.yaml:1:35 record.fields.Nane:" in err) == (1, True)


PEOPLE = """
clearances: {finance: {people: [u-amy]}}
applications:
  office: {connector: dingtalk, settings: {application: {client_id: dingexample, client_secret: env:ROBOT_SECRET}}}
"""
STAFF = "  staff: {connector: dingtalk, zone: UTC, locale: en, settings: {kind: person, application: APP}}\nroutes:\n".replace(
    "APP", "{client_id: dingexample, client_secret: env:ROBOT_SECRET}"
)
SPLIT = ("    title: Deal won\n", "    title: Deal won\n    policy: split\n    details: staff\n")


def test_somebody_who_may_see_more_sees_what_they_are_told_alone(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.bridge(("routes:\n", STAFF), SPLIT, more=PEOPLE)
    with desk.ledger() as ledger:
        Company(ledger).read()
    capsys.readouterr()
    amy = desk.shown("won", "--record", "deal.yaml", "--reader", "u-amy")["readings"]
    assert {one["destination"]: bool(one["withheld"]) for one in amy} == {
        "sales": False,
        "shelf": True,
        "staff/u-amy": False,
    }
    assert lines(amy[-1]) == ["Deal won D-1 · Nov 2, 2026 4:00 AM", *TEXT[1:]]
    ben = desk.shown("won", "--record", "deal.yaml", "--reader", "u-ben")["readings"]
    assert [one["destination"] for one in ben] == ["sales", "shelf"]


def test_what_a_route_refuses_is_shown_with_why(desk: Desk) -> None:
    desk.bridge(("    title: Deal won\n", "    title: Deal won\n    policy: refuse\n"))
    shelf = desk.reading("won", "--record", "deal.yaml", to="shelf")
    assert shelf["stopped"] == "not sent, because not everybody there may see all of it"
