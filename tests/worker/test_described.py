from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from connectors.contract import Described, Misconfigured, Money
from pipelines.plan import FieldType
from tests.pipelines.make import deal, field
from worker.described import FITTING, compared

KIND = deal(
    field("stage"),
    field("amount", FieldType.MONEY, path="Amount"),
    field("lines", FieldType.TABLE, columns=(field("count", FieldType.NUMBER),)),
)


@dataclass
class Crm:
    """A source that describes its fields, or may not."""

    described: Sequence[Described] | Exception

    def describe(self, _kind: str) -> Sequence[Described]:
        if isinstance(self.described, Exception):
            raise self.described
        return self.described


def said(*described: Described) -> list[str]:
    return [f"{each.about} {each.sentence}" for each in compared(Crm(described), [KIND])]


def test_a_field_of_another_type_is_named() -> None:
    found = said(Described("stage", "", str), Described("amount", "", date), Described("lines.count", "", bool))
    assert [each.partition(" The source")[0] for each in found] == ["Deal.Amount", "Deal.lines.count"]
    assert "describes it as date, the mapping reads money" in found[0]


def test_what_fits_or_is_not_described_is_not_spoken_of() -> None:
    assert (
        said(Described("Amount", "", Money), Described("lines.count", "", Decimal), Described("other", "", bool)) == []
    )


@pytest.mark.parametrize("client", [object(), Crm(Misconfigured("no"))])
def test_a_source_that_describes_nothing_has_no_misfits(client: object) -> None:
    assert list(compared(client, [KIND])) == []


def test_each_type_has_what_fits_it() -> None:
    assert set(FITTING) == set(FieldType)
