"""The starting mappings are sound: they load as they stand, and read what the types have by default."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.bridge import check, load
from config.problem import format_problems
from connectors.netsuite.settings import NetSuiteSettings
from tests.config.starting.copies import ENVIRON, copied
from tests.connectors.netsuite.scripted import MEI


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    return copied(tmp_path, "netsuite")


def settings(bridge: Path, **environ: str) -> NetSuiteSettings:
    found = load(bridge, environ=ENVIRON | environ).sources["netsuite"].settings
    assert isinstance(found, NetSuiteSettings)
    return found


def test_they_load_as_they_stand(bridge: Path) -> None:
    assert format_problems(check(bridge, environ=ENVIRON)) == ""


def test_each_kind_is_told_of_and_lines_are_read_with_their_document(bridge: Path) -> None:
    kinds = settings(bridge).kinds
    told = {route.kind for route in load(bridge, environ=ENVIRON).plan.routes if route.source == "netsuite"}
    assert told == set(kinds) - {"employee"}
    assert kinds["purchaseOrder"].fields[:3] == ("approvalStatus", "entity", "item.amount")


def test_keys_and_peoples_credentials_are_secrets_as_well(bridge: Path) -> None:
    source = bridge.parent / "systems" / "netsuite.yaml"
    text = source.read_text(encoding="utf-8")
    mei = "{tba: {consumer_key: c, consumer_secret: env:CONSUMER, token_id: t, token_secret: env:MEI}}"
    actors = f'      actors: {{"{MEI}": {mei}}}\n      push_keys:'
    source.write_text(text.replace("      push_keys:", actors), encoding="utf-8")
    found = settings(bridge, CONSUMER="consumer-secret", MEI="token-secret-of-mei")
    tba = found.actors[MEI].tba
    assert tba is not None
    assert tba.token_secret.get_secret_value() == "token-secret-of-mei"
    assert "0123456789abcdef" not in repr(found)
