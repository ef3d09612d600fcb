"""What a connector brings to be checked."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Never
from unittest import mock

import requests
from pydantic import BaseModel

from connectors.contract import Action, Connector, Draft, RawRequest, Services, Token

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
UNREACHABLE = "http://127.0.0.1:9"
"""Nothing listens on the discard port: a connection is refused at once."""
NAME = "source-under-test"


@dataclass(frozen=True, slots=True)
class Push:
    """A genuine request that must be taken.

    `signed_by` names the headers (lower-case) without which it is unsigned; `stale_after` is how much later the same
    request is too old, None where this sender signs no time.
    """

    request: RawRequest
    signed_by: tuple[str, ...]
    stale_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Subscribing:
    """A client that can subscribe, and `count`: how many subscriptions the vendor has that call an address."""

    client: object
    count: Callable[[str], int]


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
    contexts with the vendor's side, in the state of the beginning each time.
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
