"""What a robot's tests share: settings, a clock that stands still, and an adapter that answers from a list."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import hypothesis
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from connectors.contract import Services, Token
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.robot import Robot
from connectors.dingtalk.settings import RobotSettings
from tests.contract.case import Secrets

WEBHOOK = "https://oapi.dingtalk.com/robot/send?access_token=t0k3n"
NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
"""1700000000000 ms, the time of a published signature."""


UNHURRIED = hypothesis.settings(deadline=None)
"""A busy machine is no failure."""


class Scripted(BaseAdapter):
    """Answers with (status, body), or raises; keeps what was sent."""

    def __init__(self, *answers: tuple[int, bytes] | Exception) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []
        self._answers = iter(answers)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.sent.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code = answer[0]
        response.raw = HTTPResponse(io.BytesIO(answer[1]), status=answer[0], preload_content=False)
        return response

    def close(self) -> None:
        pass


class NoTokens:
    """A robot has no tokens to renew."""

    def get(self, *_: Any, **__: Any) -> Token:
        raise AssertionError

    def spoil(self, *_: Any, **__: Any) -> None:
        raise AssertionError


def settings(**changes: Any) -> RobotSettings:
    return RobotSettings.model_validate({"kind": "robot", "webhook": WEBHOOK, **changes})


def robot(adapter: BaseAdapter | None = None, *, now: datetime = NOW, **changes: Any) -> Robot:
    def session() -> requests.Session:
        session = requests.Session()
        session.mount("https://", adapter or Scripted())
        return session

    services = Services(session=session, tokens=NoTokens(), now=lambda: now, observe=lambda *_: None, vault=Secrets())
    built = CONNECTOR.build("sales", settings(**changes), services)
    assert isinstance(built, Robot)
    return built
