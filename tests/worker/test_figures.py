"""What came of what routes told, counted over a real ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from connectors.contract import Aside, Members, Reached, Verb
from pipelines.approval import Holding
from tests.worker.answering.desk import Desk
from tests.worker.answering.robots import APP
from tests.worker.answering.test_mute import HOUR, deal
from tests.worker.processes import Installation
from tests.worker.test_cli_repair import Call, call, here
from worker.cli.stats import within
from worker.ledger import audiences, recalls, receipts
from worker.ledger.cards import Asked, lay
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.figures import Figures, figures
from worker.ledger.tables import ActionState, NoticeState, action, message, notice
from worker.limiter import Limiter

__all__ = ["call", "here"]

WEEK = 7 * 24 * HOUR


@pytest.fixture
def desk(ledger: Ledger, limiter: Limiter) -> Desk:
    made = Desk(ledger, limiter)
    made.settle()
    return made


def counted(desk: Desk, since: int = WEEK) -> dict[str, Figures]:
    with desk.ledger.read() as connection:
        return dict(figures(desk.ledger, connection, now() - since))


def sent(desk: Desk, destination: str) -> list[int]:
    with desk.ledger.read() as connection:
        mine = select(message.c.id).where(message.c.destination == destination).order_by(message.c.id)
        return list(connection.execute(mine).scalars())


def test_facts_messages_and_people_of_each_route(desk: Desk) -> None:
    desk.tell(deal(1, "amy", "ben"))
    desk.say("/mute deals 2h")
    desk.tell(deal(2, "ben"))
    found = counted(desk)
    assert (found["deals"].facts, found["deals"].messages, found["deals"].muted) == (3, 3, 1)
    assert (found["mine"].facts, found["mine"].messages, found["mine"].muted) == (3, 3, 0)
    assert found["deals"].people == {"u-amy"}
    assert found["mine"].people == {"u-amy", "u-ben"}


def test_members_of_a_group_and_who_is_known_not_to_have_got_it(desk: Desk) -> None:
    desk.tell(deal(1))
    members = Members({"u-ben": "Ben", "u-chen": "Chen"}, {}, datetime.now(UTC))
    with desk.ledger.write() as connection:
        audiences.placed(desk.ledger, connection, {"sales": "cid"})
        audiences.store(desk.ledger, connection, "cid", members, now())
        (id_,) = connection.execute(select(message.c.id).where(message.c.destination == "sales")).scalars()
        gone = {"u-chen": Reached.INVALID, "u-ben": Reached.READ, "u-dora": Reached.UNREAD}
        receipts.note(desk.ledger, connection, id_, gone, now())
    assert counted(desk)["deals"].people == {"u-amy", "u-ben", "u-dora"}
    assert counted(desk)["deals"].read == 1


def test_only_what_was_made_since_then(desk: Desk) -> None:
    desk.tell(*(deal(n) for n in range(1, 40)))
    with desk.ledger.write() as connection:
        old = connection.execute(select(notice.c.id).order_by(notice.c.id)).scalars().all()[:61]
        connection.execute(update(notice).where(notice.c.id.in_(old)).values(created_at=now() - 2 * WEEK))
    assert counted(desk)["deals"].facts == 78 - 61
    assert counted(desk, 3 * WEEK)["deals"].facts == 78
    assert counted(desk, -1) == {}


def test_what_is_held_and_what_was_taken_back(desk: Desk) -> None:
    desk.tell(deal(1), deal(2))
    with desk.ledger.write() as connection:
        (first, *_) = connection.execute(select(message.c.id).where(message.c.destination == "amy")).scalars()
        recalls.gone(connection, [first], "ops", now())
        kept = connection.execute(select(notice.c.id).where(notice.c.destination == "sales")).scalars().all()
        connection.execute(update(notice).where(notice.c.id == kept[0]).values(state=int(NoticeState.HELD)))
    of = counted(desk)["deals"]
    assert (of.recalled, of.held, of.facts) == (1, 1, 3)


def press(desk: Desk, message_id: int, key: str, after: timedelta, *, state: ActionState) -> None:
    """Let somebody press a button of a message some time after it was sent."""
    asked = Asked((), (Verb.APPROVE,), Holding((), {}), "cid", "", Aside("", ""), "UTC", "en")
    with desk.ledger.write() as connection:
        row = connection.execute(select(message).where(message.c.id == message_id)).one()
        carried = connection.execute(select(notice.c.id).where(notice.c.destination == row.destination)).scalars().all()
        lay(connection, message_id, key, carried[0], asked)
        at = row.first_sent_at + after // timedelta(microseconds=1)
        times = {"pressed_at": at, "heard_at": at, "due_at": at}
        of = {"signal_id": message_id, "application": APP, "card": key, "verb": "approve", "by": "u-amy"}
        connection.execute(insert(action).values(**of, **times, state=int(state)))


def test_the_first_press_of_each_message_is_the_reaction(desk: Desk) -> None:
    desk.tell(*(deal(n) for n in range(1, 3)))
    first, second = sent(desk, "amy")
    press(desk, first, "k1", timedelta(minutes=10), state=ActionState.DONE)
    press(desk, second, "k2", timedelta(minutes=-1), state=ActionState.LATE)
    with desk.ledger.write() as connection:
        again = dict(connection.execute(select(action).where(action.c.card == "k1")).mappings().one())
        later = {"id": None, "signal_id": 99, "state": int(ActionState.LATE), "pressed_at": again["pressed_at"] + HOUR}
        row = {name: value for name, value in {**again, **later}.items() if value is not None}
        connection.execute(insert(action).values(**row))
    of = counted(desk)["deals"]
    assert (of.acted, of.reactions) == (1, [0, 600 * MICROSECONDS])


def test_a_table_for_people_and_numbers_for_programs(call: Call, here: Installation) -> None:
    assert here.state.exists()
    code, out, _ = call("stats")
    assert code == 0
    assert out.splitlines()[0].split()[:4] == ["route", "facts", "messages", "people"]
    said = json.loads(call("stats", "--json", "--since", "12h")[1])
    assert (said["since"], said["reaction"], said["routes"]) == ("12h", "press", {})
    assert call("stats", "--since", "soon")[0] == 2
    assert "there is no route unheard" in call("stats", "unheard")[2]


@pytest.mark.parametrize(("percent", "seconds"), [(50, 5.0), (90, 9.0)])
def test_median_and_p90_are_of_the_nearest_rank(percent: int, seconds: float) -> None:
    of = Figures(reactions=[n * MICROSECONDS for n in range(1, 11)])
    assert within(of, percent) == seconds
    assert within(Figures(), percent) is None
