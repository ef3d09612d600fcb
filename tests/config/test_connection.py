"""A connector's own settings are checked by its own model, and found at the right place."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.bridge import check
from config.problem import format_problems
from connectors import registry
from tests.config.conftest import Write

ENVIRON = {"CRM_PASSWORD": "crm-password-1", "CHAT_TOKEN": "chat-token-1"}


def told(path: Path) -> str:
    return format_problems(check(path, environ=ENVIRON, find_fault=lambda _route, _kind: None))


@pytest.mark.parametrize(
    ("written", "changed", "expected"),
    [
        ("      url: https://crm.example.com\n", "", "bridge.yaml:8:5 sources.crm.settings: 'url' is missing here"),
        (
            "user: bridge, ",
            "usr: bridge, ",
            "bridge.yaml:10:14 sources.crm.settings.auth.usr: 'usr' is no key here: did you mean 'user'?",
        ),
        (
            "read: {number: Deal_Number__c}",
            "read: {}",
            "bridge.yaml:12:7 sources.crm.kinds.Opportunity.read: 'number' is missing here",
        ),
        (
            "path: NextStep",
            "path: next step",
            "bridge.yaml:22:29 sources.crm.kinds.Opportunity.fields.next_step.path: String should match pattern",
        ),
        (
            "read: {number: Deal_Number__c}",
            "read: {number: Deal_Number__c, start: now}",
            "bridge.yaml:14:40 sources.crm.kinds.Opportunity.read.start: is taken from the kind itself: remove it here",
        ),
        (
            '{secret: "file:shop.secret"}\n',
            '{secret: "file:shop.secret"}\n    poll: 60s\n',
            "bridge.yaml:28:5 sources.shop.poll: 'told' is not pulled, it receives: remove this key",
        ),
        (
            '{secret: "file:shop.secret"}\n',
            '{secret: "file:shop.secret"}\n    reconcile: 24h\n',
            "bridge.yaml:28:5 sources.shop.reconcile: 'told' cannot list what it has: remove this key",
        ),
        (
            '{secret: "file:shop.secret"}\n',
            '{secret: "file:shop.secret"}\n    push: true\n',
            "bridge.yaml:28:5 sources.shop.push: 'told' cannot be subscribed to: remove this key",
        ),
        (
            "      order:\n",
            "      order:\n        read: {a: b}\n",
            "bridge.yaml:30:9 sources.shop.kinds.order.read: 'told' has no settings for single kinds: remove this key",
        ),
        (
            "settings: {token: env:CHAT_TOKEN}",
            "settings: token",
            "destinations.sales-hk.settings: must be a mapping of keys and values",
        ),
    ],
)
def test_errors_of_a_connectors_settings_stand_at_their_place(
    write: Write, written: str, changed: str, expected: str
) -> None:
    assert expected in told(write((written, changed)))


def test_modules_that_cannot_be_used_are_said(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("broken_connector.py").write_text("raise RuntimeError('no licence')\n")
    Path("empty_connector.py").write_text("CONNECTOR = None\n")
    monkeypatch.syspath_prepend(str(Path.cwd()))
    listed = "tests.config.stand_ins.chat"
    path = write((f"{listed}]", f"{listed}, broken_connector, empty_connector, {listed}]"))
    said = told(path)
    assert "connectors[3]: the module 'broken_connector' cannot be imported: RuntimeError: no licence" in said
    assert "connectors[4]: the module 'empty_connector' has no CONNECTOR" in said
    assert "connectors[5]: there is already a connector 'chat'" in said


def test_an_unknown_connector_is_answered_with_those_that_exist(write: Write) -> None:
    known = ", ".join(sorted({"asked", "chat", "told", *registry.names()}))
    assert told(write(("connector: told", "connector: xyz"))) == (
        f"bridge.yaml:26:16 sources.shop.connector: 'xyz' is no connector: known: {known}"
    )


def test_the_registry_names_its_connectors_without_importing_them() -> None:
    assert {"salesforce", "zoho", "netsuite", "dingtalk", "generic"} <= set(registry.names())
    with pytest.raises(registry.ConnectorMissing, match=f"known are {', '.join(registry.names())}$"):
        registry.connector("oracle")


def test_the_registry_imports_a_connector_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "BUILT_IN", ("tests.config.stand_ins.asked",))
    assert registry.connector("asked").title == "Asked"
