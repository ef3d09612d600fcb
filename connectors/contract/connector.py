"""A connector as a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from connectors.contract.previews import Site
from connectors.contract.services import Services


class Guarantee(StrEnum):
    """What a capability gives, for the README's table."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Capability:
    """One line of a connector's guarantees: what, how far, and the vendor's page that says so."""

    name: str
    guarantee: Guarantee
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Hearing:
    """How a connector makes the client of an application that speaks to us: `settings` and `build` as in `Connector`."""

    settings: type[BaseModel]
    build: Callable[[str, Any, Services], object]
    fulfils: frozenset[type]


@dataclass(frozen=True, slots=True)
class Connector:
    """A connector is a value: registering it is one line in `registry.py`.

    `settings` is the pydantic model of its settings; `build(name, settings, services)` makes a client that fulfils
    one or more of the protocols above. `fulfils` names those of every client; settings may make one fulfil more, which
    `fulfils_also` tells before there is a client. `grants` is what an administrator of the vendor's side does first, a
    sentence each, in order.
    """

    name: str
    title: str
    settings: type[BaseModel]
    build: Callable[[str, Any, Services], object]
    fulfils: frozenset[type]
    capabilities: tuple[Capability, ...] = ()
    grants: tuple[str, ...] = ()
    hearing: Hearing | None = None
    """Of a channel whose people answer: the client of its applications."""
    site: Callable[[Any], Site] | None = None
    """Of a channel: where a destination of these settings is."""
    fulfils_also: Callable[[Any], frozenset[type]] = lambda _: frozenset()
    """What a client fulfils beside `fulfils`, where that depends on its settings."""

    addressed: Callable[[Any, str], BaseModel | None] = lambda _settings, _user: None
    """Of a destination whose settings name no reader: the settings for one person, by user id. None: they name theirs."""

    def fulfilled(self, settings: BaseModel) -> frozenset[type]:
        """Return what a client of these settings fulfils."""
        return self.fulfils | self.fulfils_also(settings)
