"""The command line as processes, with what a shell sees: exit code, stdout, stderr."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.worker.processes import BRIDGE, Installation
from tests.worker.stand_ins import within
from worker.cli.main import main
from worker.sandbox.host import TWINS

HELP_S = 0.5
NOISE = 3.0
"""How much slower than alone a process may be on a machine that does other things."""

CRM = """
version: 1
sources:
  crm:
    connector: salesforce
    settings:
      url: URL
      page_size: 5
      auth: {client_credentials: {client_id: CLIENT_ID, client_secret: env:CRM_SECRET}}
    kinds:
      Opportunity:
        read: {number: Name}
        fields:
          name: {path: Name, type: text, label: Deal}
  shop:
    connector: generic
    settings: {signature: {keys: [env:SHOP_KEY]}, kind: order, id: id}
    kinds: {order: {fields: {number: {path: id, type: text}}}}
destinations:
  sales:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: robot, webhook: env:ROBOT, secret: env:ROBOT_SECRET}
routes:
  deals: {from: crm.Opportunity, to: sales, title: Deal, fields: [name]}
"""


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


Called = Callable[..., tuple[int, str, str]]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    """Run a command in this process, which costs less; only for one that ends before it sets up logging."""

    def call(here: Installation, *arguments: str) -> tuple[int, str, str]:
        for name, value in here.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["dingbridge", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(str(ended.value.code or 0)), told.out, told.err

    return call


@pytest.fixture
def broken(tmp_path: Path) -> Installation:
    return Installation(tmp_path, BRIDGE.replace("to: sales", "to: nobody"))


def test_help_answers_at_once(here: Installation) -> None:
    def measured() -> float:
        began = time.monotonic()
        told = here.run("--help")
        assert told.returncode == 0
        assert "explain" in told.stdout
        return time.monotonic() - began

    assert statistics.median(measured() for _ in range(3)) < HELP_S * NOISE
    assert here.run("up", "--help").returncode == 0
    assert not here.state.exists()


def test_the_sandbox_s_help_names_every_twin(here: Installation) -> None:
    told = here.run("sandbox", "--help")
    assert told.returncode == 0
    assert [name for name in TWINS if name not in told.stdout] == []


def test_check_says_that_all_is_well(here: Installation, called: Called) -> None:
    assert called(here, "check") == (0, f"{here.bridge}: no problems.\n", "")
    code, out, _ = called(here, "check", "--json")
    assert (code, json.loads(out)) == (0, {"file": str(here.bridge), "problems": [], "notes": []})
    assert not here.state.exists()


def test_check_names_each_problem_with_its_place(broken: Installation, called: Called) -> None:
    told = broken.run("check")
    assert told.returncode == 1
    assert re.search(r"bridge\.yaml:\d+:\d+ .*nobody", told.stdout)
    code, out, _ = called(broken, "check", "--json")
    assert code == 1
    (problem,) = json.loads(out)["problems"]
    assert "nobody" in json.dumps(problem)
    code, out, _ = called(broken, "check", "--config", "elsewhere.yaml")
    assert code == 1
    assert "elsewhere.yaml" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly",),
        ("check", "--no-such-option"),
        ("sync", "shop"),
        ("db", "fly"),
        ("sandbox", "--port", "many"),
        ("sandbox", "--only", "sap-of-tomorrow"),
        ("sandbox", "--host", "0.0.0.0"),  # noqa: S104 - refused
        ("sandbox", "--host", "192.0.2.1"),
        ("sandbox", "--host", "localhost.example"),
        ("sandbox", "--port", "99999"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wrong(
    here: Installation, called: Called, arguments: tuple[str, ...]
) -> None:
    code, _, errors = called(here, *arguments)
    assert code == 2
    assert errors
    assert not here.state.exists()


def test_wrong_usage_is_2_for_a_shell_too(here: Installation) -> None:
    told = here.run("fly")
    assert told.returncode == 2
    assert "fly" in told.stderr


def test_a_wrong_setting_of_the_environment_is_named_without_its_value(here: Installation, called: Called) -> None:
    here.environment |= {"DINGBRIDGE_MASTER_KEY": "a-secret-that-is-no-key", "DINGBRIDGE_BATCH": "0"}
    code, _, errors = called(here, "check")
    assert code == 2
    assert "batch" in errors.lower()
    assert "master_key" in errors.lower()
    assert "secret" not in errors


@pytest.mark.parametrize("command", ["up", "relay", "worker", "scheduler", "sync crm Deal"])
def test_a_wrong_configuration_starts_nothing(broken: Installation, called: Called, command: str) -> None:
    code, out, errors = called(broken, *command.split())
    assert (code, out) == (1, "")
    assert "nothing was started" in errors
    assert re.search(r"bridge\.yaml:\d+:\d+ ", errors)
    assert sorted(each.name for each in broken.folder.iterdir()) == ["bridge.yaml"]
    assert broken.processes() == {}


def test_a_wrong_configuration_starts_nothing_for_a_shell_either(broken: Installation) -> None:
    told = broken.run("up")
    assert (told.returncode, told.stdout) == (1, "")
    assert "nothing was started" in told.stderr
    assert "Traceback" not in told.stderr
    assert sorted(each.name for each in broken.folder.iterdir()) == ["bridge.yaml"]
    assert broken.processes() == {}


@pytest.mark.parametrize("command", ["relay", "worker"])
def test_a_ledger_without_tables_stops_the_start_with_advice(here: Installation, command: str) -> None:
    told = here.run(command)
    assert (told.returncode, told.stdout) == (1, "")
    assert "run dingbridge db upgrade" in told.stderr or "cannot be opened" in told.stderr
    assert "Traceback" not in told.stderr


def test_the_ledger_is_made_and_made_again(here: Installation, called: Called) -> None:
    told = here.run("db", "upgrade")
    assert told.returncode == 0
    assert re.fullmatch(r"The ledger has version \d{4}\.\n", told.stdout)
    assert json.loads(called(here, "db", "upgrade", "--json")[1])["version"]
    assert here.state.stat().st_mode & 0o777 == 0o700
    assert (here.state / "master.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DATABASE_URL": "mysql://user:hidden@host/db"}, "the ledger runs on sqlite or postgresql"),
        ({"DATABASE_URL": "hidden"}, "is no database URL"),
    ],
)
def test_a_database_that_will_not_do_is_told(
    here: Installation, called: Called, environment: dict[str, str], sentence: str
) -> None:
    here.environment |= environment
    code, _, errors = called(here, "db", "upgrade")
    assert code == 1
    assert sentence in errors
    assert "hidden" not in errors


def test_a_ledger_of_a_newer_program_and_a_lost_key_are_told(here: Installation, called: Called) -> None:
    assert called(here, "db", "upgrade")[0] == 0
    with sqlite3.connect(here.state / "ledger.sqlite3") as plain:
        plain.execute("UPDATE alembic_version SET version_num = '9999'")
    plain.close()
    told = here.run("up")
    assert told.returncode == 1
    assert "9999" in told.stderr
    assert "Traceback" not in told.stderr
    (here.state / "master.key").write_text("not a key")
    code, _, errors = called(here, "db", "upgrade")
    assert code == 1
    assert "put back the one of the backup" in errors


def test_a_relay_that_cannot_have_its_port_says_so(here: Installation, called: Called) -> None:
    assert called(here, "db", "upgrade")[0] == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = here.run("relay", DINGBRIDGE_RELAY_PORT=port)
    assert (told.returncode, told.stdout) == (1, "")
    assert f"127.0.0.1:{port}: Address already in use; set DINGBRIDGE_RELAY_HOST" in told.stderr
    assert "Traceback" not in told.stderr


def test_readiness_follows_the_ledger(here: Installation, called: Called, valkey: str) -> None:
    assert called(here, "db", "upgrade")[0] == 0
    with here.running("relay", REDIS_URL=valkey) as relay:
        base = relay.line("relay listens on").split()[3].removesuffix("/hooks/SOURCE")

        def ready() -> tuple[int, bool]:
            answer = requests.get(f"{base}/readyz", timeout=10)
            return answer.status_code, answer.json()["ready"]

        assert within(10, lambda: ready() == (200, True))
        with sqlite3.connect(here.state / "ledger.sqlite3") as plain:
            plain.execute("UPDATE alembic_version SET version_num = '9999'")
        plain.close()
        assert ready() == (503, False)
        assert requests.get(f"{base}/healthz", timeout=5).status_code == 200
        relay.process.send_signal(signal.SIGTERM)
        assert relay.process.wait(20) in {0, -signal.SIGTERM}


def test_sync_reads_a_twin_and_tells_what_it_read(tmp_path: Path, valkey: str) -> None:
    twins = Installation(tmp_path)
    with twins.running("sandbox", "--only", "salesforce", "--json") as sandbox:
        twin = json.loads(sandbox.line("salesforce"))["salesforce"]
        text = CRM.replace("URL", twin["base_url"], 1).replace("CLIENT_ID", twin["client_id"], 1)
        here = Installation(tmp_path, text, CRM_SECRET=twin["client_secret"], REDIS_URL=valkey)
        first = here.run("sync", "crm", "Opportunity")
        assert (first.returncode, first.stderr) == (0, "")
        *pages, last = first.stdout.splitlines()
        count = len(requests.get(f"{twin['base_url']}/__sandbox/records/Opportunity", timeout=10).json()["records"])
        assert count > 5
        assert pages[0] == "1 pages, 5 records read, 5 new"
        assert len(pages) >= count // 5
        assert last.endswith(f"{count} new or changed. It was the first scan: it tells nobody.")
        # without a Redis it brings its own, and takes it away again
        del here.environment["REDIS_URL"]
        again = json.loads(here.run("sync", "crm", "Opportunity", "--json").stdout)
        assert here.pid("valkey-server") is None
        assert (again["new"], again["baseline"], again["failure"]) == (0, False, "")
        unknown = here.run("sync", "crm", "Lead")
        assert unknown.returncode == 2
        assert "there are crm Opportunity" in unknown.stderr
        sandbox.process.send_signal(signal.SIGTERM)
        sandbox.process.wait(20)
    gone = here.run("sync", "crm", "Opportunity")
    assert gone.returncode == 1
    assert "crm Opportunity could not be read" in gone.stderr
    assert "Traceback" not in gone.stderr
