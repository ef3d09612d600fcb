"""Recalling what an application's robot sent: the same for groups and people, under other paths.

https://open.dingtalk.com/document/development/batch-message-recall-chat
https://open.dingtalk.com/document/development/enterprise-chatbot-withdraws-internal-group-messages
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

import msgspec

from connectors.contract import Malformed, Recalled
from connectors.dingtalk.app.calls import Call, Calls, texts

MOST_RECALLED = 20
RECALLED_WITHIN = timedelta(hours=24)


def recall(calls: Calls, path: str, handles: Sequence[str], **where: str) -> Recalled:
    """Recall messages by their processQueryKeys, within 24 hours; to recall one twice changes nothing more.

    Raises the contract's errors; what was recalled before an error stays so.
    """
    gone: list[str] = []
    kept: dict[str, str] = {}
    for some in batches(handles, MOST_RECALLED):
        body = {**where, "robotCode": calls.application.robot, "processQueryKeys": some}
        said = calls.make(Call(path, msgspec.json.encode(body), repeatable=True))
        gone += texts(said, "successResult")
        kept |= _reasons(said)
    return Recalled(tuple(gone), kept)


def batches(items: Sequence[str], most: int) -> Iterator[tuple[str, ...]]:
    """Give `items` in order, at most `most` at a time."""
    rest = iter(items)
    while some := tuple(islice(rest, most)):
        yield some


def _reasons(said: Mapping[str, Any]) -> dict[str, str]:
    found = said.get("failedResult") or {}
    if not isinstance(found, dict):
        raise Malformed("DingTalk's answer does not tell what was not recalled.", body=msgspec.json.encode(said))
    return {str(handle): str(reason) for handle, reason in found.items()}
