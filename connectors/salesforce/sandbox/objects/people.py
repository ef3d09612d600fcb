"""Users and groups, and what is known of a record of any object that one field may refer to."""

from __future__ import annotations

from dataclasses import replace

from connectors.salesforce.sandbox.objects.fields import audit, identity, read_only, reference, text
from connectors.salesforce.sandbox.objects.sales import full_name
from connectors.salesforce.sandbox.schema import Field, SObject, Type, by_name

USER = SObject(
    "User",
    "User",
    "Users",
    "005",
    by_name(
        [
            identity(),
            replace(text("Username", "Username", 80), required=True),
            replace(text("LastName", "Last Name", 80), required=True),
            text("FirstName", "First Name", 40),
            read_only("Name", Type.STRING, "Full Name", 121),
            text("Title", "Title", 80),
            text("EmployeeNumber", "Employee Number", 20),
            Field("Email", Type.EMAIL, "Email", 128, required=True),
            Field("IsActive", Type.BOOLEAN, "Active"),
            reference("ManagerId", "Manager ID", "User", children="ManagedUsers"),
            *audit(),
        ]
    ),
    createable=False,
    deletable=False,
    derive=full_name,
)

GROUP = SObject(
    "Group",
    "Group",
    "Groups",
    "00G",
    by_name(
        [
            identity(),
            text("Name", "Name", 40),
            text("DeveloperName", "Developer Name", 80),
            Field("Type", Type.PICKLIST, "Type", 40, picklist=("Queue", "Regular"), restricted=True),
            *audit(),
        ]
    ),
    createable=False,
    updateable=False,
    deletable=False,
)

# not queried by itself: https://developer.salesforce.com/docs/platform/object-reference/guide/sforce-api-objects-name.html
NAME = SObject(
    "Name",
    "Name",
    "Names",
    "",
    by_name(
        [
            identity(),
            read_only("Name", Type.STRING, "Name", 121),
            read_only("FirstName", Type.STRING, "First Name", 40),
            read_only("LastName", Type.STRING, "Last Name", 80),
            Field("Type", Type.PICKLIST, "Type", 40, createable=False, updateable=False),
            read_only("Username", Type.STRING, "Username", 80),
            Field("Email", Type.EMAIL, "Email", 128, createable=False, updateable=False),
            Field("Phone", Type.PHONE, "Phone", 40, createable=False, updateable=False),
            read_only("Title", Type.STRING, "Title", 80),
            read_only("IsActive", Type.BOOLEAN, "Active"),
        ]
    ),
    createable=False,
    updateable=False,
    deletable=False,
    stored=False,
)
