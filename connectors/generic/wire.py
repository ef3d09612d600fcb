"""Calls to a system that can be written back to: signed, bounded in time and size, with short retries.

The protocol stands in this folder's README.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import requests
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from connectors.contract import (
    Budget,
    ConnectorError,
    Malformed,
    Misconfigured,
    Retryable,
    Services,
    Throttled,
    Unknown,
)
from connectors.generic.receiver import parse
from connectors.generic.records import Unusable
from connectors.generic.settings import GenericSettings, WriteBack
from connectors.generic.signing import Signer, content_digest
from connectors.transport import NotSent

TRIES = 3
PASSING = frozenset({502, 503, 504})
SOON = timedelta(seconds=5)
"""A wait that a call makes itself; a longer one is the runner's."""
PRESSURE = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
REFUSALS = frozenset({403, 404, 409, 410, 412, 422})
"""Answers of which the protocol says what they mean for one record."""
LONGEST_REASON = 300
_PIECE = 64 * 1024

_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Call:
    """One request below the address: `segments` of its path, not yet encoded.

    `headers` are signed; `repeatable`: it changes nothing, so it may be sent again.
    """

    method: str
    segments: tuple[str, ...]
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What the system said; `document` is its JSON with numbers as int and Decimal, None where it is none."""

    status: int
    content: bytes
    document: Any = None
    after: timedelta | None = None
    """Its Retry-After."""

    @property
    def problem(self) -> Mapping[str, Any]:
        """The members of a refusal: https://www.rfc-editor.org/rfc/rfc9457."""
        return self.document if isinstance(self.document, dict) else {}

    @property
    def reason(self) -> str:
        """What the system has to say to the person, in one line; empty where it says nothing."""
        detail = self.problem.get("detail")
        return " ".join(detail.split())[:LONGEST_REASON] if isinstance(detail, str) else ""

    def gone(self, kind: str, record_id: str) -> bool:
        """Whether it says that this record is not there; a 404 that names no record comes from a wrong address."""
        named = self.problem.get("kind"), str(self.problem.get("id"))
        return self.status == 410 or (self.status == 404 and named == (kind, record_id))

    def unexpected(self) -> Misconfigured:
        """Return the error of an answer that means nothing here."""
        return Misconfigured(
            f"What answers at `write_back.url` says HTTP {self.status}, which the protocol does not have here: correct "
            "the address, and look for a proxy before it.",
            detail=f"HTTP {self.status}",
        )


class Counterpart:
    """The system that is asked and written to. Holds a session, so it belongs to one process; `sleep` takes seconds."""

    def __init__(
        self,
        write_back: WriteBack,
        settings: GenericSettings,
        services: Services,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._write_back = write_back
        self._signer = Signer(write_back.key.get_secret_value().encode(), write_back.key_id)
        self._most = settings.max_body
        self._max_depth = settings.max_depth
        self._now = services.now
        self._sleep = sleep
        self._session = services.session()

    @property
    def budget(self) -> Budget:
        """The quota that every call uses."""
        return Budget(self._write_back.calls_key, (), slots=self._write_back.at_once)

    def call(self, call: Call) -> Answer:
        """Make a call; returns what was done and the refusals of the protocol.

        Raises the contract's errors, Unknown only for what is not repeatable.
        """
        tries = Retrying(
            stop=stop_after_attempt(TRIES if call.repeatable else 1),
            wait=wait_random_exponential(multiplier=0.2, max=2.0),
            retry=retry_if_result(_passes_soon),
            sleep=self._sleep,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        outcome = tries(self._sent, call)
        if isinstance(outcome, requests.RequestException):
            # The original quotes the address: it does not go into a log by way of the chain.
            raise _explain_network(outcome, repeatable=call.repeatable)
        return self._judged(outcome, call)

    def _sent(self, call: Call) -> Answer | requests.RequestException:
        try:
            prepared = self._signed(call)
            timeout = self._write_back.timeout
            with self._session.send(prepared, timeout=timeout, allow_redirects=False, stream=True) as response:
                content = self._bounded(response)
        except requests.RequestException as fault:
            return fault
        after = _wait(response.headers.get("Retry-After", ""), self._now())
        return Answer(response.status_code, content, self._parsed(content), after)

    def _signed(self, call: Call) -> requests.PreparedRequest:
        """Prepare a request and sign it as it will go out, by the present time: each attempt has its own proof."""
        body = b"" if call.body is None else _ENCODER.encode(call.body)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **call.headers}
        signed = dict(call.headers)
        if body:
            signed = {"content-digest": content_digest(body), **signed}
            headers |= {"Content-Type": "application/json", "Content-Digest": signed["content-digest"]}
        request = requests.Request(call.method, self._address(call.segments), headers=headers, data=body)
        prepared = self._session.prepare_request(request)
        components = {"@method": call.method, "@path": urlsplit(str(prepared.url)).path or "/", **signed}
        prepared.headers.update(self._signer.headers(components, int(self._now().timestamp())))
        return prepared

    def _address(self, segments: tuple[str, ...]) -> str:
        if not {"", ".", ".."}.isdisjoint(segments):
            # however they are encoded, they are steps of a path, and lead to another address
            raise Misconfigured("A record or a key that is called by dots alone, or by nothing, has no address.")
        return "/".join([self._write_back.url, *(quote(each, safe="") for each in segments)])

    def _bounded(self, response: requests.Response) -> bytes:
        """Read an answer to its end, or until there is more than a push may have: what is cut is no JSON."""
        content = bytearray()
        for piece in response.iter_content(_PIECE):
            content += piece
            if len(content) > self._most:
                break
        return bytes(content)

    def _parsed(self, content: bytes) -> Any:
        try:
            return parse(content, self._max_depth)
        except Unusable:
            return None

    def _judged(self, answer: Answer, call: Call) -> Answer:
        if answer.status < 300 or answer.status in REFUSALS:
            return answer
        detail = f"HTTP {answer.status}"
        if answer.status == 401:
            raise Misconfigured(
                "The system does not believe our signature: compare `write_back.key` and `key_id` with it, and its "
                "clock with this machine's.",
                detail=detail,
            )
        if answer.status == 429:
            after, scope = answer.after or PRESSURE, self._write_back.calls_key
            raise Throttled("The system asks for fewer calls.", after=after, scope=scope, detail=detail)
        if answer.status == 503:
            raise Retryable("The system is not available now.", detail=detail, after=answer.after)
        if answer.status >= 500:
            raise _fault(detail, repeatable=call.repeatable)
        raise answer.unexpected()


def unreadable(answer: Answer, sentence: str) -> Malformed:
    """Return the error for an answer that breaks the protocol."""
    return Malformed(sentence, body=answer.content, detail=f"HTTP {answer.status}")


def _fault(detail: str, *, repeatable: bool) -> ConnectorError:
    sentence = "The system reports a fault of its own."
    return Retryable(sentence, detail=detail) if repeatable else Unknown(sentence, detail=detail)


def _explain_network(fault: requests.RequestException, *, repeatable: bool) -> ConnectorError:
    detail = type(fault).__name__
    if repeatable or isinstance(fault, NotSent | requests.exceptions.ConnectTimeout):
        return Retryable(
            "The system cannot be reached, or did not answer in time: look at the network and at its certificate.",
            detail=detail,
        )
    return Unknown("The request went out and no whole answer came back.", detail=detail)


def _passes_soon(outcome: Answer | requests.RequestException) -> bool:
    if isinstance(outcome, Answer):
        return outcome.status in PASSING and (outcome.after or SOON) <= SOON
    # who was silent once is not waited for three times
    return not isinstance(outcome, requests.Timeout)


def _wait(text: str, now: datetime) -> timedelta | None:
    """Read a Retry-After, seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(timedelta(seconds=int(text)), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return min(max(until - now, timedelta(0)), LONGEST_WAIT)
