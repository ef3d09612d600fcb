"""What a connector brings to be checked."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Never
from unittest import mock

import requests
from pydantic import BaseModel

from connectors.contract import Action, Connector, Draft, RawRequest, Services, Token

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
UNREACHABLE = "http://127.0.0.1:9"
"""Nothing listens on the discard port: a connection is refused at once."""
NAME = "source-under-test"


class Brings(StrEnum):
    """What a push becomes."""

    RECORDS = "records"
    HINTS = "hints"


@dataclass(frozen=True, slots=True)
class Push:
    """A genuine request that must be taken.

    How it is proven: `signed_by` names the headers (lower-case) of a signature over the body, without each of which it
    is unsigned; a `token` is a secret as it stands in the query or in the body, which proves the sender and nothing of
    what else stands there. `stale_after` is how much later the same request is too old, None where this sender signs no
    time.
    """

    request: RawRequest
    signed_by: tuple[str, ...] = ()
    stale_after: timedelta | None = None
    token: str = field(default="", repr=False)
    brings: Brings = Brings.RECORDS


@dataclass(frozen=True, slots=True)
class Subscribing:
    """A client that can subscribe, and `count`: how many subscriptions the vendor has that call an address.

    `end` makes the vendor forget them all without a word; `address` is one that its stand-in may be told to call.
    """

    client: object
    count: Callable[[str], int]
    end: Callable[[], None]
    address: str = "https://bridge.example.test/hooks/source-under-test"


@dataclass(frozen=True, slots=True)
class Acting:
    """A client that can act, with three decisions, and `writes`: how often the vendor's records were written to.

    `action` can be done now, `moved` names a version that its record no longer has, the actor of `denied` may not do
    it. Each has a key of its own.
    """

    client: object
    action: Action
    moved: Action
    denied: Action
    writes: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Sent:
    """A channel's client with a message that it has sent: its `key` and `handle`, and the user ids of its readers.

    Of a channel whose messages carry buttons the readers are asked for a decision, and one of them has pressed.
    """

    client: object
    key: str
    handle: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proving:
    """A client of a vendor that takes no proof of a request twice: a nonce, a signature.

    `stumble` makes the vendor refuse one request for a passing reason, after it has looked at its proof; `proofs` are
    those of all requests so far, in order.
    """

    client: object
    kind: str
    stumble: Callable[[], None]
    proofs: Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Blocking:
    """A client of a vendor that answers every call with "too many at once", by each of its `ways` (REST, SOAP)."""

    client: object
    ways: Mapping[str, Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Locking:
    """A client of a vendor that shows the record `id` of `kind` to nobody for now, and others beside it."""

    client: object
    kind: str
    id: str


class Tokens:
    """A token store without a lock, for one thread."""

    def __init__(self) -> None:
        self._kept: dict[str, Token] = {}

    def get(self, key: str, renew: Callable[[], Token]) -> Token:
        if key not in self._kept:
            self._kept[key] = renew()
        return self._kept[key]

    def spoil(self, key: str, token: Token) -> None:
        if self._kept.get(key) == token:
            del self._kept[key]


class Secrets:
    """A `Vault` of one process."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def load(self, key: str) -> str | None:
        return self.kept.get(key)

    def store(self, key: str, value: str) -> None:
        self.kept[key] = value

    def swap(self, key: str, known: str | None, value: str) -> bool:
        if self.kept.get(key) != known:
            return False
        self.kept[key] = value
        return True


def local_session() -> requests.Session:
    """A session that takes no proxy from the environment of whoever runs the checks."""
    session = requests.Session()
    session.trust_env = False
    return session


def local_services() -> Services:
    return Services(
        session=local_session,
        tokens=Tokens(),
        now=lambda: NOW,
        observe=lambda _key, _used, _limit: None,
        vault=Secrets(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorCase:
    """A connector with what the checks need.

    `settings` is a complete example as it stands in a configuration file; `secrets` are the texts in it that nobody may
    see. What `fulfils` names decides which of the rest is needed: `pushes` for Receives; `draft` (with two facts or
    more), `channel` and `unreachable` for Delivers: a context in which what a client sends arrives, and the settings whose
    addresses are `UNREACHABLE`; `source` and `kinds` for Pulls, Reads and Lists: a context in which a client can be
    asked, and the kinds that it then has records of; `subscriber` for Subscribes, `acting` for Acts and Authorises:
    contexts with the vendor's side, in the state of the beginning each time. `sent` is for channels whose clients can be
    asked, or told, something about what they sent (Tells, Recalls, Shows) and who reads it (KnowsAudience): which of it is
    checked, the client tells; `office` for those of which an application knows people: a context with its client. `proving`, `blocking` and `locking` are for
    vendors that know such a thing.
    """

    connector: Connector
    settings: Mapping[str, Any]
    secrets: tuple[str, ...]
    services: Callable[[], Services] = local_services
    pushes: tuple[Push, ...] = ()
    draft: Draft | None = None
    channel: Callable[[], AbstractContextManager[object]] | None = None
    unreachable: Mapping[str, Any] = field(default_factory=dict)
    source: Callable[[], AbstractContextManager[object]] | None = None
    kinds: tuple[str, ...] = ()
    subscriber: Callable[[], AbstractContextManager[Subscribing]] | None = None
    acting: Callable[[], AbstractContextManager[Acting]] | None = None
    sent: Callable[[], AbstractContextManager[Sent]] | None = None
    office: Callable[[], AbstractContextManager[object]] | None = None
    proving: Callable[[], AbstractContextManager[Proving]] | None = None
    blocking: Callable[[], AbstractContextManager[Blocking]] | None = None
    locking: Callable[[], AbstractContextManager[Locking]] | None = None

    def parsed(self) -> BaseModel:
        return self.connector.settings.model_validate(self.settings)

    def client(self) -> Any:
        return self.connector.build(NAME, self.parsed(), self.services())


@contextmanager
def no_network() -> Iterator[None]:
    """Fail whatever looks up a name or opens a connection."""

    def refuse(*args: object, **_kwargs: object) -> Never:
        raise AssertionError(f"the network was used: {args!r}")

    with (
        mock.patch.object(socket, "getaddrinfo", refuse),
        mock.patch.object(socket.socket, "connect", refuse),
        mock.patch.object(socket.socket, "connect_ex", refuse),
        mock.patch.object(socket.socket, "sendto", refuse),
    ):
        yield
