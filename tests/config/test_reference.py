"""What is committed for readers is what the code says."""

from __future__ import annotations

from pathlib import Path

from config import model
from config.reference import page

ROOT = Path(model.__file__).parents[1]


def test_the_committed_page_is_up_to_date() -> None:
    committed = (ROOT / "docs/reference/configuration.md").read_text()
    assert committed == page(), "run: python -m config.reference > docs/reference/configuration.md"


def test_every_key_is_described() -> None:
    entries = [each for each in vars(model).values() if isinstance(each, type) and issubclass(each, model.Entry)]
    keys = [(entry.__name__, name, field) for entry in entries for name, field in entry.model_fields.items()]
    assert len(keys) > 30
    assert [(entry, name) for entry, name, field in keys if not field.description] == []
