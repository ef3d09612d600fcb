"""Webhooks as rows: end points, messages, for which table there are which, and the steps that bring them together.

See https://learn.microsoft.com/power-apps/developer/data-platform/register-web-hook
and https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/sdkmessageprocessingstep
"""

from __future__ import annotations

from connectors.dynamics.sandbox.dataverse.tables.columns import choice, flag, lookup, memo, state, table, text, whole
from connectors.dynamics.sandbox.schema import Collected, Column, Type

CONTRACTS = {1: "OneWay", 2: "Queue", 3: "Rest", 4: "TwoWay", 5: "Topic", 7: "Event Hub", 8: "Webhook"}
AUTH_TYPES = {1: "ACS", 2: "SAS Key", 3: "SAS Token", 4: "Webhook Key", 5: "Http Header", 6: "Http Query String"}
STEP_STATES = {0: "Enabled", 1: "Disabled"}
STEP_REASONS = {1: ("Enabled", 0), 2: ("Disabled", 1)}

EVENTS = (
    table(
        "serviceendpoint",
        "serviceendpoints",
        (
            text("name", "Name", required=True),
            memo("description", "Description"),
            text("url", "URL", 2000),
            choice("contract", "Contract", CONTRACTS),
            choice("authtype", "Specifies mode of authentication with SB", AUTH_TYPES),
            Column("authvalue", Type.TEXT, "Authentication Value", readable=False, length=2048),
            choice("connectionmode", "Connection Mode", {1: "Normal", 2: "Federated"}),
            choice("messageformat", "Message Format", {1: "Binary XML", 2: "Json", 3: "Text XML"}),
        ),
        label="Service Endpoint",
        owned=False,
        collections={"serviceendpoint_sdkmessageprocessingstep": Collected("sdkmessageprocessingstep", "eventhandler")},
    ),
    table("sdkmessage", "sdkmessages", (text("name", "Name", 256),), label="Sdk Message", owned=False),
    table(
        "sdkmessagefilter",
        "sdkmessagefilters",
        (
            text("primaryobjecttypecode", "Primary Object Type Code"),
            lookup("sdkmessageid", "SDK Message ID", "sdkmessage"),
            flag("iscustomprocessingstepallowed", "Custom Processing Step Allowed"),
        ),
        label="Sdk Message Filter",
        name_column="primaryobjecttypecode",
        owned=False,
    ),
    table(
        "plugintype",
        "plugintypes",
        (text("name", "Name", 256), text("friendlyname", "Friendly Name", 256)),
        label="Plug-in Type",
        owned=False,
    ),
    table(
        "sdkmessageprocessingstep",
        "sdkmessageprocessingsteps",
        (
            text("name", "Name", 256),
            memo("description", "Description"),
            memo("configuration", "Configuration"),
            text("filteringattributes", "Filtering Attributes", 100_000),
            choice("mode", "Execution Mode", {0: "Synchronous", 1: "Asynchronous"}, required=True),
            choice("stage", "Execution Stage", {10: "Pre-validation", 20: "Pre-operation", 40: "Post-operation"}),
            whole("rank", "Execution Order"),
            flag("asyncautodelete", "Asynchronous Automatic Delete"),
            choice("supporteddeployment", "Deployment", {0: "Server Only", 1: "Client Only", 2: "Both"}),
            Column("eventhandler", Type.LOOKUP, "Event Handler", targets=("serviceendpoint", "plugintype")),
            lookup("plugintypeid", "Plug-In Type", "plugintype"),
            Column("sdkmessageid", Type.LOOKUP, "SDK Message", targets=("sdkmessage",), required=True),
            lookup("sdkmessagefilterid", "SdkMessage Filter", "sdkmessagefilter"),
            *state(STEP_STATES, STEP_REASONS),
        ),
        label="Sdk Message Processing Step",
        owned=False,
        collections={
            "sdkmessageprocessingstepid_sdkmessageprocessingstepimage": Collected(
                "sdkmessageprocessingstepimage", "sdkmessageprocessingstepid"
            )
        },
    ),
    table(
        "sdkmessageprocessingstepimage",
        "sdkmessageprocessingstepimages",
        (
            text("name", "Name", 256),
            text("entityalias", "Entity Alias", 256),
            choice("imagetype", "Image Type", {0: "PreImage", 1: "PostImage", 2: "Both"}),
            text("messagepropertyname", "Message Property Name", 256),
            text("attributes", "Attributes", 100_000),
            lookup("sdkmessageprocessingstepid", "SDK Message Processing Step", "sdkmessageprocessingstep"),
        ),
        label="Sdk Message Processing Step Image",
        owned=False,
    ),
)
