"""The events of the bench, and the bridge file that they run through."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

KEY = "a-key-that-both-sides-of-this-bench-know"
SECRET = "SEC-of-the-sink-of-this-bench"
SIZE = 1200
NUMBER = re.compile(rb"EV-(\d+)")
QUOTA = "{limit: 10000, window: 1s, block: 2s}"

_FIELDS = """\
          total: {path: total, type: money, currency_path: currency, class: internal}
          status: {path: status, type: choice}
          customer: {path: customer.name, type: text}
          city: {path: customer.city, type: text}
          owner: {path: owner, type: text}
          channel: {path: channel, type: text}
          terms: {path: terms, type: text}
          due: {path: due, type: date}"""

SHOWN = "total, status, customer, city, owner, channel, terms, due"

ROUTES = f"""\
  told: {{from: shop.order, when: 'big && status == "open"', thresholds: {{big: {{total: {{at_least: HKD 1000}}}}}}, to: sink,
         title: Order, fields: [{SHOWN}], merge: never}}
  gone: {{from: shop.order, when: 'status == "gone"', to: sink, title: Order, fields: [total]}}
  macau: {{from: shop.order, when: 'city == "Macau"', to: sink, title: Order, fields: [total]}}
  retail: {{from: shop.order, when: 'customer.startsWith("Z") && channel == "retail"', to: sink, title: Order, fields: [total]}}
  late: {{from: shop.order, when: 'is_new && terms == "overdue"', to: sink, title: Order, fields: [total]}}
"""


def event(number: int, record: str = "", rev: int = 1) -> bytes:
    """One order of 1.2 KB; that with an odd number is told, the other is filtered."""
    told = number % 2
    body = {
        "id": record or f"R{number}",
        "number": f"EV-{number}",
        "updated_at": "2026-11-22T05:00:00Z",
        "rev": f"{rev}-{number}",
        "total": 1500.25 + rev if told else 10.5,
        "currency": "HKD",
        "status": "open" if told else "draft",
        "customer": {"name": "Lotus Foods & Sons (Kowloon)", "city": "Hong Kong"},
        "owner": "Chan Siu Ming",
        "channel": "wholesale",
        "terms": "30 days net, free on board",
        "due": "2026-12-22",
        "note": "",
    }
    raw = json.dumps(body)
    return (raw[:-2] + "n" * (SIZE - len(raw)) + raw[-2:]).encode()


def requests(first: int, *, source: str = "shop") -> Iterator[tuple[int, bytes]]:
    """Whole signed HTTP requests by number, without end."""
    number = first
    while True:
        yield number, request(event(number), source)
        number += 1


def request(body: bytes, source: str = "shop") -> bytes:
    signature = hmac.digest(KEY.encode(), body, "sha256").hex()
    return (
        f"POST /hooks/{source} HTTP/1.1\r\nHost: bridge\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-Signature: sha256={signature}\r\n\r\n"
    ).encode() + body


def source(extra: str = "") -> str:
    return f"""\
  shop:
    connector: generic
    settings:
      kind: order
      signature: {{keys: [env:SHOP_KEY], prefix: "sha256="}}
      id: id
      number: number
      time: updated_at
      version: rev
    kinds:
      order:
        fields:
{_FIELDS}
{extra}"""


def destination(name: str, quota: str = QUOTA, hook: str = "HOOK", secret: str = "HOOK_SECRET") -> str:  # noqa: S107 - the name of a variable
    today = datetime.now(UTC).date()
    until = today + timedelta(days=90)
    return f"""\
  {name}:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {{kind: robot, webhook: "env:{hook}", secret: "env:{secret}", quota: {quota}}}
    attestation: {{by: bench, on: {today - timedelta(days=2)}, until: {until}, classes: [internal]}}
"""


def bridge(destinations: str, routes: str, *, extra: str = "") -> str:
    """A bridge file; `extra` are lines of further fields."""
    sources = source(extra)
    return f"version: 1\nclasses: [internal]\nsources:\n{sources}destinations:\n{destinations}routes:\n{routes}"
