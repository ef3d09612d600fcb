"""What a card says of a decision that is asked for there, of what became of it, and to whom it is not open."""

from __future__ import annotations

from pipelines.language import Phrase

# Translators: the captions of two buttons
APPROVE = Phrase("Approve")
REJECT = Phrase("Reject")

WAITING = Phrase("Waiting for a decision")
UNDER_WAY = Phrase("Being carried out…")

# Translators: {who} is a person's name, {when} a day and a time
APPROVED = Phrase("Approved by {who}, {when}")
REJECTED = Phrase("Rejected by {who}, {when}")
# Translators: {what} is what was done, in the words of the configuration
DONE = Phrase("{what} by {who}, {when}")
DECIDED = Phrase("Already decided by {who}")

# Translators: {reason} is a sentence of the program or of the system that refused it
FAILED = Phrase("Not carried out: {reason}")
CHANGED = Phrase("The record changed since this was shown; see the new message.")
UNKNOWN = Phrase("It is not known whether this was carried out; it is being looked up.")

FORBIDDEN = Phrase("You may not decide this.")
FORWARDED = Phrase("This card was forwarded; decide where it was sent.")
# Translators: {system} is the name of a source system
STRANGER = Phrase("You are not known in {system}.")
# Translators: {system} is the name of a source system
LATER = Phrase("{system} does not take it now; it is tried again.")
AGAIN = Phrase("The record was saved again since this was shown, with the same content; press again.")
NO_LONGER = Phrase("The record changed; nothing is to be decided here any more.")
NO_ANSWER = Phrase("{system} gave no answer for too long")
NOT_SEEN = Phrase("{system} does not show that it was")
