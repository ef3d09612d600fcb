"""Calls to one account over HTTP: their proof, short retries, and what a failed one means."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import requests
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from connectors.contract import ConnectorError, Retryable, Services, Unknown
from connectors.netsuite.errors import Fault, explain, explain_network, unreadable
from connectors.netsuite.identity import Proof, identity
from connectors.netsuite.pressure import Pressure
from connectors.netsuite.settings import NetSuiteSettings

TRIES = 3
PASSING = frozenset({502, 503, 504})

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Site(StrEnum):
    """Which of the account's hosts a call goes to."""

    REST = "rest"
    RESTLETS = "restlets"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` begins with a slash: /services/rest/record/v1/salesOrder/7.

    `repeatable`: it changes nothing, so it may be sent again; `refusable`: a refusal with a code is an answer that the
    caller reads.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    site: Site = Site.REST
    repeatable: bool = True
    refusable: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, the parsed body with every decimal number as Decimal (None: no body), and headers in lower case."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def fault(self) -> Fault:
        """Read as an error."""
        return Fault.read(self.status, self.body)


class Account:
    """One account as one role. Holds a session, so it belongs to one process; `sleep` takes seconds."""

    def __init__(
        self, settings: NetSuiteSettings, services: Services, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._session = services.session()
        # A cookie would tie calls to a session of the vendor's, which then takes one call at a time.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._identity = identity(settings, services, self._session)
        self.pressure = Pressure(settings.calls_key, services.now)
        self.clock: datetime | None = None
        """The vendor's clock as the last answer told it."""

    def call(self, call: Call) -> Answer:
        """Make a call; each attempt is proven anew. A token that the vendor refuses is renewed once.

        Raises the contract's errors; Throttled names the account's budget.
        """
        answer, proof = self._tried(call)
        if answer.status == 401 and self._identity.renewed(proof):
            answer, _ = self._tried(call)
        return self._judged(answer, call)

    def _tried(self, call: Call) -> tuple[Answer, Proof]:
        """Send, and send again shortly what changes nothing."""
        tries = Retrying(
            stop=stop_after_attempt(TRIES if call.repeatable else 1),
            wait=wait_random_exponential(multiplier=0.2, max=2.0),
            retry=retry_if_result(_passes_soon),
            sleep=self._sleep,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        outcome, proof = tries(self._sent, call)
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome, proof

    def _sent(self, call: Call) -> tuple[Answer | ConnectorError, Proof]:
        url = self._url(call)
        proof = self._identity.prove(call.method, url)
        headers = {"Accept": "application/json", **call.headers, "Authorization": proof.header}
        if self._settings.language is not None:
            headers["Accept-Language"] = self._settings.language
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._session.request(
                call.method,
                url,
                data=None if call.body is None else _ENCODER.encode(call.body),
                headers=headers,
                timeout=self._settings.timeout,
                allow_redirects=False,
            )
        # The original quotes the address: it does not go into a log by way of the chain.
        except requests.RequestException as fault:
            return explain_network(fault, repeatable=call.repeatable), proof
        self.clock = _clock(response.headers.get("Date", "")) or self.clock
        return _parsed(response), proof

    def _url(self, call: Call) -> str:
        base = self._settings.rest_url if call.site is Site.REST else self._settings.restlets_url
        # %20, never +: what is signed is the text that is sent.
        query = urlencode(call.params, quote_via=quote)
        return base + call.path + (f"?{query}" if query else "")

    def _judged(self, answer: Answer, call: Call) -> Answer:
        fault = answer.fault
        if answer.status >= 300 and fault.blocked:
            raise self.pressure.rises(fault.detail)
        self.pressure.eases()
        if answer.status < 300 or (call.refusable and 400 <= answer.status < 500 and fault.codes):
            return answer
        error = explain(fault)
        if answer.status >= 500 and not call.repeatable:
            raise Unknown("NetSuite reported a fault after the call was sent.", detail=error.detail)
        raise error


def _passes_soon(outcome: tuple[Answer | ConnectorError, Proof]) -> bool:
    answer = outcome[0]
    return answer.status in PASSING if isinstance(answer, Answer) else isinstance(answer, Retryable)


def _parsed(response: requests.Response) -> Answer | ConnectorError:
    headers = {name.lower(): value for name, value in response.headers.items()}
    content = response.content
    if not content or response.status_code == 204:
        return Answer(response.status_code, None, headers)
    try:
        body = json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        # A page of the edge's, or the vendor's own broken JSON: the status tells more than the text.
        if response.status_code >= 300:
            return Answer(response.status_code, None, headers)
        return unreadable(content)
    return Answer(response.status_code, body, headers)


def _no_number(_text: str) -> None:
    raise ValueError("not a number")


def _clock(text: str) -> datetime | None:
    try:
        clock = parsedate_to_datetime(text)
    except ValueError:
        return None
    return None if clock.tzinfo is None else clock
