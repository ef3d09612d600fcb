"""Who is mentioned, and which numbers are masked.

https://open.dingtalk.com/document/development/robot-message-type : the `@` must be written in the text, only members
can be mentioned, other people's numbers are masked; links and feeds mention nobody, external groups neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.dingtalk.sandbox.company import Company, Group
from connectors.dingtalk.sandbox.content import MOST_MENTIONS, Message, body_text, named

_END = r"(?![A-Za-z0-9_-])"


@dataclass(frozen=True, slots=True)
class Mentions:
    """What the `@` of a message does: `names` and `masked` map what is written (`@138…`) to what is shown."""

    everybody: bool = False
    users: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    masked: Mapping[str, str] = field(default_factory=dict)

    def pattern(self) -> re.Pattern[str] | None:
        """Return what finds the written mentions in a text, or None without any."""
        written = sorted([*self.names, *self.masked], key=len, reverse=True)
        return re.compile("(?:" + "|".join(map(re.escape, written)) + ")" + _END) if written else None


def mentions_of(message: Message, group: Group, company: Company) -> Mentions:
    """Return the mentions of a message for the group as it is now."""
    if message["msgtype"] in {"link", "feedCard", "image"}:
        return Mentions()
    text = body_text(message)
    members = list(company.members(group))
    mobiles = named(message, "atMobiles")[:MOST_MENTIONS]
    ids = named(message, "atUserIds")[: MOST_MENTIONS - len(mobiles)]
    if message["msgtype"] == "actionCard":
        # A-DINGTALK-55: a card mentions by writing the userId, without `at`
        ids = [user.id for user in members]
    inside = {user.mobile: user for user in members if user.mobile}
    masked = {
        f"@{m}": f"@{m[:3]}****{m[-4:]}" for m in mobiles if m not in inside and len(m) > 7 and _written(f"@{m}", text)
    }
    if group.outsiders:
        return Mentions(masked=masked)
    by_id = {user.id: user for user in members}
    found = {f"@{m}": inside[m] for m in mobiles if m in inside} | {f"@{i}": by_id[i] for i in ids if i in by_id}
    found = {written: user for written, user in found.items() if _written(written, text)}
    at = message.get("at")
    return Mentions(
        everybody=isinstance(at, dict) and at.get("isAtAll") in (True, "true"),
        users=tuple(dict.fromkeys(user.id for user in found.values())),
        names={written: f"@{user.name}" for written, user in found.items()},
        masked=masked,
    )


def _written(token: str, text: str) -> bool:
    return re.search(re.escape(token) + _END, text) is not None


def masked_text(text: str, mentions: Mentions) -> str:
    """Return the text with the numbers of people outside the group masked."""
    pattern = mentions.pattern()
    return pattern.sub(lambda match: mentions.masked.get(match[0], match[0]), text) if pattern else text
