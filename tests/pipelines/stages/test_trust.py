from __future__ import annotations

import pytest

from connectors.contract import HIDDEN, Value
from pipelines.plan import FieldType
from pipelines.stages.trust import trust
from pipelines.verdict import Reason, Verdict
from tests.pipelines.make import Story, deal, field, route

KIND = deal(field("stage"), field("amount", FieldType.MONEY), field("owner"))
SHOWS = route(fields=("stage", "amount"), required=("owner",))


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"stage": "won", "owner": "Li"}, None),
        ({"stage": HIDDEN, "amount": 5, "owner": "Li"}, Verdict("r", Reason.FIELD_HIDDEN, "stage")),
        ({"stage": "won", "amount": "5", "owner": "Li"}, Verdict("r", Reason.NO_CURRENCY, "amount")),
        ({"stage": "won"}, Verdict("r", Reason.REQUIRED_MISSING, "owner")),
        ({"stage": "won", "owner": None}, Verdict("r", Reason.REQUIRED_MISSING, "owner")),
    ],
)
def test_what_a_route_shows_must_be_readable_and_what_it_requires_must_be_there(
    fields: dict[str, Value], verdict: Verdict | None
) -> None:
    assert trust(*Story(KIND, SHOWS).case(fields, 0)) == verdict


def test_what_a_route_does_not_show_may_be_unreadable() -> None:
    assert trust(*Story(KIND, route(fields=("stage",))).case({"stage": "won", "amount": "5"}, 0)) is None


def test_a_deletion_is_told_whatever_cannot_be_read() -> None:
    story = Story(KIND, SHOWS)
    story.sees({"stage": "won", "amount": "5", "owner": "Li"}, 0)
    assert trust(*story.case({}, 1, deleted=True)) is None
