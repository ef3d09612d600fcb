"""Calls to one environment as one user: the token, its renewal, short retries, and waiting when it is too much.

Limits: https://learn.microsoft.com/dynamics365/business-central/dev-itpro/administration/operational-limits-online
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import msgspec
import requests
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from connectors.contract import ConnectorError, Retryable, Services, Throttled, Token, Unknown
from connectors.dynamics.business_central.errors import explain, explain_network, unreadable
from connectors.dynamics.business_central.settings import BusinessCentralSettings
from connectors.odata import Answer, Request, send

TRIES = 3
SOON = timedelta(seconds=2)
PASSING = frozenset({502, 503})
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=5)
"""The window is five minutes long and slides; the vendor documents no Retry-After for 429."""
REST = timedelta(minutes=10)

_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a whole address.

    `repeatable`: it changes nothing, so it may be sent again; `refusable`: a refusal (4xx) is read by the caller.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    repeatable: bool = True
    refusable: bool = False


class Credential(Protocol):
    """Who a call is made as."""

    @property
    def key(self) -> str:
        """The key of the access token in the cache of all workers; holds no secret."""
        ...

    def ask(self, session: requests.Session, now: datetime) -> Token:
        """Get an access token that begins at `now` (aware). Raises the contract's errors."""
        ...


class Account:
    """One environment as one user. Holds a session, so it belongs to one process; `sleep` takes seconds."""

    def __init__(
        self,
        credential: Credential,
        settings: BusinessCentralSettings,
        services: Services,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._credential = credential
        self._settings = settings
        self._services = services
        self._sleep = sleep
        self._session = services.session()
        self._refused: tuple[Token, datetime] | None = None
        self._pressed = timedelta(0)
        self.clock: datetime | None = None
        """The vendor's clock in the last answer."""

    @property
    def calls_key(self) -> str:
        """Key of the budget of calls: the vendor counts them for each user of an environment."""
        place = f"{self._settings.api}\n{self._credential.key}"
        return f"business_central:{hashlib.sha256(place.encode()).hexdigest()[:16]}:calls"

    @property
    def token_key(self) -> str:
        """Key of the budget that stops when no more tokens are given."""
        return self._credential.key

    def call(self, call: Call) -> Answer:
        """Make a call; a token that the vendor refuses is renewed once, and the same request sent again.

        Raises the contract's errors.
        """
        token = self._token()
        answer = self._tried(token, call)
        if answer.status == 401:
            self._services.tokens.spoil(self._credential.key, token)
            token = self._token()
            answer = self._tried(token, call)
            if answer.status == 401:
                # A fresh token that is refused is refused for what it is: asking on would mend nothing.
                self._refused = (token, self._services.now() + REST)
        return self._judged(answer, call)

    def _token(self) -> Token:
        token = self._services.tokens.get(self._credential.key, self._renew)
        if self._refused is not None and self._refused[0] == token and self._services.now() < self._refused[1]:
            raise explain(Answer(401, {}).fault)
        return token

    def _renew(self) -> Token:
        return self._credential.ask(self._session, self._services.now())

    def _tried(self, token: Token, call: Call) -> Answer:
        """Send, and send again shortly what changes nothing."""
        tries = Retrying(
            stop=stop_after_attempt(TRIES if call.repeatable else 1),
            wait=wait_random_exponential(multiplier=0.2, max=SOON.total_seconds()),
            retry=retry_if_result(_passes_soon),
            sleep=self._sleep,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        outcome = tries(self._sent, token, call)
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    def _sent(self, token: Token, call: Call) -> Answer | ConnectorError:
        # Error texts and number formats follow the language, so it is always the same one.
        headers = {**call.headers, "Authorization": f"Bearer {token.value}", "Accept-Language": "en-US"}
        body = None if call.body is None else _ENCODER.encode(call.body)
        try:
            answer = send(self._session, Request(call.method, call.url, headers, body), self._settings.timeout)
        # The original quotes the address: it does not go into a log by way of the chain.
        except requests.RequestException as fault:
            return explain_network(fault, repeatable=call.repeatable)
        self.clock = _clock(answer.headers.get("date", "")) or self.clock
        return answer

    def _judged(self, answer: Answer, call: Call) -> Answer:
        if answer.status == 429:
            raise self._pressure(answer)
        self._pressed = timedelta(0)
        if answer.status < 300 or (call.refusable and 400 <= answer.status < 500 and answer.status != 401):
            return answer
        error = explain(answer.fault)
        if answer.status >= 500 and not call.repeatable:
            raise Unknown("Business Central reported a fault after the call was sent.", detail=error.detail)
        if isinstance(error, Retryable):
            error.after = _asked_wait(answer)
        raise error

    def _pressure(self, answer: Answer) -> Throttled:
        """Wait as long as the vendor says, else longer each time."""
        self._pressed = min(max(self._pressed * 2, FIRST_WAIT), LONGEST_WAIT)
        return Throttled(
            "Business Central asks for fewer calls: other programs may use the same application.",
            after=_asked_wait(answer) or self._pressed,
            scope=self.calls_key,
            detail=answer.fault.detail,
        )


def body_of(answer: Answer) -> Mapping[str, Any]:
    """Return an answer's object. Raises Malformed."""
    if not isinstance(answer.body, Mapping):
        raise unreadable(answer.content)
    return answer.body


def _asked_wait(answer: Answer) -> timedelta | None:
    seconds = answer.headers.get("retry-after", "")
    return timedelta(seconds=min(int(seconds), 3600)) if seconds.isascii() and seconds.isdigit() else None


def _clock(text: str) -> datetime | None:
    try:
        clock = parsedate_to_datetime(text)
    except ValueError:
        return None
    return None if clock.tzinfo is None else clock


def _passes_soon(outcome: Answer | ConnectorError) -> bool:
    if isinstance(outcome, Answer):
        return outcome.status in PASSING and (_asked_wait(outcome) or SOON) <= SOON
    return isinstance(outcome, Retryable)
