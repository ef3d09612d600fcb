"""Control of groups: who joins and leaves, and the events that tell of it.

https://open.dingtalk.com/document/development/group-session-delete-persons
https://open.dingtalk.com/document/development/install-cool-application-events-in-the-group
https://open.dingtalk.com/document/development/bot-message-withdrawal-event
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.dingtalk.sandbox.apps import CORP_ID
from connectors.dingtalk.sandbox.company import Group, Kind, User
from connectors.dingtalk.sandbox.control.desk import answer, found, patched, read
from connectors.dingtalk.sandbox.events.bus import Bus
from connectors.dingtalk.sandbox.state import State


class Move(msgspec.Struct, forbid_unknown_fields=True):
    """Who comes and goes: `quit` are members who leave by themselves, `leave` those whom somebody removes.

    `outsiders` come from outside the company, `outsiders_leave` names them by unionId; `by` is who does it.
    """

    join: list[str] = []
    leave: list[str] = []
    quit: list[str] = []
    outsiders: list[User] = []
    outsiders_leave: list[str] = []
    by: str = ""


class TakenBack(msgspec.Struct, forbid_unknown_fields=True):
    """The owner of a group takes back what a robot wrote there; `key` is its processQueryKey."""

    user: str
    key: str


class GroupControl:
    """The routes for groups."""

    def __init__(self, state: State, bus: Bus) -> None:
        """Steer the groups of `state`; what changes is told on `bus`."""
        self._state = state
        self._bus = bus

    def routes(self) -> list[Route]:
        """Return the routes, relative to the control mount."""
        return [
            Route("/groups", self._groups, methods=["GET", "POST"]),
            Route("/groups/{id}", self._patch, methods=["PATCH"]),
            Route("/groups/{id}/members", self._move, methods=["POST"]),
            Route("/recall", self._recall, methods=["POST"]),
        ]

    async def _groups(self, request: Request) -> Response:
        groups = self._state.company.groups
        if request.method == "POST":
            group = await read(request, Group)
            groups[group.id] = group
            return answer(group, 201)
        return answer({"groups": list(groups.values())})

    async def _patch(self, request: Request) -> Response:
        before = found(self._state.company.groups, request.path_params["id"])
        given = await read(request, dict[str, Any])
        group = self._state.company.groups[before.id] = patched(before, {**given, "id": before.id})
        self._tell(group, "chat_add_member", [one for one in group.members if one not in before.members])
        self._tell(group, "chat_remove_member", [one for one in before.members if one not in group.members])
        if group.disbanded and not before.disbanded:
            self._tell(group, "chat_disband", [group.owned_by])
        if group.name != before.name:
            self._tell(group, "chat_update_title", [group.owned_by], title=group.name)
        if group.owned_by != before.owned_by:
            self._tell(group, "chat_update_owner", [group.owned_by], owner=group.owned_by)
        for robot in group.robots:
            if robot not in before.robots:
                self._tell_of_cool_app(group, "im_cool_app_install", robot)
        for robot in before.robots:
            if robot not in group.robots:
                self._tell_of_cool_app(before, "im_cool_app_uninstall", robot)
        return answer(group)

    async def _move(self, request: Request) -> Response:
        group = found(self._state.company.groups, request.path_params["id"])
        move = await read(request, Move)
        for id_ in move.join:
            found(self._state.company.users, id_)
        joined = [id_ for id_ in move.join if id_ not in group.members]
        removed = [id_ for id_ in move.leave if id_ in group.members]
        quitted = [id_ for id_ in move.quit if id_ in group.members]
        gone = {*removed, *quitted}
        group.members = [*(id_ for id_ in group.members if id_ not in gone), *joined]
        left = [user.union for user in group.outsiders if user.union in move.outsiders_leave]
        group.outsiders = [*(user for user in group.outsiders if user.union not in left), *move.outsiders]
        came = [user.union for user in move.outsiders]
        self._tell(group, "chat_add_member", joined, came, by=move.by)
        self._tell(group, "chat_remove_member", removed, left, by=move.by)
        for id_ in quitted:
            self._tell(group, "chat_quit", [id_], by=id_)
        return answer(group)

    async def _recall(self, request: Request) -> Response:
        given = await read(request, TakenBack)
        sending = self._state.sent.get(given.key)
        group = self._state.company.groups.get(sending.group) if sending else None
        app = self._state.apps.of_robot(sending.robot) if sending else None
        if sending is None or group is None or app is None or given.user != group.owned_by:
            raise HTTPException(409, "only the owner of a group takes back what a robot wrote there")
        self._state.take_back(sending)
        # A-DINGTALK-142: whether a recall by the application itself is told as well is on no page
        data = {
            "userId": given.user,
            "unionId": found(self._state.company.users, given.user).union,
            "robotCode": sending.robot,
            "openConversationId": group.id,
            "processQueryKey": sending.key,
            "operatTime": self._state.clock.milliseconds(),
        }
        self._bus.publish("robot_msg_recall", data, only=app.client_id)
        return answer({"recalled": sending.key})

    def _tell_of_cool_app(self, group: Group, event: str, robot: str) -> None:
        app = self._state.apps.of_robot(robot)
        if app is None or not group.cool_app:
            return
        data = {
            "coolAppCode": group.cool_app,
            "robotCode": robot,
            "openConversationId": group.id,
            "openConversationCorpId": CORP_ID,
            "operator": group.owned_by,
            "operateTime": str(self._state.clock.milliseconds()),
        }
        self._bus.publish(event, data, only=app.client_id)

    def _tell(
        self, group: Group, event: str, users: list[str], outside: list[str] | None = None, *, by: str = "", **more: str
    ) -> None:
        if not users and not outside:
            return
        # A-DINGTALK-133: of which groups an internal application hears is on no page
        if group.kind is Kind.PRIVATE:
            return
        if group.kind is Kind.FOREIGN and self._state.app_switches.chat_events == "controlled":
            return
        company = self._state.company
        unions = [company.users[id_].union for id_ in users if id_ in company.users] + (outside or [])
        operator = by or group.owned_by
        data: dict[str, Any] = {
            "timeStamp": self._state.clock.milliseconds(),
            "chatId": group.chatid,
            "openConversationId": group.id,
            "corpId": CORP_ID,
            "userId": users,
            "unionId": unions,
            "operator": operator,
            "operatorUnionId": company.users[operator].union if operator in company.users else "",
            **more,
        }
        self._bus.publish(event, data)
