"""What is committed for readers is what the code says."""

from __future__ import annotations

from pathlib import Path

from config import address, fields, model, operating, silenced, summary, waiting
from config.bridge import load
from config.casebook import entries as cases
from config.entry import Entry
from config.reference import page

ROOT = Path(model.__file__).parents[1]


def test_the_committed_page_is_up_to_date() -> None:
    committed = (ROOT / "docs/reference/configuration.md").read_text()
    assert committed == page(), "run: python -m config.reference > docs/reference/configuration.md"


def test_every_key_is_described() -> None:
    entries = [
        each
        for module in (model, fields, address, operating, silenced, summary, waiting, cases)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Entry)
    ]
    keys = [(entry.__name__, name, field) for entry in entries for name, field in entry.model_fields.items()]
    assert len(keys) > 30
    assert [(entry, name) for entry, name, field in keys if not field.description] == []


def test_the_example_is_sound() -> None:
    webhook = "https://oapi.dingtalk.com/robot/send?access_token=example"
    environ = {
        "SALESFORCE_SECRET": "example-secret",
        "SHOP_KEY": "example-key-0123456789",
        "SALES_WEBHOOK": webhook,
        "SALES_SECRET": "SECexample",
        "WAREHOUSE_WEBHOOK": webhook,
        "WAREHOUSE_SECRET": "SECexample",
    }
    bridge = load(ROOT / "config/bridge.example.yaml", environ=environ, find_fault=lambda _route, _kind: None)
    names = [route.name for route in bridge.plan.routes]
    assert names == [
        "big-won",
        "new-order",
        "won-without-order",
        "won-without-order.escalation-1",
        "open-order",
        "summary.unpaid",
    ]
