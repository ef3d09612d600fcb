"""Judges an answer of either family of calls: throttling first, then permission, then the rest.

The older calls answer HTTP 200 with an `errcode`, the newer ones an HTTP status with `code`, `message`, `requestid`:
https://open.dingtalk.com/document/development/server-api-error-codes-1
https://open.dingtalk.com/document/development/call-frequency-limit
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import (
    ConnectorError,
    Misconfigured,
    Outcome,
    Refused,
    Retryable,
    Throttled,
    Unknown,
)
from connectors.dingtalk.app.codes import (
    BLOCKED,
    FAMILIES,
    FORBIDDEN,
    NAMES,
    NUMBERS,
    SIGNS,
    TOO_LONG,
    TOO_MANY,
    Entry,
    Scope,
    unlisted,
    unreadable,
    wrong_address,
)
from connectors.dingtalk.errors import CHINA, SUBCODE, due_after, is_block, object_of

_LONGEST_PENALTY = timedelta(days=1)
_PENALTY_ENDS = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d")
_SCOPES = re.compile(r"\[([\w.\-, ]+)\]")
_NO_WORD = re.compile(r"[^\w.\-/]")

_NOT_A_BLOCK = frozenset({401, 404, 407, 408, 413, 429})
NOT_DOCUMENTED = unreadable("The answer is not what DingTalk documents: the call may have been carried out.")
_STATUSES: Mapping[int, Entry] = {
    401: NUMBERS["40014"],
    403: FORBIDDEN,
    408: unreadable("DingTalk or a proxy waited too long: the call may have been carried out."),
    413: TOO_LONG,
    429: TOO_MANY,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer says. `entry` is None where the call was carried out; `said` is the answer's JSON object.

    `missing` are the permissions that the application lacks, as DingTalk spells them; `stops` is the key of the budget
    that a throttling names.
    """

    code: str
    said: Mapping[str, Any] = field(repr=False)
    entry: Entry | None = None
    after: timedelta | None = None
    missing: tuple[str, ...] = ()
    stops: str = ""

    @property
    def fine(self) -> bool:
        """Whether the call was carried out."""
        return self.entry is None

    @property
    def outcome(self) -> Outcome:
        """The outcome for a message."""
        return Outcome.DELIVERED if self.entry is None else self.entry.meaning.outcome

    @property
    def sentence(self) -> str:
        """What to do, for the operator."""
        if self.entry is None:
            return ""
        if self.entry is FORBIDDEN and self.missing:
            return f"The application lacks {', '.join(self.missing)}: add it in the console's Permission Management."
        return self.entry.meaning.sentence

    @property
    def token_refused(self) -> bool:
        """Whether the access token is the trouble."""
        return self.entry is not None and self.entry.token

    @property
    def scope(self) -> Scope:
        """What must stop where the outcome is `THROTTLED`."""
        return (self.entry.scope if self.entry else None) or Scope.CALL

    def error(self, stops: str = "") -> ConnectorError:
        """Return this refusal as the contract's error; `stops` says what a throttling stops where the verdict does not."""
        detail = self.code
        match self.outcome:
            case Outcome.THROTTLED:
                after = self.after or timedelta(minutes=1)
                return Throttled(self.sentence, after=after, scope=self.stops or stops, detail=detail)
            case Outcome.RETRY:
                return Retryable(self.sentence, after=self.after, detail=detail)
            case Outcome.UNKNOWN:
                return Unknown(self.sentence, detail=detail)
            case Outcome.MISCONFIGURED:
                return Misconfigured(self.sentence, detail=detail)
            case _:
                return Refused(self.sentence, detail=detail)


def judge(status: int, body: bytes, now: datetime, *, older: bool = False) -> Verdict:
    """Say what an answer means. `now` is aware; an answer of the `older` calls is no success without its errcode."""
    said = object_of(body)
    code, entry = _told(status, said) or _untold(status, body)
    if entry is None and older and "errcode" not in said:
        entry = NOT_DOCUMENTED
    if entry is None:
        return Verdict(code, said)
    wait = due_after(entry.meaning.wait, timedelta(minutes=1), now)
    if entry.meaning.outcome is Outcome.THROTTLED:
        wait = _penalty(said, now) or wait
    return Verdict(code, said, entry, wait, _missing(said) if entry is FORBIDDEN else ())


def _told(status: int, said: Mapping[str, Any]) -> tuple[str, Entry | None] | None:
    if is_block(said):
        return "x5", BLOCKED
    number = said.get("errcode")
    code = "" if number is None else _word(number)
    if code and code != "0":
        return _numbered(code, said)
    name = _word(_field(said, "code"))
    if name and (status >= 300 or _failed(said)):
        return name, _named(name)
    if status < 300 and said and not _failed(said):
        return "0", None
    return None


def _numbered(code: str, said: Mapping[str, Any]) -> tuple[str, Entry]:
    if code != "88":
        return code, NUMBERS.get(code) or unlisted(code)
    inner = SUBCODE.search(str(said.get("errmsg", "")))
    sub = _word(said.get("sub_code") or (inner.group(1) if inner else ""))
    return f"88/{sub}", NUMBERS.get(sub) or NAMES.get(sub) or unlisted(f"88/{sub}")


def _named(name: str) -> Entry:
    """Throttling stands in a code that begins like a missing permission, so its signs are looked for first."""
    for sign, entry in SIGNS:
        if sign in name:
            return entry
    return (
        NAMES.get(name) or next((entry for start, entry in FAMILIES if name.startswith(start)), None) or unlisted(name)
    )


def _untold(status: int, body: bytes) -> tuple[str, Entry | None]:
    """Judge an answer without a code of DingTalk: a page, a proxy's word, or broken JSON."""
    code = f"HTTP {status}"
    if body.lstrip()[:1] == b"<" and status not in _NOT_A_BLOCK and status < 500:
        return "HTML", BLOCKED  # A-DINGTALK-58
    if status in _STATUSES:
        return code, _STATUSES[status]
    if status >= 500:
        return code, unreadable("DingTalk or a proxy failed: the call may have been carried out.")
    if status >= 300:
        return code, wrong_address(status)
    return code, NOT_DOCUMENTED


def _failed(said: Mapping[str, Any]) -> bool:
    return str(said.get("success", "true")).lower() == "false"  # one page has it as text


def _field(said: Mapping[str, Any], name: str) -> Any:
    """The page on permissions spells the fields with capitals, the answers are seen with small letters."""
    return next((value for key, value in said.items() if key.lower() == name), "")


def _missing(said: Mapping[str, Any]) -> tuple[str, ...]:
    detail = _field(said, "accessdenieddetail")
    scopes = detail.get("requiredScopes") if isinstance(detail, dict) else None
    if isinstance(scopes, list):
        return tuple(_word(scope) for scope in scopes)
    # both families are seen to name them in their text as well: A-DINGTALK-205
    told = " ".join(str(said.get(name, "")) for name in ("sub_msg", "errmsg", "message"))
    found = _SCOPES.search(told.replace("[subcode", ""))
    return tuple(_word(scope.strip()) for scope in found.group(1).split(",")) if found else ()


def _penalty(said: Mapping[str, Any], now: datetime) -> timedelta | None:
    """Read when the older calls' penalty ends: a time of China in the text. A-DINGTALK-206."""
    found = _PENALTY_ENDS.findall(f"{said.get('sub_msg', '')} {said.get('errmsg', '')}")
    if not found:
        return None
    try:
        ends = datetime.fromisoformat(found[-1]).replace(tzinfo=CHINA)
    except ValueError:
        return None
    wait = ends - now
    return wait if timedelta(0) < wait <= _LONGEST_PENALTY else None


def _word(value: Any) -> str:
    """Return a code as it may stand in a log: short, and nothing but what codes are made of."""
    return _NO_WORD.sub("", str(value))[:100]
