"""Cases pass where a configuration does what they say, and fail with what it does instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from worker.cli.main import main

ROOT = Path(__file__).parents[3]
BRIDGE = """
version: 1
cases: cases/*.yaml
classes: [finance]
sources:
  crm:
    connector: salesforce
    settings: {url: "https://example.my.salesforce.com", auth: {client_credentials: {client_id: c, client_secret: env:NOT_SET}}}
    kinds:
      Deal:
        read: {number: Name}
        fields:
          name: {path: Name, type: text, label: Deal}
          amount: {path: Amount, type: money, label: Amount, class: finance}
          stage: {path: Stage, type: choice, label: Stage}
destinations:
  sales:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: robot, webhook: env:NOT_SET_EITHER, secret: file:nowhere.secret}
  board:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: zh_Hant_HK
    settings: {kind: robot, webhook: env:NOT_SET_EITHER, secret: file:nowhere.secret}
    attestation: {by: Ann, on: 2026-01-01, until: 2026-12-31, classes: [finance]}
routes:
  won:
    from: crm.Deal
    equals: {stage: Won}
    when: changed.stage && big
    thresholds: {big: {amount: {at_least: HKD 1000}}}
    to: [sales, board]
    title: Deal won
    fields: [name, amount]
  strict: {from: crm.Deal, when: is_new, to: sales, title: New, fields: [name, amount], required: [amount]}
silences:
  import: {routes: won, until: 2999-01-01T00:00:00Z, owner: Ann, reason: old deals}
"""
CASE = """
at: 2026-11-02T12:00:00+08:00
cases:
  a won deal:
    record: {from: crm.Deal, number: D-1, fields: {Name: Desks, Amount: HKD 1000, Stage: Won}}
    was: {Stage: Open}
    expect:
      won:
        sales: {title: Deal won D-1, lacks: "1,000", withheld: [amount]}
        board:
          text: |
            Deal won D-1 · 2026年11月2日 下午12:00
            Deal: Desks
            Amount: HKD 1,000.00
          withheld: []
  a new deal that may not be shown:
    record: {from: crm.Deal, fields: {Name: Desks, Amount: HKD 1, Stage: Open}}
    expect: {strict: {sales: required_withheld amount}}
"""


class Desk:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._monkeypatch, self._capsys = folder, monkeypatch, capsys
        (folder / "cases").mkdir()
        self.bridge(BRIDGE)
        self.cases(CASE)
        monkeypatch.chdir(folder)

    def bridge(self, text: str) -> None:
        (self.folder / "bridge.yaml").write_text(text)

    def cases(self, text: str, name: str = "deals.yaml") -> None:
        (self.folder / "cases" / name).write_text(text)

    def test(self, *arguments: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr("sys.argv", ["dingbridge", "test", "--config", "bridge.yaml", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = self._capsys.readouterr()
        return int(str(ended.value.code or 0)), told.out, told.err


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


def test_what_is_as_expected_passes_without_any_secret(desk: Desk) -> None:
    assert desk.test() == (0, "cases/deals.yaml: 2 passed\n2 cases, 0 failed.\n", "")
    code, out, _ = desk.test("--json")
    answer = json.loads(out)
    assert (code, answer["failed"], answer["routes_never_told"]) == (0, 0, [])
    assert [(one["name"], one["line"], one["passed"]) for one in answer["cases"]] == [
        ("a won deal", 4, True),
        ("a new deal that may not be shown", 16, True),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Amount: HKD 1,000.00\n", "Amount: HKD 999.00\n", ["10:9", "the text is another", "- Amount: HKD 999.00"]),
        ("title: Deal won D-1", "title: Deal lost D-1", ["9:9", "the title is another", "+ Deal won D-1"]),
        ('lacks: "1,000"', "lacks: Desks", ["9:9", "'Desks' was not to be told", "+ Deal: Desks"]),
        ('lacks: "1,000"', "contains: HKD", ["9:9", "no line contains 'HKD'", "+ Deal: Desks"]),
        ("withheld: [amount]", "withheld: []", ["9:9", "other fields are withheld", "+ amount"]),
        (
            "required_withheld amount",
            "told",
            ["18:30", "expected told; strict holds it for sales (required_withheld amount)"],
        ),
        ("required_withheld amount", "{contains: Desks}", ["18:23", "expected a message; strict holds it for sales"]),
        ("{strict: {sales: required_withheld amount}}", "{}", ["16:3", "not expected: strict holds it for sales"]),
        (
            "Amount: HKD 1000,",
            "Amount: HKD 999.99,",
            ["9:9", "expected to be told; won does not tell it (filtered when)"],
        ),
        (
            "Amount: HKD 1000,",
            "Amount: USD 1000,",
            ["9:9", "won holds it (other_currency amount): Amount is in another"],
        ),
        ("Amount: HKD 1000,", 'Amount: "1000",', ["9:9", "won holds it (no_currency amount): Amount came without"]),
    ],
)
def test_what_is_not_as_expected_is_told_with_its_place(desk: Desk, old: str, new: str, said: list[str]) -> None:
    assert old in CASE
    desk.cases(CASE.replace(old, new, 1))
    code, out, _ = desk.test()
    assert code == 1
    place, *sentences = said
    assert f"cases/deals.yaml:{place} " in out
    assert [each for each in sentences if each not in out] == []


def test_a_rule_that_was_not_met_is_told_with_its_values(desk: Desk) -> None:
    desk.cases(CASE.replace("Amount: HKD 1000,", "Amount: HKD 999.99,"))
    assert "Amount was HKD 999.99, and big means at least HKD 1,000.00" in desk.test()[1]
    desk.cases(CASE.replace("Stage: Won", "Stage: Lost"))
    assert "Stage had to be Won and was Lost" in desk.test()[1]


def test_a_message_that_nobody_expected_fails_the_case(desk: Desk) -> None:
    desk.cases(CASE.replace('        sales: {title: Deal won D-1, lacks: "1,000", withheld: [amount]}\n', ""))
    code, out, _ = desk.test()
    assert code == 1
    assert "not expected: won tells sales" in out
    assert "+ Deal: Desks" in out


def test_an_unexpected_telling_where_a_reason_was_expected(desk: Desk) -> None:
    desk.cases(CASE.replace("expect: {strict: {sales: required_withheld amount}}", "expect: {strict: filtered}"))
    code, out, _ = desk.test()
    assert code == 1
    assert "18:22 cases.a new deal that may not be shown.expect.strict: expected filtered; strict holds it for" in out


def test_a_reason_of_a_route_is_meant_for_all_its_destinations(desk: Desk) -> None:
    desk.cases(CASE.replace("{strict: {sales: required_withheld amount}}", "{strict: required_withheld}"))
    assert desk.test()[0] == 0
    desk.cases(CASE.replace("{strict: {sales: required_withheld amount}}", "{strict: told}"))
    assert "expected told; strict holds it for sales (required_withheld amount)" in desk.test()[1]


def test_of_a_route_that_tells_nobody_nothing_may_be_read(desk: Desk) -> None:
    desk.cases(CASE.replace("{strict: {sales: required_withheld amount}}", "{strict: {}}"))
    assert "not expected: strict holds it for sales" in desk.test()[1]
    desk.cases(
        CASE.replace("{strict: {sales: required_withheld amount}}", "{strict: {sales: required_withheld}, won: {}}")
    )
    assert desk.test()[0] == 0


def test_an_attestation_counts_on_the_day_of_the_case(desk: Desk) -> None:
    desk.cases(CASE.replace("at: 2026-11-02", "at: 2027-11-02"))
    code, out, _ = desk.test()
    assert (code, "other fields are withheld" in out) == (1, True)
    desk.cases(CASE.replace("was: {Stage: Open}", "audience: {board: []}\n    was: {Stage: Open}"))
    assert "other fields are withheld" in desk.test()[1]


def test_routes_that_no_case_tells_by_are_named(desk: Desk) -> None:
    desk.cases(CASE.partition("  a won deal")[0] + "  a new" + CASE.partition("  a new")[2])
    code, out, _ = desk.test()
    assert (code, "No case tells by: won\n" in out) == (0, True)


def test_files_may_be_named(desk: Desk) -> None:
    (desk.folder / "other.yaml").write_text(CASE.replace("HKD 1,000.00", "HKD 1"))
    assert desk.test("other.yaml")[0] == 1
    assert desk.test("cases/deals.yaml")[0] == 0


def test_without_cases_it_says_where_they_would_stand(desk: Desk) -> None:
    (desk.folder / "cases/deals.yaml").unlink()
    code, _, err = desk.test()
    assert (code, "write `cases: cases/*.yaml`" in err) == (2, True)


def test_mistakes_in_files_are_told_together(desk: Desk) -> None:
    desk.cases(CASE.replace("Name: Desks", "Nane: Desks"))
    desk.cases("cases: {}\n", "empty.yaml")
    code, _, err = desk.test()
    assert code == 1
    assert "cases/deals.yaml:5:52 " in err
    assert "cases/empty.yaml:1:1 cases: must not be empty" in err
    desk.bridge(BRIDGE.replace("to: [sales, board]", "to: [sales, bord]"))
    code, _, err = desk.test()
    assert (code, "did you mean 'board'?" in err) == (1, True)


@pytest.mark.parametrize("bridge", ["config/bridge.example.yaml", "worker/demo/bridge.yaml"])
def test_the_cases_that_are_shipped_pass_and_leave_no_route_out(
    bridge: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["dingbridge", "test", "--config", str(ROOT / bridge)])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().out
    assert (ended.value.code or 0, "No case tells by" in told) == (0, False), told
