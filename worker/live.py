"""Checks that need the network: what connectors find out, and one test message where it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from config.compile import Bridge
from connectors.contract import (
    ConnectorError,
    Delivers,
    Delivery,
    Draft,
    Fact,
    Finding,
    KnowsAudience,
    Level,
    Misconfigured,
    Outcome,
    Probes,
    Receives,
    Services,
    Token,
    Unlisted,
    Vault,
)
from pipelines.language import Phrase, say
from pipelines.plan import Destination, Kind
from worker.described import compared
from worker.fault import whereabouts
from worker.spending import AtOnce
from worker.wiring import session

TEST_TITLE = Phrase("dingbridge: a test message")
TEST = Phrase("A test message: this robot works. Nothing needs to be done.")


def trial(locale: str) -> Draft:
    """Return a test message for readers of `locale`."""
    return Draft(preview=say(TEST_TITLE, locale), facts=(Fact("dingbridge", notes=(say(TEST, locale),)),))


@dataclass(slots=True)
class OwnTokens:
    """A `TokenStore` of one command."""

    kept: dict[str, Token] = field(default_factory=dict)

    def get(self, key: str, renew: Callable[[], Token]) -> Token:
        """Return the token of `key`, renewing it when there is none."""
        if key not in self.kept:
            self.kept[key] = renew()
        return self.kept[key]

    def spoil(self, key: str, token: Token) -> None:
        """Drop `token` if it still is the one of `key`."""
        if self.kept.get(key) == token:
            del self.kept[key]


class NoVault:
    """A `Vault` where there is no ledger yet: a credential that rotates would be lost with the command."""

    def load(self, key: str) -> str | None:
        """Raise Misconfigured."""
        raise Misconfigured("This way of signing in needs the ledger: run dingbridge db upgrade first.", detail=key)

    def store(self, key: str, value: str) -> None:
        """Raise Misconfigured; nobody comes here without having loaded."""
        del value
        self.load(key)

    def swap(self, key: str, known: str | None, value: str) -> bool:
        """Raise Misconfigured."""
        del known
        self.store(key, value)
        return False


def own_services(vault: Vault | None = None, told: AtOnce | None = None) -> Services:
    """Return what connectors are built with by a command that has no Redis, and perhaps no ledger.

    `told` counts the calls, where there is one.
    """
    return Services(
        session=session,
        tokens=OwnTokens(),
        now=lambda: datetime.now(UTC),
        observe=told.observe if told else lambda *_: None,
        vault=vault or NoVault(),
        spent=told.spent if told else lambda *_: None,
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """A finding with the source or destination that it is of."""

    name: str
    about: str
    level: Level
    sentence: str


Send = Callable[[str, Delivers, Draft], Delivery]


def look(
    bridge: Bridge, send: Send | None = None, vault: Vault | None = None, told: AtOnce | None = None
) -> Iterator[Looked]:
    """Look at each source and destination in turn; `send` sends a test message into a destination by its name."""
    services = own_services(vault, told)
    for source in bridge.sources.values():
        client = source.connector.build(source.name, source.settings, services)
        kinds = [kind for kind in bridge.plan.kinds.values() if kind.source == source.name]
        yield from _probed(source.name, client, kinds)
    for destination in bridge.destinations.values():
        client = destination.connector.build(destination.name, destination.settings, services)
        yield from _probed(destination.name, client)
        yield from _readers(bridge.plan.destinations[destination.name], client, bridge.plan.clearances.ruled)
        if send is not None and isinstance(client, Delivers):
            draft = trial(bridge.plan.destinations[destination.name].locale)
            yield _sent(destination.name, send(destination.name, client, draft))


def _probed(name: str, client: object, kinds: Sequence[Kind] = ()) -> Iterator[Looked]:
    try:
        found = [*(client.probe() if isinstance(client, Probes) else [_unasked(client)]), *compared(client, kinds)]
    except ConnectorError as error:
        found = [Finding("connection", Level.WRONG, str(error))]
    except Exception as error:  # noqa: BLE001 - a connector from elsewhere may fail in any way; the others are looked at
        found = [Finding("connector", Level.WRONG, f"a fault in dingbridge or its connector: {whereabouts(error)}")]
    for one in found:
        yield Looked(name, one.about, one.level, one.sentence)


def _readers(of: Destination, client: object, ruled: frozenset[str]) -> Iterator[Looked]:
    """Say whether anybody can say who reads a destination: checkable, attested or unknown.

    Of the classes `ruled` that have clearances it is said by what they go there.
    """
    if not isinstance(client, KnowsAudience):
        yield _unlisted(of, "It has no list of members that could be asked for.")
        return
    try:
        found = client.members()
    except ConnectorError as error:
        yield Looked(of.name, "readers", Level.DOUBT, f"unknown now: {error}")
        return
    if isinstance(found, Unlisted):
        yield _unlisted(of, found.sentence)
        return
    count = f"checkable: {len(found.people)} people, {len(found.outsiders)} from outside."
    if found.outsiders:
        yield Looked(
            of.name, "readers", Level.DOUBT, f"{count} While somebody from outside is in it, it gets what is public."
        )
    else:
        by = (
            f" Each must be cleared for what is {', '.join(sorted(ruled))}: dingbridge audience ROUTE." if ruled else ""
        )
        yield Looked(of.name, "readers", Level.FINE, f"{count}{by}")
    if found.open_history:
        sentence = "Who joins reads what was written before: switch that off in the group's settings."
        yield Looked(of.name, "history", Level.DOUBT, sentence)


def _unlisted(of: Destination, sentence: str) -> Looked:
    today = datetime.now(ZoneInfo(of.zone)).date()
    words = [word for word in (of.verified, of.attestation) if word is not None and word.on <= today <= word.until]
    if words:
        said = ", ".join(f"by {word.by} until {word.until} for {', '.join(sorted(word.classes))}" for word in words)
        return Looked(of.name, "readers", Level.FINE, f"attested {said}. {sentence}")
    return Looked(of.name, "readers", Level.DOUBT, f"unknown, so it gets what is public. {sentence}")


def _unasked(client: object) -> Finding:
    if isinstance(client, Receives):
        return Finding("connection", Level.FINE, "It sends by itself: there is nothing to ask.")
    return Finding("connection", Level.DOUBT, "Its connector has no live checks.")


def _sent(name: str, delivery: Delivery) -> Looked:
    if delivery.outcome is Outcome.DELIVERED:
        return Looked(name, "test message", Level.FINE, "It was taken: look for it in the group.")
    if delivery.outcome is Outcome.PARTLY:
        return Looked(name, "test message", Level.DOUBT, delivery.reason)
    said = " ".join(filter(None, (delivery.code, delivery.reason)))
    return Looked(name, "test message", Level.WRONG, f"{delivery.outcome}: {said}")
