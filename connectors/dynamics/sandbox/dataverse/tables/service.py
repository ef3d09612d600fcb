"""Cases, and the system jobs in which failed webhooks are found."""

from __future__ import annotations

from connectors.dynamics.sandbox.dataverse.tables.columns import choice, lookup, memo, moment, state, table, text, whole

CASE_STATES = {0: "Active", 1: "Resolved", 2: "Cancelled"}
CASE_REASONS = {
    1: ("In Progress", 0),
    2: ("On Hold", 0),
    3: ("Waiting for Details", 0),
    5: ("Problem Solved", 1),
    1000: ("Information Provided", 1),
    6: ("Canceled", 2),
}
JOB_STATES = {0: "Ready", 1: "Suspended", 2: "Locked", 3: "Completed"}
JOB_REASONS = {10: ("Waiting", 1), 30: ("Succeeded", 3), 31: ("Failed", 3)}

SERVICE = (
    table(
        "incident",
        "incidents",
        (
            text("title", "Case Title", required=True),
            text("ticketnumber", "Case Number", 100),
            lookup("customerid", "Customer", "account", "contact"),
            choice("prioritycode", "Priority", {1: "High", 2: "Normal", 3: "Low"}),
            choice("caseorigincode", "Origin", {1: "Phone", 2: "Email", 3: "Web"}),
            choice("casetypecode", "Case Type", {1: "Question", 2: "Problem", 3: "Request"}),
            memo("description", "Description"),
            moment("escalatedon", "Escalated On"),
            *state(CASE_STATES, CASE_REASONS),
        ),
        label="Case",
        name_column="title",
        keys=("ticketnumber",),
    ),
    table(
        "asyncoperation",
        "asyncoperations",
        (
            text("name", "System Job Name", 256),
            memo("message", "Message"),
            memo("friendlymessage", "Friendly message"),
            whole("errorcode", "Error Code"),
            moment("completedon", "Completed On"),
            lookup("owningextensionid", "Owning Extension", "sdkmessageprocessingstep"),
            *state(JOB_STATES, JOB_REASONS),
        ),
        label="System Job",
    ),
)
