"""What the process centre keeps: templates, tickets, and people's to-dos.

https://open.dingtalk.com/document/development/oa-access-process
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from connectors.dingtalk.sandbox.api.fields import Given
from connectors.dingtalk.sandbox.approvals.instances import Component, Status

TODO = "todo:"


def todo_chat(user: str) -> str:
    """Return the conversation in which one person sees what waits for them."""
    return f"{TODO}{user}"


@dataclass(frozen=True, slots=True)
class Schema:
    """A template; `silent` ones show no card to whom something waits for. `modified` is Unix seconds."""

    code: str
    name: str
    client_id: str
    components: Sequence[Component]
    silent: bool
    modified: float


@dataclass(slots=True)
class Todo:
    """One person's to-do; times are Unix seconds, `due` Unix milliseconds or 0. `result` is AGREE, REFUSE or nothing."""

    id: int
    user: str
    activity: str
    url: str
    custom_data: str
    due: int
    created: float
    status: Status = Status.RUNNING
    result: str = ""
    finished: float = 0.0
    index: int = 0


@dataclass(slots=True)
class Ticket:
    """An approval of another system. `result` is agree or refuse once it is over."""

    id: str
    schema: Schema
    title: str
    originator: str
    url: str
    created: float
    values: Sequence[Given]
    notified: Sequence[str]
    status: Status = Status.RUNNING
    result: str = ""
    finished: float = 0.0
    todos: list[Todo] = field(default_factory=list)

    def running(self) -> list[Todo]:
        """Return the to-dos that wait for somebody."""
        return [todo for todo in self.todos if todo.status is Status.RUNNING]


class Centre:
    """Templates by code and tickets by id."""

    def __init__(self) -> None:
        """Start without any."""
        self.schemas: dict[str, Schema] = {}
        self.tickets: dict[str, Ticket] = {}
        self.todo_ids = count(90_000_000_001)
        self._created: list[float] = []
        self._busy: dict[str, float] = {}

    def named(self, name: str) -> Schema | None:
        """Return the template with a name."""
        return next((one for one in self.schemas.values() if one.name == name), None)

    def busy(self, key: str, now: float, seconds: float) -> bool:
        """Tell whether something is still being created for a key; if not, that takes `seconds` from now on."""
        if self._busy.get(key, 0.0) > now:
            return True
        self._busy[key] = now + seconds
        return False

    def used_up(self, now: float, since: float, most: int | None) -> bool:
        """Tell whether the creations since a time are all that is allowed; if not, count one more."""
        self._created = [at for at in self._created if at > since]
        if most is not None and len(self._created) >= most:
            return True
        self._created.append(now)
        return False
