"""How calls are proven: the vendor's published signatures, and client credentials."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from connectors.netsuite.identity import passport_signature
from connectors.oauth1 import Credentials, OneTime

# https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534941088.html
KEYS = Credentials(
    "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
    "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
    "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
    "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
)
ONCE = OneTime("fjaLirsIcCGVZWzBX0pg", 1508242306)
REST = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40"
RESTLET = (
    "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl"
    "?script=6&deploy=1&customParam=someValue&testParam=someOtherValue"
)


@pytest.mark.parametrize(
    ("method", "url", "signature"),
    [
        ("GET", REST, "B5OIWznZ2YP0OB7VrJrGkYsTh%2B8H%2B5T9Hag%2Bo92q0zY%3D"),
        # the page loses the plus in front
        ("POST", RESTLET, "%2BKK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ%3D"),
    ],
)
def test_the_vendors_example_signatures(method: str, url: str, signature: str) -> None:
    header = KEYS.header(method, url, ONCE, "123456")
    assert header.startswith('OAuth realm="123456", ')
    assert header.endswith(f'oauth_signature="{signature}"')


def test_the_vendors_example_of_a_token_passport() -> None:
    assert unquote(passport_signature(KEYS, "123456", ONCE)) == "tIcC5zyKUmycB5Ml/cNxOHDusw03Y5KPQiXVNUHHp4U="
