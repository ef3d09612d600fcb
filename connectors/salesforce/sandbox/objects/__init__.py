"""The objects that a fresh org has."""

from __future__ import annotations

from connectors.salesforce.sandbox.objects.approval import (
    PROCESS_DEFINITION,
    PROCESS_INSTANCE,
    RECORD_ACCESS,
    STEP,
    WORKITEM,
)
from connectors.salesforce.sandbox.objects.people import GROUP, USER
from connectors.salesforce.sandbox.objects.sales import ACCOUNT, CONTACT, LINE_ITEM, OPPORTUNITY, QUOTE
from connectors.salesforce.sandbox.objects.service import CASE, EVENT, TASK

ALL = (
    ACCOUNT,
    CASE,
    CONTACT,
    EVENT,
    GROUP,
    OPPORTUNITY,
    LINE_ITEM,
    PROCESS_DEFINITION,
    PROCESS_INSTANCE,
    STEP,
    WORKITEM,
    QUOTE,
    TASK,
    USER,
    RECORD_ACCESS,
)
