"""Calls to one environment: the token, its renewal, short retries, and what answers say of the limits."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import requests
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from connectors.contract import ConnectorError, Misconfigured, Services, Token, Unknown
from connectors.dynamics.dataverse.errors import explain, explain_network, throttled, unreadable, wait_of
from connectors.dynamics.dataverse.settings import DataverseSettings
from connectors.odata import Answer, LeadsAway, NotOData, Request, Rows, address, page, send

TRIES = 3
PASSING = frozenset({502, 503, 504})
SOON = timedelta(seconds=5)
"""A wait that a call makes itself; a longer one is the runner's."""
CALLS, WINDOW_S = 6000, 300
"""https://learn.microsoft.com/power-apps/developer/data-platform/api-limits"""

_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `url` is whole: `Environment.at` makes one, a link of an answer is one.

    `body` is sent as JSON, bytes as they stand. `repeatable`: it changes nothing, so it may be sent again; `refusable`: a refusal is an answer that the caller reads.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    repeatable: bool = True
    refusable: bool = False


class Environment:
    """One environment as the application user. Holds a session, so it belongs to one process; `sleep` takes seconds.

    The session keeps the affinity cookie, as the vendor's clients do unless told otherwise: our few calls meet the same
    server, whose caches are warm, and whose counters are the ones that our budget reckons with.
    https://learn.microsoft.com/power-apps/developer/data-platform/send-parallel-requests#server-affinity
    """

    def __init__(
        self, settings: DataverseSettings, services: Services, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings = settings
        self._services = services
        self._sleep = sleep
        self._app = settings.app
        self._session = services.session()
        self._ahead = timedelta(0)

    @property
    def token_key(self) -> str:
        """Key of the access token in the cache of all workers."""
        return self._app.key(self._settings.url)

    @property
    def calls_key(self) -> str:
        """Key of the budget that every call uses."""
        return self._settings.calls_key

    def now(self) -> datetime:
        """Return the vendor's clock (aware UTC) as its last answer told it, which has whole seconds; else ours."""
        return self._services.now() + self._ahead

    def at(self, path: str, options: Mapping[str, str] | None = None) -> str:
        """Return the whole address of a path of the Web API."""
        return address(self._settings.service, path, options)

    def rows(self, url: str, headers: Mapping[str, str]) -> Rows:
        """Get a page of rows. Raises the contract's errors."""
        answer = self.call(Call("GET", url, headers))
        return self.page(answer, url)

    def page(self, answer: Answer, url: str) -> Rows:
        """Read a page that was asked for at `url`. Raises Malformed, Misconfigured where it leads elsewhere."""
        try:
            return page(answer.body, url)
        except LeadsAway:
            raise Misconfigured(
                "The links of Dataverse lead to another address than the one that is called: write `url` as the Power "
                "Platform admin center shows it."
            ) from None  # A-DYNAMICS-101
        except NotOData as fault:
            raise unreadable(answer.content, str(fault)) from None

    def call(self, call: Call) -> Answer:
        """Make a call.

        A token that the vendor refuses is renewed once and the same request sent again, with its own headers: a
        conditional write stays conditional. Raises the contract's errors.
        """
        token = self._token()
        answer = self._tried(token, call)
        if answer.status == 401:
            self._services.tokens.spoil(self.token_key, token)
            answer = self._tried(self._token(), call)
        return self._judged(answer, call)

    def _token(self) -> Token:
        return self._services.tokens.get(self.token_key, self._renew)

    def _renew(self) -> Token:
        return self._app.ask(self._session, self._settings.url, self._settings.timeout, self._services.now())

    def _tried(self, token: Token, call: Call) -> Answer:
        """Send, and send again shortly what changes nothing."""
        tries = Retrying(
            stop=stop_after_attempt(TRIES if call.repeatable else 1),
            wait=wait_random_exponential(multiplier=0.2, max=2.0),
            retry=retry_if_result(self._passes_soon),
            sleep=self._sleep,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        outcome = tries(self._sent, token, call)
        if isinstance(outcome, requests.RequestException):
            raise explain_network(outcome, repeatable=call.repeatable)
        return outcome

    def _sent(self, token: Token, call: Call) -> Answer | requests.RequestException:
        # Without this header a cached answer may come: compose-http-requests-handle-errors#http-headers
        headers = {"If-None-Match": "null", **call.headers, "Authorization": f"Bearer {token.value}"}
        body = call.body if call.body is None or isinstance(call.body, bytes) else _ENCODER.encode(call.body)
        try:
            answer = send(self._session, Request(call.method, call.url, headers, body), self._settings.timeout)
        except requests.RequestException as fault:
            return fault
        self._note(answer)
        return answer

    def _judged(self, answer: Answer, call: Call) -> Answer:
        if answer.status == 429:
            raise throttled(answer.fault, self._wait(answer), self._settings.calls_key)
        if answer.status < 300:
            return answer
        if call.refusable and answer.status in {304, 400, 403, 404, 405, 409, 410, 412, 413}:
            return answer
        error: ConnectorError = explain(answer.fault, self._wait(answer))
        if answer.status >= 500 and not call.repeatable:
            raise Unknown("Dataverse reported a fault after the call was sent.", detail=error.detail)
        raise error

    def _wait(self, answer: Answer) -> timedelta | None:
        return wait_of(answer.headers, self._services.now())

    def _passes_soon(self, outcome: Answer | requests.RequestException) -> bool:
        if isinstance(outcome, Answer):
            return outcome.status in PASSING and (self._wait(outcome) or SOON) <= SOON
        return not isinstance(outcome, requests.exceptions.SSLError)

    def _note(self, answer: Answer) -> None:
        """Read the headers that tell how much of the limit is left on the server that answered."""
        left = answer.headers.get("x-ms-ratelimit-burst-remaining-xrm-requests", "")
        if re.fullmatch(r"\d{1,9}", left):
            limit = max(CALLS, int(left))
            self._services.observe(self._settings.calls_key, limit - int(left), limit)
        try:
            clock = parsedate_to_datetime(answer.headers.get("date", ""))
            # The end of that second: a deletion must not look older than the change before it.
            self._ahead = clock + timedelta(seconds=1) - self._services.now()
        except (ValueError, TypeError):
            return
