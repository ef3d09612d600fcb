"""Hearing a press: who pressed which card, and whether that may be carried out. Statements alone, no network."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from connectors.contract import Press
from pipelines import decisions
from pipelines.sentence import sentence
from worker.actions import sayings
from worker.ledger import actions, cards, matches
from worker.ledger.actions import Why
from worker.ledger.arrivals import micros
from worker.ledger.cards import Card, Said
from worker.ledger.decisions import Contested
from worker.ledger.engine import Ledger
from worker.ledger.signals import LONGEST_ID
from worker.ledger.tables import ActionState, CardState, SignalForm, action, signal

_LATE: Mapping[CardState, Why] = {
    CardState.WORKING: Why.UNDER_WAY,
    CardState.DECIDED: Why.DECIDED,
    CardState.CLOSED: Why.CLOSED,
}
_LONGEST_USER = 64


@dataclass(frozen=True, slots=True)
class Judged:
    """A press with why it is not carried out (None: it may be), and as which user of the source."""

    card: Card | None
    verb: str
    why: Why | None
    actor: str = ""


def begin(ledger: Ledger, connection: Connection, signal_id: int, application: str, press: Press, at: int) -> None:
    """Write down a press that was heard at `at` (microseconds), in the transaction that settles its signal.

    The first that may be carried out takes the card; every other is written down with the reason. Nothing that needs
    the network is done here. Raises `Contested` where the ledger contradicts itself.
    """
    if actions.known(connection, signal_id):
        return
    judged = judge(connection, application, press)
    if judged.why is None and judged.card is not None:
        saying = Said(sentence(decisions.UNDER_WAY))
        if not cards.take(ledger, connection, judged.card.key, saying, at):
            judged = Judged(judged.card, judged.verb, Why.UNDER_WAY, judged.actor)
    if not actions.put(ledger, connection, _row(judged, signal_id, application, press, at)):
        # nothing of it stands then, the card's new state neither
        raise Contested


def shown(ledger: Ledger, connection: Connection, press: Press) -> Mapping[str, str]:
    """Return what the one who pressed is shown at once, by the names of the card's template; nothing for another card.

    What was heard must be stored before.
    """
    heard = select(signal.c.id, signal.c.application).where(
        signal.c.form == SignalForm.PRESS, signal.c.signal_id == press.id[:LONGEST_ID]
    )
    of, found = connection.execute(heard).first(), cards.find(connection, press.card)
    if of is None or found is None:
        return {}
    state = connection.execute(select(action.c.state).where(action.c.signal_id == of.id)).scalar()
    if state == ActionState.DONE:
        return {}  # it is done already, and so is the card's change for everybody
    ours = state is not None and state in actions.UNDER_WAY
    why = None if ours else judge(connection, of.application, press).why
    told = sayings.aside(why, found, cards.said(ledger, connection, found.key))
    names = found.asked.aside
    answer = {names.note: told.said(found.asked.zone, found.asked.locale)}
    return answer if why in {Why.NO_BUTTON, Why.NOT_ASKED} else {**answer, names.may_decide: "false"}


def judge(connection: Connection, application: str, press: Press) -> Judged:
    """Say whether a press may be carried out, as far as the ledger knows."""
    verb = press.params.get("action") or next(iter(press.buttons), "")
    of = cards.find(connection, press.card)
    if of is None:
        return Judged(None, verb, Why.NO_CARD)
    why = _refused(of, verb, press) or _LATE.get(of.state)
    if why is not None:
        return Judged(of, verb, why)
    users = matches.source_users(connection, application, of.subject[0], press.by)
    if len(users) != 1:
        return Judged(of, verb, Why.AMBIGUOUS if users else Why.UNMATCHED)
    return Judged(of, verb, None, users[0])


def _refused(of: Card, verb: str, press: Press) -> Why | None:
    asked = of.asked
    if asked.place and press.place and press.place != asked.place:
        return Why.FORWARDED
    if press.by not in asked.deciders:
        return Why.NOT_ASKED
    return Why.NO_BUTTON if verb not in asked.verbs else None


def _row(judged: Judged, signal_id: int, application: str, press: Press, at: int) -> dict[str, object]:
    of = judged.card
    source, kind, record_id = of.subject if of else ("", "", "")
    late = judged.why in _LATE.values()
    state = ActionState.HEARD if judged.why is None else ActionState.LATE if late else ActionState.REFUSED
    return {
        "signal_id": signal_id,
        "application": application,
        "card": press.card[:64],
        "source": source,
        "kind": kind,
        "record_id": record_id,
        "seq": of.seq if of else None,
        "version": of.version if of else "",
        "verb": judged.verb[:16],
        "by": press.by[:_LONGEST_USER],
        "actor": judged.actor,
        "key": _key(press.card, judged, signal_id),
        "state": int(state),
        "reason": str(judged.why or ""),
        "pressed_at": micros(press.at),
        "heard_at": at,
        "due_at": at,
        "settled_at": None if judged.why is None else at,
    }


def _key(card: str, judged: Judged, signal_id: int) -> str:
    """Return the decision's own key: the same however often it is carried out, and another one for another press."""
    return hashlib.sha256(f"{card}\0{judged.verb}\0{judged.actor}\0{signal_id}".encode()).hexdigest()[:48]
