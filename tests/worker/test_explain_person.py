"""Why one person got something or did not, in the words of `dingbridge explain --person`, over a real ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.contract import Members, Reach, Reached, Record
from pipelines.clearances import Clearance, Clearances
from pipelines.plan import Policy, Route
from tests.worker.answering.desk import GROUP, Desk
from tests.worker.answering.robots import APP
from tests.worker.answering.test_mute import deal
from tests.worker.processes import Installation
from tests.worker.test_cli_repair import Call, call, here
from worker.explain import Ambiguous, explain, say
from worker.ledger import audiences, people, readers, receipts
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.plans import Plans, remember
from worker.ledger.tables import message
from worker.limiter import Limiter

__all__ = ["call", "here"]


@pytest.fixture
def desk(ledger: Ledger, limiter: Limiter) -> Desk:
    made = Desk(ledger, limiter)
    made.settle()
    return made


def told(desk: Desk, person: str, what: str = "SO-d1") -> str:
    return say(explain(desk.ledger, what, Plans(desk.ledger), datetime.now(UTC), person=person))


def begin(desk: Desk, *routes: Route, clearances: Clearances | None = None) -> None:
    """Apply a configuration."""
    desk.routes = routes or desk.routes
    desk.clearances = clearances or desk.clearances
    assert remember(desk.ledger, desk.plan) == 1


def listed(desk: Desk, *users: str) -> None:
    """Let the members of the group be listed."""
    found = Members(dict.fromkeys(users, ""), {}, datetime.now(UTC))
    with desk.ledger.write() as connection:
        audiences.placed(desk.ledger, connection, {"sales": "cid"})
        audiences.store(desk.ledger, connection, "cid", found, desk.ledger.now(connection))


def costly(number: int) -> Record:
    found = deal(number)
    return replace(found, fields={**found.fields, "Margin": Decimal(7)})


def test_who_got_it_alone_and_who_reads_nowhere(desk: Desk) -> None:
    begin(desk)
    desk.tell(deal(1, "amy"))
    said = told(desk, "u-amy")
    assert "u-amy alone is told by staff/u-amy." in said
    assert "The settings of amy name u-amy since" in said
    assert "came to staff/u-amy, where u-amy reads it." in said
    assert "sales" not in said
    other = told(desk, "u-ben")
    assert "Route deals: not told to u-ben, because they read none of its destinations: amy, sales." in other
    assert "Whether u-ben reads sales is not known" in other
    assert "Whether u-ben reads amy" not in other
    assert "Route mine: not told to u-ben, because they read none of its destinations: staff/u-amy." in other


def test_a_member_and_somebody_who_is_none(desk: Desk) -> None:
    begin(desk)
    listed(desk, "u-ben")
    desk.tell(deal(1))
    assert "u-ben is a member of sales, as it was listed at" in told(desk, "u-ben")
    assert "came to sales, where u-ben reads it" in told(desk, "u-ben")
    stranger = told(desk, "u-chen")
    assert "they read none of its destinations: amy, sales" in stranger
    assert "is not known" not in stranger


def test_who_joined_later_did_not_get_it(desk: Desk) -> None:
    begin(desk)
    listed(desk, "u-ben")
    desk.tell(deal(1))
    listed(desk, "u-ben", "u-chen")
    desk.tell(deal(2))
    assert "u-chen reads sales only since" in told(desk, "u-chen")
    assert "came to sales, where u-chen" not in told(desk, "u-chen")
    assert "came to sales, where u-chen" in told(desk, "u-chen", "SO-d2")
    assert "only since" not in told(desk, "u-ben")
    listed(desk, "u-ben")
    assert "they read none" in told(desk, "u-chen", "SO-d2")


def test_whom_the_settings_name_only_since_later(desk: Desk) -> None:
    begin(desk)
    desk.tell(deal(1))
    with desk.ledger.write() as connection:
        named = {"amy": Reach(people=frozenset({"u-amy", "u-new"}))}
        readers.note(desk.ledger, connection, APP, named)
    assert "u-new reads amy only since" in told(desk, "u-new")
    assert "where u-new reads it" not in told(desk, "u-new")


def test_what_was_muted_says_so_for_that_person_alone(desk: Desk) -> None:
    begin(desk)
    listed(desk, "u-ben")
    desk.say("/mute deals 2h")
    desk.tell(deal(1))
    assert "Not sent to amy, because its one reader had muted the route until" in told(desk, "u-amy")
    assert "muted" not in told(desk, "u-ben")


def test_what_is_not_matched_is_said_as_ever(desk: Desk) -> None:
    begin(desk, replace(GROUP, when='stage == "Won"'))
    desk.tell(deal(1))
    assert "Route deals: not sent, because the rule" in told(desk, "u-amy")


def test_which_class_somebody_lacks_and_who_has_it(desk: Desk) -> None:
    cleared = Clearances((Clearance("finance", APP, people=("u-ben",)),))
    begin(desk, replace(GROUP, fields=("stage", "margin")), clearances=cleared)
    listed(desk, "u-amy", "u-ben")
    desk.tell(costly(1))
    assert "u-amy is not cleared for finance today: Margin would be withheld from them as well." in told(desk, "u-amy")
    assert "u-ben is cleared for finance today; somebody else in sales was not" in told(desk, "u-ben")


def test_why_nothing_went_to_a_group_at_all(desk: Desk) -> None:
    cleared = Clearances((Clearance("finance", APP, people=("u-ben",)),))
    refuse = replace(GROUP, fields=("stage", "margin"), policy=Policy.REFUSE, to=("amy",))
    begin(desk, refuse, clearances=cleared)
    desk.tell(costly(1))
    said = told(desk, "u-amy")
    assert "Not sent to amy, because not everybody there may see all of it." in said
    assert "u-amy is not cleared for finance today" in said


def test_whom_the_channel_names_as_missed_did_not_get_it(desk: Desk) -> None:
    begin(desk)
    desk.tell(deal(1))
    with desk.ledger.write() as connection:
        (id_,) = connection.execute(message.select().where(message.c.destination == "amy")).scalars()
        receipts.note(desk.ledger, connection, id_, {"u-amy": Reached.INVALID}, now())
    assert "where u-amy reads it" not in told(desk, "u-amy")


def test_somebody_is_found_by_name(desk: Desk) -> None:
    begin(desk)
    desk.tell(deal(1))
    assert "The settings of amy name u-amy" in told(desk, "Amy")
    with desk.ledger.write() as connection:
        twin = people.known(desk.ledger, connection, APP, "u-amy")
        assert twin is not None
        later = now() + MICROSECONDS
        people.put(desk.ledger, connection, APP, [replace(twin, id="u-amy-2")], later)
    with pytest.raises(Ambiguous, match="u-amy, u-amy-2"):
        told(desk, "Amy")


def test_the_command_takes_a_person(call: Call, here: Installation) -> None:
    assert here.state.exists()
    code, out, _ = call("explain", "SO-1", "--person", "u-amy", "--json")
    assert code == 1
    assert json.loads(out)["chapters"] == []
