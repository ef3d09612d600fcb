"""The tables. Payload columns are sealed; what claims and conflation need stays clear.

An index for a claim is partial and matches the claim's ORDER BY exactly; without that a claim sorts all that waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    literal_column,
    text,
)

from connectors.contract import Reached

metadata = MetaData()

Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER


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


class InboxState(IntEnum):
    """Whether an event has been decided."""

    NEW = 0
    DECIDED = 1
    UNREADABLE = 2


class NoticeState(IntEnum):
    """Where a notice stands."""

    WAITING = 0
    FRAMED = 1
    SHOWN = 2
    SUPERSEDED = 3
    HELD = 4
    DROPPED = 5
    DEAD = 6


class MessageState(IntEnum):
    """Where a message stands. `SENDING` has a lease; when that ends without an answer, the message is due again."""

    DUE = 0
    SENDING = 1
    DELIVERED = 2
    DEAD = 3


class SignalState(IntEnum):
    """Whether what a channel said by itself was dealt with."""

    NEW = 0
    DONE = 1
    UNREADABLE = 2


class SignalForm(IntEnum):
    """What a channel said by itself."""

    PRESS = 0
    WORDS = 1
    CHANGE = 2


class CardState(IntEnum):
    """Whether the card still asks for a decision."""

    OPEN = 0
    WORKING = 1
    """Somebody pressed, and it is being carried out."""
    DECIDED = 2
    CLOSED = 3
    """It shows what no longer holds."""


class ActionState(IntEnum):
    """What became of a press."""

    HEARD = 0
    WRITING = 1
    """The source was asked to do it; until it says what became of that, it may be done."""
    UNKNOWN = 2
    """No answer came: it is being looked up."""
    DONE = 3
    REFUSED = 4
    VOID = 5
    """The record was no longer what the card showed."""
    LATE = 6
    """It had been decided, or was being decided, by somebody else."""
    FAILED = 7


class AnswerState(IntEnum):
    """Where an answer stands. `SENDING` has a lease; when that ends without an answer, nobody knows whether it came."""

    DUE = 0
    SENDING = 1
    DELIVERED = 2
    GIVEN_UP = 3


class AnswerForm(IntEnum):
    """What is answered: what was asked, or that somebody asks too much."""

    ANSWER = 0
    TOO_MANY = 1


class Step(IntEnum):
    """What a trail entry tells of."""

    DECIDED = 1
    SUPERSEDED = 2
    HELD = 3
    RELEASED = 4
    DROPPED = 5
    FRAMED = 6
    ATTEMPT = 7
    REPLAYED = 8
    UNREADABLE = 9
    CLOSED = 10
    REPEATED = 11
    RECALLED = 12


inbox = Table(
    "inbox",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("kind", String(128), nullable=False),
    Column("record_id", String(255), nullable=False),
    Column("version", String(255), nullable=False),
    Column("digest", LargeBinary(16), nullable=False),
    Column("stamp", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("hinted_at", BigInteger),
    Column("pushed", Boolean, nullable=False),
    Column("baseline", Boolean, nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("state", Standing, nullable=False, server_default=text("0")),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
    UniqueConstraint("source", "kind", "record_id", "version", "digest", name="inbox_once"),
)
Index("inbox_new", inbox.c.seq, sqlite_where=inbox.c.state == 0, postgresql_where=inbox.c.state == 0)

Index("inbox_record", inbox.c.record_id, inbox.c.seq)
Index("inbox_source", inbox.c.source, inbox.c.pushed, inbox.c.seq)
Index("inbox_unreadable", inbox.c.seq, sqlite_where=inbox.c.state == 2, postgresql_where=inbox.c.state == 2)

snapshot = Table(
    "snapshot",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("record_id", String(255), primary_key=True),
    Column("seq", Id, nullable=False),
    Column("stamp", BigInteger, nullable=False),
    Column("number", String(255), nullable=False),
    Column("url", String(2048), nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
)
Index("snapshot_number", snapshot.c.number)

notice = Table(
    "notice",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("seq", Id, nullable=False),
    Column("route", String(64), nullable=False),
    Column("destination", String(64), nullable=False),
    Column("subject", LargeBinary(16), nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("state", Standing, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("detail", String(255), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("source_at", BigInteger, nullable=False),
    Column("again", SmallInteger, nullable=False, server_default=text("0")),
    Column("unanswered", SmallInteger, nullable=False, server_default=text("0")),
    Column("parted", Boolean, nullable=False, server_default=text("false")),
    Column("payload", LargeBinary),
    UniqueConstraint("seq", "route", "destination", "again", name="notice_once"),
)
Index(
    "notice_waiting",
    notice.c.destination,
    notice.c.lane,
    notice.c.id,
    sqlite_where=notice.c.state == 0,
    postgresql_where=notice.c.state == 0,
)
Index(
    "notice_states",
    notice.c.destination,
    notice.c.subject,
    sqlite_where=notice.c.state == 0,
    postgresql_where=notice.c.state == 0,
)
Index("notice_held", notice.c.id, sqlite_where=notice.c.state == 4, postgresql_where=notice.c.state == 4)
Index("notice_dead", notice.c.id, sqlite_where=notice.c.state == 6, postgresql_where=notice.c.state == 6)
OPEN = notice.c.state.in_([literal_column(str(int(state))) for state in (NoticeState.HELD, NoticeState.DEAD)])
"""What a later state of the record closes, in the words of the index: a bound list would not match it."""
Index(
    "notice_open",
    notice.c.destination,
    notice.c.subject,
    notice.c.route,
    sqlite_where=OPEN,
    postgresql_where=OPEN,
)
Index(
    "notice_in_flight",
    notice.c.destination,
    notice.c.subject,
    notice.c.route,
    unique=True,
    sqlite_where=notice.c.state == 1,
    postgresql_where=notice.c.state == 1,
)

message = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("destination", String(64), nullable=False),
    Column("key", String(64), nullable=False, unique=True),
    Column("lane", SmallInteger, nullable=False),
    Column("state", Standing, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("framed_at", BigInteger, nullable=False),
    Column("first_sent_at", BigInteger),
    Column("settled_at", BigInteger),
    Column("outcome", String(16), nullable=False, server_default=""),
    Column("code", String(64), nullable=False, server_default=""),
    Column("reason", String(512), nullable=False, server_default=""),
    Column("repeatable", Boolean, nullable=False),
    Column("facts", Integer, nullable=False),
    Column("withheld", Integer, nullable=False),
    Column("handle", String(255), nullable=False, server_default=""),
    Column("rest_of", Id),
    Column("ask_at", BigInteger),
    Column("asked", SmallInteger, nullable=False, server_default=text("0")),
    Column("recalled_at", BigInteger),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
)
Index(
    "message_due",
    message.c.due_at,
    message.c.id,
    sqlite_where=message.c.state == 0,
    postgresql_where=message.c.state == 0,
)
Index(
    "message_sending",
    message.c.lease_until,
    sqlite_where=message.c.state == 1,
    postgresql_where=message.c.state == 1,
)

Index(
    "message_told",
    message.c.destination,
    message.c.settled_at,
    sqlite_where=message.c.state == 2,
    postgresql_where=message.c.state == 2,
)

message_notice = Table(
    "message_notice",
    metadata,
    Column("notice_id", Id, primary_key=True),
    Column("message_id", Id, primary_key=True),
    Column("again", Boolean, nullable=False, server_default=text("false")),
)
Index("message_notice_message", message_notice.c.message_id)

trail = Table(
    "trail",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("seq", Id),
    Column("notice_id", Id),
    Column("message_id", Id),
    Column("reason", String(32), nullable=False),
    Column("detail", String(512), nullable=False),
    Column("payload", LargeBinary),
)
_UNMAPPED = (trail.c.step == 1) & (trail.c.reason == "unmapped")
Index("trail_unmapped", trail.c.seq, sqlite_where=_UNMAPPED, postgresql_where=_UNMAPPED)
Index("trail_seq", trail.c.seq, sqlite_where=trail.c.seq.is_not(None), postgresql_where=trail.c.seq.is_not(None))
Index(
    "trail_notice",
    trail.c.notice_id,
    sqlite_where=trail.c.notice_id.is_not(None),
    postgresql_where=trail.c.notice_id.is_not(None),
)
Index(
    "trail_message",
    trail.c.message_id,
    sqlite_where=trail.c.message_id.is_not(None),
    postgresql_where=trail.c.message_id.is_not(None),
)

cursor = Table(
    "cursor",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("cursor", Text),
    Column("baseline", Boolean, nullable=False),
    Column("polled_at", BigInteger),
    Column("succeeded_at", BigInteger),
    Column("failure", String(512), nullable=False, server_default=""),
    Column("hints_failure", String(512), nullable=False, server_default=""),
    Column("silent_since", BigInteger),
)

hint = Table(
    "hint",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("record_id", String(255), primary_key=True),
    Column("stamp", BigInteger, nullable=False),
    Column("hinted_at", BigInteger, nullable=False),
    Column("renewed", Integer, nullable=False, server_default=text("0")),
    Column("due_at", BigInteger),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("behind_since", BigInteger, nullable=False, server_default=text("0")),
    Column("read_at", BigInteger, nullable=False, server_default=text("0")),
    Column("reason", String(512), nullable=False, server_default=""),
)
Index("hint_due", hint.c.source, hint.c.kind, hint.c.due_at, hint.c.record_id)

subscription = Table(
    "subscription",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("data_key", LargeBinary),
    Column("content", LargeBinary),
    Column("renewed_at", BigInteger),
    Column("renew_at", BigInteger, nullable=False),
    Column("silent_since", BigInteger),
    Column("silent_until", BigInteger),
    Column("missed", Integer, nullable=False, server_default=text("0")),
    Column("missed_since", BigInteger),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("failure", String(512), nullable=False, server_default=""),
)

listed = Table(
    "listed",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("record_id", String(255), primary_key=True),
)

schedule = Table(
    "schedule",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("due_at", BigInteger, nullable=False),
    Column("times", String(32), nullable=False, server_default=""),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default=text("0")),
)

completeness = Table(
    "completeness",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("listed", BigInteger, nullable=False),
    Column("known", BigInteger, nullable=False),
    Column("fetched", BigInteger, nullable=False),
    Column("compared_at", BigInteger, nullable=False),
)

meter = Table(
    "meter",
    metadata,
    Column("budget", String(255), primary_key=True),
    Column("used", BigInteger, nullable=False),
    Column("allowed", BigInteger, nullable=False),
    Column("observed_at", BigInteger, nullable=False),
)

budget = Table(
    "budget",
    metadata,
    Column("destination", String(64), primary_key=True),
    Column("called_at", BigInteger, nullable=False),
    Column("blocked_until", BigInteger, nullable=False, server_default=text("0")),
    Column("free_at", BigInteger, nullable=False, server_default=text("0")),
    Column("waits_for", String(32), nullable=False, server_default=""),
)

refused = Table(
    "refused",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("reason", String(32), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

recovery = Table(
    "recovery",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("taken_at", BigInteger, nullable=False),
    Column("restored_at", BigInteger, nullable=False),
)

configuration = Table(
    "configuration",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("plan_id", Id, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

attestation = Table(
    "attestation",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("destination", String(64), nullable=False),
    Column("by", String(255), nullable=False),
    Column("on", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("classes", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
)

secret = Table(
    "secret",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("data_key", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

plan = Table(
    "plan",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

fault = Table(
    "fault",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("sentence", String(512), nullable=False),
    Column("said", Text, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("told_at", BigInteger, nullable=False, server_default=text("0")),
    Column("count", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
)

telling = Table(
    "telling",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("way", String(16), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("failure", String(512), nullable=False, server_default=""),
)

signal = Table(
    "signal",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("application", String(64), nullable=False),
    Column("form", SmallInteger, nullable=False),
    Column("signal_id", String(255), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("state", Standing, nullable=False, server_default=text("0")),
    Column("reason", String(512), nullable=False, server_default=""),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
    UniqueConstraint("application", "form", "signal_id", name="signal_once"),
)
Index("signal_new", signal.c.id, sqlite_where=signal.c.state == 0, postgresql_where=signal.c.state == 0)

listening = Table(
    "listening",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("relay", String(64), primary_key=True),
    Column("level", String(16), nullable=False),
    Column("sentence", String(512), nullable=False),
    Column("said_at", BigInteger, nullable=False),
    Column("gaps", Integer, nullable=False, server_default=text("0")),
    Column("gap_since", BigInteger),
    Column("gap_until", BigInteger),
    Column("gap_loss", String(16), nullable=False, server_default=""),
)

match = Table(
    "match",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("source_user", String(255), primary_key=True),
    Column("application", String(64), nullable=False),
    Column("user", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("detail", String(255), nullable=False, server_default=""),
    Column("matched_at", BigInteger, nullable=False),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
)
Index("match_user", match.c.application, match.c.user)

matching = Table(
    "matching",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("keys", String(64), nullable=False),
    Column("seq", Id, nullable=False),
    Column("people_at", BigInteger, nullable=False),
    Column("matched_at", BigInteger, nullable=False),
)

directory = Table(
    "directory",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("read_at", BigInteger),
    Column("changed_at", BigInteger, nullable=False, server_default=text("0")),
    Column("departments_stale_at", BigInteger, nullable=False, server_default=text("0")),
    Column("roles_stale_at", BigInteger, nullable=False, server_default=text("0")),
    Column("failure", String(512), nullable=False, server_default=""),
)

person = Table(
    "person",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("user", String(64), primary_key=True),
    Column("union_id", String(255), nullable=False, server_default=""),
    Column("active", Boolean, nullable=False, server_default=text("false")),
    Column("read_at", BigInteger, nullable=False, server_default=text("0")),
    Column("stale_at", BigInteger, nullable=False, server_default=text("0")),
    Column("left_at", BigInteger),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
)
_STALE = person.c.stale_at > 0
Index("person_stale", person.c.application, person.c.user, sqlite_where=_STALE, postgresql_where=_STALE)

department = Table(
    "department",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("parent", String(64), nullable=False),
)

role = Table(
    "role",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("family", String(255), nullable=False),
)

role_person = Table(
    "role_person",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("role", String(64), primary_key=True),
    Column("user", String(64), primary_key=True),
)
Index("role_person_user", role_person.c.application, role_person.c.user)

audience = Table(
    "audience",
    metadata,
    Column("place", String(255), primary_key=True),
    Column("state", String(16), nullable=False, server_default=""),
    Column("reason", String(32), nullable=False, server_default=""),
    Column("sentence", String(512), nullable=False, server_default=""),
    Column("people", Integer, nullable=False, server_default=text("0")),
    Column("outsiders", Integer, nullable=False, server_default=text("0")),
    Column("open_history", Boolean),
    Column("read_at", BigInteger, nullable=False, server_default=text("0")),
    Column("stale_at", BigInteger, nullable=False, server_default=text("0")),
    Column("changed_at", BigInteger, nullable=False, server_default=text("0")),
    Column("changed", String(32), nullable=False, server_default=""),
    Column("lost_at", BigInteger, nullable=False, server_default=text("0")),
    Column("failure", String(512), nullable=False, server_default=""),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
)

vouched = Table(
    "vouched",
    metadata,
    Column("destination", String(64), primary_key=True),
    Column("place", String(255), nullable=False, server_default=""),
    Column("word", String(64), nullable=False, server_default=""),
    Column("attested_at", BigInteger, nullable=False, server_default=text("0")),
)

message_person = Table(
    "message_person",
    metadata,
    Column("message_id", Id, primary_key=True),
    Column("person", String(255), primary_key=True),
    Column("reached", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
)
MISSED = message_person.c.reached.in_(
    [literal_column(f"'{reached}'") for reached in (Reached.INVALID, Reached.CAPPED, Reached.FORBIDDEN, Reached.FAILED)]
)
"""Whom a message did not come to and will not, in the words of the index."""
Index("message_person_missed", message_person.c.at, sqlite_where=MISSED, postgresql_where=MISSED)
Index(
    "message_ask",
    message.c.ask_at,
    sqlite_where=message.c.ask_at.is_not(None),
    postgresql_where=message.c.ask_at.is_not(None),
)
Index(
    "message_rest",
    message.c.rest_of,
    sqlite_where=message.c.rest_of.is_not(None),
    postgresql_where=message.c.rest_of.is_not(None),
)

month = Table(
    "month",
    metadata,
    Column("budget", String(255), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("zone", String(64), nullable=False),
    Column("allowed", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
)

spent = Table(
    "spent",
    metadata,
    Column("budget", String(255), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("purpose", String(16), primary_key=True),
    Column("calls", BigInteger, nullable=False),
)

stopped = Table(
    "stopped",
    metadata,
    Column("budget", String(255), primary_key=True),
    Column("until", BigInteger, nullable=False),
)

card = Table(
    "card",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("message_id", Id, nullable=False),
    Column("notice_id", Id, nullable=False),
    Column("destination", String(64), nullable=False),
    Column("route", String(64), nullable=False),
    Column("place", String(255), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("locale", String(32), nullable=False),
    Column("aside", JSON, nullable=False),
    Column("deciders", JSON, nullable=False),
    Column("verbs", JSON, nullable=False),
    Column("compared", JSON, nullable=False),
    Column("equals", JSON, nullable=False),
    Column("source", String(64), nullable=False),
    Column("kind", String(128), nullable=False),
    Column("record_id", String(255), nullable=False),
    Column("seq", Id, nullable=False),
    Column("known_seq", Id, nullable=False),
    Column("version", String(255), nullable=False),
    Column("state", Standing, nullable=False, server_default=text("0")),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
    Column("revision", Integer, nullable=False, server_default=text("0")),
    Column("answered_at", BigInteger, nullable=False, server_default=text("0")),
    Column("due_at", BigInteger),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default=text("0")),
    Column("told_at", BigInteger),
)
Index(
    "card_due",
    card.c.due_at,
    card.c.key,
    sqlite_where=card.c.due_at.is_not(None),
    postgresql_where=card.c.due_at.is_not(None),
)
Index("card_open", card.c.key, sqlite_where=card.c.state == 0, postgresql_where=card.c.state == 0)
Index("card_message", card.c.message_id)

action = Table(
    "action",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("signal_id", Id, nullable=False, unique=True),
    Column("application", String(64), nullable=False),
    Column("card", String(64), nullable=False),
    Column("source", String(64), nullable=False, server_default=""),
    Column("kind", String(128), nullable=False, server_default=""),
    Column("record_id", String(255), nullable=False, server_default=""),
    Column("seq", Id),
    Column("version", String(255), nullable=False, server_default=""),
    Column("verb", String(16), nullable=False),
    Column("by", String(64), nullable=False),
    Column("actor", String(255), nullable=False, server_default=""),
    Column("key", String(64), nullable=False, server_default=""),
    Column("state", Standing, nullable=False),
    Column("reason", String(32), nullable=False, server_default=""),
    Column("detail", String(512), nullable=False, server_default=""),
    Column("pressed_at", BigInteger, nullable=False),
    Column("heard_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("looks", Integer, nullable=False, server_default=text("0")),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default=text("0")),
    Column("settled_at", BigInteger),
)
_UNDER_WAY = action.c.state.in_([literal_column(str(state)) for state in (0, 1, 2)])
_STANDS = action.c.state.in_([literal_column(str(state)) for state in (0, 1, 2, 3)])
Index("action_due", action.c.due_at, action.c.id, sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY)
Index("action_once", action.c.card, unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS)
Index("action_record", action.c.record_id, action.c.id)
Index("action_failed", action.c.settled_at, sqlite_where=action.c.state == 7, postgresql_where=action.c.state == 7)


answer = Table(
    "answer",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("application", String(64), nullable=False),
    Column("user", String(255), nullable=False),
    Column("conversation", String(255), nullable=False),
    Column("form", SmallInteger, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("state", Standing, nullable=False, server_default=text("0")),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default=text("0")),
    Column("outcome", String(16), nullable=False, server_default=""),
    Column("reason", String(512), nullable=False, server_default=""),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
)
Index("answer_asked", answer.c.application, answer.c.user, answer.c.asked_at)
Index(
    "answer_due", answer.c.due_at, answer.c.id, sqlite_where=answer.c.state == 0, postgresql_where=answer.c.state == 0
)
Index("answer_sending", answer.c.lease_until, sqlite_where=answer.c.state == 1, postgresql_where=answer.c.state == 1)

reader = Table(
    "reader",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("reader", String(255), primary_key=True),
    Column("destination", String(64), primary_key=True),
    Column("place", Boolean, nullable=False),
    Column("since", BigInteger, nullable=False),
)
