from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.dingtalk.people.office import Office, opened


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as office:
        yield office
