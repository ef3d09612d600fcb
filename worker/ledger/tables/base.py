"""The tables' metadata, and types that both databases understand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    MetaData,
    SmallInteger,
    String,
    TypeDecorator,
    literal_column,
)

metadata = MetaData()

Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER

Recipient = String(320)
"""A destination, or one person of it by the channel's or the source's user id."""


class Standing(TypeDecorator[int]):
    """A state, which a statement compares with the number itself and never with a parameter.

    PostgreSQL plans a repeated statement without its parameters, and without the number it cannot know that a partial
    index holds what is asked for: https://www.postgresql.org/docs/current/indexes-partial.html
    """

    impl = SmallInteger
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[int]):
        """Writes the numbers that a state is compared with into the statement."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            """Compare."""
            return super().operate(op, *(_in_words(each) for each in other), **kwargs)

    comparator_factory = Comparator


def _in_words(value: Any) -> Any:
    if isinstance(value, int):
        return literal_column(str(int(value)), SmallInteger)
    return [_in_words(each) for each in value] if isinstance(value, Sequence) else value
