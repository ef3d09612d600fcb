"""`status` and `doctor` of an installation that does not run."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.worker.processes import BRIDGE, Installation
from worker.ledger.seal import Sealer


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    made = Installation(tmp_path)
    assert made.run("db", "upgrade").returncode == 0
    return made


def doctored(here: Installation, **environment: str) -> dict[str, tuple[str, str]]:
    answer = here.run("doctor", "--json", **environment)
    checks: list[dict[str, Any]] = json.loads(answer.stdout)
    assert answer.returncode == (1 if any(one["state"] == "bad" for one in checks) else 0)
    return {one["name"]: (one["state"], one["sentence"]) for one in checks}


def test_status_says_that_nobody_works(here: Installation) -> None:
    answer = here.run("status")
    assert answer.returncode == 1
    assert "workers: Redis does not answer" in answer.stdout
    assert "source shop (generic): newest record never" in answer.stdout
    assert "destination sales: 0 waiting" in answer.stdout
    assert "no fault lasts" in answer.stdout


SILENCES = """
silences:
  import: {routes: orders, until: 2999-01-01T00:00:00+08:00, owner: K. Wong, reason: old orders are imported}
  moved: {destinations: sales, until: 2020-01-01T00:00:00+08:00, owner: K. Wong, reason: the group is moved}
"""


def test_status_names_who_ordered_silence_and_until_when(tmp_path: Path) -> None:
    made = Installation(tmp_path, BRIDGE + SILENCES)
    assert made.run("db", "upgrade").returncode == 0
    told = made.run("status", "--zone", "Asia/Hong_Kong").stdout
    assert "silence import: routes orders until Jan 1, 2999 12:00" in told
    assert "ordered by K. Wong: old orders are imported" in told
    assert "moved" not in told
    (one,) = json.loads(made.run("status", "--json").stdout)["silences"]
    assert (one["name"], one["owner"]) == ("import", "K. Wong")


def test_check_notes_a_silence_that_is_over(tmp_path: Path) -> None:
    made = Installation(tmp_path, BRIDGE + SILENCES)
    told = made.run("check")
    assert told.returncode == 0
    assert "bridge.yaml:30:3 silences.moved: ended at 2020-01-01T00:00:00+08:00: remove it" in told.stdout
    (note,) = json.loads(made.run("check", "--json").stdout)["notes"]
    assert note["key_path"] == "silences.moved"


def test_doctor_names_what_does_not_run_and_finds_the_rest_sound(here: Installation) -> None:
    found = doctored(here)
    assert {name for name, (state, _) in found.items() if state == "bad"} == {"Redis"}
    assert {name for name, (state, _) in found.items() if state == "warning"} <= {"relay", "operators", "disk space"}
    assert found["ledger"][0] == found["key file"][0] == found["configuration"][0] == "good"


def test_doctor_names_files_that_others_may_open(here: Installation) -> None:
    (here.state / "master.key").chmod(0o644)
    here.state.chmod(0o755)
    found = doctored(here)
    assert found["key file"] == ("bad", f"others may open {here.state}/master.key: chmod 600 {here.state}/master.key")
    assert found["state folder"][0] == "bad"


def test_doctor_changes_nothing(tmp_path: Path) -> None:
    empty = Installation(tmp_path)
    found = doctored(empty)
    assert found["state folder"][0] == found["key file"][0] == "bad"
    assert not empty.state.exists()


def test_doctor_tells_a_key_that_does_not_fit(here: Installation) -> None:

    other = Sealer(b"o" * 32).fresh().wrapped
    with sqlite3.connect(here.state / "ledger.sqlite3") as ledger:
        ledger.execute(
            "INSERT INTO inbox (source, kind, record_id, version, digest, stamp, received_at, pushed, baseline, shard,"
            " data_key) VALUES ('shop', 'order', '1', '1', x'00', 1, 1, 1, 0, 0, ?)",
            (other,),
        )
    assert doctored(here)["master key"][0] == "bad"
    fits = base64.b64encode(b"o" * 32).decode()
    assert doctored(here, DINGBRIDGE_MASTER_KEY=fits)["master key"][0] == "good"


def test_doctor_names_a_ledger_and_a_configuration_that_do_not_do(here: Installation) -> None:
    (here.state / "ledger.sqlite3").unlink()
    here.bridge.write_text("version: 1\n")
    found = doctored(here)
    assert found["ledger"] == ("bad", "there is no ledger: dingbridge db upgrade makes it")
    assert "dingbridge check names them" in found["configuration"][1]
