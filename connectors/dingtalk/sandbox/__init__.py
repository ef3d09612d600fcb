"""A local twin of DingTalk: robots, cards, work notices, approvals, contacts, events, and a page that shows the chats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.applications import Starlette

from connectors.dingtalk.sandbox.api.endpoint import Table
from connectors.dingtalk.sandbox.api.gate import Gate
from connectors.dingtalk.sandbox.api.tokens import TokenCalls
from connectors.dingtalk.sandbox.approvals.acts import ActCalls
from connectors.dingtalk.sandbox.approvals.calls import ApprovalCalls
from connectors.dingtalk.sandbox.approvals.flow import Flow
from connectors.dingtalk.sandbox.approvals.forms import FormCalls
from connectors.dingtalk.sandbox.apps import CORP_ID
from connectors.dingtalk.sandbox.cards.calls import CardCalls
from connectors.dingtalk.sandbox.cards.clicks import Clicks
from connectors.dingtalk.sandbox.centre.board import Board
from connectors.dingtalk.sandbox.centre.instances import TicketCalls
from connectors.dingtalk.sandbox.centre.schemas import SchemaCalls
from connectors.dingtalk.sandbox.centre.todos import TodoCalls
from connectors.dingtalk.sandbox.contacts.departments import DepartmentCalls
from connectors.dingtalk.sandbox.contacts.historic import HistoricCalls
from connectors.dingtalk.sandbox.contacts.roles import RoleCalls
from connectors.dingtalk.sandbox.contacts.users import UserCalls
from connectors.dingtalk.sandbox.control.apps import AppControl
from connectors.dingtalk.sandbox.control.behaviour import BehaviourControl
from connectors.dingtalk.sandbox.control.calls import CallControl
from connectors.dingtalk.sandbox.control.chats import ChatControl
from connectors.dingtalk.sandbox.control.files import FileControl
from connectors.dingtalk.sandbox.control.groups import GroupControl
from connectors.dingtalk.sandbox.control.people import PeopleControl
from connectors.dingtalk.sandbox.control.pushes import PushControl
from connectors.dingtalk.sandbox.control.records import RecordControl
from connectors.dingtalk.sandbox.control.webhooks import WebhookControl
from connectors.dingtalk.sandbox.events.bus import Bus
from connectors.dingtalk.sandbox.events.errands import Errands
from connectors.dingtalk.sandbox.events.http_push import HttpPush
from connectors.dingtalk.sandbox.groups.chats import ChatCalls
from connectors.dingtalk.sandbox.groups.members import MemberCalls
from connectors.dingtalk.sandbox.hosts import Hosts
from connectors.dingtalk.sandbox.media.calls import MediaCalls
from connectors.dingtalk.sandbox.notices.calls import NoticeCalls
from connectors.dingtalk.sandbox.page import ChatPage
from connectors.dingtalk.sandbox.reading import Reading
from connectors.dingtalk.sandbox.robots.dings import DingCalls
from connectors.dingtalk.sandbox.robots.inbound import Inbound
from connectors.dingtalk.sandbox.robots.reads import ReadCalls
from connectors.dingtalk.sandbox.robots.recalls import RecallCalls
from connectors.dingtalk.sandbox.robots.sends import SendCalls
from connectors.dingtalk.sandbox.state import State
from connectors.dingtalk.sandbox.stream.gateway import Gateway
from connectors.dingtalk.sandbox.stream.pool import Pool
from connectors.sandbox.twin import Control, Twin

RECEIVED_KEPT = 5_000


def create() -> Twin:
    """Return a twin with the demo's company: three groups with robots in each, and one application."""
    state, errands = State(), Errands()
    pool, http = Pool(state, errands), HttpPush(state)
    bus = Bus(state, pool, http, errands)
    flow, reading, clicks = Flow(state, bus), Reading(state, bus), Clicks(state, pool)
    gateway, board = Gateway(state, pool), Board(state, bus)
    calls = (
        TokenCalls(state),
        UserCalls(state),
        DepartmentCalls(state),
        RoleCalls(state),
        HistoricCalls(state),
        MemberCalls(state),
        ChatCalls(state),
        SendCalls(state),
        RecallCalls(state),
        ReadCalls(state),
        NoticeCalls(state),
        CardCalls(state),
        ApprovalCalls(state, flow),
        ActCalls(state, flow),
        FormCalls(state),
        SchemaCalls(state, board),
        TicketCalls(state, board),
        TodoCalls(state, board),
        MediaCalls(state),
        DingCalls(state),
        http,
        gateway,
    )
    table = Table([endpoint for one in calls for endpoint in one.endpoints()])

    def describe(base: str) -> Mapping[str, Any]:
        return _described(state, base)

    def forget() -> None:
        errands.stop()
        pool.end_all()
        bus.pushed.clear()
        http.forget()

    page = ChatPage(state)
    controls = (
        BehaviourControl(state, describe, forget),
        CallControl(state),
        WebhookControl(state),
        PeopleControl(state, bus),
        GroupControl(state, bus),
        AppControl(state, http),
        ChatControl(state, Inbound(state, pool, errands), clicks, reading),
        RecordControl(state, flow),
        FileControl(state),
        PushControl(state, pool, bus, http, errands),
    )
    routes = [*(route for one in controls for route in one.routes()), *page.routes()]
    vendor = Hosts(state, Gate(state, table), gateway, Starlette(routes=page.pages()))
    return Twin("dingtalk", Control(vendor, routes, keep=RECEIVED_KEPT), describe)


def _described(state: State, base: str) -> Mapping[str, Any]:
    """Return what a person needs to use the twin served at `base`."""
    company = state.company
    return {
        "name": "dingtalk",
        "chat_page": f"{base}/",
        "control": f"{base}/__sandbox/",
        "api": base,
        "corp_id": CORP_ID,
        "apps": msgspec.to_builtins(list(state.apps.by_id.values())),
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
        "card_templates": sorted(state.deck.templates),
        "approval_templates": sorted(state.approvals.processes),
    }
