"""The NetSuite twin: SuiteQL, records by REST, and SOAP of one small account, served locally.

It is written from Oracle's public documentation and is not NetSuite.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.netsuite.sandbox import demo, oauth, restlet
from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.control import orders
from connectors.netsuite.sandbox.credentials import ACCOUNT_ID
from connectors.netsuite.sandbox.database import NAME
from connectors.netsuite.sandbox.rest import vendor
from connectors.netsuite.sandbox.soap.names import VERSIONS
from connectors.sandbox.twin import Control, Twin

__all__ = ["create"]

SHOWN = 20


def create() -> Twin:
    """Make a fresh account with demo data. Nothing is bound: the host process serves `app`."""
    account = Account()
    demo.fill(account)

    def describe(base: str) -> Mapping[str, Any]:
        return {
            "name": "netsuite",
            "base_url": base,
            "account": ACCOUNT_ID,
            "company_zone": account.settings.company_zone,
            "token_url": f"{base}{oauth.PATH}",
            "suiteql_url": f"{base}/services/rest/query/v1/suiteql",
            "record_url": f"{base}/services/rest/record/v1",
            "soap_url": f"{base}/services/NetSuitePort_{VERSIONS[0]}",
            "wsdl_url": f"{base}/wsdl/v{VERSIONS[0]}_0/netsuite.wsdl",
            "client_id": demo.BRIDGE_APP.client_id,
            "certificates": {
                name: {"kid": kid, "private_key": demo.pem(name)} for name, kid in demo.CERTIFICATES.items()
            },
            "consumer_key": demo.BRIDGE_APP.client_id,
            "consumer_secret": demo.BRIDGE_APP.secret,
            "tokens": {name: {"token": token.key, "secret": token.secret} for name, token in demo.TOKENS.items()},
            "roles": {str(role.id): role.name for role in account.roles.values()},
            "restlet": {"script": restlet.SCRIPT, "deploy": restlet.DEPLOY},
            "records": {record.name: _records(account, record.name) for record in account.catalogue.records()},
        }

    control = Control(vendor(account), [*orders(account, describe)])
    return Twin("netsuite", control, describe)


def _records(account: Account, name: str) -> list[dict[str, str]]:
    """Return id and name of the first records of a type."""
    record = account.catalogue.record(name)
    rows = account.database.all(record.table) if record else []
    mine = [row for row in rows if record and row.get("type", record.code) == record.code]
    return [{"id": str(row["id"]), "name": str(row[NAME])} for row in mine[:SHOWN]]
