"""What an approval process leaves behind as data.

See https://developer.salesforce.com/docs/platform/object-reference/guide/sforce-api-objects-processinstance.html
"""

from __future__ import annotations

from connectors.salesforce.sandbox.objects.fields import (
    audit,
    creation,
    deleted,
    identity,
    kept_reference,
    read_only,
    reference,
)
from connectors.salesforce.sandbox.schema import Field, SObject, Type, by_name

SUBJECTS = ("Account", "Case", "Opportunity", "Quote")

PROCESS_DEFINITION = SObject(
    "ProcessDefinition",
    "Process Definition",
    "Process Definitions",
    "04a",
    by_name(
        [
            identity(),
            read_only("Name", Type.STRING, "Name", 120),
            read_only("DeveloperName", Type.STRING, "Developer Name", 80),
            read_only("TableEnumOrId", Type.STRING, "Custom Object Definition ID", 40),
            read_only("State", Type.STRING, "State", 40),
            *audit(),
        ]
    ),
    createable=False,
    updateable=False,
    deletable=False,
    replicateable=False,
)

PROCESS_INSTANCE = SObject(
    "ProcessInstance",
    "Process Instance",
    "Process Instances",
    "04g",
    by_name(
        [
            identity(),
            deleted(),
            kept_reference("ProcessDefinitionId", "Process Definition ID", "ProcessDefinition"),
            kept_reference("TargetObjectId", "Target Object ID", *SUBJECTS, children="ProcessInstances"),
            Field(
                "Status",
                Type.PICKLIST,
                "Status",
                40,
                picklist=("Approved", "Rejected", "Removed", "Started", "Pending"),
                createable=False,
                updateable=False,
            ),
            Field("CompletedDate", Type.DATETIME, "Completed Date", createable=False, updateable=False),
            kept_reference("LastActorId", "Last Actor ID", "User"),
            kept_reference("SubmittedById", "Submitted By ID", "User"),
            *audit(),
        ]
    ),
    createable=False,
    updateable=False,
    deletable=False,
    replicateable=False,
    name_field="",
)

WORKITEM = SObject(
    "ProcessInstanceWorkitem",
    "Approval Request",
    "Approval Requests",
    "04i",
    by_name(
        [
            identity(),
            deleted(),
            kept_reference("ProcessInstanceId", "Process Instance ID", "ProcessInstance", children="Workitems"),
            reference("OriginalActorId", "Original Actor ID", "Group", "User"),
            reference("ActorId", "Actor ID", "Group", "User"),
            *creation(),
        ]
    ),
    createable=False,
    updateable=False,
    deletable=False,
    replicateable=False,
    name_field="",
)

STEP = SObject(
    "ProcessInstanceStep",
    "Process Instance Step",
    "Process Instance Step",
    "04h",
    by_name(
        [
            identity(),
            kept_reference("ProcessInstanceId", "Process Instance ID", "ProcessInstance", children="Steps"),
            Field(
                "StepStatus",
                Type.PICKLIST,
                "Step Status",
                40,
                picklist=("Approved", "NoResponse", "Pending", "Reassigned", "Rejected", "Removed", "Started"),
                createable=False,
                updateable=False,
            ),
            kept_reference("OriginalActorId", "Original Actor ID", "Group", "User"),
            kept_reference("ActorId", "Actor ID", "Group", "User"),
            Field("Comments", Type.STRING, "Comments", 4000, createable=False, updateable=False),
            *creation(),
        ]
    ),
    createable=False,
    updateable=False,
    deletable=False,
    replicateable=False,
    name_field="",
)

# computed for each query: https://developer.salesforce.com/docs/platform/object-reference/guide/sforce-api-objects-userrecordaccess.html
RECORD_ACCESS = SObject(
    "UserRecordAccess",
    "User Record Access",
    "User Record Access",
    "0J0",
    by_name(
        [
            identity(),
            kept_reference("UserId", "User ID", "User"),
            Field("RecordId", Type.REFERENCE, "Record ID", 18, createable=False, updateable=False),
            *(
                read_only(f"Has{what}Access", Type.BOOLEAN, f"Has {what} Access")
                for what in ("Read", "Edit", "Delete", "Transfer", "All")
            ),
            Field(
                "MaxAccessLevel",
                Type.PICKLIST,
                "Maximum Access Level",
                40,
                picklist=("None", "Read", "Edit", "Delete", "Transfer", "All"),
                createable=False,
                updateable=False,
            ),
        ]
    ),
    createable=False,
    updateable=False,
    deletable=False,
    replicateable=False,
    stored=False,
    name_field="",
)
