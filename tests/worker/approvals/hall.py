"""One installation run by hand: a source at its twin, a ledger, and cards in the DingTalk twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any, cast

from sqlalchemy import insert

from connectors.contract import Delivers, Press, Reads, Received, Record, Reply, Verb
from connectors.dingtalk import CONNECTOR as DINGTALK
from pipelines.case import program
from pipelines.matching import MatchState
from pipelines.plan import Decide, Destination, FieldMap, Kind, Lane, Merge, Plan, Route
from tests.connectors.dingtalk.sandbox.served import Client as Twin
from tests.contract.case import local_services
from tests.served import served_session
from tests.worker.stand_ins import rows, store
from worker.actions import begin, shown
from worker.actions.acting import Acting
from worker.actions.carrying import Carrier, Pace
from worker.actions.showing import Teller
from worker.asking import Source
from worker.channels import Channel
from worker.decide import Decider
from worker.dispatch import Crew, Dispatcher
from worker.explain import explain, say
from worker.hearing.reader import SignalReader
from worker.ledger import signals
from worker.ledger.arrivals import SHARDS
from worker.ledger.engine import Ledger, now
from worker.ledger.plans import Plans, remember
from worker.ledger.signals import Signal
from worker.ledger.tables import ActionState, action, card, inbox, match, notice
from worker.limiter import Limiter
from worker.repair import release

SOURCE, CHAT, APPLICATION = "erp", "management", "robot"
PLACE, CORP = "cid-management", "dingharbour"
AMY, DORA, BEN = "u-amy", "u-dora", "u-ben"
TEMPLATE: Mapping[str, Any] = {
    "id": "approval.schema",
    "title": "${title}",
    "body": "${text}\n\n${standing}\n\n${note}",
    "buttons": [
        {
            "id": verb,
            "label": f"${{{verb}}}",
            "params": {"action": verb},
            "when": {"state": "open", "may_decide": "true"},
        }
        for verb in ("approve", "reject")
    ],
    "private": ["may_decide", "note"],
}
QUICK = Pace(again=0.01, longest=0.05, patience=60.0, looks=(0.01, 0.01, 0.01), longest_look=60.0)
PRESSES = count(1)


@dataclass
class Hall:
    """Everything between a record that waits and a card that tells what became of it."""

    ledger: Ledger
    limiter: Limiter
    twin: Twin
    client: object
    kind: str
    id: str
    fields: Sequence[FieldMap]
    locale: str = "en"
    pace: Pace = QUICK
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.twin.control("templates", dict(TEMPLATE))
        known = self.twin.control("")["apps"][0]
        settings = {
            "kind": "card",
            "template": TEMPLATE["id"],
            "conversation": PLACE,
            "application": {
                "client_id": known["client_id"],
                "client_secret": known["client_secret"],
                "corp_id": CORP,
                "site": self.twin.base,
            },
        }
        services = replace(local_services(), session=served_session, now=lambda: datetime.now(UTC))
        built = DINGTALK.build(CHAT, DINGTALK.settings.model_validate(settings), services)
        client = cast("Delivers", built)
        self.channels = {CHAT: Channel(CHAT, client, tuple(client.budgets()))}
        self.plan = self._plan()

    def _plan(self) -> Plan:
        names = tuple(spec.name for spec in self.fields)
        asks = Decide("who", (Verb.APPROVE, Verb.REJECT), names)
        route = Route("asks", SOURCE, self.kind, (CHAT,), "Please decide", names)
        route = replace(route, merge=Merge.NEVER, lane=Lane.APPROVAL, decide=asks)
        of = Kind(SOURCE, self.kind, tuple(self.fields))
        to = Destination(CHAT, "Asia/Hong_Kong", self.locale)
        return Plan(f"{hash(repr(route)):x}", {(SOURCE, self.kind): of}, (route,), {CHAT: to})

    def acting(self, worker: str = "w1") -> Acting:
        """Return one worker's part in decisions, with as little waiting as there may be."""
        source = Source(SOURCE, self.client, (), {})
        carrier = Carrier(self.ledger, self.limiter, self.plan, {SOURCE: source}, worker, lambda: None)
        carrier.pace = self.pace
        return Acting(self.ledger, carrier, Teller(self.ledger, self.limiter, self.channels, worker))

    def match(self, source_user: str, user: str, state: MatchState = MatchState.MATCHED) -> None:
        """Write that a source's user is this person of the channel."""
        values = {"source": SOURCE, "source_user": source_user, "application": APPLICATION, "user": user}
        with self.ledger.write() as connection:
            connection.execute(insert(match).values(**values, state=str(state), matched_at=now()))

    def present(self) -> Record:
        """Read the record as it stands at the source."""
        found = [each for each in cast("Reads", self.client).read(self.kind, [self.id]) if isinstance(each, Record)]
        return found[0]

    def arrive(self, record: Record | None = None) -> None:
        """Let a state of the record arrive and be decided."""
        store(self.ledger, record or self.present())
        self.decide()

    def decide(self) -> None:
        every = frozenset(range(SHARDS))
        Decider(self.ledger, program(self.plan), remember(self.ledger, self.plan), lambda: every, 100).step()

    def dispatch(self) -> None:
        """Send what can be sent."""
        crew = Crew("w1", list, 2, 30.0)
        one = Dispatcher(self.ledger, self.limiter, self.plan, self.channels, crew)
        try:
            while one.step():
                one.woken.wait(0.02)
                one.woken.clear()
        finally:
            one.close()

    def ask(self) -> str:
        """Bring the record's present state onto a card; returns the card's key."""
        self.arrive()
        self.dispatch()
        return self.keys[-1]

    @property
    def keys(self) -> list[str]:
        """The cards in the order in which they were made."""
        return [row.key for row in sorted(rows(self.ledger, card), key=lambda row: row.message_id)]

    def seen(self, key: str, user: str = BEN) -> Any:
        """Return a card as one person sees it in the twin."""
        return self.twin.control(f"cards/{key}?as={user}")

    def buttons(self, key: str, user: str) -> list[str]:
        return [button["label"] for button in self.seen(key, user)["buttons"]]

    def press(self, key: str, by: str = AMY, verb: str = "approve", place: str = PLACE, **other: Any) -> dict[str, str]:
        """Let somebody press, as DingTalk would tell it; returns what they are shown at once."""
        said = Press(f"press-{next(PRESSES)}", key, by, datetime.now(UTC), (verb,), {"action": verb}, place=place)
        return self.hear(replace(said, **other))

    def hear(self, press: Press) -> dict[str, str]:
        """Store a press as the relay does, and answer it; then deal with it as a worker does."""
        with self.ledger.write() as connection:
            given = signals.rows(APPLICATION, Received(Reply(200), presses=(press,)), now(), self.ledger.sealer)
            signals.put(self.ledger, connection, given)
        with self.ledger.read() as connection:
            answer = dict(shown(self.ledger, connection, press))

        def heed(connection: Any, signal: Signal) -> None:
            begin(self.ledger, connection, signal.id, signal.application, cast("Press", signal.said), now())

        SignalReader(self.ledger, {Press: heed}).read()
        return answer

    def work(self, acting: Acting | None = None) -> None:
        """Do all that is due about decisions, and decide what that brings."""
        one = acting or self.acting()
        for _ in range(200):
            self.no_patience()
            if not one.step() and not one.due():
                self.decide()
                if not one.due():
                    return
        raise AssertionError("the work on decisions does not come to rest")

    def no_patience(self) -> None:
        """Let the time pass in which a press may still be unanswered, and every pause."""
        at = now()
        with self.ledger.write() as connection:
            connection.execute(card.update().where(card.c.due_at > at).values(due_at=at, answered_at=0))
            connection.execute(action.update().where(action.c.due_at > at).values(due_at=at))

    def states(self) -> list[ActionState]:
        return [ActionState(row.state) for row in rows(self.ledger, action)]

    def reasons(self) -> list[str]:
        return [row.reason for row in rows(self.ledger, action)]

    def arrivals(self) -> int:
        return len(rows(self.ledger, inbox))

    def held(self) -> list[str]:
        return [row.reason for row in rows(self.ledger, notice) if row.state == 4]

    def standing(self, key: str) -> str:
        """Return what the card tells everybody of the decision."""
        return str(self.seen(key)["data"]["standing"])

    def release(self) -> list[str]:
        """Release all that is held; returns what became of each."""
        plan_id = remember(self.ledger, self.plan)
        return [str(one.became) for one in release(self.ledger, None, program(self.plan), plan_id, datetime.now(UTC))]

    def story(self) -> str:
        """Return what an operator is told of the record."""
        found = f"{SOURCE}.{self.kind}/{self.id}"
        return say(explain(self.ledger, found, Plans(self.ledger), datetime.now(UTC)))
