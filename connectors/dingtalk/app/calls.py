"""One client for both families of DingTalk's calls, as one application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import msgspec

from connectors.contract import Malformed, Outcome, Retryable, Services, Token, Unknown
from connectors.dingtalk.app.allowances import (
    ADDRESS,
    application_budget,
    call_budget,
    company_budget,
    counts,
    month_budget,
    purpose,
)
from connectors.dingtalk.app.codes import FORBIDDEN, Scope
from connectors.dingtalk.app.settings import Application
from connectors.dingtalk.app.tokens import Tokens
from connectors.dingtalk.app.verdict import Verdict, judge
from connectors.dingtalk.app.wire import Request, Wire

_NEWER = "v1.0/"


@dataclass(frozen=True, slots=True)
class Call:
    """A call: its path without a leading slash, of the newer family where it begins with `v1.0/`.

    `repeatable`: it changes nothing, or repeating it changes nothing more, so a lost answer leaves nothing in doubt.
    """

    path: str
    body: bytes | None = field(default=None, repr=False)
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = False


def look(path: str, **fields: Any) -> Call:
    """Return a POST that only reads."""
    return Call(path, msgspec.json.encode(fields), repeatable=True)


class Calls:
    """Calls as one application. Holds a session, so it belongs to one process; threads may share it."""

    def __init__(self, application: Application, services: Services) -> None:
        waits = application.timeouts
        wire = Wire(services.session(), (waits.connect.total_seconds(), waits.read.total_seconds()))
        self.application = application
        self.tokens = Tokens(application, services, wire)
        self._wire = wire
        self._services = services
        self._month = month_budget(application)

    def ask(self, call: Call) -> Verdict:
        """Make a call and say what the answer means; a token that is refused is renewed once.

        What DingTalk counts towards the month is told to the runner, and so is its word that the month is used up.
        Raises Retryable where nothing was sent, Unknown where the answer was lost and the call is not repeatable, and
        what renewing the token raises.
        """
        token = self.tokens.get()
        verdict = self._asked(call, token)
        if verdict.token_refused:
            self.tokens.spoil(token)
            verdict = self._asked(call, self.tokens.get())
        elif verdict.entry is FORBIDDEN:
            # a permission that was added since counts for a token that is asked for afterwards: A-DINGTALK-207
            self.tokens.spoil(token)
        if verdict.outcome is not Outcome.THROTTLED:
            return verdict
        if verdict.scope is Scope.MONTH and self._month.month:
            self._services.observe(self._month.key, self._month.month.limit, self._month.month.limit)
        return replace(verdict, stops=self._stopped(verdict, call))

    def make(self, call: Call) -> Mapping[str, Any]:
        """Make a call and return the answer's fields. Raises the contract's errors."""
        verdict = self.ask(call)
        if not verdict.fine:
            raise verdict.error()
        return verdict.said

    def _stopped(self, verdict: Verdict, call: Call) -> str:
        """Return the key of the budget that a throttling stops."""
        match verdict.scope:
            case Scope.MONTH:
                return self._month.key
            case Scope.ADDRESS:
                return ADDRESS.key
            case Scope.TENANT:
                return company_budget(self.application).key
            case Scope.APPLICATION:
                return application_budget(self.application).key
            case _:
                return call_budget(self.application, call.path).key

    def _asked(self, call: Call, token: Token) -> Verdict:
        try:
            status, body = self._wire.send(self._request(call, token))
        except Unknown as error:
            self._count(call)
            if call.repeatable:
                raise Retryable("DingTalk gave no answer: it is tried again.", detail=error.detail) from None
            raise
        verdict = judge(status, body, self._services.now(), older=not call.path.startswith(_NEWER))
        if verdict.outcome is not Outcome.THROTTLED:  # A-DINGTALK-135
            self._count(call)
        return verdict

    def _count(self, call: Call) -> None:
        """Tell of a call that DingTalk may have counted; what it throttles, it does not count."""
        if counts(call.path):
            self._services.spent(self._month, purpose(call.path))

    def _request(self, call: Call, token: Token) -> Request:
        if call.path.startswith(_NEWER):
            query = f"?{urlencode(call.query)}" if call.query else ""
            headers = {"x-acs-dingtalk-access-token": token.value}
            return Request(call.method, f"{self.application.api}/{call.path}{query}", call.body, headers)
        query = urlencode({"access_token": token.value, **call.query})
        return Request(call.method, f"{self.application.oapi}/{call.path}?{query}", call.body)


def texts(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a list of ids in an answer; an absent one is empty. Raises Malformed for anything else."""
    found = said.get(name)
    if found is None:
        return ()
    if isinstance(found, list) and all(isinstance(each, str | int) for each in found):
        return tuple(str(each) for each in found)
    raise Malformed(f"DingTalk's answer has no list in `{name}`.", body=msgspec.json.encode(said))
