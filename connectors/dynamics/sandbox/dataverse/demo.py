"""A small company's data with invented names and fixed ids, so that there is something to read at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.dataverse import writes
from connectors.dynamics.sandbox.dataverse.access import EVERY_TABLE, Depth, Right, Role
from connectors.dynamics.sandbox.dataverse.contexts import MESSAGES
from connectors.dynamics.sandbox.dataverse.org import BASE_CURRENCY, Org
from connectors.dynamics.sandbox.dataverse.tables import TABLES
from connectors.dynamics.sandbox.dataverse.tables.events import EVENTS
from connectors.dynamics.sandbox.schema import Ref
from connectors.dynamics.sandbox.store import Change

_SPACE = uuid.UUID("0d6cf0f2-35c1-4a88-8a6e-6a1b7d2f9c31")


def fixed(name: str) -> str:
    """Return the id that a demo row always has."""
    return str(uuid.uuid5(_SPACE, name))


UNIT = fixed("unit.harbour")
INTEGRATION, MANAGER, SALES = (fixed(f"user.{name}") for name in ("integration", "wilmot", "tessa"))
TEAM = fixed("team.service")
USD = fixed("currency.usd")
ALL_RIGHTS = dict.fromkeys(Right, Depth.GLOBAL)
OWN = dict.fromkeys(Right, Depth.BASIC)
READ_ALL = {Right.READ: Depth.GLOBAL}
BUSINESS = ("account", "contact", "opportunity", "quote", "quotedetail", "salesorder", "salesorderdetail", "incident")
ROLES: Mapping[str, Role] = {
    "Dingbridge Integration": Role({EVERY_TABLE: ALL_RIGHTS}, acts_for_others=True),
    "Sales Manager": Role({EVERY_TABLE: READ_ALL, **dict.fromkeys(BUSINESS, ALL_RIGHTS)}),
    "Salesperson": Role(
        {
            EVERY_TABLE: READ_ALL,
            **{name: {**OWN, Right.CREATE: Depth.BASIC} for name in BUSINESS},
            "account": {**OWN, **READ_ALL},
        }
    ),
    "System Administrator": Role({EVERY_TABLE: ALL_RIGHTS}, acts_for_others=True, sees_secured=True),
}


def object_id(user: str) -> str:
    """Return a user's object id in Entra."""
    return fixed(f"entra.{user}")


def fill(org: Org, client_id: str) -> None:
    """Write the demo rows, in an order in which each finds those that it refers to."""
    began = moments.whole(moments.now() - timedelta(days=30))
    written = 0
    for table, user, rows in _tables(client_id):
        for name, row in rows.items():
            found = org.catalogue.get(table)
            stamp = began + timedelta(minutes=written)
            given = {found.id_name: fixed(f"{table}.{name}"), **row}
            writes.insert(org, found, given, Change(user, stamp=stamp))
            written += 1
    _grant(org)
    org.access.secured.clear()
    org.store.take_written()


def _grant(org: Org) -> None:
    for name, role in ROLES.items():
        org.access.roles[fixed(f"role.{name}")] = role
    links = org.access.links
    for user, name in ((INTEGRATION, "Dingbridge Integration"), (MANAGER, "Sales Manager"), (SALES, "Salesperson")):
        links["systemuserroles_association"].add((user, fixed(f"role.{name}")))
    links["teammembership_association"] |= {(TEAM, MANAGER), (TEAM, SALES)}


def _person(name: str, first: str, title: str, **more: Any) -> dict[str, Any]:
    return {
        "systemuserid": fixed(f"user.{first}"),
        "fullname": name,
        "domainname": f"{first}@harbour.example",
        "internalemailaddress": f"{first}@harbour.example",
        "title": title,
        "azureactivedirectoryobjectid": object_id(first),
        "businessunitid": Ref("businessunit", UNIT),
        **more,
    }


def _tables(client_id: str) -> list[tuple[str, str, dict[str, dict[str, Any]]]]:
    unit = Ref("businessunit", UNIT)
    people = {
        "integration": _person("Dingbridge Integration", "integration", "", applicationid=client_id),
        "wilmot": _person("Wilmot Kestrel", "wilmot", "Head of Sales"),
        "tessa": _person("Tessa Orchid", "tessa", "Sales", parentsystemuserid=Ref("systemuser", MANAGER)),
    }
    return [
        ("businessunit", INTEGRATION, {"harbour": {"businessunitid": UNIT, "name": "Harbour Trading"}}),
        ("systemuser", INTEGRATION, people),
        ("team", INTEGRATION, {"service": {"teamid": TEAM, "name": "Service desk", "businessunitid": unit}}),
        ("role", INTEGRATION, {n: {"roleid": fixed(f"role.{n}"), "name": n, "businessunitid": unit} for n in ROLES}),
        ("transactioncurrency", INTEGRATION, _currencies()),
        *_catalogue(),
        *_customers(),
        *_deals(),
        *_messages(),
    ]


def _messages() -> list[tuple[str, str, dict[str, dict[str, Any]]]]:
    """Return the messages, and that each is there for each table."""
    names = MESSAGES.values()
    narrowed = {
        f"{name}.{table.name}": {
            "primaryobjecttypecode": table.name,
            "sdkmessageid": Ref("sdkmessage", fixed(f"sdkmessage.{name}")),
            "iscustomprocessingstepallowed": True,
        }
        for name in names
        for table in TABLES
        if table not in EVENTS
    }
    messages = {name: {"name": name} for name in names}
    return [("sdkmessage", INTEGRATION, messages), ("sdkmessagefilter", INTEGRATION, narrowed)]


def _currencies() -> dict[str, dict[str, Any]]:
    def one(row_id: str, name: str, code: str, symbol: str, rate: str) -> dict[str, Any]:
        return {
            "transactioncurrencyid": row_id,
            "currencyname": name,
            "isocurrencycode": code,
            "currencysymbol": symbol,
            "currencyprecision": 2,
            "exchangerate": Decimal(rate),
        }

    return {
        "hkd": one(BASE_CURRENCY, "Hong Kong Dollar", "HKD", "HK$", "1.000000000000"),
        "usd": one(USD, "US Dollar", "USD", "$", "0.128200000000"),
    }


def _catalogue() -> list[tuple[str, str, dict[str, dict[str, Any]]]]:
    schedule = Ref("uomschedule", fixed("uomschedule.boxes"))
    piece = Ref("uom", fixed("uom.piece"))
    return [
        ("uomschedule", INTEGRATION, {"boxes": {"name": "Pieces and cases", "baseuomname": "Piece"}}),
        (
            "uom",
            INTEGRATION,
            {
                "piece": {
                    "name": "Piece",
                    "quantity": Decimal("1.0000000000"),
                    "uomscheduleid": schedule,
                    "isschedulebaseuom": True,
                },
                "case": {
                    "name": "Case of 24",
                    "quantity": Decimal("24.0000000000"),
                    "baseuom": piece,
                    "uomscheduleid": schedule,
                },
            },
        ),
        (
            "product",
            INTEGRATION,
            {
                "crate": {
                    "name": "Cold crate",
                    "productnumber": "P-100",
                    "price": Decimal("120.00"),
                    "defaultuomid": piece,
                }
            },
        ),
    ]


def _customers() -> list[tuple[str, str, dict[str, dict[str, Any]]]]:
    def account(name: str, number: str, industry: int, **more: Any) -> dict[str, Any]:
        return {
            "name": name,
            "accountnumber": number,
            "industrycode": industry,
            "ownerid": Ref("systemuser", SALES),
            **more,
        }

    accounts = {
        "harbour": account("Harbour Logistics", "C-2001", 33, revenue=Decimal("139000000.00"), numberofemployees=420),
        "lotus": account(
            "Lotus Foods",
            "C-2002",
            16,
            revenue=Decimal("8400000.50"),
            transactioncurrencyid=Ref("transactioncurrency", USD),
        ),
        "kite": account("Kite & Lantern Retail", "C-2003", 7),
        "granite": account("Granite Works", "C-2004", 1, ownerid=Ref("systemuser", MANAGER)),
    }
    contacts = {
        "petra": {
            "fullname": "Petra Saffron",
            "firstname": "Petra",
            "lastname": "Saffron",
            "parentcustomerid": Ref("account", fixed("account.harbour")),
            "ownerid": Ref("systemuser", SALES),
        },
    }
    return [("account", SALES, accounts), ("contact", SALES, contacts)]


def _opportunities() -> dict[str, dict[str, Any]]:
    today = moments.now().date()
    harbour, lotus = (Ref("account", fixed(f"account.{name}")) for name in ("harbour", "lotus"))
    tessa = Ref("systemuser", SALES)
    return {
        "cold": {
            "name": "Harbour cold chain",
            "customerid": harbour,
            "estimatedvalue": Decimal("480000.00"),
            "estimatedclosedate": today + timedelta(days=20),
            "opportunityratingcode": 1,
            "closeprobability": 60,
            "ownerid": tessa,
        },
        "packaging": {
            "name": "Lotus packaging line",
            "customerid": lotus,
            "estimatedvalue": Decimal("1250000.50"),
            "transactioncurrencyid": Ref("transactioncurrency", USD),
            "opportunityratingcode": 2,
            "ownerid": tessa,
        },
        "board": {
            "name": "Granite board seats",
            "customerid": Ref("account", fixed("account.granite")),
            "estimatedvalue": Decimal("96000.00"),
            "ownerid": Ref("systemuser", MANAGER),
        },
    }


def _deals() -> list[tuple[str, str, dict[str, dict[str, Any]]]]:
    harbour = Ref("account", fixed("account.harbour"))
    crates = {
        "name": "Harbour crates",
        "customerid": harbour,
        "totalamount": Decimal("288000.00"),
        "ownerid": Ref("systemuser", SALES),
    }
    line = {
        "salesorderid": Ref("salesorder", fixed("salesorder.1042")),
        "salesorderdetailname": "Cold crate",
        "productid": Ref("product", fixed("product.crate")),
        "uomid": Ref("uom", fixed("uom.case")),
        "lineitemnumber": 1,
        "quantity": Decimal("100.00000"),
        "priceperunit": Decimal("2880.00"),
        "baseamount": Decimal("288000.00"),
        "extendedamount": Decimal("288000.00"),
    }
    case = {
        "title": "Crate arrived warm",
        "ticketnumber": "CAS-3001",
        "customerid": harbour,
        "prioritycode": 1,
        "ownerid": Ref("team", TEAM),
    }
    promised = moments.now().date() + timedelta(days=9)
    order = {**crates, "ordernumber": "ORD-1042", "requestdeliveryby": promised}
    return [
        ("opportunity", SALES, _opportunities()),
        ("quote", SALES, {"1001": {**crates, "quotenumber": "QUO-1001"}}),
        ("salesorder", SALES, {"1042": order}),
        ("salesorderdetail", SALES, {"1042.1": line}),
        ("incident", SALES, {"3001": case}),
    ]
