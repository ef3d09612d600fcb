"""A fresh twin for each test, its application, and the clients in their environments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.dingtalk.sandbox import create
from tests.clients import node, python
from tests.clients.dingtalk.names import Names, vendor_names
from tests.connectors.dingtalk.sandbox.app import App
from tests.connectors.dingtalk.sandbox.served import Client, fresh
from tests.served import Host, serving

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    with serving(create) as served:
        yield served


@pytest.fixture(scope="session")
def names(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Names]:
    with vendor_names(host, tmp_path_factory.mktemp("names")) as names:
        yield names


@pytest.fixture
def twin(host: Host) -> Iterator[Client]:
    with fresh(host) as client:
        yield client


@pytest.fixture
def app(twin: Client) -> App:
    return App(twin)


@pytest.fixture(scope="session")
def scripts() -> python.Scripts:
    """The clients in Python; they reach the twin by their own settings."""
    return python.Scripts(HERE / "in_python", python.install(HERE / "in_python"))


@pytest.fixture(scope="session")
def named(scripts: python.Scripts, names: Names) -> python.Scripts:
    """The clients in Python; they reach the twin by the vendor's names."""
    return python.Scripts(scripts.folder, scripts.python, names.env)


@pytest.fixture(scope="session")
def javascript() -> node.Client:
    return node.install("dingtalk/in_node")
