"""Control of what has a life of its own after it was sent: cards, work notices, approvals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.dingtalk.sandbox.approvals.flow import Flow
from connectors.dingtalk.sandbox.approvals.instances import Instance, Process
from connectors.dingtalk.sandbox.cards.clicks import offered
from connectors.dingtalk.sandbox.cards.deck import Card
from connectors.dingtalk.sandbox.cards.templates import Template, filled
from connectors.dingtalk.sandbox.control.desk import answer, found, read
from connectors.dingtalk.sandbox.notices.tasks import Task, Trouble
from connectors.dingtalk.sandbox.state import State


class Decision(msgspec.Struct, forbid_unknown_fields=True):
    """What a person decides in DingTalk's own approval page; `withdraw` is for who started it."""

    user: str
    result: Literal["agree", "refuse", "withdraw"]
    remark: str = ""


class RecordControl:
    """The routes for cards, notices and approvals."""

    def __init__(self, state: State, flow: Flow) -> None:
        """Steer what `state` keeps."""
        self._state = state
        self._flow = flow

    def routes(self) -> list[Route]:
        """Return the routes, relative to the control mount."""
        return [
            Route("/templates", self._templates, methods=["GET", "POST"]),
            Route("/cards", self._cards, methods=["GET"]),
            Route("/cards/{id}", self._card, methods=["GET"]),
            Route("/notices", self._notices, methods=["GET"]),
            Route("/notices/trouble", self._trouble, methods=["POST", "DELETE"]),
            Route("/processes", self._processes, methods=["GET", "POST"]),
            Route("/tickets", self._tickets, methods=["GET"]),
            Route("/approvals", self._approvals, methods=["GET"]),
            Route("/approvals/{id}", self._decide, methods=["POST"]),
        ]

    async def _templates(self, request: Request) -> Response:
        templates = self._state.deck.templates
        if request.method == "POST":
            template = await read(request, Template)
            templates[template.id] = template
            return answer(template, 201)
        return answer({"templates": list(templates.values())})

    async def _cards(self, _request: Request) -> Response:
        return answer({"cards": [_card(one, "") for one in self._state.deck.cards.values()]})

    async def _card(self, request: Request) -> Response:
        card = found(self._state.deck.cards, request.path_params["id"])
        return answer(_card(card, request.query_params.get("as", "")))

    async def _notices(self, _request: Request) -> Response:
        return answer({"notices": [_notice(one) for one in self._state.notices.tasks.values()]})

    async def _trouble(self, request: Request) -> Response:
        armed = self._state.notices.armed
        if request.method == "DELETE":
            armed.clear()
            return answer({})
        armed.append(await read(request, Trouble))
        return answer({"armed": len(armed)}, 201)

    async def _processes(self, request: Request) -> Response:
        processes = self._state.approvals.processes
        if request.method == "POST":
            process = await read(request, Process)
            processes[process.code] = process
            return answer(process, 201)
        return answer({"processes": list(processes.values())})

    async def _tickets(self, _request: Request) -> Response:
        return answer({"tickets": list(self._state.centre.tickets.values())})

    async def _approvals(self, _request: Request) -> Response:
        return answer({"approvals": [_approval(one) for one in self._state.approvals.instances.values()]})

    async def _decide(self, request: Request) -> Response:
        instance = found(self._state.approvals.instances, request.path_params["id"])
        decision = await read(request, Decision)
        if decision.result == "withdraw":
            halted = self._flow.terminate(instance, decision.user, decision.remark)
        else:
            task = next((one for one in instance.running() if one.user == decision.user), None)
            if task is None:
                raise HTTPException(409, f"waiting for {[one.user for one in instance.running()]}")
            halted = self._flow.decide(instance, task, decision.result, decision.remark)
        if halted is not None:
            raise HTTPException(409, halted)
        return answer(_approval(instance))


def _card(card: Card, user: str) -> Mapping[str, Any]:
    seen = card.seen_by(user)
    return {
        "outTrackId": card.out_track_id,
        "at": card.at,
        "template": card.template.id,
        "app": card.client_id,
        "title": filled(card.template.title, seen),
        "body": filled(card.template.body, seen),
        "data": seen,
        "private": card.private,
        "buttons": offered(card, user),
        "deliveries": [
            {
                "conversation": one.conversation,
                "index": one.index,
                "recipients": one.recipients,
                "at": one.at,
                "quiet": one.quiet,
                "alert": one.alert,
            }
            for one in card.deliveries
        ],
        "updates": card.updates,
        "updated_in_callback": card.updated_in_callback,
    }


def _notice(task: Task) -> Mapping[str, Any]:
    return {
        "task_id": task.id,
        "agent_id": task.agent_id,
        "at": task.at,
        "msg": task.message,
        "fates": task.fates,
        "codes": task.codes,
        "recalled": task.recalled,
    }


def _approval(one: Instance) -> Mapping[str, Any]:
    return {
        "id": one.id,
        "process": one.process.code,
        "at": one.created,
        "app": one.client_id,
        "title": one.title,
        "originator": one.originator,
        "status": one.status,
        "result": one.result,
        "waiting_for": [task.user for task in one.running()],
        "values": one.values,
        "comments": [record.remark for record in one.records if record.type == "ADD_REMARK"],
    }
