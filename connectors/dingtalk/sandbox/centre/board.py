"""Putting to-dos before people and taking them away, and the events that tell of tickets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from connectors.dingtalk.sandbox.approvals.instances import Status
from connectors.dingtalk.sandbox.centre.tickets import Ticket, Todo, todo_chat
from connectors.dingtalk.sandbox.events.bus import Bus
from connectors.dingtalk.sandbox.shown import Shown
from connectors.dingtalk.sandbox.state import State

FIELDS_SHOWN = 3


class Board:
    """The to-dos of all people."""

    def __init__(self, state: State, bus: Bus) -> None:
        """Show in the chats of `state`."""
        self._state = state
        self._bus = bus

    def open(self, ticket: Ticket) -> None:
        """Keep a ticket and tell of it."""
        self._state.centre.tickets[ticket.id] = ticket
        self._tell(ticket, "bpms_instance_change", "start", "", ticket.originator)

    def put(self, ticket: Ticket, todo: Todo) -> None:
        """Give a to-do to its person."""
        ticket.todos.append(todo)
        app = self._state.apps.by_id[ticket.schema.client_id]
        if not ticket.schema.silent:
            raw = msgspec.json.encode(_card(ticket, todo))
            shown = self._state.show(Shown(0, todo_chat(todo.user), app.robotcode, todo.created, raw, key=str(todo.id)))
            todo.index = shown.index
        self._tell(ticket, "bpms_task_change", "start", "", todo.user, todo)

    def finish(self, ticket: Ticket, todo: Todo, result: str) -> None:
        """Take a to-do away as done."""
        self._close(todo, Status.COMPLETED, result)
        self._tell(ticket, "bpms_task_change", "finish", result.lower(), todo.user, todo)

    def cancel(self, ticket: Ticket, todos: Sequence[Todo]) -> None:
        """Take to-dos away that nobody has to do any more."""
        for todo in todos:
            self._close(todo, Status.CANCELED, "")
            self._tell(ticket, "bpms_task_change", "cancel", "", todo.user, todo)

    def end(self, ticket: Ticket, status: Status, result: str) -> None:
        """End a ticket with all that still waits for somebody."""
        self.cancel(ticket, ticket.running())
        ticket.status, ticket.finished = status, self._state.clock.now()
        ticket.result = result if status is Status.COMPLETED else ""
        type_ = "finish" if status is Status.COMPLETED else "terminate"
        self._tell(ticket, "bpms_instance_change", type_, ticket.result, ticket.originator)

    def _close(self, todo: Todo, status: Status, result: str) -> None:
        todo.status, todo.result, todo.finished = status, result, self._state.clock.now()
        if todo.index:
            self._state.recall(todo.index)

    def _tell(self, ticket: Ticket, event: str, type_: str, result: str, user: str, todo: Todo | None = None) -> None:
        # A-DINGTALK-137: whether tickets that the application itself moves are told to it is on no page
        if not self._state.app_switches.centre_events:
            return
        data: dict[str, Any] = {
            "processInstanceId": ticket.id,
            "processCode": ticket.schema.code,
            "title": ticket.title,
            "type": type_,
            "staffId": user,
            "createTime": round((todo.created if todo else ticket.created) * 1000),
        }
        if todo is not None:
            data["taskId"] = todo.id
        if result:
            data["result"] = result
        self._bus.publish(event, data)


def _card(ticket: Ticket, todo: Todo) -> dict[str, Any]:
    lines = [f"{value.get('name')}: {value.get('value')}" for value in ticket.values[:FIELDS_SHOWN]]
    text = "  \n".join([f"**{ticket.title}**", *lines])
    card = {"title": ticket.title, "text": text, "singleTitle": "Open", "singleURL": todo.url or ticket.url}
    return {"msgtype": "actionCard", "actionCard": card, "msgKey": "todo"}
