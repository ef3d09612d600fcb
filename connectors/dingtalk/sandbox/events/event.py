"""One event, in the two shapes in which it is pushed.

https://open.dingtalk.com/document/development/overview-of-event-subscription
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.dingtalk.sandbox.apps import CORP_ID, App

FREE = (
    "user_add_org",
    "user_modify_org",
    "user_leave_org",
    "user_active_org",
    "org_dept_create",
    "org_dept_modify",
    "org_dept_remove",
    "label_user_change",
    "label_conf_add",
    "label_conf_modify",
    "label_conf_del",
    "org_admin_add",
    "org_admin_remove",
    "org_change",
)
"""Events that do not count against the month."""
CHECK_URL = "check_url"
PASCAL = ("robot_msg_read", "robot_msg_recall")
"""Events whose fields begin with a capital letter when they are pushed over HTTP."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened; `born` is Unix milliseconds. One event keeps its id in every attempt."""

    type: str
    data: Mapping[str, Any]
    born: int
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def free(self) -> bool:
        """Whether the month is not charged for it."""
        return self.type in FREE

    def stream_headers(self, app: App) -> Mapping[str, str]:
        """Return the headers that a frame of Stream mode has beside the usual ones."""
        return {
            "eventType": self.type,
            "eventId": self.id,
            "eventCorpId": CORP_ID,
            "eventBornTime": str(self.born),
            "eventUnifiedAppId": app.client_id,
        }

    def http_body(self) -> Mapping[str, Any]:
        """Return the plaintext of an HTTP push."""
        if self.type == CHECK_URL:
            # https://open.dingtalk.com/document/development/event-subscription-callback-test-url-event
            return {"EventType": CHECK_URL}
        pascal = self.type in PASCAL
        fields = {name[:1].upper() + name[1:] if pascal else name: value for name, value in self.data.items()}
        own = {
            "EventType": self.type,
            "EventTime": self.born,
            "CorpId": CORP_ID,
            "BizId": str(self.born),
            "eventId": self.id,
        }
        return {**own, **fields}

    def failed(self) -> Mapping[str, Any]:
        """Return how the list of failed pushes tells it."""
        inside: Mapping[str, Any] = {**self.data, "corpid": CORP_ID}
        if self.type.startswith("bpms_"):
            inside = {"bpmsCallBackData": dict(self.data), "corpid": CORP_ID}
        elif self.type.startswith("label_"):
            inside = {"roleLabelChange": dict(self.data), "corpid": CORP_ID}
        return {self.type: inside, "call_back_tag": self.type, "event_time": self.born}
