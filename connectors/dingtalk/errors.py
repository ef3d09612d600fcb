"""What DingTalk's answers to a robot's message mean, in one table.

https://open.dingtalk.com/document/development/custom-robots-send-group-messages
https://open.dingtalk.com/document/development/server-api-error-codes-1
https://open.dingtalk.com/document/development/call-frequency-limit
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connectors.contract import Delivery, Outcome
from connectors.endpoint import Answer

CHINA = ZoneInfo("Asia/Shanghai")
ADDRESS = "dingtalk:address"
"""The key of the budget of this network's address."""
_SECOND, _MINUTE, _EGRESS_BLOCK = timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=5)


class Wait(Enum):
    """A wait that is not a fixed time."""

    BLOCK = auto()
    """What the destination's settings declare."""
    MONTH = auto()
    """Until the month ends in China, where the quota is counted."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means for the runner, and the sentence for the operator."""

    outcome: Outcome
    sentence: str
    wait: timedelta | Wait | None = None


def _throttled(sentence: str, wait: timedelta | Wait) -> Meaning:
    return Meaning(Outcome.THROTTLED, sentence, wait)


def _wrong(sentence: str) -> Meaning:
    return Meaning(Outcome.MISCONFIGURED, sentence)


def _refused(sentence: str) -> Meaning:
    return Meaning(Outcome.REFUSED, sentence)


_TOO_FAST = _throttled(
    "The robot passed its limit and DingTalk blocks it: see that nothing else sends through this webhook.", Wait.BLOCK
)
_BUSY_API = _throttled("DingTalk limits the calls per second: nothing to do, sending goes on by itself.", _SECOND)
_MONTH_USED = _throttled(
    "The organisation's monthly quota is used up: buy an add-on or raise the robot's cap in the admin console.",
    Wait.MONTH,
)
_NO_ROBOT = _wrong("The webhook's access_token is not known: create the robot again and put its webhook here.")
_NOT_OURS = _wrong("DingTalk does not take this webhook's credential: copy the webhook again from the robot.")
_OUR_REQUEST = _refused("DingTalk does not understand the request: report this code, it is a fault of this connector.")
_TOO_LONG = Meaning(Outcome.TOO_LARGE, "The message is above DingTalk's 20,000 bytes: it has to be split further.")

CODES: Mapping[str, Meaning] = {
    "0": Meaning(Outcome.DELIVERED, ""),
    "-1": Meaning(Outcome.RETRY, "DingTalk is busy: nothing to do, the message is sent again.", _SECOND),
    "130101": _TOO_FAST,
    "410100": _TOO_FAST,
    "90018": _BUSY_API,
    "90019": _BUSY_API,
    "90002": _BUSY_API,
    "45009": _throttled("DingTalk limits the calls: nothing to do, sending goes on by itself.", _MINUTE),
    "90020": _MONTH_USED,
    "90030": _MONTH_USED,  # A-DINGTALK-17
    "460101": _TOO_LONG,
    "101002": _TOO_LONG,
    "34016": _TOO_LONG,
    "300001": _NO_ROBOT,  # A-DINGTALK-7
    "300005": _NO_ROBOT,  # A-DINGTALK-7
    "400101": _NO_ROBOT,
    "400102": _wrong("The robot is disabled: enable it in the group's settings under Bots."),
    "400106": _wrong("The robot was removed from the group: add one and put its webhook here."),
    "400013": _wrong("The group was disbanded: choose another group and put its robot's webhook here."),
    "40001": _NOT_OURS,
    "40014": _NOT_OURS,
    "42001": _NOT_OURS,
    "60011": _wrong("The credential may not use this call: copy the webhook of a custom robot."),
    "60020": _wrong("This machine's address is not on the IP list: add it in the robot's or app's settings."),
    "404": _wrong("DingTalk does not know this address: copy the webhook again from the robot."),
    "400105": _OUR_REQUEST,
    "400002": _OUR_REQUEST,
    "40035": _OUR_REQUEST,
    "43004": _OUR_REQUEST,
    "33012": _refused("A person to mention is not known to DingTalk: correct the user id in the mapping of people."),
    "430101": _refused("DingTalk holds a link in the message for unsafe: have the domain allowed or leave it out."),
    "430102": _refused("DingTalk's moderation does not let the text pass: look at the fields that it shows."),
    "430103": _refused("DingTalk's moderation does not let the picture pass: leave it out."),
    "430104": _refused("DingTalk's moderation does not let the content pass: look at the fields that it shows."),
}

# 310000 is one code with several texts, English until about 2022, Chinese since; the order matters, because a Chinese
# text names the timestamp in its advice on the sign, so only the description before the advice is looked at. A-DINGTALK-1
_SAFETY: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"keyword|关键词|关键字", re.IGNORECASE),
        "No keyword of the robot is in the message: set `keyword` to one.",
    ),
    (
        re.compile(r"timestamp|时间戳|过期|expire", re.IGNORECASE),
        "DingTalk finds the time of the signature wrong: this machine's clock is off, synchronise it (NTP).",
    ),
    (
        re.compile(r"sign|签名|加签", re.IGNORECASE),
        "The signature does not match: copy the robot's secret (SEC...) into `secret`.",
    ),
    (
        re.compile(r"(?<![a-z])ip(?![a-z])|white ?list|白名单", re.IGNORECASE),
        "This machine's address is not on the robot's IP list: add it in the robot's security settings.",
    ),
)
_ADVICE = re.compile(r"[;；]\s*(?:solution|解决方案)")
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")

# The newer hosts name what the older ones number; a QPS sign stands inside a code that reads like a missing permission.
_NAMED: tuple[tuple[str, Meaning], ...] = (
    ("QpsLimit", _BUSY_API),
    ("QpmLimit", _throttled("DingTalk limits the calls per minute: sending goes on by itself.", _MINUTE)),
    ("ApiCountLimit", _MONTH_USED),
    ("IpNotInWhiteList", CODES["60020"]),
    ("AccessDenied", CODES["60011"]),
    ("InvalidAuthentication", _NOT_OURS),
)

BLOCKED = _throttled(
    "DingTalk blocks this network's address for five minutes: find what sends more than 10,000 calls in 20 seconds.",
    _EGRESS_BLOCK,
)
SUBCODE = re.compile(r"subcode=(\d+)")


def judge(answer: Answer, *, block: timedelta, now: datetime, month: str = "") -> Delivery:
    """Say what became of a message. `block` is the destination's declared block; `now` is aware.

    `month` is the key of the budget of the month's pushes, empty where none is declared.

    Signs of throttling are looked for before anything else, because some read like a missing permission.
    """
    said = object_of(answer.body)
    code, meaning = _told(answer.status, said) or _untold(answer)
    scope = month if meaning.wait is Wait.MONTH else ""
    if meaning is BLOCKED:
        scope = ADDRESS
    return Delivery(meaning.outcome, code, meaning.sentence, due_after(meaning.wait, block, now), scope)


def object_of(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object in `body`, or an empty one where there is none."""
    try:
        said = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def is_block(said: Mapping[str, Any]) -> bool:
    """Tell whether this is the page that DingTalk shows to a blocked network's address."""
    return said.get("source") == "x5" or said.get("punish") == "deny" or str(said.get("status")) == "1111"


def _told(status: int, said: Mapping[str, Any]) -> tuple[str, Meaning] | None:
    """Read the vendor's own code, or return None where there is none that outweighs the HTTP status."""
    if is_block(said):
        return "x5", BLOCKED
    number = said.get("errcode")
    code = "" if number is None else str(number).strip()[:100]
    if code and (code != "0" or status < 300):
        return _numbered(code, said)
    name = str(said.get("code", ""))[:100]
    meaning = next((meaning for sign, meaning in _NAMED if sign in name), None)
    return (name, meaning) if meaning else None


def _numbered(code: str, said: Mapping[str, Any]) -> tuple[str, Meaning]:
    text = str(said.get("errmsg", ""))
    if code == "310000":
        return code, _safety(text)
    if code != "88":
        return code, CODES.get(code) or _unlisted(code)
    inner = SUBCODE.search(text)
    sub = str(said.get("sub_code") or (inner.group(1) if inner else "")).strip()[:100]
    return f"88/{sub}", CODES.get(sub) or _unlisted(f"88/{sub}")


def _safety(text: str) -> Meaning:
    described = _ADVICE.split(text, maxsplit=1)[0]
    for pattern, sentence in _SAFETY:
        if pattern.search(described):
            address = _ADDRESS.search(described)
            return _wrong(f"{sentence} DingTalk sees {address.group()}." if address else sentence)
    return _wrong("The robot's security settings refuse the message: compare keyword, secret and IP list with them.")


def _unlisted(code: str) -> Meaning:
    return _refused(f"DingTalk refuses with the code {code}, which this connector does not know: look it up there.")


def _untold(answer: Answer) -> tuple[str, Meaning]:
    """Judge an answer without a code of DingTalk: a page, a proxy's word, or broken JSON."""
    status = answer.status
    code = f"HTTP {status}"
    if status == 429:
        return code, _throttled("DingTalk limits the calls: nothing to do, sending goes on by itself.", _MINUTE)
    if status == 413:
        return code, _TOO_LONG
    if status >= 500 or status == 408:
        # Nothing documented says whether it was posted; with msgUuid sending it again is safe.
        return code, Meaning(Outcome.UNKNOWN, "DingTalk or a proxy failed: the message may have been posted.")
    if answer.body.lstrip()[:1] == b"<" and status not in {401, 404, 407}:
        return "HTML", BLOCKED  # A-DINGTALK-58
    if status >= 300:
        return code, _wrong(f"The webhook's address answers HTTP {status}: check the webhook and the proxy.")
    return code, Meaning(
        Outcome.UNKNOWN, "The answer is not what DingTalk documents: the message may have been posted."
    )


def due_after(wait: timedelta | Wait | None, block: timedelta, now: datetime) -> timedelta | None:
    """Return a wait as a time from `now` (aware), None where there is none. `block` is what the settings declare."""
    if wait is Wait.BLOCK:
        return block
    if wait is Wait.MONTH:
        here = now.astimezone(CHINA)
        first = here.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return (first + timedelta(days=32)).replace(day=1) - here
    return wait
