"""Values as sources deliver them, for property tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from connectors.contract import HIDDEN, Choice, Money, Quantity, Record, Ref, Scalar, Value

TAGS = ("n", "money", "qty", "choice", "ref", "dt", "d", "list", "rows", "hidden")
"""Texts that the codec itself uses as marks."""

texts: SearchStrategy[str] = st.one_of(
    st.sampled_from((*TAGS, "", "\0", "有限公司", "𠮷野家", '"\\', "\u202e")),
    st.text(st.characters(exclude_characters=[chr(code) for code in range(0xD800, 0xE000)]), max_size=12),
)
decimals: SearchStrategy[Decimal] = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.builds(
        lambda sign, digits, exponent: Decimal((sign, tuple(digits), exponent)),
        st.sampled_from((0, 1)),
        st.lists(st.integers(0, 9), min_size=1, max_size=60),
        st.integers(-400, 400),
    ),
)
zones: SearchStrategy[timezone] = st.one_of(
    st.just(UTC),
    st.integers(-82_800, 82_800).map(lambda seconds: timezone(timedelta(seconds=seconds))),
)
moments: SearchStrategy[datetime] = st.datetimes(timezones=zones)
days: SearchStrategy[date] = st.dates()
scalars: SearchStrategy[Scalar] = st.one_of(
    st.none(),
    st.booleans(),
    texts,
    decimals,
    days,
    moments,
    st.builds(Money, decimals, texts),
    st.builds(Quantity, decimals, texts, st.none() | st.builds(Quantity, decimals, texts)),
    st.builds(Choice, texts, texts),
    st.builds(Ref, texts, texts, texts),
    st.lists(texts, max_size=4).map(tuple),
    st.just(HIDDEN),
)
rows = st.lists(st.dictionaries(texts, scalars, max_size=3), min_size=1, max_size=3).map(tuple)
values: SearchStrategy[Value] = st.one_of(scalars, rows)
fields = st.dictionaries(texts, values, max_size=6)
records: SearchStrategy[Record] = st.builds(
    Record,
    source=texts,
    kind=texts,
    id=texts,
    version=texts,
    stamp=moments,
    fields=fields,
    number=texts,
    url=texts,
    changed_by=st.none() | st.builds(Ref, texts, texts, texts),
    origin=texts,
    occurred_at=st.none() | moments,
    deleted=st.booleans(),
    context=fields,
)
