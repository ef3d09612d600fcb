"""OA approvals as a destination: each fact starts one instance of a template.

https://open.dingtalk.com/document/development/create-an-approval-instance
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import msgspec

from connectors.contract import (
    Budget,
    ConnectorError,
    Delivery,
    Draft,
    Fact,
    Finding,
    Format,
    Outcome,
    Resend,
    Retryable,
    Seen,
    Services,
    Unknown,
)
from connectors.dingtalk.app.allowances import budgets, call_budget
from connectors.dingtalk.app.approvals import CREATE, LIST, Approvals, Request
from connectors.dingtalk.app.calls import Calls
from connectors.dingtalk.app.content import unmentioned
from connectors.dingtalk.app.editions import fingerprint
from connectors.dingtalk.app.probe import probe_approvals
from connectors.dingtalk.app.receipts import failed
from connectors.dingtalk.app.settings import ApprovalSettings, FactPart, LinePart
from connectors.dingtalk.app.tries import Tries
from connectors.dingtalk.markdown import calm, compose, flat, link, shorten
from connectors.dingtalk.packing import Part

MOST_VALUE = 65_535
"""Characters of one component's value."""
_MOST_SHORT = 200
_MARK_ROOM = 16


class Approval:
    """Starts an approval for each fact. DingTalk takes no key, so one whose start got no answer is looked up by a mark.

    That a start is under way is noted beforehand where every process sees it: only what was tried before is looked up,
    and a look-up costs counted calls.
    """

    resend = Resend.IDEMPOTENT  # A-DINGTALK-214

    def __init__(self, settings: ApprovalSettings, services: Services) -> None:
        self._settings = settings
        self._calls = Calls(settings.application, services)
        self._approvals = Approvals(self._calls)
        self._now = services.now
        where = fingerprint(settings.application.key, settings.process)
        self._tries = Tries(services.vault, f"dingtalk:approvals:{where}")
        self._budgets = (*budgets(settings.application, CREATE), call_budget(settings.application, LIST))

    def budgets(self) -> Sequence[Budget]:
        """Return every quota of starting an approval, and that of the call by which a lost one is looked for."""
        return self._budgets

    def probe(self) -> Sequence[Finding]:
        """Ask for a token, for the template's newest approvals, and for an end of one that there is not."""
        return probe_approvals(self._calls, self._settings.process, int(self._now().timestamp() * 1000))

    def pack(self, draft: Draft) -> Sequence[Part]:
        """Split `draft` into one part for each fact; what decides on two facts would decide on both."""
        draft = unmentioned(draft)
        if len(draft.facts) <= 1:
            return [(draft, tuple(range(len(draft.facts))))]
        return [(replace(draft, facts=(fact,)), (index,)) for index, fact in enumerate(draft.facts)]

    def freeze(self, draft: Draft, key: str) -> bytes:
        """Return what is to be started for the one fact of `draft`, as JSON in UTF-8 with a mark made of `key`.

        A component whose part of the fact is empty or withheld is left out. A longer value than DingTalk takes ends in
        an ellipsis.
        """
        names = self._settings
        form = self._form(draft)
        form[names.marker] = f"{form.get(names.marker, '')} {_mark(key)}".strip()
        request = Request(
            process=names.process,
            originator=names.originator,
            marker=names.marker,
            form=form,
            department=names.department,
            approvers=names.approvers,
            every=names.every,
        )
        return msgspec.json.encode(request)

    def seen(self, draft: Draft) -> Seen:
        """Show the form of one part, without the mark, which is another one each time."""
        form = self._form(draft)
        fact = draft.facts[0] if draft.facts else Fact(draft.preview)
        url = link(fact.url) if FactPart.LINK in self._settings.form.values() else ""
        text = "\n".join(f"{label}: {value}" for label, value in form.items())
        return Seen(
            flat(fact.title) or "…",
            text,
            ((url, url),) if url else (),
            max(map(len, form.values()), default=0),
            MOST_VALUE,
        )

    def _form(self, draft: Draft) -> dict[str, str]:
        fact = draft.facts[0] if draft.facts else Fact(draft.preview)
        named = self._settings.form.items()
        return {label: value for label, part in named if (value := _value(draft, fact, part))}

    def send(self, frozen: bytes) -> Delivery:
        """Start what is frozen, unless it was tried before and is there; the delivery's handle is the instanceId."""
        request = msgspec.json.decode(frozen, type=Request)
        mark = hashlib.sha256(frozen).hexdigest()[:16]
        try:
            handle = self._tried(request, mark) or self._started(request, mark)
        except ConnectorError as error:
            return failed(error)
        with suppress(ConnectorError):  # it is there, and one that is noted all the same is only looked up
            self._tries.end(mark)
        return Delivery(Outcome.DELIVERED, "0", handle=handle)

    def _tried(self, request: Request, mark: str) -> str | None:
        """Return the instance of a start that got no answer; None where there was none or it began nothing."""
        before = self._tries.at(mark)
        return None if before is None else self._approvals.find(request, before, self._now())

    def _started(self, request: Request, mark: str) -> str:
        self._tries.begin(mark, self._now())
        try:
            return self._approvals.create(request)
        except Unknown:
            raise
        except ConnectorError:
            with suppress(Retryable):  # what began nothing is looked up once, and then started
                self._tries.end(mark)
            raise


def _mark(key: str) -> str:
    return f"‹{hashlib.sha256(key.encode()).hexdigest()[:12]}›"


def _value(draft: Draft, fact: Fact, part: FactPart | LinePart) -> str:
    if isinstance(part, LinePart):
        found = (calm(line.value).strip() for line in fact.lines if line.label == part.line)
        return shorten(next(found, ""), MOST_VALUE - _MARK_ROOM)
    match part:
        case FactPart.TITLE:
            return shorten(calm(flat(fact.title)), _MOST_SHORT)
        case FactPart.NUMBER:
            return shorten(flat(fact.number), _MOST_SHORT)
        case FactPart.LINK:
            return link(fact.url)
        case FactPart.TEXT:
            plain = replace(draft, facts=(fact,), mentions=(), format=Format.TEXT)
            return shorten(compose(plain), MOST_VALUE - _MARK_ROOM)
