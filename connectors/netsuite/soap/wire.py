"""Calls to one account by SOAP: a token passport of its own for each attempt, short retries, and what failures mean.

Every call here reads, so it may be sent again.
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4395630653.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from connectors.contract import ConnectorError, Misconfigured, Retryable, Services
from connectors.netsuite.errors import explain_network, unreadable
from connectors.netsuite.identity import credentials, passport_signature
from connectors.netsuite.pressure import Pressure
from connectors.netsuite.settings import NetSuiteSettings, Soap, Tba
from connectors.netsuite.soap.errors import explain_fault, fault_of
from connectors.oauth1 import METHOD, OneTime
from connectors.soap import Definition, Endpoint, NoEnvelope, SoapFault, definition
from connectors.soap_values import Part

TRIES = 3
PASSING = frozenset({502, 503, 504})
BINDING = "NetSuiteBinding"


@dataclass(frozen=True, slots=True)
class Asking:
    """An operation. `page_size` is for those with pages; `columns`: only the columns that the search names."""

    operation: str
    page_size: int = 0
    columns: bool = False


class Port:
    """One account's SOAP endpoint. Holds a session, so it belongs to one process; `sleep` takes seconds.

    The WSDL is read at the first call, once for all sources of the process.
    """

    def __init__(
        self,
        settings: NetSuiteSettings,
        services: Services,
        pressure: Pressure,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._soap, self._tba = _needed(settings)
        self._now = services.now
        self._pressure = pressure
        self._sleep = sleep
        self._session = services.session()
        # A session's cookie beside a token passport is an ambiguous sign-in to the vendor.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._signing = credentials(self._tba)
        self._opening = threading.Lock()
        self._endpoint: Endpoint | None = None

    @property
    def definition(self) -> Definition:
        """The WSDL. Raises Misconfigured."""
        return self._open().definition

    def call(self, asking: Asking, **body: Any) -> Part:
        """Make a call that reads; return the element in the reply's body.

        Raises the contract's errors; Throttled names the account's budget.
        """
        tries = Retrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=0.2, max=2.0),
            retry=retry_if_exception(_passes_soon),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            reply = tries(self._sent, asking, body)
        except (SoapFault, NoEnvelope) as fault:
            raise self._explained(fault) from None
        self._pressure.eases()
        return reply

    def blocked(self, detail: str) -> ConnectorError:
        """Return the error for a call that the vendor answered with "too many at once" inside a reply."""
        return self._pressure.rises(detail)

    def _sent(self, asking: Asking, body: dict[str, Any]) -> Part:
        endpoint = self._open()
        headers = [self._passport(endpoint.definition)]
        if asking.page_size:
            headers.append(self._preferences(endpoint.definition, asking))
        try:
            return endpoint.call(asking.operation, headers, **body)
        # The original quotes the address: it does not go into a log by way of the chain.
        except requests.RequestException as fault:
            raise explain_network(fault, repeatable=True) from None

    def _passport(self, wsdl: Definition) -> Any:
        """Sign anew: a nonce and its time are good for one request, a repeated one included.

        https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1509544929.html
        """
        account, once = self._settings.account, OneTime.make(self._now())
        value = passport_signature(self._signing, account, once)
        return wsdl.header(
            self._messages,
            "tokenPassport",
            account=account,
            consumerKey=self._signing.consumer_key,
            token=self._signing.token,
            nonce=once.nonce,
            timestamp=once.timestamp,
            signature=wsdl.make("TokenPassportSignature", value, algorithm=METHOD),
        )

    def _preferences(self, wsdl: Definition, asking: Asking) -> Any:
        # Without bodyFieldsOnly=false a search gives no lines.
        return wsdl.header(
            self._messages,
            "searchPreferences",
            bodyFieldsOnly=False,
            returnSearchColumns=asking.columns,
            pageSize=asking.page_size,
        )

    @property
    def _messages(self) -> str:
        return f"urn:messages_{self._soap.version}.platform.webservices.netsuite.com"

    def _open(self) -> Endpoint:
        with self._opening:
            if self._endpoint is None:
                self._endpoint = Endpoint(
                    definition(self._soap.wsdl),
                    BINDING,
                    f"{self._settings.rest_url}/services/NetSuitePort_{self._soap.version}",
                    self._session,
                    self._settings.timeout,
                )
            return self._endpoint

    def _explained(self, fault: SoapFault | NoEnvelope) -> ConnectorError:
        read = fault_of(fault)
        if read.blocked:
            return self._pressure.rises(read.detail)
        self._pressure.eases()
        if isinstance(fault, NoEnvelope) and fault.status < 300:
            return unreadable(fault.body)
        return explain_fault(fault)


def _needed(settings: NetSuiteSettings) -> tuple[Soap, Tba]:
    if settings.soap is None or settings.soap_tba is None:
        raise Misconfigured("A kind is read by SOAP: add `soap`, with the token that it is proven by.")
    return settings.soap, settings.soap_tba


def _passes_soon(fault: BaseException) -> bool:
    if isinstance(fault, NoEnvelope):
        return fault.status in PASSING
    return isinstance(fault, Retryable)
