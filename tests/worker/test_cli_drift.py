from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.drift import Change, Presence, Seen, Sight
from tests.worker.processes import BRIDGE, Installation
from worker.ledger import sightings
from worker.ledger.engine import Ledger
from worker.ledger.seal import Sealer, master_key

WIDER = BRIDGE.replace("label: Order}", "label: Order number}")


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    """An installation whose shop writes its numbers as numbers since a while."""
    here = Installation(tmp_path, BRIDGE.replace("      order:\n", "      order:\n        drift: hold\n"))
    assert here.run("db", "upgrade").returncode == 0
    assert here.run("apply").returncode == 0
    key = master_key(None, here.state / "key")
    ledger = Ledger(f"sqlite:///{here.state / 'ledger.sqlite3'}", Sealer(key))
    usual = Sight(frozenset({"text"}), Presence.ALWAYS)
    other = Sight(frozenset({"text"}), Presence.ALWAYS, Change.RETYPED, "number", "SO-1042")
    with ledger.write() as connection:
        sightings.write(ledger, connection, [Seen("shop", "order", True, "id", usual, other)])
    ledger.close()
    return here


def listed(here: Installation) -> list[dict[str, object]]:
    told = here.run("drift", "list", "--json")
    assert told.returncode == 0, told.stderr
    found: list[dict[str, object]] = json.loads(told.stdout)
    return found


def test_a_change_is_listed_and_accepted(here: Installation) -> None:
    heads, line = here.run("drift", "list").stdout.splitlines()
    assert heads.split() == ["since", "source", "kind", "field", "by", "change", "was", "now", "record"]
    assert line.split()[2:] == ["shop", "order", "id", "push", "retyped", "text", "number", "SO-1042"]
    assert [one["path"] for one in listed(here)] == ["id"]
    assert "shop order: id" in here.run("drift", "ack", "shop", "order").stdout
    assert here.run("drift", "list").stdout == "Every field comes as it always did.\n"
    assert "Nothing had changed for shop order." in here.run("drift", "ack", "shop", "order").stdout


def test_another_mapping_of_the_kind_accepts_it_and_the_same_does_not(here: Installation) -> None:
    assert here.run("apply").returncode == 0
    assert len(listed(here)) == 1
    here.bridge.write_text(WIDER)
    assert here.run("apply").returncode == 0
    assert listed(here) == []
