"""What operators are told: one sentence for each thing that can be wrong, and for a day in which nothing was."""

from __future__ import annotations

from connectors.contract import Loss, Reached
from pipelines.audience import Altered
from pipelines.language import Phrase

# Translators: {data_class} is a class of data such as finance; what stands beside it is named in the configuration
LACKING_ROLE = Phrase("{data_class} is cleared by the role {name}, which {application} does not have: correct it")
LACKING_DEPARTMENT = Phrase(
    "{data_class} is cleared by the department {name}, which {application} does not have: correct it"
)
LACKING_PERSON = Phrase("{data_class} is cleared for {name}, who is not among the people of {application}: correct it")
AMBIGUOUS = Phrase(
    "{count} user of {source} could be several people of {application}, and is cleared for nothing ({users})",
    "{count} users of {source} could be several people of {application}, and are cleared for nothing ({users})",
)
# Translators: {people} joined a group after it was last looked who is in it; {classes} are classes of data
OVERSEEN = Phrase(
    "message {message} in {destination} shows {classes}, and {people}, who may not see that, could read it"
)
TAKEN_BACK = Phrase("it was taken back")
NOT_TAKEN_BACK = Phrase("it could not be taken back: do so in the group, and look who is in it")
LOST_CLEARANCE = Phrase(
    "{person} of {application} may no longer see {classes}, and {count} message in {destinations} shows it",
    "{person} of {application} may no longer see {classes}, and {count} messages in {destinations} show it",
)
UNREADABLE = Phrase("{source} {kind} cannot be read: {failure}")
SILENT_SINCE = Phrase("{source} has sent nothing since {since}: see whether it runs and still reaches this program")
SILENT_EVER = Phrase(
    "{source} has sent nothing since it was configured: see whether it runs and still reaches this program"
)
UNSUBSCRIBED = Phrase("{source} cannot be subscribed to: {failure}")
UNANNOUNCED = Phrase(
    "{source} announces nothing: since {since} its polls found {count} change that it had not announced. "
    "See whether its calls reach the relay; until then changes come with the polls",
    "{source} announces nothing: since {since} its polls found {count} changes that it had not announced. "
    "See whether its calls reach the relay; until then changes come with the polls",
)
MISSED_UNLISTED = Phrase(
    "changes of {what} since {since} may not have been pushed: it cannot list what it has, so look through it yourself"
)
MISSED_UNFETCHED = Phrase(
    "changes of {what} since {since} may not have been pushed: what is missing is not fetched yet"
)
# Translators: announced records are those of which a source sent only the id; they are read afterwards
HINTS_GIVEN_UP = Phrase(
    "{count} announced record of {what} was given up: {failure}",
    "{count} announced records of {what} were given up: {failure}",
)
HINTS_WAITING = Phrase(
    "{count} announced record of {what} is not read, for longer than allowed",
    "{count} announced records of {what} are not read, some for longer than allowed",
)
BOTH = Phrase("{first}; {second}")

MISCONFIGURED = Phrase("{destination} takes no messages until somebody corrects it: {failure}")
WAITING = Phrase(
    "{count} fact waits for {destination}, longer than allowed: dingbridge status says for what",
    "{count} facts wait for {destination}, some longer than allowed: dingbridge status says for what",
)
ROWS_UNREADABLE = Phrase(
    "{count} row of {source} {kind} could not be read: {failure}",
    "{count} rows of {source} {kind} could not be read: {failure}",
)
RECORDS_UNREADABLE = Phrase(
    "{count} row of {source} {kind} could not be read, that of {newest}: {failure}",
    "{count} rows of {source} {kind} could not be read, the newest {newest}: {failure}",
)
# Translators: {path} is a field as the source calls it, {record} a record's number, {then} one of the three below
DRIFT_GONE = Phrase(
    "{path} came with every {kind} of {source} and comes no more, noticed at {since} with {record}. {then}"
)
DRIFT_NEW = Phrase("{path} never came with {kind} of {source} and came at {since} with {record}. {then}")
DRIFT_RETYPED = Phrase("{path} in {kind} of {source} was {types} and came as {became} at {since} with {record}. {then}")
DRIFT_EVOLVES = Phrase("Facts are told with what comes: see whether the mapping still holds (dingbridge drift list)")
DRIFT_FREEZES = Phrase(
    "Messages go without it until another mapping is applied, or it is accepted: dingbridge drift ack {source} {kind}"
)
DRIFT_HOLDS = Phrase(
    "What would show it is held until another mapping is applied, or it is accepted: "
    "dingbridge drift ack {source} {kind}"
)
GIVEN_UP = Phrase(
    "{count} message to {destination} was given up: dingbridge dead list says why",
    "{count} messages to {destination} were given up: dingbridge dead list says why",
)
HELD = Phrase(
    "{count} fact waits for a person to decide: dingbridge held list",
    "{count} facts wait for a person to decide: dingbridge held list",
)
NOBODY_DECIDES = Phrase(
    "{count} record waits for a decision of somebody who is not known here: dingbridge held list",
    "{count} records wait for decisions of people who are not known here: dingbridge held list",
)
NOT_CARRIED_OUT = Phrase(
    "{count} decision was not carried out: dingbridge actions says why",
    "{count} decisions were not carried out: dingbridge actions says why",
)
CARRIED_OUT_LATE = Phrase("a decision is being carried out for longer than allowed: dingbridge actions says which")
UNANSWERED = Phrase(
    "{count} fact was sent and not answered, so it may not have been shown: dingbridge held list",
    "{count} facts were sent and not answered, so they may not have been shown: dingbridge held list",
)
# Translators: {people} are ids of one or more people, {message} is a number
NOT_REACHED = {
    Reached.INVALID: Phrase(
        "{destination} does not know {people}: correct the user ids in its settings. See message {message}"
    ),
    Reached.CAPPED: Phrase(
        "{destination} lets nothing more through to {people} today: tell them less, or in fewer messages. "
        "See message {message}"
    ),
    Reached.FORBIDDEN: Phrase(
        "{destination} lets nothing through to {people}: see whether they may use the application. See message {message}"
    ),
    Reached.FAILED: Phrase(
        "{destination} took a message that did not come to {people}: see whether they can get any. See message {message}"
    ),
}
"""Why a message did not come to somebody."""
UNDECIDED = Phrase(
    "{count} record is undecided, longer than allowed: add a worker",
    "{count} records are undecided, some longer than allowed: add a worker",
)
QUOTA = Phrase("the vendor counts {used} of {allowed} calls of {budget}: read less often")
# Translators: {outlook} says whether the allowance lasts
MONTH = Phrase(
    "at least {share} percent of this month's {allowed} calls of {budget} are used: {outlook}. dingbridge quota says for what"
)
LAPSED = Phrase("the attestation for {destination} has lapsed: renew it, or only public fields go there")
LAPSES = Phrase("the attestation for {destination} lapses after {day}: renew it, or only public fields go there")
BROKER = Phrase("Redis does not answer: nothing is decided or sent until it does")
NO_WORKER = Phrase("no worker lives: nothing is decided or sent; start dingbridge worker")
WAY = Phrase("operators cannot be told by {way}: {failure}")

# Translators: an application is one of DingTalk's, to which people write and in which they press buttons
UNHEARD = Phrase("nobody hears what is said to {application}: {failure}")
UNLISTENED = Phrase("nobody hears what is said to {application}: no relay listens")
# Translators: {why} is one of the five below
UNSAID = Phrase(
    "presses and words to {application} may have been lost from {since} to {until} ({why}): "
    "whoever pressed or wrote then does it again. Events come again by themselves"
)
LOSSES = {
    Loss.CUT: Phrase("the connection broke"),
    Loss.SILENT: Phrase("nothing answered on the connection"),
    Loss.REPLACED: Phrase("the connection was ended by the other side"),
    Loss.REFUSED: Phrase("no connection could be made"),
    Loss.UNSTORED: Phrase("what came could not be stored"),
}
"""Why something that was said may be lost."""

# Translators: {why} is one of the next six; `dingbridge destination verify` is a command
UNVERIFIED = Phrase(
    "{count} fact for {destination} is held, because the group is not the one any more that somebody vouched for "
    "({why}): look who is in it, then dingbridge destination verify {destination}",
    "{count} facts for {destination} are held, because the group is not the one any more that somebody vouched for "
    "({why}): look who is in it, then dingbridge destination verify {destination}",
)
ALTERED = {
    Altered.RENAMED: Phrase("it was renamed"),
    Altered.OWNER: Phrase("it has another owner"),
    Altered.OUTSIDER: Phrase("somebody from outside is in it"),
    Altered.LOST: Phrase("its members cannot be listed any more"),
    Altered.GONE: Phrase("it was disbanded"),
}
"""What made a group another one."""
ALTERED_SOMEHOW = Phrase("nobody knows how it changed")
READERS = Phrase("who reads {destination} cannot be asked for, and what is not public waits: {failure}")
PEOPLE = Phrase("the people of {application} cannot be read, and what is known of them grows old: {failure}")

# Translators: the state of a fault
LASTS = Phrase("still there")
OVER = Phrase("over")
# Translators: the state of a source system
SILENT = Phrase("silent")
HEARD = Phrase("heard again")

LIVES = Phrase(
    "dingbridge lives. In the last 24 hours, records arrived: {arrived}; messages delivered: {delivered}. "
    "Facts held: {held}. No fault is open."
)
LIVES_WITH = Phrase(
    "dingbridge lives. In the last 24 hours, records arrived: {arrived}; messages delivered: {delivered}. "
    "Facts held: {held}. Open faults: {faults}."
)
