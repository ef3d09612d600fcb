"""Commands of replay, reconciliation and problems, over the ledger of an installation."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import update

from config.bridge import load
from config.settings import Settings
from connectors.contract import Record
from pipelines.case import program
from tests.worker.processes import Installation
from tests.worker.stand_ins import SHARDS, deal, rows, store
from tests.worker.test_cli import CRM
from worker.cli.main import main
from worker.decide import Decider
from worker.ledger.engine import Ledger
from worker.ledger.tables import NoticeState, notice
from worker.wiring import open_ledger

Call = Callable[..., tuple[int, str, str]]


def order(number: int, name: str = "12 crates") -> Record:
    return deal(f"o{number}", source="crm", kind="Opportunity", number=f"OPP-{number}", fields={"Name": name})


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    text = CRM.replace("URL", "http://127.0.0.1:9", 1).replace("CLIENT_ID", "id", 1)
    made = Installation(tmp_path, text, CRM_SECRET="secret")
    for name in set(os.environ) - set(made.environment):
        monkeypatch.delenv(name)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def call(here: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    assert here.environment

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["dingbridge", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(str(ended.value.code or 0)), told.out, told.err

    assert run("db", "upgrade")[0] == 0
    return run


def given_up(here: Installation, records: Sequence[Record]) -> Ledger:
    """Let records arrive, be decided, and be given up."""
    ledger = open_ledger(Settings())
    store(ledger, *records)
    plan = load(here.bridge).plan
    Decider(ledger, program(plan), 1, lambda: SHARDS, 1000).step()
    with ledger.write() as connection:
        connection.execute(update(notice).values(state=int(NoticeState.DEAD)))
    return ledger


def test_a_rehearsal_shows_each_fact_and_sends_nothing(here: Installation, call: Call) -> None:
    ledger = given_up(here, [order(1)])
    code, told, _ = call("replay", "--source", "crm", "--dry-run", "--zone", "UTC")
    assert code == 0
    assert told.startswith("OPP-1 by route deals to sales, due 20")
    assert "    name: 12 crates\n1 facts. Nothing was sent.\n" in told
    assert [row.state for row in rows(ledger, notice)] == [NoticeState.DEAD]
    (plain,) = json.loads(call("replay", "--route", "deals", "--dry-run", "--json")[1])
    assert plain["fields"] == [
        {
            "name": "name",
            "then": {"told": "shown", "value": "12 crates"},
            "now": {"told": "shown", "value": "12 crates"},
        }
    ]
    ledger.close()


def test_more_than_a_hundred_need_a_confirmation_that_names_the_count(here: Installation, call: Call) -> None:
    ledger = given_up(here, [order(n) for n in range(101)])
    code, told, errors = call("replay", "--route", "deals")
    assert (code, told) == (2, "")
    assert "this would tell 101 facts again" in errors
    assert len(rows(ledger, notice)) == 101
    assert call("replay", "--route", "deals", "--limit", "3")[0] == 0
    assert len(rows(ledger, notice)) == 104
    code, told, _ = call("replay", "--route", "deals", "--confirm")
    assert (code, told.splitlines()[0]) == (1, "98: It is sent again to sales, as a message of its own.")
    assert "3: It is not repeated: it is on its way to sales." in told
    assert len(rows(ledger, notice)) == 202
    ledger.close()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "say which"),
        (("--route", "deals", "--mapping", "later"), "--mapping is then or now"),
        (("--since", "yesterday"), "yesterday is no time: write 2026-11-01"),
    ],
)
def test_a_replay_that_says_too_little_is_wrong_usage(call: Call, arguments: tuple[str, ...], sentence: str) -> None:
    code, told, errors = call("replay", *arguments)
    assert (code, told) == (2, "")
    assert sentence in errors


def test_what_was_never_compared_is_told_and_what_cannot_list_is_refused(call: Call) -> None:
    assert call("completeness")[1].startswith("Nothing was compared yet")
    code, _, errors = call("reconcile", "shop", "order", "--since", "2026-11-01")
    assert code == 2
    assert "shop cannot list what it has" in errors


def test_reconcile_compares_a_twin_and_says_it_by_day(tmp_path: Path, valkey: str) -> None:
    twins = Installation(tmp_path)
    with twins.running("sandbox", "--only", "salesforce", "--json") as sandbox:
        twin = json.loads(sandbox.line("salesforce"))["salesforce"]
        text = CRM.replace("URL", twin["base_url"], 1).replace("CLIENT_ID", twin["client_id"], 1)
        here = Installation(tmp_path, text, CRM_SECRET=twin["client_secret"], REDIS_URL=valkey)
        assert here.run("sync", "crm", "Opportunity").returncode == 0
        found = here.run("reconcile", "crm", "Opportunity", "--since", "2026-01-01", "--json")
        assert (found.returncode, found.stderr) == (0, "")
        days = json.loads(found.stdout)["days"]
        assert sum(day["listed"] for day in days) == sum(day["known"] for day in days) > 0
        listed = here.run("completeness", "crm", "--json")
        assert json.loads(listed.stdout) == days
