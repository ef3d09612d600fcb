"""The map of which fields go where is whole, sorted, and the same on any day."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from config.bridge import blueprint
from config.datamap import NOT_HERE, Reach, Row, data_map
from pipelines.plan import Attestation
from tests.config.conftest import Write
from worker.cli.main import main

ENVIRON = {"CRM_PASSWORD": "crm-password-1", "CHAT_TOKEN": "chat-token-1"}
ROOT = Path(__file__).parents[2]


def rows(path: Path) -> dict[tuple[str, str], Row]:
    return {(row.field, row.destination): row for row in data_map(blueprint(path, environ=ENVIRON))}


def test_every_field_of_every_kind_has_its_rows(write: Write) -> None:
    found = data_map(blueprint(write(), environ=ENVIRON))
    assert [(row.kind, row.field, row.route, row.destination) for row in found] == [
        ("Opportunity", "amount", "big-won", "sales-hk"),
        ("Opportunity", "closes", "", ""),
        ("Opportunity", "fee", "", ""),
        ("Opportunity", "name", "big-won", "sales-hk"),
        ("Opportunity", "next_step", "", ""),
        ("Opportunity", "parts", "", ""),
        ("Opportunity", "qty", "", ""),
        ("Opportunity", "stage", "big-won", "sales-hk"),
        ("Opportunity", "won", "", ""),
        ("order", "number", "orders", "ops"),
        ("order", "number", "orders", "sales-hk"),
    ]


def test_conditions_that_look_at_a_field_are_named_though_nobody_reads_it(write: Write) -> None:
    found = rows(write())
    reading = {field for (field, _), row in found.items() if row.read_by == ("big-won",)}
    assert reading == {"amount", "qty", "parts", "stage", "won"}
    assert found["name", "sales-hk"].read_by == ()


def test_what_a_destination_reads_depends_on_class_attestation_and_policy(write: Write) -> None:
    found = rows(write())
    assert found["name", "sales-hk"].reach is Reach.SHOWN
    assert found["amount", "sales-hk"].reach is Reach.WITHHELD
    attested = rows(write(("classes: [internal]}", "classes: [internal, finance]}")))["amount", "sales-hk"]
    assert (attested.reach, attested.attested_by, attested.attested_until) == (
        Reach.ATTESTED,
        "Office manager",
        "2027-04-30",
    )
    pointing = rows(write(("    title: Deal won\n", "    title: Deal won\n    policy: pointer\n")))
    assert {row.reach for row in pointing.values() if row.route == "big-won"} == {Reach.POINTER}


def test_a_word_that_was_given_in_the_group_counts(write: Write) -> None:
    looked = blueprint(write(), environ=ENVIRON)
    word = Attestation("Bo", date(2026, 1, 1), date(2028, 1, 1), frozenset({"finance"}))
    group = replace(looked.plan.destinations["sales-hk"], verified=word)
    plan = replace(looked.plan, destinations={**looked.plan.destinations, "sales-hk": group})
    found = {(row.field, row.destination): row for row in data_map(replace(looked, plan=plan))}
    assert (found["amount", "sales-hk"].reach, found["amount", "sales-hk"].attested_by) == (Reach.ATTESTED, "Bo")


def test_retention_is_told(write: Write) -> None:
    assert {row.payloads for row in rows(write()).values()} == {"90d"}
    path = write(("version: 1\n", "version: 1\nretention: {payloads: 30d}\n"))
    assert {row.payloads for row in rows(path).values()} == {"30d"}


def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    monkeypatch.setattr("sys.argv", ["dingbridge", "data-map", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    return capsys.readouterr().out


@pytest.mark.parametrize("here", [True, False])
def test_where_a_destination_is_is_told_as_far_as_it_is_known(
    here: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DINGBRIDGE_STATE_DIR", str(tmp_path))
    if here:
        for name in ("MANAGEMENT", "OPERATIONS", "PURCHASING", "WAREHOUSE", "EXPORT"):
            monkeypatch.setenv(f"{name}_WEBHOOK", "https://oapi.dingtalk.io/robot/send?access_token=t")
            monkeypatch.setenv(f"{name}_SECRET", "SEC0")
        monkeypatch.setenv("OFFICE_SECRET", "a secret")
    demo = ("--config", str(ROOT / "worker/demo/bridge.yaml"))
    found = json.loads(told(monkeypatch, capsys, *demo, "--json"))
    shown = [row for row in found if row["destination"]]
    regions = {row["destination_kind"]: row["region"] for row in shown}
    there = {"robot": "dingtalk.io", "group": "dingtalk.com", "person": "dingtalk.com"}
    assert regions == (there if here else dict.fromkeys(there, NOT_HERE))
    assert {row["channel"] for row in shown} == {"DingTalk"}
    lines = {row["path"] for row in found if row["field"].startswith("order_lines.")}
    assert lines == {"item.item", "item.quantity", "item.amount"}
    as_csv = list(csv.DictReader(io.StringIO(told(monkeypatch, capsys, *demo, "--csv"))))
    assert [(row["field"], row["destination"]) for row in as_csv] == [
        (row["field"], row["destination"]) for row in found
    ]
    table = told(monkeypatch, capsys, *demo)
    assert "crm.Opportunity.discount" in table
    assert "earlier states and messages, sealed, for 90d" in table
