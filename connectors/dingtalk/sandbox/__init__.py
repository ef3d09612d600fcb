"""A local twin of DingTalk: the webhook of custom group robots, and a page that shows the chats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.applications import Starlette

from connectors.dingtalk.sandbox.control import RobotControl
from connectors.dingtalk.sandbox.oapi import Oapi
from connectors.dingtalk.sandbox.page import ChatPage
from connectors.dingtalk.sandbox.state import State
from connectors.sandbox.twin import Control, Twin

RECEIVED_KEPT = 5_000


def create() -> Twin:
    """Return a twin with the demo's company: three groups with a robot in each."""
    state = State()

    def describe(base: str) -> Mapping[str, Any]:
        return _described(state, base)

    page = ChatPage(state)
    routes = [*RobotControl(state, describe).routes(), *page.routes()]
    vendor = Oapi(state, Starlette(routes=page.pages()))
    return Twin("dingtalk", Control(vendor, routes, keep=RECEIVED_KEPT), describe)


def _described(state: State, base: str) -> Mapping[str, Any]:
    """Return what a person needs to use the twin served at `base`."""
    company = state.company
    return {
        "name": "dingtalk",
        "chat_page": f"{base}/",
        "control": f"{base}/__sandbox/",
        "users": msgspec.to_builtins(list(company.users.values())),
        "groups": [
            {**msgspec.to_builtins(group), "chat_page": f"{base}/chat/{group.id}"} for group in company.groups.values()
        ],
        "robots": [
            {
                **msgspec.to_builtins(robot),
                "webhook": f"{base}/robot/send?{urlencode({'access_token': robot.token})}",
            }
            for robot in company.robots.values()
        ],
    }
