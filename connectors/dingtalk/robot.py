"""The client of a custom group robot: packs, freezes and sends messages through its webhook.

https://open.dingtalk.com/document/development/custom-robots-send-group-messages
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from connectors.contract import (
    Budget,
    Delivery,
    Draft,
    Finding,
    Format,
    Outcome,
    Purpose,
    Resend,
    Retryable,
    Services,
    Unknown,
    Window,
)
from connectors.dingtalk.app.allowances import ADDRESS, pushes_budget
from connectors.dingtalk.errors import judge
from connectors.dingtalk.markdown import TITLE_LENGTH, calm, card_fact, compose, flat, link, open_caption, shorten
from connectors.dingtalk.packing import MOST_MENTIONS, Part, at_most, pack, weigh
from connectors.dingtalk.plausible import plausible
from connectors.dingtalk.settings import RobotSettings
from connectors.endpoint import Endpoint

MOST_BYTES = 20_000  # A-DINGTALK-60
_KEY_BYTES = 128
"""Kept free for msgUuid, whose value pack() does not know."""
_AROUND_BYTES = 128
"""Kept free for the count of facts and the field names of a card."""
_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_encode = msgspec.json.Encoder().encode


class Robot:
    """Sends into one group; it cannot see who is in it, and nothing that was sent can be changed or taken back."""

    def __init__(self, settings: RobotSettings, services: Services) -> None:
        self.resend = Resend.IDEMPOTENT if settings.idempotency else Resend.DUPLICATES
        self._settings = settings
        self._services = services
        token = settings.token
        self._url = f"{settings.address}?access_token={quote(token, safe='')}"
        self._secret = settings.secret.get_secret_value().strip().encode() if settings.secret else None
        waits = settings.timeouts
        self._endpoint = Endpoint(
            services.session(),
            self._url,
            _HEADERS,
            timeout=(waits.connect.total_seconds(), waits.read.total_seconds()),
        )
        quota = settings.quota
        own = Budget(
            key=f"dingtalk:robot:{hashlib.sha256(token.encode()).hexdigest()[:12]}",
            windows=(Window(limit=quota.limit, seconds=quota.window.total_seconds()),),
            slots=2,
            block=quota.block.total_seconds(),
        )
        self._month = pushes_budget(settings)
        self._budgets = (own, ADDRESS, *([self._month] if self._month else []))

    def budgets(self) -> Sequence[Budget]:
        """Return every quota that a message uses.

        Of this robot: 20 messages a minute and a block of 10 minutes, unless declared otherwise. Of this network's
        address. Of the month's pushes, where an edition is declared.
        """
        return self._budgets

    def probe(self) -> Sequence[Finding]:
        """Judge the settings: nothing can be asked of a robot without sending into its group."""
        return plausible(self._settings)

    def pack(self, draft: Draft) -> Sequence[Part]:
        """Split `draft` so that each part stays below 20,000 bytes and mentions at most 50 people."""
        few = len(draft.mentions) <= MOST_MENTIONS
        room = MOST_BYTES - _KEY_BYTES
        # most drafts are small, and to compose one only to see that costs as much as to send it
        if few and (at_most(draft, self._settings.keyword or "") <= room or len(self.freeze(draft, "")) <= room):
            return [(draft, tuple(range(len(draft.facts))))]
        around = len(self.freeze(_without_facts(draft), "")) + weigh(self._settings.keyword or "") + _AROUND_BYTES
        return pack(draft, MOST_BYTES - _KEY_BYTES - around)

    def freeze(self, draft: Draft, key: str) -> bytes:
        """Return the JSON body of one part in UTF-8; `key` becomes its msgUuid. At most 50 people may be mentioned."""
        body = content(draft, self._settings.keyword)
        if draft.mentions:
            body["at"] = {"atUserIds": draft.mentions, "isAtAll": False}
        if self._settings.idempotency:
            body["msgUuid"] = key  # A-DINGTALK-4
        return _encode(body)

    def send(self, frozen: bytes) -> Delivery:
        """Post `frozen` once and say what became of it, by DingTalk's errcode and never by the HTTP status alone."""
        now = self._services.now()
        try:
            answer = self._endpoint.post(frozen, self._signed(now))
        except Retryable as error:
            return Delivery(Outcome.RETRY, error.detail, str(error), error.after)
        except Unknown as error:
            self._count()
            return Delivery(Outcome.UNKNOWN, error.detail, str(error))
        month = self._month.key if self._month else ""
        delivery = judge(answer, block=self._settings.quota.block, now=now, month=month)
        if delivery.outcome is not Outcome.THROTTLED:
            self._count()
        elif delivery.scope == month and self._month and self._month.month:
            limit = self._month.month.limit
            self._services.observe(month, limit, limit)
        return delivery

    def _count(self) -> None:
        """Tell of a message that DingTalk may have counted; what it throttles, it does not count."""
        if self._month:
            self._services.spent(self._month, Purpose.MESSAGE)

    def _signed(self, now: datetime) -> str:
        """Return the webhook with the time and the signature of this attempt, percent-encoded once.

        https://open.dingtalk.com/document/dingstart/customize-robot-security-settings
        """
        if self._secret is None:
            return self._url
        stamp = int(now.timestamp() * 1000)
        return f"{self._url}&timestamp={stamp}&sign={quote(sign(self._secret, stamp), safe='')}"


def sign(secret: bytes, stamp: int) -> str:
    """Return the signature of the time `stamp` (milliseconds since 1970) in base64, not percent-encoded."""
    digest = hmac.digest(secret, b"%d\n%s" % (stamp, secret), "sha256")
    return base64.b64encode(digest).decode()


def _without_facts(draft: Draft) -> Draft:
    return Draft(preview=flat(draft.preview), facts=(), format=draft.format, mentions=draft.mentions[:MOST_MENTIONS])


def content(draft: Draft, keyword: str | None = None) -> dict[str, Any]:
    """Return the JSON object of a message by webhook, without mentions; `keyword` is added where it is missing."""
    text = compose(draft)
    title = shorten(calm(flat(draft.preview)), TITLE_LENGTH)
    if keyword and keyword not in text:
        # Whether a keyword in the title alone is enough is not documented: A-DINGTALK-18.
        text = f"{text}\n\n{keyword}"
    if draft.format is Format.TEXT:
        return {"msgtype": "text", "text": {"content": text}}
    # DingTalk needs a title and shows it on lock screens, so an empty preview is not filled from the facts.
    title = title or "…"
    fact = card_fact(draft)
    if fact is None:
        return {"msgtype": "markdown", "markdown": {"title": title, "text": text}}
    card = {
        "title": title,
        "text": text,
        "singleTitle": calm(open_caption(fact, draft.open_label)),
        "singleURL": link(fact.url),
    }
    return {"msgtype": "actionCard", "actionCard": card}
