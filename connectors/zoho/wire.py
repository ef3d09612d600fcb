"""Calls to one org as one user: the token, its renewal, short retries, and what answers say of the quota."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import requests
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from connectors.contract import ConnectorError, Retryable, Services, Throttled, Token, Unknown
from connectors.zoho.errors import TOKEN_REFUSED, Fault, explain, explain_network, unreadable
from connectors.zoho.settings import ZohoSettings
from connectors.zoho.tokens import WINDOW, Credential

API = "/crm/v8/"
TRIES = 3
PASSING = frozenset({502, 503, 504})
LONG_PRESSURE = timedelta(minutes=5)
"""The vendor says 429 for too many calls at once and for used-up credits alike; the first passes in seconds."""
CREDIT_WAIT = timedelta(minutes=15)

_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Call:
    """One request below `/crm/v8/`. `scope` is the OAuth scope that it needs.

    `repeatable`: it changes nothing, so it may be sent again; `refusable`: a refusal is an answer that the caller reads.
    """

    method: str
    path: str
    scope: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    refusable: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the parsed body, every decimal number as Decimal; None where the vendor sends no body (204, 304)."""

    status: int
    body: Any = None

    @property
    def fault(self) -> Fault:
        """Read as an error."""
        return Fault.read(self.status, self.body)

    @property
    def token_refused(self) -> bool:
        """Whether the access token is the trouble, and not what it may do."""
        return self.status in {400, 401} and self.fault.code in TOKEN_REFUSED


@dataclass(frozen=True, slots=True)
class Said:
    """What the last answers said beside their content: credits that are left (None: not told), the vendor's clock."""

    credits_left: int | None = None
    clock: datetime | None = None


class Account:
    """One org as one user. Holds a session, so it belongs to one process; `sleep` takes seconds."""

    def __init__(
        self,
        credential: Credential,
        settings: ZohoSettings,
        services: Services,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._credential = credential
        self._settings = settings
        self._services = services
        self._sleep = sleep
        self._session = services.session()
        self._refused: tuple[Token, datetime] | None = None
        self._pressed_since: datetime | None = None
        self.said = Said()

    @property
    def calls_key(self) -> str:
        """Key of the budget of calls at once: the vendor counts them for each app in an org."""
        return f"zoho:{app(self._settings)}:calls"

    @property
    def token_key(self) -> str:
        """Key of the budget that stops when the vendor gives no more tokens."""
        return self._credential.key

    @property
    def credits_key(self) -> str:
        """Key under which the org's credits of 24 hours are observed."""
        return f"zoho:{app(self._settings)}:credits"

    def call(self, call: Call) -> Answer:
        """Make a call to the address that came with the token.

        A token that the vendor refuses is renewed once and the same request sent again, with its own headers: a
        conditional write stays conditional. Raises the contract's errors.
        """
        token = self._token()
        answer = self._tried(token, call)
        if answer.token_refused:
            self._services.tokens.spoil(self._credential.key, token)
            token = self._token()
            answer = self._tried(token, call)
            if answer.token_refused:
                # Asking on would use up the ten tokens of ten minutes, and mend nothing.
                self._refused = (token, self._services.now() + WINDOW)
        return self._judged(answer, call)

    def _token(self) -> Token:
        token = self._services.tokens.get(self._credential.key, self._renew)
        if self._refused is not None and self._refused[0] == token and self._services.now() < self._refused[1]:
            raise explain(Fault(401, "INVALID_TOKEN"), "")
        return token

    def _renew(self) -> Token:
        return self._credential.ask(self._session, self._settings.timeout, self._services.now())

    def _tried(self, token: Token, call: Call) -> Answer:
        """Send, and send again shortly what changes nothing."""
        tries = Retrying(
            stop=stop_after_attempt(TRIES if call.repeatable else 1),
            wait=wait_random_exponential(multiplier=0.2, max=2.0),
            retry=retry_if_result(_passes_soon),
            sleep=self._sleep,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        outcome = tries(self._sent, token, call)
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    def _sent(self, token: Token, call: Call) -> Answer | ConnectorError:
        headers = {**call.headers, "Authorization": f"Zoho-oauthtoken {token.value}"}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._session.request(
                call.method,
                token.base_url + API + call.path,
                params=dict(call.params),
                data=None if call.body is None else _ENCODER.encode(call.body),
                headers=headers,
                timeout=self._settings.timeout,
                allow_redirects=False,
            )
        # The original quotes the address: it does not go into a log by way of the chain.
        except requests.RequestException as fault:
            return explain_network(fault, repeatable=call.repeatable)
        self._note(response)
        return _parsed(response)

    def _judged(self, answer: Answer, call: Call) -> Answer:
        if answer.status == 429:
            raise self._pressure(answer.fault)
        self._pressed_since = None
        fault = answer.fault
        refused = call.refusable and 400 <= answer.status < 500 and fault.code not in {"", "OAUTH_SCOPE_MISMATCH"}
        if answer.status < 300 or answer.status == 304 or (refused and not answer.token_refused):
            return answer
        error = explain(fault, call.scope)
        if answer.status >= 500 and not call.repeatable:
            raise Unknown("Zoho reported a fault after the call was sent.", detail=error.detail)
        raise error

    def _pressure(self, fault: Fault) -> Throttled:
        """Wait longer the longer it lasts: no answer says which limit it was, nor when it ends.

        https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html
        """
        now = self._services.now()
        self._pressed_since = self._pressed_since or now
        lasting = now - self._pressed_since
        if self.said.credits_left == 0 or lasting >= LONG_PRESSURE:
            return Throttled(
                "Zoho refuses calls: the org's credits of 24 hours are likely used up. Raise the quota, or poll less.",
                after=CREDIT_WAIT,
                scope=self.calls_key,
                detail=fault.detail,
            )
        after = max(timedelta(seconds=2), min(lasting, timedelta(minutes=1)))
        return Throttled("Zoho asks for fewer calls at once.", after=after, scope=self.calls_key, detail=fault.detail)

    def _note(self, response: requests.Response) -> None:
        """Read the headers: the credits are told only once half of them are used."""
        left = response.headers.get("X-API-CREDITS-REMAINING", "")
        if re.fullmatch(r"\d{1,12}", left):
            limit = max(self._settings.credits, int(left))
            self._services.observe(self.credits_key, limit - int(left), limit)
            self.said = replace(self.said, credits_left=int(left))
        clock = _clock(response.headers.get("Date", ""))
        if clock is not None:
            self.said = replace(self.said, clock=clock)


def app(settings: ZohoSettings) -> str:
    """A short name for the app in its data centre, without telling its id."""
    return hashlib.sha256(f"{settings.accounts}\n{settings.client_id}".encode()).hexdigest()[:16]


def _clock(text: str) -> datetime | None:
    try:
        clock = parsedate_to_datetime(text)
    except ValueError:
        return None
    return None if clock.tzinfo is None else clock


def _passes_soon(outcome: Answer | ConnectorError) -> bool:
    if isinstance(outcome, Answer):
        return outcome.status in PASSING
    return isinstance(outcome, Retryable)


def _parsed(response: requests.Response) -> Answer | ConnectorError:
    content = response.content
    if not content or response.status_code in {204, 304}:
        return Answer(response.status_code)
    try:
        body = json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        # A proxy's or the edge's page: the status tells more than the text.
        if response.status_code >= 300:
            return Answer(response.status_code)
        return unreadable(content)
    return Answer(response.status_code, body)


def _no_number(_text: str) -> None:
    raise ValueError("not a number")


def rows_of(answer: Answer, key: str = "data") -> list[Any]:
    """Return the rows of an answer, none where it has no body. Raises Malformed."""
    if answer.body is None:
        return []
    rows = answer.body.get(key) if isinstance(answer.body, dict) else None
    if not isinstance(rows, list):
        raise unreadable(str(answer.body).encode())
    return rows


def info_of(answer: Answer) -> Mapping[str, Any]:
    """Return what an answer says of further rows."""
    info = answer.body.get("info") if isinstance(answer.body, dict) else None
    return info if isinstance(info, dict) else {}
