"""The runner's side of a Stream: a ledger that knows what it has, shared by all that listen."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import requests

from connectors.contract import Change, Finding, Gap, Press, Received, Services, Words
from connectors.dingtalk.app.settings import Application
from connectors.dingtalk.stream.connection import Pace
from connectors.dingtalk.stream.gateway import Topics
from connectors.dingtalk.stream.listener import Stream
from connectors.transport import open_session
from tests.connectors.dingtalk.scripted import NoTokens
from tests.connectors.dingtalk.stream.gateway import CLIENT_ID, CLIENT_SECRET, Gateway
from tests.contract.case import Secrets

QUICK = Pace(
    open_within=2.0,
    ping_every=0.1,
    pong_within=0.3,
    first_pause=0.05,
    longest_pause=0.2,
    calm=0.0,
    grace=0.5,
    ghost=2.0,
)


@dataclass
class Ledger:
    """Stores what came unless it is `away`, each after `pause` seconds."""

    pause: float = 0.0
    away: bool = False
    stored: dict[str, Change | Press | Words] = field(default_factory=dict)
    again: int = 0
    refused: list[Received] = field(default_factory=list)
    tries: int = 0
    gaps: list[Gap] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    answer: Mapping[str, str] = field(default_factory=dict)

    async def take(self, received: Received) -> bool:
        self.tries += 1
        await asyncio.sleep(self.pause)
        if self.away:
            return False
        if received.refusal is not None:
            self.refused.append(received)
        brought: tuple[Change | Press | Words, ...] = (*received.changes, *received.presses, *received.words)
        for each in brought:
            self.again += each.id in self.stored
            self.stored.setdefault(each.id, each)
        return True

    async def shown(self, press: Press) -> Mapping[str, str]:
        assert press.id in self.stored, "what is shown follows what is stored"
        return self.answer

    def missed(self, gap: Gap) -> None:
        self.gaps.append(gap)

    def stands(self, finding: Finding) -> None:
        self.findings.append(finding)


def stream(gateway: Gateway, *, pace: Pace = QUICK, secret: str = CLIENT_SECRET) -> Stream:
    def session() -> requests.Session:
        return open_session(connect=2, read=2, ca=None, proxy=None, pool=2)

    services = Services(session, NoTokens(), lambda: datetime.now(UTC), lambda *_: None, Secrets())
    application = Application.model_validate(
        {"client_id": CLIENT_ID, "client_secret": secret, "site": gateway.url or "http://127.0.0.1:1"}
    )
    return Stream(application, Topics(), services, random=lambda: 0.0, pace=pace)
