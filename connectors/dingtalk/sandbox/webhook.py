"""`POST /robot/send`: the webhook of a custom group robot.

https://open.dingtalk.com/document/development/custom-robots-send-group-messages
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from connectors.dingtalk.sandbox import content, refusals, security
from connectors.dingtalk.sandbox.company import Robot
from connectors.dingtalk.sandbox.refusals import Refusal
from connectors.dingtalk.sandbox.state import State

API = "POST /robot/send"
MOST_BYTES = 20_000
DEEPEST = 20
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an HTTP 200 and its content type."""

    body: bytes
    content_type: str = JSON


@dataclass(slots=True)
class Call:
    """One request, and what the checks have found in it so far. `now` is monotonic, `at` Unix seconds."""

    method: str
    query: bytes
    content_type: str
    body: bytes
    ip: str
    now: float
    at: float
    params: dict[str, str] = field(default_factory=dict)
    robot: Robot | None = None
    message: dict[str, Any] = field(default_factory=dict)
    key: str = ""


class Webhook:
    """The endpoint. A call passes the checks in their order; the first refusal is the answer."""

    def __init__(self, state: State) -> None:
        """Serve the robots of `state`."""
        self._state = state
        # A-DINGTALK-20: in which order the vendor looks is not documented
        self._checks: tuple[Callable[[Call], Refusal | None], ...] = (
            self._post,
            self._robot,
            self._armed,
            self._limit_on_arrival,
            self._size,
            self._decoded,
            self._fields,
            self._security,
            self._limit_on_messages,
            self._moderation,
            self._quota,
        )

    def answer(self, call: Call) -> Answer:
        """Return the answer to one call, and show the message if it is accepted."""
        state = self._state
        if state.address.blocked(call.now, state.settings.address_limit):
            state.outcomes["address_blocked"] += 1
            return Answer(*state.address.answer())
        state.account.arrived(API)
        for check in self._checks:
            refusal = check(call)
            if refusal is not None:
                state.refused[refusal.errcode] += 1
                if call.robot is not None:
                    state.traffic_of(call.robot.id).arrived(call.now, call.at, "refused", refusal.errcode)
                return Answer(refusals.body_of(refusal, state.switches))
        self._accept(call)
        state.account.done(API)
        return Answer(refusals.ok_body(state.switches))

    def _accept(self, call: Call) -> None:
        state, robot = self._state, _known(call)
        traffic = state.traffic_of(robot.id)
        if self._replayed(call):
            state.outcomes["replayed"] += 1
            traffic.arrived(call.now, call.at, "replayed", refusals.OK)
            return
        if call.key:
            traffic.remember(call.key, call.now, call.now + state.settings.msg_uuid_window_s)
        state.account.month.pushes += 1
        state.outcomes["shown"] += 1
        state.log.show(group=robot.group, robot=robot.id, at=call.at, raw=call.body)
        traffic.arrived(call.now, call.at, "shown", refusals.OK)

    def _replayed(self, call: Call) -> bool:
        # A-DINGTALK-4: the page promises the key and does not say for how long
        return (
            bool(call.key)
            and self._state.switches.msg_uuid
            and self._state.traffic_of(_known(call).id).replayed(call.key, call.now)
        )

    def _post(self, call: Call) -> Refusal | None:
        return None if call.method == "POST" else refusals.NOT_POST

    def _robot(self, call: Call) -> Refusal | None:
        for name, value in parse_qsl(call.query.decode("latin-1"), keep_blank_values=True):
            call.params.setdefault(name, value)
        robot = self._state.company.by_token.get(call.params.get("access_token", ""))
        if robot is None:
            code = self._state.switches.unknown_token
            # A-DINGTALK-7: the page says 400101, the field still sees the older codes
            return refusals.NO_TOKEN if code == 400101 else Refusal(code, refusals.OLD_NO_TOKEN)
        call.robot = robot
        if robot.state != "active":
            return refusals.DISABLED if robot.state == "disabled" else refusals.REMOVED
        return refusals.DISBANDED if self._state.company.groups[robot.group].disbanded else None

    def _armed(self, call: Call) -> Refusal | None:
        for armed in self._state.armed:
            if armed.strikes(_known(call).id, call.now):
                return Refusal(armed.errcode, armed.errmsg)
        return None

    def _size(self, call: Call) -> Refusal | None:
        return refusals.TOO_LONG if len(call.body) > MOST_BYTES else None

    def _decoded(self, call: Call) -> Refusal | None:
        kind = call.content_type.partition(";")[0].strip().lower()
        if kind == FORM and self._state.switches.form_body:
            call.body = _json_of_form(call.body)
        elif kind != JSON:
            return refusals.CONTENT_TYPE
        try:
            message = _decode(call.body)
        except (msgspec.DecodeError, RecursionError):
            return refusals.NO_JSON
        if not isinstance(message, dict) or _too_deep(message):
            return refusals.NO_JSON
        call.message = message
        key = message.get("msgUuid")
        call.key = "" if key is None else str(key)
        return None

    def _fields(self, call: Call) -> Refusal | None:
        switches, message = self._state.switches, call.message
        msgtype = message.get("msgtype")
        if not msgtype:
            return refusals.missing("msgtype", switches)
        if not content.known(msgtype, image=switches.image):
            return refusals.MSGTYPE
        if lacking := content.lacking(message):
            return refusals.missing(lacking, switches)
        if content.mentions_count(message) > content.MOST_MENTIONS and switches.too_many_mentions == "refuse":
            # A-DINGTALK-12: the page gives the number and not the answer
            return refusals.NO_JSON
        return None

    def _security(self, call: Call) -> Refusal | None:
        robot, switches = _known(call), self._state.switches
        texts = [content.body_text(call.message)]
        if switches.keyword_in_title:
            texts.append(content.title_of(call.message))
        # the caller signs by the machine's clock, which is not put forward
        return (
            security.sign_refused(robot, call.params, time.time() * 1000, twice_encoded=switches.double_encoded_sign)
            or security.address_of_caller_refused(robot, call.ip)
            or security.keywords_refused(robot, texts)
        )

    def _limit_on_arrival(self, call: Call) -> Refusal | None:
        # A-DINGTALK-8: whether a refused message counts is not documented
        return self._limit(call) if self._state.switches.refused_count else None

    def _limit_on_messages(self, call: Call) -> Refusal | None:
        switches = self._state.switches
        # A-DINGTALK-9: nor whether a repeated msgUuid does
        if switches.refused_count or (not switches.replays_count and self._replayed(call)):
            return None
        return self._limit(call)

    def _limit(self, call: Call) -> Refusal | None:
        robot = _known(call)
        return self._state.traffic_of(robot.id).window.refused(call.now, robot.limits, self._state.switches)

    def _moderation(self, call: Call) -> Refusal | None:
        words = self._state.settings.moderated_words
        if not words:
            return None
        text = f"{content.title_of(call.message)}\n{content.body_text(call.message)}"
        return refusals.UNSUITABLE if any(word in text for word in words) else None

    def _quota(self, call: Call) -> Refusal | None:
        if self._state.push_left() or self._replayed(call):
            return None
        return replace(refusals.MONTHLY_QUOTA, errcode=self._state.switches.quota_errcode)


def _known(call: Call) -> Robot:
    if call.robot is None:
        raise LookupError("no robot: the check that finds it comes first")
    return call.robot


def _too_deep(message: object) -> bool:
    """Tell whether a message is nested so deeply that reading it again could exhaust the stack."""
    level = [message]
    for _ in range(DEEPEST):
        rows = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [child for row in rows for child in row]
        if not level:
            return False
    return True


def _json_of_form(body: bytes) -> bytes:
    """Return the JSON of a form, whose structured fields hold JSON text (the page's curl sample)."""
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace")):
        try:
            fields[name] = json.loads(value) if value[:1] in "{[n" else value
        except (ValueError, RecursionError):
            fields[name] = value
    return msgspec.json.encode(fields)
