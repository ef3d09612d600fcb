"""Control of the address book: people, departments and roles, with the events that changes make."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.dingtalk.sandbox.company import User
from connectors.dingtalk.sandbox.control.desk import answer, found, patched, read
from connectors.dingtalk.sandbox.directory import Department, Role
from connectors.dingtalk.sandbox.events.bus import Bus
from connectors.dingtalk.sandbox.state import State


class PeopleControl:
    """The routes for the address book."""

    def __init__(self, state: State, bus: Bus) -> None:
        """Steer the people of `state`; what changes is told on `bus`."""
        self._state = state
        self._bus = bus

    def routes(self) -> list[Route]:
        """Return the routes, relative to the control mount."""
        return [
            Route("/users", self._users, methods=["GET", "POST"]),
            Route("/users/{id}", self._user, methods=["PATCH", "DELETE"]),
            Route("/departments", self._departments, methods=["GET", "POST"]),
            Route("/roles", self._roles, methods=["GET", "POST"]),
        ]

    async def _users(self, request: Request) -> Response:
        users = self._state.company.users
        if request.method == "POST":
            user = await read(request, User)
            users[user.id] = user
            self._tell("user_add_org", userId=[user.id])
            return answer(user, 201)
        return answer({"users": list(users.values())})

    async def _user(self, request: Request) -> Response:
        users = self._state.company.users
        user = found(users, request.path_params["id"])
        if request.method == "DELETE":
            del users[user.id]
            for group in self._state.company.groups.values():
                # who leaves the company leaves its internal groups
                if user.id in group.members and not group.outsiders:
                    group.members.remove(user.id)
            self._tell("user_leave_org", userId=[user.id])
            return answer({})
        given = await read(request, dict[str, Any])
        changed = users[user.id] = patched(user, {**given, "id": user.id})
        self._tell("user_modify_org", userId=[user.id])
        if changed.roles != user.roles:
            self._tell("label_user_change", userIdList=[user.id], labelIdList=list(changed.roles))
        return answer(changed)

    async def _departments(self, request: Request) -> Response:
        departments = self._state.company.departments
        if request.method == "POST":
            department = await read(request, Department)
            known = department.id in departments
            departments[department.id] = department
            self._tell("org_dept_modify" if known else "org_dept_create", deptId=[department.id])
            return answer(department, 201)
        return answer({"departments": list(departments.values())})

    async def _roles(self, request: Request) -> Response:
        roles = self._state.company.roles
        if request.method == "POST":
            role = await read(request, Role)
            roles[role.id] = role
            self._tell("label_conf_add", labelIdList=[role.id])
            return answer(role, 201)
        return answer({"roles": list(roles.values())})

    def _tell(self, event: str, **data: Any) -> None:
        self._bus.publish(event, {"timeStamp": str(self._state.clock.milliseconds()), **data})
