"""Work notices that were accepted, and what became of each for each person.

https://open.dingtalk.com/document/development/gets-the-result-of-sending-messages-asynchronously-to-the-enterprise
"""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from connectors.dingtalk.sandbox.settings import Settings

TOO_MANY_A_MINUTE = 143103
TOO_MANY = 143105
DUPLICATE = 143106
FORBIDDEN_CONTENT = 1430002
MINUTE_S = 60.0
WORK = "work:"


def work_chat(agent_id: int, user: str) -> str:
    """Return the conversation in which one person reads the notices of an application."""
    return f"{WORK}{agent_id}:{user}"


class Fate(StrEnum):
    """What became of a notice for one person."""

    UNREAD = "unread"
    READ = "read"
    FORBIDDEN = "forbidden"
    FAILED = "failed"


class Trouble(msgspec.Struct, forbid_unknown_fields=True):
    """An armed fate of the next `count` notices to a person (or, without one, to anybody)."""

    fate: Fate
    user: str = ""
    code: int = FORBIDDEN_CONTENT
    count: int = 1


@dataclass(slots=True)
class Task:
    """One accepted send. `codes` tells why a person's was forbidden, `shown` where it stands in the chat log."""

    id: int
    agent_id: int
    at: float
    message: dict[str, Any]
    fates: dict[str, Fate] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    shown: dict[str, int] = field(default_factory=dict)
    to_all: bool = False
    invalid_users: Sequence[str] = ()
    invalid_departments: Sequence[int] = ()
    recalled: bool = False

    def with_fate(self, fate: Fate) -> list[str]:
        """Return the people whose notice has this fate."""
        return [user for user, one in self.fates.items() if one is fate]


class Notices:
    """All tasks by id, and what each person got today."""

    def __init__(self) -> None:
        """Start with none."""
        self.tasks: dict[int, Task] = {}
        self.armed: list[Trouble] = []
        self._seen: defaultdict[tuple[int, str], deque[tuple[float, bytes]]] = defaultdict(deque)
        self._reached: defaultdict[int, deque[float]] = defaultdict(deque)
        self._at_index: dict[int, tuple[Task, str]] = {}

    def begin(self, agent_id: int, at: float, message: dict[str, Any]) -> Task:
        """Return a new task."""
        id_ = 256_271_000_000 + len(self.tasks) + 1
        task = self.tasks[id_] = Task(id_, agent_id, at, message)
        return task

    def _too_many_to_all(self, task: Task, settings: Settings) -> bool:
        """Tell whether a task to everybody is one more than a day allows."""
        since = task.at - settings.notice_day_s
        same = (one for one in self.tasks.values() if one.to_all and one.agent_id == task.agent_id and one.at > since)
        return sum(1 for _ in same) > settings.notices_to_all_a_day

    def judge(self, task: Task, user: str, settings: Settings) -> Fate:
        """Decide and note what becomes of a task for a person."""
        # A-DINGTALK-136: which code tells that a message to everybody was one too many is on no page
        over = task.to_all and self._too_many_to_all(task, settings)
        fate, code = (Fate.FORBIDDEN, TOO_MANY) if over else self._fate(task, user, settings)
        task.fates[user] = fate
        if fate is Fate.FORBIDDEN:
            task.codes[user] = code
        return fate

    def note(self, task: Task, user: str, index: int) -> None:
        """Note where a person sees a task."""
        task.shown[user] = index
        self._at_index[index] = (task, user)

    def at_index(self, index: int) -> tuple[Task, str] | None:
        """Return the task and the person of an index of the chat log."""
        return self._at_index.get(index)

    def _fate(self, task: Task, user: str, settings: Settings) -> tuple[Fate, int]:
        for trouble in self.armed:
            if trouble.user in {"", user} and trouble.count > 0:
                trouble.count -= 1
                return trouble.fate, trouble.code
        if self._too_many_a_minute(task, settings.notice_receivers_a_minute):
            return Fate.FORBIDDEN, TOO_MANY_A_MINUTE
        seen = self._seen[task.agent_id, user]
        while seen and seen[0][0] <= task.at - settings.notice_day_s:
            seen.popleft()
        digest = hashlib.sha256(msgspec.json.encode(task.message, order="sorted")).digest()
        if any(known == digest for _, known in seen):
            return Fate.FORBIDDEN, DUPLICATE
        if len(seen) >= settings.notices_a_day:
            return Fate.FORBIDDEN, TOO_MANY
        seen.append((task.at, digest))
        return Fate.UNREAD, 0

    def _too_many_a_minute(self, task: Task, most: int) -> bool:
        reached = self._reached[task.agent_id]
        while reached and reached[0] <= task.at - MINUTE_S:
            reached.popleft()
        reached.append(task.at)
        return len(reached) > most
