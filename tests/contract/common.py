"""What every connector promises, whatever it fulfils."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
from pydantic import BaseModel, RootModel, ValidationError

from connectors.contract import Choice, Hidden, Money, Quantity, Record, Ref, Unread
from tests.contract.case import NAME, ConnectorCase, no_network

SCALARS = (str, bool, date, datetime, Decimal, Quantity, Money, Choice, Ref, Hidden, type(None))


def whole(read: Sequence[Record | Unread]) -> list[Record]:
    """Return what was read, where nothing was set aside."""
    records = [each for each in read if isinstance(each, Record)]
    assert len(records) == len(read), "a row was set aside"
    return records


def check_its_name_is_a_word(case: ConnectorCase) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", case.connector.name)
    assert case.connector.title.strip()


def check_client_fulfils_what_it_names(case: ConnectorCase) -> None:
    client = case.client()
    assert case.connector.fulfils
    for protocol in case.connector.fulfils:
        assert isinstance(client, protocol), f"the client is no {protocol.__name__}"


def check_build_does_no_network(case: ConnectorCase) -> None:
    with no_network():
        assert case.client() is not None


def check_each_capability_names_a_source(case: ConnectorCase) -> None:
    rows = case.connector.capabilities
    assert rows
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert row.note.strip(), row.name
        assert re.match(r"https://[^/\s]+\.[^/\s]+", row.source), f"{row.name}: {row.source!r} is no page"


def check_each_setting_is_described(case: ConnectorCase) -> None:
    bare = [
        f"{model.__name__}.{name}"
        for model in _models(case.connector.settings)
        for name, info in model.model_fields.items()
        if not (info.description or "").strip()
    ]
    assert bare == []


def check_settings_are_closed_and_frozen(case: ConnectorCase) -> None:
    for model in _models(case.connector.settings):
        # a union of models has no keys of its own
        closed = issubclass(model, RootModel) or model.model_config.get("extra") == "forbid"
        assert closed, f"{model.__name__} takes settings that nobody reads"
        assert model.model_config.get("frozen") is True, f"{model.__name__} can be changed"
    with pytest.raises(ValidationError):
        case.connector.settings.model_validate({**case.settings, "no_such_setting": 1})


def check_settings_have_a_schema(case: ConnectorCase) -> None:
    """Editors and the reference are made from the schema."""
    schema = case.connector.settings.model_json_schema()
    alternatives = [schema["$defs"][each["$ref"].rpartition("/")[2]] for each in schema.get("oneOf", ())] or [schema]
    assert any(set(case.settings) <= set(each["properties"]) for each in alternatives)


def check_secrets_are_never_shown(case: ConnectorCase) -> None:
    assert case.secrets
    settings = case.parsed()
    client = case.client()
    shown = [repr(settings), str(settings), settings.model_dump_json(), repr(client), str(client)]
    shown += [_error(case, {**case.settings, "no_such_setting": secret}) for secret in case.secrets]
    shown += [_error(case, {**case.settings, name: {"wrong": case.settings[name]}}) for name in case.settings]
    for secret in case.secrets:
        assert any(secret in text for text in texts(case.settings)), "a secret of the case is not in its settings"
        assert not [text for text in shown if secret in text]


def assert_record(record: Record, source: str = NAME) -> None:
    """Assert what a record promises at the border."""
    assert record.source == source
    assert all(type(text) is str and text for text in (record.kind, record.id, record.version))
    assert all(type(text) is str for text in (record.number, record.url, record.origin))
    assert record.stamp.utcoffset() is not None, "the stamp has no zone"
    assert record.occurred_at is None or record.occurred_at.utcoffset() is not None, "occurred_at has no zone"
    assert not record.context.keys() & record.fields.keys(), "what lies around a record has the name of a field"
    for name, value in (*record.fields.items(), *record.context.items()):
        assert type(name) is str
        rows = value if isinstance(value, tuple) and value and not isinstance(value[0], str) else ()
        if not rows:
            _assert_scalar(name, value)
        for row in rows:
            assert isinstance(row, Mapping), f"{name}: a row is a {type(row).__name__}"
            for column, cell in row.items():
                _assert_scalar(f"{name}.{column}", cell)


def _assert_scalar(name: str, value: object) -> None:
    if isinstance(value, tuple):
        assert all(type(item) is str for item in value), f"{name}: a list of something else than text"
        return
    assert isinstance(value, SCALARS), f"{name} is a {type(value).__name__}"
    numbers = [value, getattr(value, "value", None), getattr(value, "amount", None)]
    assert not [number for number in numbers if isinstance(number, float)], f"{name} is a float"
    assert not isinstance(value, Decimal) or value.is_finite(), f"{name} is no finite number"
    assert not isinstance(value, datetime) or value.utcoffset() is not None, f"{name} is a time without a zone"


def texts(value: object) -> Iterator[str]:
    """Yield every text in a nested value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def _error(case: ConnectorCase, settings: Mapping[str, Any]) -> str:
    try:
        case.connector.settings.model_validate(settings)
    except ValidationError as error:
        return f"{error} {error!r}"
    return ""


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield a settings model and those inside it."""
    yield model
    for info in model.model_fields.values():
        for inner in _inside(info.annotation):
            yield from _models(inner)


def _inside(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _inside(argument)
