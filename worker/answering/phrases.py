"""What the robot says when it is spoken to."""

from __future__ import annotations

from pipelines.language import Phrase

# Translators: the heading of a list of commands
COMMANDS = Phrase("What I answer")
HELP = Phrase("this list")
WHY = Phrase("why I told you of SO-1042, and when; without a number, of what I told you last")

MUTE = Phrase("hear nothing of deals for 2 hours, where I tell you alone; without a name, what you can mute")
UNMUTE = Phrase("hear of deals again")
MISSED = Phrase("what you missed in the last 2 hours because you had muted it")

# Translators: {command} is a command such as /mute
ALONE = Phrase("{command} is about what I tell you alone: write it to me in a chat of our own.")
# Translators: {route} is the name of what somebody is told about, as it was asked for
NOT_ALONE = Phrase("There is nothing called {route} that I tell you alone. /mute lists what you can mute.")
PRESSING = Phrase("{route} cannot be muted: it is urgent, or asks for a decision.")
HOW_LONG = Phrase("Say for how long, in minutes, hours or days: /mute {route} 2h")
# Translators: {until} is a day and a time
MUTED = Phrase("{route} is muted until {until}. /unmute {route} ends that, and /missed tells what you missed.")
# Translators: {span} is a time such as 24 hours
MUTED_SHORTER = Phrase(
    "{route} is muted until {until}, because {span} is the longest. /unmute {route} ends that, and /missed tells what you "
    "missed."
)
UNMUTED = Phrase("You hear of {route} again. /missed tells what you missed.")
NOT_MUTED = Phrase("{route} is not muted.")
# Translators: the heading of a list of names
CAN_MUTE = Phrase("What you can mute")
UNTIL = Phrase("muted until {until}")
NOTHING_TO_MUTE = Phrase("There is nothing that you can mute: I tell you nothing alone.")
HOW_FAR = Phrase("Say how far back, in minutes, hours or days: /missed 2h")
# Translators: the heading of a list of records
MISSED_HEADING = Phrase("What you muted")
# Translators: {span} is a time such as 2 hours
NOTHING_MISSED = Phrase("You missed nothing in the last {span} by muting it.")
NOTHING_ELSE_MISSED = Phrase("You missed nothing else in the last {span}.")

# Translators: {what} is the number of a record, as it was asked for
NOTHING = Phrase(
    "In the last {count} day I have told you nothing of {what}.",
    "In the last {count} days I have told you nothing of {what}.",
)
NOTHING_AT_ALL = Phrase(
    "In the last {count} day I have told you nothing.", "In the last {count} days I have told you nothing."
)
# Translators: said in a group of several people
NOTHING_HERE = Phrase(
    "In the last {count} day I have told this group nothing of {what}.",
    "In the last {count} days I have told this group nothing of {what}.",
)
NOTHING_AT_ALL_HERE = Phrase(
    "In the last {count} day I have told this group nothing.",
    "In the last {count} days I have told this group nothing.",
)
TOO_MANY = Phrase("You ask a lot: I answer you again in a minute.")

# Translators: a label, followed by the name of a group or of a list of people
TOLD_IN = Phrase("Told in")
# Translators: a label, followed by reasons such as: amount was HKD 10.00; stage had changed
BECAUSE = Phrase("Why")
EVERY = Phrase("every change is told here")
# Translators: {label} is the name of a field
SEEN = Phrase("{label} was {value}")
# Translators: {name} is the name of a limit in the configuration; {bound} is one of the next four
MEASURED = Phrase("{label} was {value}, and {name} means {bound}")
AT_LEAST = Phrase("at least {bound}")
ABOVE = Phrase("more than {bound}")
AT_MOST = Phrase("at most {bound}")
BELOW = Phrase("less than {bound}")
BEFORE = Phrase("what {label} was before counted")
CHANGED = Phrase("{label} had changed")
UNCHANGED = Phrase("{label} had not changed")
FILLED = Phrase("{label} was filled in")
EMPTY = Phrase("{label} was empty")
NEW = Phrase("the record was new")
KNOWN = Phrase("the record was known before")
DELETED = Phrase("the record was deleted")
KEPT = Phrase("the record was not deleted")
UNSEEN = Phrase("{count} value counted that is not shown here", "{count} values counted that are not shown here")

DIGEST = Phrase("It came in one message with {count} other fact.", "It came in one message with {count} other facts.")
AGAIN = Phrase("It was told again because somebody asked for it.")

# Translators: two reasons, or two stretches of time
BOTH = Phrase("{first}; {second}")
# Translators: {span} is a time such as 3 hours, {parts} says where it went
LATE = Phrase("It came {span} after it happened: {parts}.")
SOURCE_LATE = Phrase("{span} until the system told of it")
HELD = Phrase("{span} held until somebody released it")
DECIDED_LATE = Phrase("{span} until it was looked at")
IN_LINE = Phrase("{span} in line, because only so many messages may go out at a time")
REFUSED = Phrase(
    "{span} until the message was taken, in {count} attempt", "{span} until the message was taken, in {count} attempts"
)
SECONDS = Phrase("{count} second", "{count} seconds")
MINUTES = Phrase("{count} minute", "{count} minutes")
HOURS = Phrase("{count} hour", "{count} hours")
DAYS = Phrase("{count} day", "{count} days")
