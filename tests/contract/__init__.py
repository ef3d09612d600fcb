"""What every connector promises, as checks that other repositories can import too."""

import pytest

# without this a failing check says "AssertionError" and nothing else
pytest.register_assert_rewrite(
    "tests.contract.common",
    "tests.contract.receives",
    "tests.contract.delivers",
    "tests.contract.pulls",
    "tests.contract.reads",
    "tests.contract.lists",
    "tests.contract.subscribes",
    "tests.contract.acts",
    "tests.contract.authorises",
)
