"""What the fault runs send, and how it is found again in the texts at the sink."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.processes.sender import Tally, Work, event
from tests.processes.sink import Quota

CONNECTIONS = 32
RECORDS = 100
QUOTA = Quota(count=1000, window_s=1, block_s=2)

BRIDGE = """
version: 1
sources:
  shop:
    connector: generic
    settings:
      kind_path: kind
      signature: {keys: [env:SHOP_KEY], prefix: "sha256="}
      id: id
      number: number
      time: at
      version: rev
    kinds:
      event: {fields: {amount: {path: amount, type: money, currency_path: currency}}}
      refused: {fields: {amount: {path: amount, type: money, currency_path: currency}}}
      state: {fields: {version: {path: version, type: text, label: Version}}}
destinations:
"""
DESTINATION = """
  {name}:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings:
      kind: robot
      webhook: env:HOOK_{variable}
      secret: env:SECRET_{variable}
      quota: {{limit: {quota.count}, window: {quota.window_s}s, block: {quota.block_s}s}}
"""
ROUTES = """
routes:
  events: {from: shop.event, to: sales-hk, title: Event, fields: [amount]}
  states: {from: shop.state, to: management, title: State, fields: [version]}
  refusals: {from: shop.refused, to: operations, title: Event, fields: [amount]}
"""

_EVENT = re.compile(r"\*\*Event ([A-Z]{2}-\d{6})\*\*")
_STATE = re.compile(r"\*\*State (RC-\d{3})\*\*.*?Version: (?:v\d+ → )?v(\d+)", re.DOTALL)


def bridge(quota: Quota) -> str:
    """The bridge file whose destinations all declare this quota."""
    each = (
        DESTINATION.format(name=name, variable=name.replace("-", "_").upper(), quota=quota)
        for name in ("sales-hk", "management", "operations")
    )
    return BRIDGE + "".join(each) + ROUTES


def events(prefix: str = "EV", kind: str = "event", most: int = 999_999) -> Work:
    """Events of one stream for any number of connections, each its own record."""
    numbers = count(1)

    def work(_tally: Tally) -> Iterator[tuple[str, int, bytes]]:
        while (number := next(numbers)) <= most:
            name = f"{prefix}-{number:06}"
            yield name, 1, event(kind, name, 1, amount=f"{number}.25", currency="HKD")

    return work


def versions(first: int, after: int) -> Work:
    """Versions 1, 2, … of the records from `first` up to `after`, round by round; one waits for the one before it."""

    def work(_tally: Tally) -> Iterator[tuple[str, int, bytes]]:
        for rev in count(1):
            for record in range(first, after):
                name = f"RC-{record:03}"
                yield name, rev, event("state", name, rev, version=f"v{rev}")

    return work


def event_numbers(shown: list[dict[str, Any]]) -> Counter[str]:
    """How often each event stands in the texts that were shown."""
    return Counter(number for row in shown for number in _EVENT.findall(row["text"]))


def shown_versions(shown: list[dict[str, Any]]) -> dict[str, list[int]]:
    """The versions of each record in the order in which they were shown."""
    found: dict[str, list[int]] = {}
    for row in shown:
        for number, version in _STATE.findall(row["text"]):
            found.setdefault(number, []).append(int(version))
    return found


def repeats(shown: list[dict[str, Any]]) -> Counter[str]:
    """How often each message was shown beyond once, found by the facts in its text and named by its msgUuid."""
    seen: set[tuple[str, ...]] = set()
    again: Counter[str] = Counter()
    for row in shown:
        facts = {(number,) for number in _EVENT.findall(row["text"])} | set(_STATE.findall(row["text"]))
        if facts & seen:
            again[row["msgUuid"]] += 1
        seen |= facts
    return again
