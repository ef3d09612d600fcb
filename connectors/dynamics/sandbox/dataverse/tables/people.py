"""Users, teams, roles, business units and currencies."""

from __future__ import annotations

from connectors.dynamics.sandbox.dataverse.tables.columns import (
    REASONS,
    STATES,
    choice,
    decimal,
    flag,
    lookup,
    memo,
    state,
    table,
    text,
    whole,
)
from connectors.dynamics.sandbox.schema import Collected, Column, Type

PERMISSIONS = {0: "Not Allowed", 4: "Allowed"}

PEOPLE = (
    table(
        "businessunit",
        "businessunits",
        (text("name", "Name"), flag("isdisabled", "Is Disabled")),
        label="Business Unit",
        owned=False,
    ),
    table(
        "systemuser",
        "systemusers",
        (
            text("fullname", "Full Name"),
            text("domainname", "User Name"),
            text("internalemailaddress", "Primary Email"),
            text("title", "Title"),
            Column("azureactivedirectoryobjectid", Type.ID, "Azure AD Object ID", writable=True),
            Column("applicationid", Type.ID, "Application ID", writable=True),
            flag("isdisabled", "Status"),
            lookup("businessunitid", "Business Unit", "businessunit"),
            lookup("parentsystemuserid", "Manager", "systemuser"),
        ),
        label="User",
        name_column="fullname",
        owned=False,
    ),
    table(
        "team",
        "teams",
        (
            text("name", "Team Name"),
            lookup("businessunitid", "Business Unit", "businessunit"),
            lookup("administratorid", "Administrator", "systemuser"),
        ),
        label="Team",
        owned=False,
    ),
    table(
        "role",
        "roles",
        (text("name", "Name"), lookup("businessunitid", "Business Unit", "businessunit")),
        label="Security Role",
        owned=False,
    ),
    table(
        "transactioncurrency",
        "transactioncurrencies",
        (
            text("currencyname", "Currency Name"),
            text("isocurrencycode", "Currency Code", 5),
            text("currencysymbol", "Currency Symbol", 13),
            whole("currencyprecision", "Currency Precision"),
            decimal("exchangerate", "Exchange Rate", 12),
            *state(STATES, REASONS),
        ),
        label="Currency",
        name_column="currencyname",
        owned=False,
    ),
    table(
        "fieldsecurityprofile",
        "fieldsecurityprofiles",
        (text("name", "Name", 100), memo("description", "Description")),
        label="Column Security Profile",
        owned=False,
        collections={
            "lk_fieldpermission_fieldsecurityprofileid": Collected("fieldpermission", "fieldsecurityprofileid")
        },
    ),
    table(
        "fieldpermission",
        "fieldpermissions",
        (
            lookup("fieldsecurityprofileid", "Profile", "fieldsecurityprofile"),
            text("entityname", "Name of the entity for which this privilege is defined"),
            text("attributelogicalname", "Name of the attribute for which this privilege is defined"),
            choice("canread", "Can Read the attribute", PERMISSIONS, shared="field_security_permission_type"),
            choice("cancreate", "Can create the attribute", PERMISSIONS, shared="field_security_permission_type"),
            choice("canupdate", "Can Update the attribute", PERMISSIONS, shared="field_security_permission_type"),
        ),
        label="Field Permission",
        name_column="attributelogicalname",
        owned=False,
    ),
)
