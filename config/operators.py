"""Where faults are told, and what the plan gains for it: the program's own records take the way of all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta

from pydantic import SecretStr

from config.model import OperatorsEntry, SmtpEntry
from pipelines.language import Phrase
from pipelines.plan import OWN, FieldMap, FieldType, Kind, Lane, Mode, Plan, Route, WhenUnknown

FAULT = "fault"
SIGN_OF_LIFE = "sign of life"
SILENCE = "silence"

# choices that stand for sentences, which each group reads in its own language
_WHAT = FieldMap("what", "what", FieldType.CHOICE, Phrase("What").one)
_STATE = FieldMap("state", "state", FieldType.CHOICE, Phrase("State").one)
# Translators: followed by the name of a source system
_SOURCE = Phrase("Source").one
_KINDS = {
    FAULT: (
        _WHAT,
        _STATE,
        FieldMap("since", "since", FieldType.DATETIME, Phrase("Since").one),
        FieldMap("seen", "seen", FieldType.DATETIME, Phrase("Last seen").one),
    ),
    SIGN_OF_LIFE: (_WHAT, FieldMap("seen", "seen", FieldType.DATETIME, Phrase("Counted at").one)),
    SILENCE: (
        FieldMap("name", "name", FieldType.TEXT, _SOURCE),
        _STATE,
        FieldMap("heard", "heard", FieldType.DATETIME, Phrase("Last heard").one),
    ),
}


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. `security` is starttls, tls or none; `user` is empty where the server asks for no account."""

    host: str
    port: int
    security: str
    user: str
    password: SecretStr
    sender: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes JSON, and the key that signs it."""

    url: str
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class Operators:
    """The ways of telling, any of which may be missing, and from when on something is a fault.

    `zone` is an IANA name; `sign_of_life` is a time of the day in it, None: never.
    """

    destination: str | None = None
    smtp: Smtp | None = None
    webhook: Webhook | None = None
    zone: str = "UTC"
    sign_of_life: time | None = None
    repeat: timedelta = timedelta(hours=1)
    waiting: timedelta = timedelta(minutes=30)
    held: timedelta = timedelta(hours=24)
    lapse: timedelta = timedelta(days=7)

    @property
    def ways(self) -> tuple[str, ...]:
        """The names of the ways beside the destination."""
        return tuple(name for name in ("smtp", "webhook") if getattr(self, name) is not None)


def operators(entry: OperatorsEntry) -> Operators:
    """Make the values of a section that has no problems."""
    return Operators(
        destination=entry.destination,
        smtp=_smtp(entry.smtp) if entry.smtp else None,
        webhook=Webhook(entry.webhook.url, entry.webhook.secret) if entry.webhook else None,
        zone=entry.zone,
        sign_of_life=entry.sign_of_life,
        repeat=entry.repeat,
        waiting=entry.waiting,
        held=entry.held,
        lapse=entry.lapse,
    )


def with_own(plan: Plan, destination: str | None, silent: Sequence[str]) -> Plan:
    """Add the routes of the program's own records: faults to the operators' destination, silence to who relies on it.

    `silent` are the sources whose silence is a fault. A dot stands in no name of the file, so no route is hidden.
    """
    routes = []
    again = WhenUnknown.AGAIN
    if destination is not None:
        for kind, title, lane in (
            (FAULT, Phrase("dingbridge: Fault").one, Lane.URGENT),
            (SIGN_OF_LIFE, Phrase("dingbridge: Sign of life").one, Lane.NORMAL),
        ):
            names = tuple(spec.name for spec in _KINDS[kind])
            routes.append(
                Route(f"operators.{kind}", OWN, kind, (destination,), title, names, lane=lane, when_unknown=again)
            )
    for source in silent:
        if relying := _relying(plan, source):
            fields, only = ("state", "heard"), {"name": source}
            told = Route(f"silence.{source}", OWN, SILENCE, relying, _SOURCE, fields, equals=only, when_unknown=again)
            routes.append(told)
    kinds = {(OWN, route.kind): Kind(OWN, route.kind, _KINDS[route.kind]) for route in routes}
    return replace(plan, kinds={**plan.kinds, **kinds}, routes=(*plan.routes, *routes))


def _relying(plan: Plan, source: str) -> tuple[str, ...]:
    live = [route for route in plan.routes if route.source == source and route.mode is Mode.LIVE]
    return tuple(dict.fromkeys(name for route in live for name in route.to))


def _smtp(entry: SmtpEntry) -> Smtp:
    password = entry.password or SecretStr("")
    return Smtp(entry.host, entry.port, entry.security, entry.user or "", password, entry.from_, entry.to)
