from __future__ import annotations

import pytest

from pipelines.case import Case, Event, open_case
from pipelines.stages.known import fresh, news
from pipelines.verdict import Reason, Verdict
from tests.pipelines.make import NOW, Story, at, deal, field, route

KIND = deal(field("stage"), field("note"))


def case_of(story: Story, event: Event) -> Case:
    return open_case(story.of, event, NOW)


def known() -> Story:
    story = Story(KIND, route())
    story.sees({"stage": "open", "note": "a"}, 5)
    return story


@pytest.mark.parametrize(
    ("fields", "minute", "more", "answer"),
    [
        ({"stage": "won"}, 6, {}, None),
        ({"stage": "won"}, 5, {}, None),
        ({"stage": "won"}, 4.99, {}, Reason.OLDER),
        ({"stage": "open"}, 6, {}, Reason.UNCHANGED),
        ({}, 6, {}, Reason.UNCHANGED),
        ({}, 6, {"deleted": True}, None),
        ({}, 4, {"deleted": True}, Reason.OLDER),
        ({"stage": True}, 6, {}, None),
        ({"stage": "won"}, 6, {"baseline": True}, None),
    ],
)
def test_a_known_record_is_news_when_it_is_not_older_and_differs(
    fields: dict[str, str], minute: float, more: dict[str, bool], answer: Reason | None
) -> None:
    story = known()
    event = story.event(fields, minute, deleted=more.get("deleted", False), baseline=more.get("baseline", False))
    assert news(KIND, case_of(story, event)) is answer


def test_a_first_sight_is_news_unless_a_first_pull_found_it() -> None:
    story = Story(KIND, route())
    for kind, baseline, answer in (
        (KIND, False, None),
        (KIND, True, Reason.BASELINE),
        (deal(start=at(0)), True, None),
        (deal(start=at(1)), True, Reason.BASELINE),
    ):
        assert news(kind, case_of(story, story.event({"stage": "open"}, 0, baseline=baseline))) is answer


def test_a_route_is_told_of_changes_and_not_of_troubles_alone() -> None:
    story = known()
    of, changed = story.case({"stage": "won"}, 6)
    assert fresh(of, changed) is None
    of, troubled = story.case({"stage": True}, 6)
    assert fresh(of, troubled) == Verdict("r", Reason.UNCHANGED)
