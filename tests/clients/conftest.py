"""Clients that others wrote, each against a fresh twin, and a server that they wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.salesforce.sandbox import create
from tests.clients.node import Client, install
from tests.clients.odata_server import Server, selling
from tests.connectors.salesforce.sandbox.served import Served, fresh
from tests.served import Host, serving


@dataclass(frozen=True, slots=True)
class Jsforce:
    """jsforce, signed in to a twin.

    `run` takes the body of an async function of `conn`, `jsforce`, the twin's `facts`, what is `given`, and `thrown`,
    which turns what a function throws into a value.
    """

    client: Client
    sf: Served

    def run(self, code: str, *, token: str = "", **given: Any) -> Any:
        told = {"facts": self.sf.facts, "token": token or self.sf.token(), "code": code, "given": given}
        return self.client.run("drive.cjs", told)


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    with serving(create) as served:
        yield served


@pytest.fixture(scope="session")
def jsforce_client() -> Client:
    return install("jsforce")


@pytest.fixture
def sf(host: Host) -> Iterator[Served]:
    with fresh(host) as served:
        yield served


@pytest.fixture
def js(jsforce_client: Client, sf: Served) -> Jsforce:
    return Jsforce(jsforce_client, sf)


@pytest.fixture(scope="session")
def odata_client() -> Client:
    return install("odata")


@pytest.fixture(scope="session")
def odata_server(odata_client: Client) -> Iterator[Server]:
    with selling(odata_client) as server:
        yield server
