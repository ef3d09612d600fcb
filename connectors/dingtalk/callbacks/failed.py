"""Events that DingTalk could not post while we were away.

DingTalk posts an event again after 10 s and after 30 s, and keeps what failed for three to five minutes more. Each call
forgets what the call before it gave, so nothing is asked for before that is stored.
https://open.dingtalk.com/document/development/obtain-the-event-list-of-failed-push-messages
https://open.dingtalk.com/document/development/event-subscription-and-data-push
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from connectors.contract import Malformed, Received, Refusal, Reply
from connectors.dingtalk.app.calls import Call, Calls
from connectors.dingtalk.callbacks.events import from_failed
from connectors.dingtalk.callbacks.refusing import refused
from connectors.dingtalk.plain import NotPlain, truth_of

FAILED = Call("call_back/get_call_back_failed_result", method="GET", repeatable=False)
_TAKEN = Reply(200)


def failed_events(calls: Calls) -> Iterator[Received]:
    """Give what failed, at most 200 events at a time; store each before asking for the next. Raises the contract's errors.

    `Unknown` means that the answer was lost, and that what stood in it can be lost with the next call.
    """
    more, before = True, None
    while more:
        said = calls.make(FAILED)
        entries = said.get("failed_list") or []
        if not isinstance(entries, list):
            raise Malformed("DingTalk's list of failed events is no list.", body=msgspec.json.encode(said))
        # a list that gives the same again has forgotten nothing: A-DINGTALK-113
        more, before = truth_of(said.get("has_more")) and bool(entries) and entries != before, entries
        yield from _read(entries)


def _read(entries: list[Any]) -> Iterator[Received]:
    changes, faults = [], []
    for entry in entries:
        try:
            changes.append(from_failed(_object(entry)))
        except NotPlain as fault:
            faults.append(refused(Refusal.MALFORMED, f"A failed event cannot be read: {fault}."))
    yield from faults
    if changes:
        yield Received(_TAKEN, changes=tuple(changes))


def _object(entry: Any) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        raise NotPlain("it is no object")
    return entry
