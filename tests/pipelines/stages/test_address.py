from __future__ import annotations

from pipelines.plan import Lane
from pipelines.stages.address import address
from tests.pipelines.make import Story, at, deal, field, route

KIND = deal(field("stage"), field("note"), field("owner"))
TWO = route("deals", to=("sales", "ops"), fields=("note", "stage"), lane=Lane.URGENT)


def test_each_destination_gets_the_routes_fields_in_the_routes_order() -> None:
    of, case = Story(KIND, TWO).case(
        {"stage": "open", "owner": "Li", "note": "a"}, 3, number="D-1", url="u", occurred_at=at(1)
    )
    notices = address(of, case)
    assert [n.destination for n in notices] == ["sales", "ops"]
    for one in notices:
        assert list(one.fields.items()) == [("note", "a"), ("stage", "open")]
        assert (one.route, one.lane, one.seq, one.number, one.url) == ("deals", Lane.URGENT, 1, "D-1", "u")
        assert (one.stamp, one.occurred_at, one.new, one.before) == (at(3), at(1), True, {})
        assert one.subject == ("crm", "Deal", "1")


def test_what_it_was_before_is_told_of_shown_and_changed_fields_only() -> None:
    story = Story(KIND, TWO)
    story.sees({"stage": "open", "owner": "Li", "note": None}, 0)
    notices = address(*story.case({"stage": "open", "owner": "Wu", "note": "a"}, 1))
    assert [(n.before, n.new) for n in notices] == [({"note": None}, False)] * 2


def test_without_a_time_of_its_own_a_state_happened_when_it_was_stamped() -> None:
    of, case = Story(KIND, TWO).case({}, 3)
    assert {n.occurred_at for n in address(of, case)} == {at(3)}


def test_number_and_link_are_the_newest_that_the_source_gave() -> None:
    story = Story(KIND, TWO)
    story.sees({"stage": "open"}, 0, number="D-1", url="u")
    story.sees({"stage": "won"}, 1)
    assert {(n.number, n.url) for n in address(*story.case({}, 2, deleted=True))} == {("D-1", "u")}
    assert {(n.number, n.url) for n in address(*story.case({}, 2, number="D-2", url="v"))} == {("D-2", "v")}
