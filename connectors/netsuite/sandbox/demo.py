"""A small trading company with invented names, so that there is something to read at once."""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.credentials import Certificate, Integration, Token
from connectors.netsuite.sandbox.roles import Feature, Role
from connectors.netsuite.sandbox.schema import Level, Row
from connectors.netsuite.sandbox.store import Change
from connectors.netsuite.sandbox.tables.transactions import AFTER, APPROVED, PENDING

HKD, CNY, USD = 1, 2, 3
HONG_KONG, SHENZHEN = 1, 2
EACH, BOX, CASE, METRE, ROLL = 1, 2, 3, 4, 5
SENSOR, GATEWAY, CABLE = 1, 2, 3
KWAI_CHUNG, BAO_AN = 1, 2
INTEGRATION, BUYER, CLERK, CHIEF = 1, 2, 3, 4
LOTUS, KITE, GRANITE = 11, 12, 13
ALLOY, FOIL = 21, 22

ADMINISTRATOR, BRIDGE, APPROVER, SALES = 3, 1000, 1001, 1002
# the same at each start, so that a configuration written for the twin stays good
BRIDGE_APP = Integration("dingbridge", "5c1f0a37" * 8, "9b2e64d1" * 8)
TOKENS = {
    "integration": Token("a1" * 32, "b1" * 32, INTEGRATION, BRIDGE, BRIDGE_APP),
    "approver": Token("a2" * 32, "b2" * 32, BUYER, APPROVER, BRIDGE_APP),
    "clerk": Token("a3" * 32, "b3" * 32, CLERK, SALES, BRIDGE_APP),
    "administrator": Token("a4" * 32, "b4" * 32, CHIEF, ADMINISTRATOR, BRIDGE_APP),
}
CERTIFICATES = {"ES256": "twinEs256CertificateId", "PS256": "twinPs256CertificateId"}

_LISTS: dict[str, list[Row]] = {
    "currency": [
        {"id": HKD, "name": "Hong Kong Dollar", "symbol": "HKD", "exchangerate": 1.0, "isbasecurrency": "T"},
        {"id": CNY, "name": "Chinese Yuan", "symbol": "CNY", "exchangerate": 1.09, "isbasecurrency": "F"},
        {"id": USD, "name": "US Dollar", "symbol": "USD", "exchangerate": 7.8, "isbasecurrency": "F"},
    ],
    "subsidiary": [
        {"id": HONG_KONG, "name": "Peony Instruments", "currency": HKD},
        {"id": SHENZHEN, "name": "Peony Shenzhen", "currency": CNY, "parent": HONG_KONG},
    ],
    "location": [
        {"id": KWAI_CHUNG, "name": "Kwai Chung", "subsidiary": HONG_KONG},
        {"id": BAO_AN, "name": "Bao'an", "subsidiary": SHENZHEN},
    ],
    "inventoryItem": [
        {"id": SENSOR, "itemid": "TS-20", "displayname": "Temperature sensor", "unitstype": 1, "saleunit": BOX},
        {"id": GATEWAY, "itemid": "GW-4", "displayname": "Gateway", "unitstype": 1, "saleunit": EACH},
        {"id": CABLE, "itemid": "CB-100", "displayname": "Sensor cable", "unitstype": 2, "saleunit": METRE},
    ],
    "employee": [
        {"id": INTEGRATION, "firstname": "Bridge", "lastname": "Integration", "email": "bridge@peony.example"},
        {
            "id": BUYER,
            "firstname": "Ivo",
            "lastname": "Larch",
            "email": "ivo@peony.example",
            "title": "Purchasing manager",
            "purchaseorderapprovallimit": 500000.0,
            "supervisor": CHIEF,
        },
        {"id": CLERK, "firstname": "Mei", "lastname": "Teasel", "email": "mei@peony.example", "supervisor": CHIEF},
        {"id": CHIEF, "firstname": "Orla", "lastname": "Quince", "email": "orla@peony.example", "title": "Director"},
    ],
    "customer": [
        {"id": LOTUS, "entityid": "C-2001", "companyname": "Lotus Foods", "creditlimit": 250000.0},
        {"id": KITE, "entityid": "C-2002", "companyname": "Kite & Lantern Retail", "currency": USD},
        {"id": GRANITE, "entityid": "C-2003", "companyname": "Granite Works", "subsidiary": SHENZHEN, "currency": CNY},
    ],
    "vendor": [
        {"id": ALLOY, "entityid": "V-3001", "companyname": "Alloy Yard", "currency": USD},
        {"id": FOIL, "entityid": "V-3002", "companyname": "Foil & Frame", "currency": HKD},
    ],
}
COSTS = {SENSOR: 52.5, GATEWAY: 2600.0, CABLE: 0.6}
STOCK = {(SENSOR, KWAI_CHUNG): 2400.0, (SENSOR, BAO_AN): 600.0, (GATEWAY, KWAI_CHUNG): 120.0, (CABLE, BAO_AN): 5000.0}
"""How much lies where, in the base unit."""
ASSIGNED = {INTEGRATION: [BRIDGE], BUYER: [APPROVER], CLERK: [SALES], CHIEF: [ADMINISTRATOR]}
_UNITS: dict[str, list[Row]] = {
    "Count": [
        {"internalid": EACH, "unitname": "Each", "pluralname": "Each", "abbreviation": "ea", "conversionrate": 1.0},
        {"internalid": BOX, "unitname": "Box", "pluralname": "Boxes", "abbreviation": "bx", "conversionrate": 12.0},
        {"internalid": CASE, "unitname": "Case", "pluralname": "Cases", "abbreviation": "cs", "conversionrate": 144.0},
    ],
    "Length": [
        {"internalid": METRE, "unitname": "Metre", "pluralname": "Metres", "abbreviation": "m", "conversionrate": 1.0},
        {"internalid": ROLL, "unitname": "Roll", "pluralname": "Rolls", "abbreviation": "rl", "conversionrate": 100.0},
    ],
}
STEP = 20 * moments.MINUTE
WEEK = 7 * 24 * 60 * moments.MINUTE


def _line(item: int, quantity: float, units: int, rate: float, location: int = KWAI_CHUNG) -> Row:
    return {"item": item, "quantity": quantity, "units": units, "rate": rate, "location": location}


def _deals() -> list[tuple[str, Row, list[Row]]]:
    """Return the transactions: type, values, lines."""
    waiting = {"nextapprover": BUYER}
    return [
        (
            "salesOrder",
            {"entity": LOTUS, "memo": "Cold room 4"},
            [_line(SENSOR, 100, BOX, 950), _line(GATEWAY, 2, EACH, 5000)],
        ),
        ("salesOrder", {"entity": KITE, "custbody_priority": "High"}, [_line(CABLE, 1250.5, METRE, 1.2)]),
        ("salesOrder", {"entity": GRANITE, "approvalstatus": APPROVED}, [_line(SENSOR, 3, CASE, 11000, BAO_AN)]),
        (
            "invoice",
            {"entity": LOTUS, "approvalstatus": APPROVED, "duedate": "2027-01-31"},
            [_line(GATEWAY, 1, EACH, 5000)],
        ),
        ("purchaseOrder", {"entity": ALLOY, **waiting}, [_line(SENSOR, 40, CASE, 820.25)]),
        ("purchaseOrder", {"entity": FOIL, **waiting, "memo": "Urgent"}, [_line(CABLE, 12, ROLL, 88, BAO_AN)]),
        ("purchaseOrder", {"entity": ALLOY, "approvalstatus": APPROVED}, [_line(GATEWAY, 30, EACH, 310)]),
        ("vendorBill", {"entity": ALLOY, **waiting, "duedate": "2026-12-31"}, [_line(GATEWAY, 30, EACH, 310)]),
    ]


def fill(account: Account) -> None:
    """Put the company into an empty account; everything was written a week ago, minutes apart."""
    _fill_roles(account)
    _fill_credentials(account)
    start = moments.now() - WEEK
    _fill_lists(account, start)
    for at, (name, values, lines) in enumerate(_deals()):
        record = account.catalogue.record(name)
        if record is None:
            continue
        stamp = start + (at + 1) * STEP
        today = f"{moments.at(stamp, account.company_zone):%Y-%m-%d}"
        status = AFTER[record.code][values.get("approvalstatus", PENDING)]
        account.store.create(record, {"trandate": today, "status": status, **values}, lines, Change(CLERK, stamp))
    for (item, location), quantity in STOCK.items():
        account.stock.count(item, location, quantity)
    account.rolebook.assigned.update(ASSIGNED)
    account.rolebook.write()
    account.store.take_written()


def _fill_lists(account: Account, stamp: int) -> None:
    change = Change(CHIEF, stamp)
    for at, (name, units) in enumerate(_UNITS.items(), start=1):
        record = account.catalogue.record("unitsType")
        if record:
            lines = [{**unit, "baseunit": "T" if unit["conversionrate"] == 1 else "F"} for unit in units]
            account.store.create(record, {"id": at, "name": name}, lines, change)
    for name, rows in _LISTS.items():
        record = account.catalogue.record(name)
        for row in rows:
            if record:
                account.store.create(record, {**_common(record.name, row), **row}, [], change)


def _common(name: str, row: Row) -> dict[str, Any]:
    if name == "inventoryItem":
        base = METRE if row["unitstype"] == 2 else EACH
        bought = ROLL if row["unitstype"] == 2 else CASE
        return {"stockunit": base, "purchaseunit": bought, "averagecost": COSTS[row["id"]]}
    if name in {"customer", "vendor", "employee"}:
        return {"subsidiary": HONG_KONG} | ({} if name == "employee" else {"currency": HKD})
    return {}


def _fill_roles(account: Account) -> None:
    names = [record.name for record in account.catalogue.records()]
    view = dict.fromkeys(names, Level.VIEW)
    edit = dict.fromkeys(("salesOrder", "invoice", "purchaseOrder", "vendorBill", "customer"), Level.EDIT)
    every = set(Feature)
    sales = {name: Level.VIEW for name in names if name not in {"purchaseOrder", "vendorBill", "vendor"}}
    roles = [
        Role(ADMINISTRATOR, "Administrator", admin=True),
        Role(BRIDGE, "Bridge", levels=view | edit, features=every, approves={"purchaseOrder", "vendorBill"}),
        Role(
            APPROVER,
            "Purchasing Approver",
            levels=view | edit,
            features=every,
            approves={"purchaseOrder", "vendorBill"},
        ),
        Role(
            SALES,
            "Sales Clerk",
            levels=sales | {"salesOrder": Level.FULL, "customer": Level.FULL},
            features=every - {Feature.DELETED},
            subsidiaries=frozenset({HONG_KONG}),
            hidden={("customer", "creditlimit")},
        ),
    ]
    account.roles |= {role.id: role for role in roles}


def _fill_credentials(account: Account) -> None:
    credentials = account.credentials
    credentials.integrations[BRIDGE_APP.client_id] = BRIDGE_APP
    credentials.tokens |= {token.key: token for token in TOKENS.values()}
    for algorithm, kid in CERTIFICATES.items():
        public = private_key(algorithm).public_key()
        credentials.certificates[kid] = Certificate(kid, public, INTEGRATION, BRIDGE, BRIDGE_APP)


@cache
def private_key(algorithm: str) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    """Make the key of an algorithm, once in a process: it takes a moment."""
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


def pem(algorithm: str) -> str:
    """Return the private key of an algorithm."""
    unsealed = serialization.NoEncryption()
    private = private_key(algorithm).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unsealed
    )
    return private.decode()
