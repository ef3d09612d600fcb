"""Who reads a group decides what goes there; only the group and who is in it are played."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from connectors.contract import (
    Change,
    Received,
    Reply,
    Retryable,
    Topic,
    WhyUnlisted,
)
from pipelines.case import program
from pipelines.plan import Attestation, FieldMap, FieldType, Plan
from tests.worker.group import PLACE, Group
from tests.worker.office import Office, go, news, rest
from tests.worker.stand_ins import KIND, ROUTE, Chat, deal, plan_of, rows
from worker.explain import explain, say
from worker.hearing.reader import SignalReader
from worker.ledger import audiences, configurations, signals
from worker.ledger.changes import changed
from worker.ledger.engine import Ledger, now
from worker.ledger.plans import Plans
from worker.ledger.signals import Signal
from worker.ledger.tables import NoticeState, audience, notice
from worker.limiter import Limiter
from worker.verified import Verified

UNDER_WAY = {NoticeState.WAITING, NoticeState.FRAMED}
WORD = Attestation("K. Wong", date(2020, 1, 1), date(2999, 1, 1), frozenset({"finance"}))


def plan(word: Attestation | None = WORD) -> Plan:
    secret = FieldMap("amount", "Amount", FieldType.NUMBER, "Amount", data_class="finance")
    of = plan_of(replace(ROUTE, fields=("stage", "amount")))
    kinds = {("crm", "Deal"): replace(KIND, fields=(*KIND.fields, secret))}
    groups = {name: replace(each, attestation=word) for name, each in of.destinations.items()}
    return replace(of, kinds=kinds, destinations=groups)


@pytest.fixture
def group() -> Group:
    return Group()


@pytest.fixture
def office(ledger: Ledger, limiter: Limiter, group: Group) -> Office:
    office = Office(ledger, limiter, plan(), [group])
    attest(office)
    return office


def attest(office: Office) -> None:
    with office.ledger.write() as connection:
        audiences.attested(office.ledger, connection, office.plan.destinations)


def told(office: Office, group: Group, *records: Any) -> list[list[str]]:
    """Tell records to the group, and return what it read of them."""
    before = len(group.bodies)
    office.tell(*records)
    with office.worker() as worker:
        assert go(worker, lambda: not UNDER_WAY & set(office.notices()))
        rest(worker, 0.2)
    return group.told[before:]


def held(office: Office) -> list[tuple[str, str]]:
    return [(one.reason, one.detail) for one in rows(office.ledger, notice) if one.state == NoticeState.HELD]


def test_the_readers_are_asked_for_once_and_what_a_word_allows_goes(office: Office, group: Group) -> None:
    assert told(office, group, deal("d1"), deal("d2"))
    assert sorted(group.told) == [["SO-d1 Open 1"], ["SO-d2 Open 1"]]
    assert group.asked == 1


def test_who_was_asked_for_since_the_turn_began_is_not_asked_for_again(office: Office, group: Group) -> None:
    with office.worker() as worker:
        place = worker.readers.place("sales")
        assert place is not None
        worker.readers.read(place)
        worker.readers.ask("sales")
        assert worker.woken.wait(5)
    assert group.asked == 1


def test_who_gets_only_what_is_public_is_not_asked_for(ledger: Ledger, limiter: Limiter, group: Group) -> None:
    office = Office(ledger, limiter, plan(None), [group])
    assert told(office, group, deal("d1")) == [["SO-d1 Open"]]
    assert group.asked == 0


def test_old_knowledge_is_renewed_before_the_next_message(office: Office, group: Group) -> None:
    told(office, group, deal("d1"))
    with young(office):
        told(office, group, deal("d2"))
    assert group.asked == 2


@contextmanager
def young(office: Office) -> Iterator[None]:
    """Let nothing that is known be young enough."""
    with office.ledger.write() as connection:
        connection.execute(audience.update().values(read_at=1))
    yield


def test_facts_wait_while_nobody_can_be_asked_and_public_ones_do_not(office: Office, group: Group) -> None:
    group.failing = Retryable("The vendor is away.", after=timedelta(seconds=0.1))
    office.tell(deal("d1"), deal("d2", fields={"Stage": deal().fields["Stage"]}))
    with office.worker() as worker:
        assert go(worker, lambda: len(group.bodies) == 1)
        rest(worker, 0.5)
        assert group.told == [["SO-d2 Open"]]
        assert group.asked > 1
        with office.ledger.read() as connection:
            assert audiences.known(connection, ["sales"])["sales"].failure == "The vendor is away."
        group.failing = None
        assert go(worker, lambda: len(group.bodies) == 2)
    assert group.told[1] == ["SO-d1 Open 1"]


def test_a_slow_answer_stops_no_other_destination(office: Office, group: Group) -> None:
    group.answering = threading.Event()
    other = Chat("board")
    of = plan_of(replace(ROUTE, fields=("stage",), to=("sales",)), replace(ROUTE, name="all", to=("board",)))
    both = replace(of, kinds=office.plan.kinds, destinations={**of.destinations, **office.plan.destinations})
    both = replace(both, routes=(*office.plan.routes, of.routes[1]))
    office = replace(office, plan=both, chats=[group, other])
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: len(other.bodies) == 1)
        assert group.bodies == []
        group.answering.set()
        assert go(worker, lambda: len(group.bodies) == 1)


ALTERED: dict[str, Callable[[Group], object]] = {
    "renamed": lambda group: setattr(group, "called", "Everybody"),
    "owner": lambda group: setattr(group, "owner", "u-eve"),
    "outsider": lambda group: group.outsiders.add("union-zoe"),
    "lost": lambda group: setattr(group, "unlisted", WhyUnlisted.NOT_INSTALLED),
    "gone": lambda group: setattr(group, "unlisted", WhyUnlisted.GONE),
}


@pytest.mark.parametrize("how", ALTERED)
def test_a_group_that_is_another_than_was_vouched_for_holds(office: Office, group: Group, how: str) -> None:
    told(office, group, deal("d1"))
    ALTERED[how](group)
    news(office, Topic.GROUP_JOINED)
    assert told(office, group, deal("d2")) == []
    assert held(office) == [("unverified", how)]


@pytest.mark.parametrize(
    ("topic", "how", "more"),
    [
        (Topic.GROUP_RENAMED, "renamed", {}),
        (Topic.GROUP_OWNER, "owner", {"people": ("u-eve",)}),
        (Topic.GROUP_GONE, "gone", {}),
        (Topic.GROUP_JOINED, "outsider", {"unions": ("union-zoe",)}),
    ],
)
def test_news_alone_tell_it_where_a_list_does_not(
    office: Office, group: Group, topic: Topic, how: str, more: dict[str, Any]
) -> None:
    group.called = group.owner = ""
    told(office, group, deal("d1"))
    news(office, topic, **more)
    assert told(office, group, deal("d2")) == []
    assert held(office) == [("unverified", how)]


@pytest.mark.parametrize("topic", [Topic.GROUP_JOINED, Topic.GROUP_LEFT, Topic.GROUP_INSTALLED, Topic.PERSON_LEFT])
def test_joins_and_leaves_count_at_once(office: Office, group: Group, topic: Topic) -> None:
    told(office, group, deal("d1"))
    news(office, topic, people=("u-chen",), unions=("union-chen",))
    assert told(office, group, deal("d2")) == [["SO-d2 Open 1"]]
    assert group.asked == 2


def test_news_that_nobody_dealt_with_yet_count_already(office: Office, group: Group) -> None:
    told(office, group, deal("d1"))
    change = Change("e-9", Topic.GROUP_RENAMED, "event", datetime.now(UTC), group=PLACE)
    said = signals.rows("company", Received(Reply(200), changes=(change,)), now(), office.ledger.sealer)
    with office.ledger.write() as connection:
        signals.put(office.ledger, connection, said)
    office.tell(deal("d2"), deal("d3", fields={"Stage": deal().fields["Stage"]}))
    with office.worker() as worker:
        assert go(worker, lambda: group.told[1:] == [["SO-d3 Open"]])
        rest(worker, 0.3)
        assert SignalReader(office.ledger, {Change: partial(heed, office.ledger)}).read() == 1
        assert go(worker, lambda: NoticeState.WAITING not in office.notices())
    assert held(office) == [("unverified", "renamed")]
    assert group.asked == 2


def heed(ledger: Ledger, connection: Connection, signal: Signal) -> None:
    assert isinstance(signal.said, Change)
    changed(ledger, connection, signal.application, signal.said)


def test_an_answer_that_was_asked_for_before_the_news_does_not_count(office: Office, group: Group) -> None:
    group.answering = threading.Event()
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: group.asked == 1)
        news(office, Topic.GROUP_JOINED)
        group.answering.set()
        assert go(worker, lambda: len(group.bodies) == 1)
    assert group.asked == 2


def test_an_outsider_who_was_there_at_the_first_look_holds_as_well(office: Office, group: Group) -> None:
    group.outsiders.add("union-zoe")
    assert told(office, group, deal("d1")) == []
    assert held(office) == [("unverified", "outsider")]


def test_who_vouches_again_lets_it_through(office: Office, group: Group) -> None:
    told(office, group, deal("d1"))
    news(office, Topic.GROUP_RENAMED)
    again = replace(office.plan.destinations["sales"], attestation=replace(WORD, by="A. Lee"))
    office = replace(office, plan=replace(office.plan, destinations={"sales": again}))
    attest(office)
    assert told(office, group, deal("d2")) == [["SO-d2 Open 1"]]


def test_with_somebody_from_outside_even_a_new_word_lets_only_public_through(office: Office, group: Group) -> None:
    group.outsiders.add("union-zoe")
    told(office, group, deal("d1"))
    configurations.attest(office.ledger, configurations.Attested("sales", WORD))
    word = configurations.attested(office.ledger)["sales"]
    verified = replace(office.plan.destinations["sales"], verified=word, attestation=None)
    office = replace(office, plan=replace(office.plan, destinations={"sales": verified}))
    assert told(office, group, deal("d2")) == [["SO-d2 Open"]]


def test_of_a_group_that_was_never_listed_the_word_counts(office: Office, group: Group) -> None:
    group.unlisted = WhyUnlisted.NOT_INSTALLED
    assert told(office, group, deal("d1")) == [["SO-d1 Open 1"]]
    with office.ledger.read() as connection:
        known = audiences.known(connection, ["sales"])["sales"]
    assert (known.state, known.reason, known.sentence) == ("unlisted", "not_installed", "Install the cool app.")


def test_a_group_that_can_be_listed_again_is_what_it_was(office: Office, group: Group) -> None:
    told(office, group, deal("d1"))
    group.unlisted = WhyUnlisted.NOT_GRANTED
    news(office, Topic.GROUP_UNINSTALLED)
    assert told(office, group, deal("d2")) == []
    group.unlisted = None
    news(office, Topic.GROUP_INSTALLED)
    assert told(office, group, deal("d3")) == [["SO-d3 Open 1"]]


def again(office: Office, word: Attestation) -> Office:
    """Vouch for the group once more, and let go what was held."""
    destination = replace(office.plan.destinations["sales"], attestation=word)
    office = replace(office, plan=replace(office.plan, destinations={"sales": destination}))
    attest(office)
    with office.worker() as worker:
        assert Verified(office.ledger, worker.readers, office.plan, program(office.plan), 1).run() == 1
        assert go(worker, lambda: NoticeState.WAITING not in office.notices())
        rest(worker, 0.2)
    return office


def test_what_was_held_goes_out_once_somebody_vouches_for_the_group_again(office: Office, group: Group) -> None:
    told(office, group, deal("d1"))
    news(office, Topic.GROUP_RENAMED)
    told(office, group, deal("d2"))
    with office.worker() as worker:
        assert Verified(office.ledger, worker.readers, office.plan, program(office.plan), 1).run() == 0
    again(office, replace(WORD, by="A. Lee"))
    assert group.told[1:] == [["SO-d2 Open 1"]]
    assert held(office) == []


def test_what_was_held_of_a_group_that_could_not_be_listed_goes_when_it_can(office: Office, group: Group) -> None:
    told(office, group, deal("d1"))
    group.unlisted = WhyUnlisted.NOT_GRANTED
    news(office, Topic.GROUP_JOINED)
    told(office, group, deal("d2"))
    group.unlisted = None
    with office.worker() as worker:
        assert Verified(office.ledger, worker.readers, office.plan, program(office.plan), 1).run() == 1
        assert go(worker, lambda: len(group.bodies) == 2)
    assert group.told[1] == ["SO-d2 Open 1"]


def test_while_nobody_can_be_asked_nothing_that_was_held_goes(office: Office, group: Group) -> None:
    told(office, group, deal("d1"))
    news(office, Topic.GROUP_RENAMED)
    told(office, group, deal("d2"))
    group.failing = Retryable("The vendor is away.")
    with office.worker() as worker:
        assert Verified(office.ledger, worker.readers, office.plan, program(office.plan), 1).run() == 0
    assert held(office) == [("unverified", "renamed")]


def test_two_destinations_in_one_group_share_what_is_known_of_it(ledger: Ledger, limiter: Limiter) -> None:
    one, other = Group("sales"), Group("board")
    of = plan_of(replace(ROUTE, fields=("stage", "amount"), to=("sales", "board")))
    groups = {name: replace(each, attestation=WORD) for name, each in of.destinations.items()}
    office = Office(ledger, limiter, replace(of, kinds=plan().kinds, destinations=groups), [one, other])
    attest(office)
    told(office, one, deal("d1"))
    news(office, Topic.GROUP_RENAMED)
    told(office, one, deal("d2"))
    assert held(office) == [("unverified", "renamed")] * 2


def test_a_destination_that_leads_elsewhere_now_is_asked_for_anew(office: Office, group: Group) -> None:
    told(office, group, deal("d1"))
    group.place, group.outsiders = "cid-other", {"union-zoe"}
    assert told(office, group, deal("d2")) == []
    assert held(office) == [("unverified", "outsider")]


def test_while_nobody_can_be_asked_explain_says_so(office: Office, group: Group) -> None:
    group.failing = Retryable("The vendor is away.")
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: group.asked > 0)
        rest(worker, 0.3)
    story = explain(office.ledger, "SO-d1", Plans(office.ledger), datetime.now(UTC))
    assert "It waits until it can be asked who reads sales: The vendor is away." in say(story)
