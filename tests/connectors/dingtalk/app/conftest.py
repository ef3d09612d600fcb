"""The vendor of a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.dingtalk.app.vendor import Vendor, scripted


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with scripted() as vendor:
        yield vendor
