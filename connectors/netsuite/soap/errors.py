"""What NetSuite's SOAP faults and statuses mean: the same codes as on its other channels, under other names.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3539420.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from connectors.contract import ConnectorError, Misconfigured, Refused, Retryable
from connectors.netsuite.errors import BLOCKED, SIGN_IN, Fault, Meaning, explain
from connectors.soap import NoEnvelope, SoapFault

UNREADABLE = "NetSuite's answer does not fit the WSDL: soap.version and the WSDL's file must be of one version."
_VERSION = Meaning(
    Misconfigured,
    "NetSuite cannot read the request: soap.version and the WSDL's file must be of one version, and one that NetSuite "
    "still serves.",
)
_BY_NAME: Mapping[str, Meaning] = MappingProxyType(
    {
        "invalidCredentialsFault": SIGN_IN,
        "invalidAccountFault": Meaning(Misconfigured, "NetSuite does not know the account: correct `account`."),
        "invalidSessionFault": Meaning(Retryable, "NetSuite ended the session in which the call ran."),
        "invalidVersionFault": _VERSION,
        "exceededRecordCountFault": Meaning(Refused, "NetSuite refuses so many records in one call."),
        "exceededRequestSizeFault": Meaning(Refused, "NetSuite refuses a request of this size."),
        "exceededUsageLimitFault": Meaning(Retryable, "NetSuite's usage limit is reached: the call is made again."),
        "unexpectedErrorFault": Meaning(Retryable, "NetSuite reports a fault of its own."),
        # Of Axis, in which the endpoint is written: a request that its schema does not take (A-NETSUITE-204).
        "Server.userException": _VERSION,
        "Client": _VERSION,
    }
)
_CODE_OF: Mapping[str, str] = MappingProxyType(
    {
        "exceededConcurrentRequestLimitFault": "WS_REQUEST_BLOCKED",
        "exceededRequestLimitFault": "WS_CONCUR_SESSION_DISALLWD",
        "insufficientPermissionFault": "INSUFFICIENT_PERMISSION",
    }
)


@dataclass(frozen=True, slots=True)
class Detail:
    """A detail of a status: its code, the vendor's words, and ERROR, WARN or INFO."""

    code: str
    message: str
    level: str


@dataclass(frozen=True, slots=True)
class Status:
    """What stands in a reply, beside what was asked for or instead of it.

    https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3539978.html
    """

    success: bool
    details: Sequence[Detail] = ()

    @property
    def blocked(self) -> bool:
        """Whether too many calls were under way at once."""
        return not self.success and any(each.code in BLOCKED for each in self.details)

    @property
    def warned(self) -> bool:
        """Whether the vendor warns of something."""
        return any(each.level == "WARN" for each in self.details)


class SearchLost(Exception):
    """The vendor no longer knows the search, or not this page of it."""


def fault_of(fault: SoapFault | NoEnvelope) -> Fault:
    """Read what came instead of a reply as an error of this connector."""
    if isinstance(fault, NoEnvelope):
        return Fault(fault.status)
    codes = [code for code in (fault.code, _CODE_OF.get(fault.name, "")) if code]
    return Fault(fault.status, tuple(dict.fromkeys(codes)), fault.text, fault.name)


def explain_fault(fault: SoapFault | NoEnvelope) -> ConnectorError:
    """Return the error for a call that failed and was not blocked."""
    meaning = _BY_NAME.get(fault.name) if isinstance(fault, SoapFault) else None
    if meaning is not None:
        return meaning.error(meaning.sentence, detail=str(fault))
    return explain(fault_of(fault))


def explain_status(details: Sequence[Detail]) -> ConnectorError:
    """Return the error for an answer whose status is not a success."""
    first = next((each for each in details if each.level == "ERROR"), details[0] if details else Detail("", "", ""))
    return explain(Fault(200, (first.code,) if first.code else (), first.message))
