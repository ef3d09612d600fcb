"""Every sentence of a story, in one table, so that another language is another table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from connectors.contract import Outcome, Reached
from pipelines.verdict import Reason


class Tale(StrEnum):
    """What a story tells beside reasons and outcomes."""

    PUSHED = "pushed"
    FOUND = "found"
    UNDECIDED = "undecided"
    UNREADABLE = "unreadable"
    ERASED = "erased"
    NO_ROUTE = "no_route"
    WAITS_BY = "waits_by"
    WAITS_UNTIL = "waits_until"
    TIME_CAME = "time_came"
    TIME_PASSED = "time_passed"
    TIME_TRIAL = "time_trial"
    EXPECTS = "expects"
    GONE = "gone"
    ESCALATED = "escalated"
    CHOSEN = "chosen"
    OTHERWISE = "otherwise"
    NOBODY = "nobody"
    DETAILS = "details"
    # of one person
    ALONE = "alone"
    NAMED = "named"
    MEMBER = "member"
    READS_LATER = "reads_later"
    READS_NONE = "reads_none"
    UNLISTED = "unlisted"
    CAME = "came"
    LACKS = "lacks"
    OTHERS_LACK = "others_lack"
    OVERSEEN = "overseen"
    NOT_EQUAL = "not_equal"
    NOTHING_NEW = "nothing_new"
    RULE_NOT_MET = "rule_not_met"
    TRIAL_HELD = "trial_held"
    HELD = "held"
    HELD_NOW = "held_now"
    RELEASED = "released"
    STILL_HELD = "still_held"
    NOT_TOLD_TODAY = "not_told_today"
    WITHHELD = "withheld"
    AGAIN = "again"
    REPEATED = "repeated"
    REPLAYED = "replayed"
    WAITING = "waiting"
    WAITING_BEFORE = "waiting_before"
    WAITING_QUOTA = "waiting_quota"
    WAITING_REFUSED = "waiting_refused"
    WAITING_READERS = "waiting_readers"
    WAITING_HOURS = "waiting_hours"
    WAITING_BUDGET = "waiting_budget"
    WAITING_PERSON = "waiting_person"
    WAITING_GATHER = "waiting_gather"
    COMPOSED = "composed"
    DIGEST = "digest"
    REST = "rest"
    PEOPLE = "people"
    RECALLED = "recalled"
    ON_ITS_WAY = "on_its_way"
    DUE = "due"
    DUE_SAME_KEY = "due_same_key"
    DEAD = "dead"
    DEAD_UNKNOWN = "dead_unknown"
    CLOSED = "closed"
    NEVER_SENT = "never_sent"
    PRESSED = "pressed"
    PRESS_OPEN = "press_open"
    PRESS_WRITING = "press_writing"
    PRESS_UNKNOWN = "press_unknown"
    PRESS_DONE = "press_done"
    PRESS_REFUSED = "press_refused"
    PRESS_VOID = "press_void"
    PRESS_LATE = "press_late"
    PRESS_FAILED = "press_failed"
    POLLED = "polled"
    NEVER_POLLED = "never_polled"
    POLL_FAILS = "poll_fails"
    LAST_PUSH = "last_push"
    NEVER_PUSHED = "never_pushed"
    NO_REFUSALS = "no_refusals"
    REFUSALS = "refusals"
    NO_SOURCES = "no_sources"
    # the values behind a rule
    SEEN = "seen"
    MEASURED = "measured"
    SEEN_BEFORE = "seen_before"
    HAD_CHANGED = "had_changed"
    HAD_NOT_CHANGED = "had_not_changed"
    FILLED = "filled"
    EMPTY = "empty"
    IS_NEW = "is_new"
    IS_KNOWN = "is_known"
    DELETED = "deleted"
    NOT_DELETED = "not_deleted"
    UNSEEN = "unseen"
    # the time between two clocks
    LATER = "later"
    CLOCK_AHEAD = "clock_ahead"


Key: TypeAlias = Reason | Outcome | Tale

SENTENCES: Mapping[Key, str] = {
    Tale.PUSHED: "{source} sent {what} as arrival #{seq}; by the source's clock it happened at {occurred}.",
    Tale.FOUND: "{what} was found by asking {source}, as arrival #{seq}; by the source's clock it happened at {occurred}.",
    Tale.UNDECIDED: "It arrived, and nothing has been decided about it yet.",
    Tale.UNREADABLE: "It could not be read, so nobody was told: {why}.",
    Tale.ERASED: "Its content can no longer be read: {why}.",
    Tale.NO_ROUTE: "Nobody was told, because no route asks for {kind} of {source}.",
    # of an event as a whole
    Reason.UNMAPPED: "Nobody was told, because the configuration does not say how to read {kind} of {source}.",
    Reason.OLDER: "Nobody was told, because it arrived late: this state is of {stamp}, and a newer one of {known} was "
    "known already. An older state is never shown after a newer one.",
    Reason.UNCHANGED: "Nobody was told, because nothing had changed in the fields that are read.",
    Reason.BASELINE: "Nobody was told, because this is what was there already when reading {kind} of {source} began; "
    "only what changes afterwards is told.",
    # of one route
    Reason.TOLD: "Route {route}: to be told to {destination}.",
    Reason.FILTERED: "Route {route}: not sent, because its check {check} was not met. The values of then can no longer "
    "be read.",
    Reason.TAKEN: "Route {route}: not sent, because route {check} took it: what that one tells does not come to this one.",
    Reason.WAITS: "Route {route}: waits. It tells when its rule has held for {span} without interruption.",
    Tale.WAITS_BY: "Route {route}: waits. It tells if its rule still holds at {time} ({zone}).",
    Tale.WAITS_UNTIL: "Route {route} waits until {due}.",
    Tale.TIME_CAME: "Route {route}: its time came, and its rule still held: to be told to {destination}.",
    Tale.TIME_PASSED: "Route {route}: its time came, and nothing was told, because its rule no longer held.",
    Tale.EXPECTS: "Route {route}: waits. It tells if no {kind} of {source} with the same {label} is there within {span}.",
    Reason.MET: "Route {route}: its time came, and nothing was told, because what it expects was there.",
    Reason.ACTED: "Route {route}: its time came, and nothing was told, because somebody had acted.",
    Tale.TIME_TRIAL: "Route {route}: its time came; the route is on trial (shadow), so nothing was told.",
    Tale.ESCALATED: "Route {route}: nobody had acted in time: to be told to {destination}.",
    Tale.GONE: "Route {route}: not sent, because the record was deleted.",
    Tale.CHOSEN: "Route {route}: to be told to {destination}, because {label} was {value}.",
    Tale.OTHERWISE: "Route {route}: to be told to {destination}, the fallback of its table, because {label} was {value}.",
    Tale.NOBODY: "Told to {destination} instead, because nobody is matched with whom the source names.",
    Tale.OVERSEEN: "Message {id} could be read by {people}, who may not see all of it: they joined meanwhile.",
    Tale.DETAILS: "Told to {destination} one to one, because the group was told less.",
    Tale.ALONE: "{person} alone is told by {destination}.",
    Tale.NAMED: "The settings of {destination} name {person} since {since}.",
    Tale.MEMBER: "{person} is a member of {destination}, as it was listed at {since}.",
    Tale.READS_LATER: "{person} reads {destination} only since {since}: what went there before did not come to them.",
    Tale.READS_NONE: "Route {route}: not told to {person}, because they read none of its destinations: {destinations}.",
    Tale.UNLISTED: "Whether {person} reads {destination} is not known: its members were never listed, or nobody can.",
    Tale.CAME: "Message {id} came to {destination}, where {person} reads it.",
    Tale.LACKS: "{person} is not cleared for {classes} today: {labels} would be withheld from them as well.",
    Tale.OTHERS_LACK: "{person} is cleared for {classes} today; somebody else in {destination} was not, so {labels} was "
    "withheld.",
    Tale.NOT_EQUAL: "Route {route}: not sent, because {label} had to be {wanted} and was {value}.",
    Tale.NOTHING_NEW: "Route {route}: not sent, because nothing that it shows had changed.",
    Tale.RULE_NOT_MET: "Route {route}: not sent, because the rule `when: {rule}` was not met: {values}.",
    Reason.SHADOW: "Route {route}: not sent, because the route is on trial (shadow). It would have been told to "
    "{destination}.",
    Reason.SILENCED: "Not sent to {destination}, because the silence {by} of the configuration lasted then.",
    Tale.TRIAL_HELD: "Route {route}: would have been held, because {why}; the route is on trial (shadow).",
    Tale.HELD: "Route {route}, for {destination}: held, because {why}.",
    Tale.HELD_NOW: "It is held as number {id} since {since}. What to do: {todo}. Then release it "
    "(held release {id}), or drop it (held drop {id}).",
    Tale.RELEASED: "Released: it waits for {destination} again.",
    Tale.STILL_HELD: "It was to be released and stays held, because {why}.",
    Tale.NOT_TOLD_TODAY: "Dropped when it was to be released: by today's configuration route {route} does not tell it "
    "({reason}, {check}).",
    Reason.SUPERSEDED: "Not sent to {destination}, because a later state of the same record took its place: "
    "arrival #{by}, which happened at {occurred}.",
    Reason.DROPPED: "Dropped by {by}: {destination} is not told.",
    Reason.OWN_CHANGE: "Not sent to {destination}, because its one reader made this change.",
    Reason.MUTED: "Not sent to {destination}, because its one reader had muted the route until {until}.",
    Reason.ALREADY: "Not sent to {destination} twice: the same event is told there already.",
    Reason.NO_LONGER: "Not sent to {destination}, because its rule no longer held when its turn came.",
    Reason.KEPT_BACK: "Not sent to {destination}, because not everybody there may see all of it.",
    Tale.AGAIN: "Told again to {destination} on request (repetition {again}).",
    Tale.REPEATED: "Nobody knows whether it was shown, so it goes to {destination} once more, in a message that says that "
    "it may be a repetition.",
    Tale.REPLAYED: "An operator had it sent again, as a message of its own.",
    Tale.WITHHELD: "Left out of the message: {labels}, because not everybody in {destination} may see it.",
    # what stands in the way
    Tale.WAITING: "It waits for its turn to go to {destination}.",
    Tale.WAITING_BEFORE: "It waits until the message before it about the same record to {destination} is answered.",
    Tale.WAITING_QUOTA: "It waits until {until}: {destination} takes only a limited number of messages in a time, and "
    "these are used up.",
    Tale.WAITING_REFUSED: "It waits until {until}: {destination} refused a message as one too many, and takes nothing "
    "before then.",
    Tale.WAITING_READERS: "It waits until it can be asked who reads {destination}: {why}",
    Tale.WAITING_HOURS: "It waits for the end of the quiet hours or days off of {destination} at {until}.",
    Tale.WAITING_BUDGET: "It waits until {until} for the budget of {destination}: {allowed}, and these are used up.",
    Tale.WAITING_PERSON: "It waits until {until} for the budget of the one person who reads {destination}: {allowed} over "
    "all groups and robots, and these are used up.",
    Tale.WAITING_GATHER: "It waits until {until}, to go as one with what else comes of this record: {destination} was told "
    "of it at {at}.",
    # messages
    Tale.COMPOSED: "It went into message {id} for {destination} at {framed}.",
    Tale.DIGEST: "It was merged with {others} other facts into one message, the digest of {framed} for {destination} "
    "(message {id}).",
    Tale.REST: "It goes as message {id} to those in {destination} whom flow control kept from message {first}.",
    Tale.PEOPLE: "Message {id} by person: {people}.",
    Tale.RECALLED: "Message {id} was taken back from {destination} by {by}.",
    Tale.ON_ITS_WAY: "The message is on its way to {destination}; the answer has not come yet.",
    Tale.DUE: "The message goes out again at {due}.",
    Tale.DUE_SAME_KEY: "It may or may not have been shown. The same message goes out again at {due} under the same "
    "key, so that {destination} shows it once.",
    Outcome.DELIVERED: "Delivered to {destination} at {at}, {delay}, {attempts}.",
    Outcome.PARTLY: "Delivered to {destination} at {at}, {delay}, {attempts}, and not to everybody: {said}",
    Outcome.RETRY: "Attempt {n} to {destination} did not get through: {said}.",
    Outcome.THROTTLED: "Attempt {n}: {destination} refused it as one message too many: {said}.",
    Outcome.REFUSED: "Attempt {n}: {destination} refused it for good: {said}.",
    Outcome.MISCONFIGURED: "Attempt {n}: {destination} cannot be reached until somebody repairs its settings: {said}.",
    Outcome.TOO_LARGE: "Attempt {n}: {destination} refused it as too large: {said}.",
    Outcome.UNKNOWN: "Attempt {n}: sent to {destination}, and no answer came: {said}.",
    Tale.DEAD: "Given up at {at}: {destination} did not take it, code {code}: {said}. To send it again: replay {id}.",
    Tale.DEAD_UNKNOWN: "Given up at {at}: it was sent to {destination} and no answer came, so it may have been shown. "
    "Look there before you send it again (replay {id}).",
    Tale.CLOSED: "No longer a problem: {destination} was told of arrival #{by}, which happened at {occurred}.",
    # what people decided
    Tale.PRESSED: "{by} pressed {verb} on the card.",
    Tale.PRESS_OPEN: "It is not carried out yet{said}.",
    Tale.PRESS_WRITING: "{source} was asked to carry it out as {actor}, and has not said what became of it{said}.",
    Tale.PRESS_UNKNOWN: "{source} gave no answer when it was asked to carry it out as {actor}; it is looked up, and "
    "never written a second time.",
    Tale.PRESS_DONE: "{source} carried it out as {actor}{said}.",
    Tale.PRESS_REFUSED: "Refused, and nothing was written, because {why}{said}.",
    Tale.PRESS_VOID: "Void, and nothing was written, because {why}{said}.",
    Tale.PRESS_LATE: "Too late, and nothing was written, because {why}{said}.",
    Tale.PRESS_FAILED: "Not carried out, because {why}{said}.",
    # silence
    Tale.NEVER_SENT: "Nothing about {what} ever arrived: the source never sent it, or it was refused at the door.",
    Tale.POLLED: "{source} was last asked for {kind} with success at {at}.",
    Tale.NEVER_POLLED: "{source} was never asked for {kind} with success.",
    Tale.POLL_FAILS: "Asking {source} for {kind} fails at present: {why}.",
    Tale.LAST_PUSH: "{source} last sent something by itself at {at}.",
    Tale.NEVER_PUSHED: "{source} never sent anything by itself.",
    Tale.REFUSALS: "{count} of what {source} sent was refused at the door ({reason}), last at {at}.",
    Tale.NO_REFUSALS: "Nothing that {source} sent was refused at the door.",
    Tale.NO_SOURCES: "No source has been heard of yet.",
    # the values behind a rule
    Tale.SEEN: "{label} was {value}",
    Tale.MEASURED: "{label} was {value}, and {name} means {compare} {bound}",
    Tale.SEEN_BEFORE: "{label} was {value} before",
    Tale.HAD_CHANGED: "{label} had changed",
    Tale.HAD_NOT_CHANGED: "{label} had not changed",
    Tale.FILLED: "{label} was filled in",
    Tale.EMPTY: "{label} was empty",
    Tale.IS_NEW: "the record was new",
    Tale.IS_KNOWN: "the record was known before",
    Tale.DELETED: "the record was deleted",
    Tale.NOT_DELETED: "the record was not deleted",
    Tale.UNSEEN: "{label} could not be read",
    Tale.LATER: "{span} after it happened",
    Tale.CLOCK_AHEAD: "while the source's clock is {span} ahead of ours",
}

REACHED: Mapping[Reached, str] = {
    Reached.READ: "read by {people}",
    Reached.UNREAD: "came to {people}, not read yet",
    Reached.TAKEN: "taken for {people}, not known yet whether it came",
    Reached.REPEATED: "had come to {people} before",
    Reached.THROTTLED: "kept from {people} by flow control",
    Reached.INVALID: "not known there: {people}",
    Reached.CAPPED: "not to {people}, who got as many as one may get in a day",
    Reached.FORBIDDEN: "not let through to {people}",
    Reached.FAILED: "did not come to {people}",
}
"""What became of a message for some people; the order is that in which it is told."""

WHY_HELD: Mapping[Reason, str] = {
    Reason.NO_CURRENCY: "{label} came without a currency",
    Reason.NO_UNIT: "{label} came without a unit",
    Reason.UNKNOWN_UNIT: "{label} came in a unit that is not in the table of units",
    Reason.NO_FACTOR: "{label} came in a unit for which the configuration has no factor",
    Reason.OTHER_FACTOR: "the source converts {label} by another factor than the configuration",
    Reason.WRONG_TYPE: "{label} is not of the type that the configuration says",
    Reason.FIELD_HIDDEN: "the source does not let us read {label}",
    Reason.REQUIRED_MISSING: "{label} is required and was empty or missing",
    Reason.OTHER_CURRENCY: "{label} is in another currency than the limit it is compared with",
    Reason.OTHER_UNIT: "{label} is in another unit than the limit it is compared with",
    Reason.NOT_COMPARABLE: "{label} cannot be compared with its limit",
    Reason.DRIFT: "{label} no longer comes from the source as it always did",
    Reason.CONDITION_FAILED: "the route's rule could not be worked out ({label})",
    Reason.REQUIRED_WITHHELD: "{label} must be in the message, and not everybody in {destination} may see it",
    Reason.NOT_FOR_ALL: "not everybody in {destination} may see {label}, and the route tells all or nothing",
    Reason.UNVERIFIED: "{destination} is not the group any more that somebody vouched for ({label})",
    Reason.DESTINATION_GONE: "route {label} no longer tells {destination}",
    Reason.UNSHOWABLE: "it could not be put into words ({label})",
    Reason.UNANSWERED: "it was sent to {destination} and no answer came, so it may have been shown",
    Reason.MAY_HAVE_BEEN_SENT: "the ledger was restored from a backup, and it may have been sent before that",
    Reason.NOBODY_DECIDES: "nobody in {destination} is matched with whom {label} names as the one who decides",
}
"""The clause after "because" for each reason to hold."""

WHY_NOT: Mapping[str, str] = {
    "no_card": "no such card is known",
    "no_button": "the card has no such button",
    "outsider": "it came from another organisation",
    "forwarded": "the card had been forwarded",
    "not_asked": "the card does not ask this person",
    "unmatched": "this person is matched with no user of the source",
    "ambiguous": "this person is matched with several users of the source",
    "under_way": "another press was being carried out",
    "decided": "it had been decided before",
    "closed": "the card showed an older state",
    "changed": "the record was no longer what the card showed",
    "saved_again": "the record had been saved again since the card was shown, with the same content",
    "denied": "the source does not let this person do it",
    "rules": "the source's own rules do not allow it",
    "waits": "the source did not take it",
    "no_answer": "the source gave no answer for too long",
    "no_source": "the configuration has no such source that is written back to",
    "not_seen": "no answer came, and the source does not show that it was done",
    "misconfigured": "somebody has to repair the connection to the source",
}
"""The clause after "because" for each reason why a press came to nothing."""

TO_DO: Mapping[Reason, str] = {
    Reason.NO_CURRENCY: "name the currency of the field in the configuration, or have it filled in at the source",
    Reason.NO_UNIT: "name the unit of the field in the configuration, or have it filled in at the source",
    Reason.UNKNOWN_UNIT: "add the unit under `units` in the configuration, or correct it at the source",
    Reason.NO_FACTOR: "add the unit with its factor under `convert` of the field, or remove `convert`",
    Reason.OTHER_FACTOR: "correct the factor under `convert` of the field, or remove it: the source has one itself",
    Reason.WRONG_TYPE: "correct the field's type in the configuration",
    Reason.FIELD_HIDDEN: "give our account at the source the right to read the field, or take it out of the route",
    Reason.REQUIRED_MISSING: "have the field filled in at the source, or do not require it",
    Reason.OTHER_CURRENCY: "give the route a limit in that currency",
    Reason.OTHER_UNIT: "give the route a limit in that unit",
    Reason.NOT_COMPARABLE: "give the limit the type of its field",
    Reason.DRIFT: "correct the mapping and apply it, or accept what comes now (dingbridge drift)",
    Reason.CONDITION_FAILED: "correct the rule, for example by asking whether the field is present first",
    Reason.REQUIRED_WITHHELD: "look who may not see it (dingbridge audience), or do not require the field",
    Reason.NOT_FOR_ALL: "look who may not see it (dingbridge audience), or give the route another policy",
    Reason.UNVERIFIED: "look who is in the group, then verify it again (destination verify): it goes out by itself",
    Reason.DESTINATION_GONE: "bring the route, or its destination, back into the configuration",
    Reason.UNSHOWABLE: "report it with its number: it is a defect of this program",
    Reason.MAY_HAVE_BEEN_SENT: "look in the group: release it if it is not there, else drop it",
    Reason.NOBODY_DECIDES: "match the person of the source with one of the channel, or name somebody else at the source",
    Reason.UNANSWERED: "look in the group: release it if it is not there, else drop it",
}

COMPARES: Mapping[str, str] = {
    "at_least": "at least",
    "above": "more than",
    "at_most": "at most",
    "below": "less than",
}


def sentence(key: Key, **facts: object) -> str:
    """Return the sentence of `key` with these facts."""
    return SENTENCES[key].format(**facts)
