"""Events of DingTalk as changes: which people, groups and approvals are to be looked at again.

The same event comes in two spellings: by Stream `{eventType, eventId, data: {...}}` in lower camel, by HTTP with the
fields of `data` beside `EventType` and `EventTime`.
https://open.dingtalk.com/document/development/org-event-overview
https://open.dingtalk.com/document/development/group-session-add-persons
https://open.dingtalk.com/document/development/event-bpms-instance-change
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.contract import Change, Topic
from connectors.dingtalk.plain import folded, id_of, ids_of, moment_of, text_of

QUOTA_SPENT = "20001"
"""The month's pushes are used up: what comes has this code and no content. One page spells it errCode, one errorCode.

https://open.dingtalk.com/document/development/develop-stream-mode-push-server
"""
CHECKS = frozenset({"check_url", "check_create_suite_url", "check_update_suite_url"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an event is about, and in which of its fields people and subjects stand."""

    topic: Topic
    people: str = "userid"
    subjects: str = ""


_DEPARTMENT = Meaning(Topic.DEPARTMENT, subjects="deptid")
_ROLE = Meaning(Topic.ROLE, people="useridlist", subjects="labelidlist")
_PERSON = Meaning(Topic.PERSON)
_OF_CONTACTS = frozenset({Topic.PERSON, Topic.PERSON_LEFT, Topic.DEPARTMENT, Topic.ROLE, Topic.COMPANY})

EVENTS: Mapping[str, Meaning] = {
    "user_add_org": _PERSON,
    "user_modify_org": _PERSON,
    "user_active_org": _PERSON,
    "user_leave_org": Meaning(Topic.PERSON_LEFT),
    "org_admin_add": _PERSON,
    "org_admin_remove": _PERSON,
    "org_dept_create": _DEPARTMENT,
    "org_dept_modify": _DEPARTMENT,
    "org_dept_remove": _DEPARTMENT,
    "label_user_change": _ROLE,
    "label_conf_add": _ROLE,
    "label_conf_modify": _ROLE,
    "label_conf_del": _ROLE,
    "org_change": Meaning(Topic.COMPANY),
    "org_remove": Meaning(Topic.COMPANY),
    "chat_add_member": Meaning(Topic.GROUP_JOINED),
    "chat_remove_member": Meaning(Topic.GROUP_LEFT),
    "chat_quit": Meaning(Topic.GROUP_LEFT, people="operator"),
    "chat_update_title": Meaning(Topic.GROUP_RENAMED),
    "chat_update_owner": Meaning(Topic.GROUP_OWNER, people="owner"),
    "chat_disband": Meaning(Topic.GROUP_GONE),
    "im_cool_app_install": Meaning(Topic.GROUP_INSTALLED, subjects="coolappcode"),
    "im_cool_app_uninstall": Meaning(Topic.GROUP_UNINSTALLED, subjects="coolappcode"),
    "bpms_instance_change": Meaning(Topic.APPROVAL, people="staffid", subjects="processinstanceid"),
    "bpms_task_change": Meaning(Topic.APPROVAL_TASK, people="staffid", subjects="processinstanceid"),
    "robot_msg_read": Meaning(Topic.MESSAGE_READ, subjects="processquerykey"),
    "robot_msg_recall": Meaning(Topic.MESSAGE_RECALLED, subjects="processquerykey"),
    **dict.fromkeys(CHECKS, Meaning(Topic.CHECK)),
}
FREE = frozenset(event for event, meaning in EVENTS.items() if meaning.topic in _OF_CONTACTS) - {"org_remove"}
"""Events of the address book, which are not charged.

https://open.dingtalk.com/document/development/appendix-a-list-of-events-not-included-in-webhook
"""
_OTHER = Meaning(Topic.OTHER)
_LONGEST_DETAIL = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """What an event says of itself: its name, its id, when it happened (aware), whose it is."""

    event: str
    id: str
    at: datetime
    company: str = ""


def change(origin: Origin, data: Mapping[str, Any]) -> Change:
    """Say what an event changed. Raises NotPlain where an id in it can be none."""
    fields = folded(data)
    if is_spent(fields):
        return Change(origin.id, Topic.QUOTA_SPENT, origin.event, origin.at, company=origin.company)
    meaning = EVENTS.get(origin.event, _OTHER)
    known = meaning.topic is not Topic.OTHER
    return Change(
        id=origin.id,
        topic=meaning.topic,
        event=origin.event,
        at=moment_of(fields.get("timestamp")) or origin.at,
        people=ids_of(fields.get(meaning.people)) if known else (),
        unions=ids_of(_unions(origin.event, fields)) if known else (),
        group=id_of(fields.get("openconversationid") or fields.get("chatid")) if known else "",
        subjects=ids_of(fields.get(meaning.subjects)) if meaning.subjects else (),
        company=origin.company,
        details=_details(fields) if known else {},
    )


def is_spent(fields: Mapping[str, Any]) -> bool:
    """Tell whether the content was taken away because the month is used up; `fields` have folded keys."""
    return QUOTA_SPENT in {text_of(fields.get("errorcode")), text_of(fields.get("errcode"))}


def _unions(event: str, fields: Mapping[str, Any]) -> Any:
    return fields.get("operatorunionid") if event == "chat_quit" else fields.get("unionid")


def _details(fields: Mapping[str, Any]) -> dict[str, str]:
    """Keep short single values: an approval's result and code, a group's new title, both ids of a group."""
    texts = {key: text_of(value) for key, value in fields.items() if len(key) <= _LONGEST_DETAIL and key.isprintable()}
    return {key: text for key, text in texts.items() if text and len(text) <= _LONGEST_DETAIL}
