"""Users, teams, roles, business units and currencies."""

from __future__ import annotations

from connectors.dynamics.sandbox.dataverse.tables.columns import (
    REASONS,
    STATES,
    decimal,
    flag,
    lookup,
    state,
    table,
    text,
    whole,
)
from connectors.dynamics.sandbox.schema import Column, Type

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
)
