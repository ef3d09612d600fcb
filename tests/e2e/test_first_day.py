"""The first day: init against the twins, check --live, and what is missing told by its name."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.processes.process import Process, environment, run

pytestmark = pytest.mark.timeout(120)


class Vendors:
    """Both twins in one process of their own."""

    def __init__(self, described: dict[str, Any]) -> None:
        self.crm, self.chat = described["salesforce"], described["dingtalk"]
        self.robot = next(one for one in self.chat["robots"] if one["id"] == "robot-sales-hk")

    def answers(self, folder: Path, **changed: Any) -> Path:
        crm = {name: self.crm[name] for name in ("client_id", "client_secret")}
        given = {
            "source": "salesforce",
            "salesforce": {"url": self.crm["base_url"], **crm, "number": "Deal_Number__c"},
            "robot": self.robot["webhook"],
            "sign": self.robot["secret"],
            "zone": "Asia/Hong_Kong",
            "locale": "en",
            "send": True,
            **changed,
        }
        path = folder / "answers.json"
        path.write_text(json.dumps(given))
        return path

    def shown(self) -> list[str]:
        found = requests.get(f"{self.chat['control']}messages", timeout=10).json()["messages"]
        return [row["text"] for row in found]

    def arrived(self) -> list[Any]:
        found: list[Any] = requests.get(f"{self.chat['control']}arrivals?robot=robot-sales-hk", timeout=10).json()[
            "arrivals"
        ]
        return found

    def deal(self) -> dict[str, Any]:
        """One of the CRM's deals as it has it."""
        url = f"{self.crm['base_url']}/__sandbox/records/Opportunity"
        found: dict[str, Any] = requests.get(url, timeout=10).json()["records"][0]
        return found

    def touch(self, count: int) -> int:
        """Make `count` deals at once; returns how many."""
        deals = [{"Name": f"Deal {n}", "StageName": "Prospecting", "CloseDate": "2026-12-01"} for n in range(count)]
        url = f"{self.crm['base_url']}/__sandbox/records/Opportunity"
        requests.post(url, json={"records": deals}, timeout=10).raise_for_status()
        return count

    def hide(self, field: str) -> None:
        user = "integration"
        users = requests.get(f"{self.crm['base_url']}/__sandbox/records/User", timeout=10).json()["records"]
        name = next(u["Username"] for u in users if user in u["Username"].lower())
        body = {"object": "Opportunity", "field": field, "user": name}
        requests.post(f"{self.crm['base_url']}/__sandbox/hide", json=body, timeout=10).raise_for_status()


@pytest.fixture
def vendors(tmp_path: Path) -> Iterator[Vendors]:
    twin = Process("twins", ["sandbox", "--json"], environment(), tmp_path)
    twin.start()
    try:
        while not twin.said().endswith("\n"):
            assert twin.running.poll() is None, twin.said()
        yield Vendors(json.loads(twin.said().splitlines()[-1]))
    finally:
        twin.stop()


@pytest.fixture
def known(tmp_path: Path) -> dict[str, str]:
    return environment(
        DINGBRIDGE_CONFIG=str(tmp_path / "config" / "bridge.yaml"), DINGBRIDGE_STATE_DIR=str(tmp_path / "state")
    )


def test_init_writes_what_check_live_finds_well(tmp_path: Path, vendors: Vendors, known: dict[str, str]) -> None:
    bridge, secrets = tmp_path / "config" / "bridge.yaml", tmp_path / "config" / "bridge.env"
    done = run(["init", "--answers", str(vendors.answers(tmp_path))], known)
    assert done.returncode == 0, done.stderr + done.stdout
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    written = bridge.read_text()
    for secret in (vendors.crm["client_secret"], vendors.robot["secret"], vendors.robot["token"]):
        assert secret not in written
        assert secret not in done.stdout
        assert secret in secrets.read_text()
    assert "Amount" in written
    assert len(vendors.shown()) == 1
    assert "test message" in vendors.shown()[0]
    checked = run(["check", "--live", "--json"], known)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    looked = {(one["name"], one["about"]): one["level"] for one in json.loads(checked.stdout)["findings"]}
    assert looked["crm", "sign in"] == looked["crm", "Opportunity"] == looked["group", "webhook"] == "fine"
    assert len(vendors.shown()) == 1
    again = run(["init", "--answers", str(vendors.answers(tmp_path))], known)
    assert (again.returncode, "--force" in again.stderr) == (2, True)
    assert bridge.read_text() == written


def test_a_hidden_field_and_a_wrong_robot_are_named(tmp_path: Path, vendors: Vendors, known: dict[str, str]) -> None:
    done = run(["init", "--answers", str(vendors.answers(tmp_path))], known)
    assert done.returncode == 0, done.stderr
    vendors.hide("Amount")
    secrets = tmp_path / "config" / "bridge.env"
    secrets.write_text(secrets.read_text().replace(vendors.robot["secret"], "SEC" + "0" * 64))
    checked = run(["check", "--live", "--send"], known)
    assert checked.returncode == 1
    assert "wrong  crm  Opportunity.Amount: The integration user may not see this field" in checked.stdout
    assert "wrong  group  test message: misconfigured" in checked.stdout


def test_a_wrong_secret_writes_nothing(tmp_path: Path, vendors: Vendors, known: dict[str, str]) -> None:
    wrong = {"url": vendors.crm["base_url"], "client_id": vendors.crm["client_id"], "client_secret": "another"}
    done = run(["init", "--answers", str(vendors.answers(tmp_path, salesforce=wrong))], known)
    assert done.returncode == 1
    assert "sign in" in done.stdout
    assert "nothing was written" in done.stderr
    assert not (tmp_path / "config").exists()
    assert vendors.shown() == []


def test_init_asks_and_makes_a_strong_key(tmp_path: Path, vendors: Vendors, known: dict[str, str]) -> None:
    typed = ["webhook", "order", "id", vendors.robot["webhook"], vendors.robot["secret"], "Asia/Shanghai", "en", "n"]
    done = subprocess.run(
        [sys.executable, "-m", "worker.cli", "init"],
        env=known,
        input="\n".join(typed) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    held = dict(line.split("=", 1) for line in (tmp_path / "config/bridge.env").read_text().splitlines()[1:])
    assert len(held["WEBHOOK_KEY"]) >= 43
    assert held["WEBHOOK_KEY"] not in done.stdout
    assert "custom robot" in done.stdout
    assert run(["check"], known).returncode == 0
    assert vendors.shown() == []


def test_backtest_counts_and_sends_nothing(tmp_path: Path, vendors: Vendors, known: dict[str, str]) -> None:
    done = run(["init", "--answers", str(vendors.answers(tmp_path, send=False))], known)
    assert done.returncode == 0, done.stderr
    bridge = tmp_path / "config" / "bridge.yaml"
    bridge.write_text(bridge.read_text().replace("title: Opportunity", "title: Deal\n    merge: never"))
    now = vendors.touch(30)
    told = run(["backtest", "crm", "Opportunity", "--days", "2", "--json"], known)
    assert told.returncode == 0, told.stderr
    answer = json.loads(told.stdout)
    assert answer["read"] >= now
    assert answer["calls"] == sum(day["messages"] for day in answer["messages"])
    told_of = sum(day["facts"] for day in answer["messages"])
    not_told = sum(one["count"] for one in [*answer["held"], *answer["filtered"]])
    assert told_of + not_told == answer["read"]
    assert told_of >= now
    assert answer["longest_wait_s"]["group"] >= 60
    assert "newest states" in answer["note"]
    assert vendors.shown() == []
    assert vendors.arrived() == []
    assert not (tmp_path / "state").exists()
    text = run(["backtest", "--all"], known)
    assert "Calls to DingTalk: " in text.stdout
    assert run(["backtest", "crm", "Order"], known).returncode == 2
    assert run(["backtest"], known).returncode == 2


def test_a_deal_of_the_crm_is_previewed_and_a_case_of_it_is_run(
    tmp_path: Path, vendors: Vendors, known: dict[str, str]
) -> None:
    done = run(["init", "--answers", str(vendors.answers(tmp_path, send=False))], known)
    assert done.returncode == 0, done.stderr
    bridge = tmp_path / "config" / "bridge.yaml"
    deal, route = vendors.deal(), json.loads(run(["data-map", "--json"], known).stdout)[0]["route"]
    shown = run(["preview", route, "--id", deal["Id"], "--live", "--json"], known)
    assert shown.returncode == 0, shown.stderr
    (reading,) = json.loads(shown.stdout)["readings"]
    assert f"Deal Number: {deal['Deal_Number__c']}" in reading["parts"][0]["text"]
    assert reading["parts"][0]["most"] == 20_000
    (tmp_path / "config" / "deal.yaml").write_text(
        "at: 2026-11-02T12:00:00+08:00\n"
        "cases:\n"
        "  a new deal:\n"
        "    record: {from: crm.Opportunity, number: D-1, fields: {Deal_Number__c: D-1, Amount: HKD 5}}\n"
        f'    expect: {{{route}: {{group: {{contains: "Amount: HKD 5.00"}}}}}}\n'
    )
    (tmp_path / "config" / "bridge.env").unlink()
    bridge.write_text(bridge.read_text() + "cases: deal.yaml\n")
    tried = run(["test"], known)
    assert (tried.returncode, "1 cases, 0 failed." in tried.stdout) == (0, True), tried.stdout + tried.stderr
    assert vendors.shown() == []
    assert not (tmp_path / "state").exists()
