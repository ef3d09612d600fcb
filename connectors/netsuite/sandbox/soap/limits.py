"""What is told of the limit of running requests, to administrators alone.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_158142198604.html and
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_158142272877.html
"""

from __future__ import annotations

from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.roles import Caller
from connectors.netsuite.sandbox.soap import envelopes
from connectors.netsuite.sandbox.soap.envelopes import StatusError, element

# A-NETSUITE-48: the page calls the first _accountLimit, the schema has _account
_TYPES = {"accountLimit": "_account", "integrationSpecific": "_integrationSpecific"}


def of_account(account: Account, caller: Caller) -> str:
    """Return the limit of the account, and what of it no integration has for itself."""
    limits = account.governance.limits()
    return _told(
        caller,
        {
            "accountConcurrencyLimit": limits["accountConcurrencyLimit"],
            "unallocatedConcurrencyLimit": limits["accountUnallocatedConcurrencyLimit"],
        },
    )


def of_integration(account: Account, caller: Caller) -> str:
    """Return the limit of the integration that asks, and whether it is its own or the account's."""
    limits = account.governance.limits()
    own = {key: limits[key] for key in ("integrationConcurrencyLimit",) if key in limits}
    return _told(caller, {**own, "limitType": _TYPES[str(limits["integrationLimitType"])]})


def _told(caller: Caller, values: dict[str, int | str]) -> str:
    if not caller.role.admin:
        # A-NETSUITE-48: the page says that others get no results
        return envelopes.status(StatusError("INSUFFICIENT_PERMISSION", "Only an administrator is told of limits."))
    return envelopes.status() + "".join(element(f"platformCore:{name}", value) for name, value in values.items())
