"""Calls of the contacts: an answer, nobody, or the contract's error."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from connectors.contract import Malformed, Outcome, Retryable
from connectors.dingtalk.app.calls import Call, Calls
from connectors.dingtalk.app.verdict import Verdict
from connectors.dingtalk.plain import NotPlain

NOBODY = frozenset({"60121", "33012", "40104"})
"""No such person, no such user id, no such number: https://open.dingtalk.com/document/development/query-users-by-phone-number."""
NO_DEPARTMENT = frozenset({"60003"})
T = TypeVar("T")
_TRIES = 6
_LONGEST_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Answers:
    """Asks patiently: a walk through the departments is the usual way into the limit of calls per second."""

    calls: Calls
    sleep: Callable[[float], None] = time.sleep

    def verdict(self, call: Call) -> Verdict:
        """Return what the answer means. Raises the contract's errors for what passes and for what was not understood."""
        tries = 1
        while True:
            verdict = self.calls.ask(call)
            if verdict.outcome not in {Outcome.RETRY, Outcome.THROTTLED, Outcome.UNKNOWN}:
                return verdict
            error = self._passing(verdict)
            wait = error.after.total_seconds() if error.after else _LONGEST_WAIT_S + 1
            if tries == _TRIES or wait > _LONGEST_WAIT_S:
                raise error
            self.sleep(wait)
            tries += 1

    @staticmethod
    def _passing(verdict: Verdict) -> Retryable:
        error = verdict.error()
        # to ask again leaves nothing in doubt
        return error if isinstance(error, Retryable) else Retryable(verdict.sentence, detail=verdict.code)

    def said(self, call: Call, absent: frozenset[str] = frozenset()) -> Mapping[str, Any] | None:
        """Return the answer's fields, None where its code says that there is none. Raises the contract's errors."""
        verdict = self.verdict(call)
        if verdict.fine:
            return verdict.said
        if verdict.code.removeprefix("88/") in absent:
            return None
        raise verdict.error()

    def result(self, call: Call, absent: frozenset[str] = frozenset()) -> Any:
        """Return `result` of an answer of the older calls, None where its code says that there is none."""
        said = self.said(call, absent)
        return None if said is None else said.get("result")


def understood(read: Callable[[Mapping[str, Any]], T], value: Any) -> T:
    """Read an object of an answer. Raises Malformed where it is not what DingTalk documents."""
    try:
        if isinstance(value, dict):
            return read(value)
        fault = NotPlain("it is no object")
    except NotPlain as found:
        fault = found
    raise Malformed(f"DingTalk's answer cannot be read: {fault}.", body=msgspec.json.encode(value, enc_hook=str))
