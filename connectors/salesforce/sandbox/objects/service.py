"""Cases, and what was done or is to be done: tasks and events."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from connectors.salesforce.sandbox.objects.fields import (
    audit,
    choice,
    currency_code,
    deleted,
    identity,
    kept_reference,
    long_text,
    owner,
    read_only,
    reference,
    text,
)
from connectors.salesforce.sandbox.schema import Field, SObject, Type, Values, by_name

ABOUT = ("Account", "Case", "Opportunity", "Quote")


def _close_case(values: Values, _given: frozenset[str]) -> None:
    closed = values.get("Status") == "Closed"
    values["ClosedDate"] = (values.get("ClosedDate") or values.get("SystemModstamp")) if closed else None
    values["IsClosed"] = closed


def _close_task(values: Values, _given: frozenset[str]) -> None:
    values["IsClosed"] = values.get("Status") == "Completed"


def _end_event(values: Values, _given: frozenset[str]) -> None:
    start, minutes = values.get("StartDateTime"), values.get("DurationInMinutes")
    if isinstance(start, datetime) and isinstance(minutes, int):
        values["EndDateTime"] = start + timedelta(minutes=minutes)


CASE = SObject(
    "Case",
    "Case",
    "Cases",
    "500",
    by_name(
        [
            identity(),
            deleted(),
            read_only("CaseNumber", Type.STRING, "Case Number", 30),
            reference("ContactId", "Contact ID", "Contact", children="Cases"),
            reference("AccountId", "Account ID", "Account", children="Cases"),
            choice("Type", "Case Type", "Mechanical", "Electrical", "Electronic", "Structural", "Other"),
            choice("Status", "Status", "New", "Working", "Escalated", "Closed"),
            choice("Origin", "Case Origin", "Phone", "Email", "Web"),
            text("Subject", "Subject"),
            choice("Priority", "Priority", "High", "Medium", "Low"),
            long_text("Description", "Description"),
            read_only("IsClosed", Type.BOOLEAN, "Closed"),
            Field("ClosedDate", Type.DATETIME, "Closed Date", createable=False, updateable=False),
            Field("IsEscalated", Type.BOOLEAN, "Escalated"),
            currency_code(),
            owner("Group", "User"),
            *audit(),
        ]
    ),
    name_field="CaseNumber",
    auto_number="CaseNumber",
    derive=_close_case,
)


def _activity(children: str) -> list[Field]:
    """Return what tasks and events share. What AccountId holds follows from WhatId."""
    return [
        identity(),
        deleted(),
        reference("WhoId", "Name ID", "Contact", "User", children=children),
        reference("WhatId", "Related To ID", *ABOUT, children=children),
        kept_reference("AccountId", "Account ID", "Account"),
        Field("Subject", Type.PICKLIST, "Subject", 255, picklist=("Call", "Email", "Meeting", "Other")),
        Field("ActivityDate", Type.DATE, "Due Date Only"),
        long_text("Description", "Description"),
        owner("Group", "User"),
        *audit(),
    ]


TASK = SObject(
    "Task",
    "Task",
    "Tasks",
    "00T",
    by_name(
        [
            *_activity("Tasks"),
            replace(
                choice(
                    "Status", "Status", "Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"
                ),
                required=True,
            ),
            replace(choice("Priority", "Priority", "High", "Normal", "Low"), required=True),
            read_only("IsClosed", Type.BOOLEAN, "Closed"),
        ]
    ),
    name_field="Subject",
    derive=_close_task,
)

EVENT = SObject(
    "Event",
    "Event",
    "Events",
    "00U",
    by_name(
        [
            *_activity("Events"),
            text("Location", "Location"),
            Field("StartDateTime", Type.DATETIME, "Start Date Time"),
            Field("EndDateTime", Type.DATETIME, "End Date Time"),
            Field("DurationInMinutes", Type.INT, "Duration", precision=8),
            Field("IsAllDayEvent", Type.BOOLEAN, "All-Day Event"),
        ]
    ),
    name_field="Subject",
    derive=_end_event,
)
