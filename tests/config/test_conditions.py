"""Conditions are compiled for real unless another judge is named."""

from __future__ import annotations

from config.conditions import Fault, fault_of
from pipelines.plan import FieldMap, FieldType, Kind, Route

KIND = Kind("shop", "order", (FieldMap("state", "state", FieldType.TEXT, "state"),))


def route(when: str) -> Route:
    return Route("orders", "shop", "order", (), "", (), when)


def test_a_sound_condition_has_no_fault() -> None:
    assert fault_of(route('changed.state && state == "open"'), KIND) is None


def test_an_unknown_name_is_a_fault_at_its_column() -> None:
    assert fault_of(route('state == "open" && stat'), KIND) == Fault("undeclared reference to 'stat'", 20)
