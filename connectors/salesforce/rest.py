"""The one place that uses simple_salesforce, imported when the first call is made: it costs a second and 40 MB."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession

from connectors.contract import Token
from connectors.salesforce.errors import Failed, Fault


def send(session: requests.Session, token: Token, version: str, path: str, request: Mapping[str, Any]) -> Any:
    """Send one request to `/services/data/v<version>/<path>` and return the parsed body, decimals as Decimal.

    Raises Failed for an answer that is an error, and what requests raises.
    """
    org = Salesforce(
        session_id=token.value,
        instance_url=token.base_url,
        session=session,
        parse_float=Decimal,
        version=version,
    )
    try:
        return org.restful(path, **request)
    # The originals quote the address, and with it the query: they do not go into a log by way of the chain.
    except SalesforceExpiredSession as fault:
        raise Failed(Fault.read(fault.status, fault.content), expired=True) from None
    except SalesforceError as fault:
        raise Failed(Fault.read(fault.status, fault.content)) from None
