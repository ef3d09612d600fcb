"""OAuth 1.0a: the RFC's rules, and a signature that another implementation verifies."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import unquote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1 import RequestValidator, ResourceEndpoint

from connectors.oauth1 import Credentials, OneTime, base_string, encoded


class Knows(RequestValidator):  # type: ignore[misc]  # the library has no types
    """A server that knows one application and one token."""

    def __init__(self, consumer_key: str, consumer_secret: str, token: str, token_secret: str) -> None:
        super().__init__()
        self.applications, self.tokens = {consumer_key: consumer_secret}, {token: token_secret}

    dummy_client = dummy_access_token = "dummy"
    timestamp_lifetime = 10**10
    allowed_signature_methods = ("HMAC-SHA256",)

    def check_client_key(self, client_key: str) -> bool:
        return client_key in self.applications

    def check_access_token(self, request_token: str) -> bool:
        return request_token in self.tokens

    def check_nonce(self, nonce: str) -> bool:
        return nonce == "nonce12345"

    def validate_timestamp_and_nonce(self, *_given: object, **_named: object) -> bool:
        return True

    def validate_client_key(self, client_key: str, _request: object) -> bool:
        return client_key in self.applications

    def validate_access_token(self, _client_key: str, token: str, _request: object) -> bool:
        return token in self.tokens

    def validate_realms(self, *_given: object, **_named: object) -> bool:
        return True

    def get_client_secret(self, client_key: str, _request: object) -> str:
        return self.applications[client_key]

    def get_access_token_secret(self, _client_key: str, token: str, _request: object) -> str:
        return self.tokens[token]


KEYS = Credentials("dpf43f3p2l4k3l03", "kd94hf93k423kf44", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00")


def test_the_example_of_the_rfc_gives_its_base_string() -> None:
    parameters = [
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("c2", ""),
        ("a3", "2 q"),
    ]
    assert base_string("POST", "http://EXAMPLE.com:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", parameters) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
        "%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://example.com:443/a", "https://example.com/a"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("http://127.0.0.1:8443", "http://127.0.0.1:8443/"),
    ],
)
def test_only_the_usual_port_is_left_out(url: str, address: str) -> None:
    assert base_string("get", url, []) == f"GET&{encoded(address)}&"


@pytest.mark.parametrize(
    ("text", "written"), [("a b+c", "a%20b%2Bc"), ("-._~/", "-._~%2F"), ("申请", "%E7%94%B3%E8%AF%B7")]
)
def test_only_unreserved_characters_stay(text: str, written: str) -> None:
    assert encoded(text) == written


def test_a_header_verifies_with_both_secrets_and_shows_neither() -> None:
    once = OneTime("n1", 1_700_000_000)
    header = KEYS.header("POST", "https://example.com/q?limit=5&q=a%20b", once, "123456_SB1")
    fields = dict(part.split("=", 1) for part in header.removeprefix("OAuth ").split(", "))
    values = {name: unquote(text.strip('"')) for name, text in fields.items()}
    assert values["realm"] == "123456_SB1"
    text = (
        "POST&https%3A%2F%2Fexample.com%2Fq&"
        "limit%3D5%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3Dn1%26oauth_signature_method%3DHMAC-SHA256"
        "%26oauth_timestamp%3D1700000000%26oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26q%3Da%2520b"
    )
    key = b"kd94hf93k423kf44&pfkkdhi9sl3r4s00"
    assert values["oauth_signature"] == base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
    assert not {"kd94hf93k423kf44", "pfkkdhi9sl3r4s00"} & set(values.values())
    assert "kd94hf93k423kf44" not in repr(KEYS)


@given(
    method=st.sampled_from(["GET", "POST", "PATCH"]),
    pairs=st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=8)), max_size=4),
    keys=st.tuples(*(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) for _ in range(4))),
)
def test_another_implementation_verifies_what_is_signed(
    method: str, pairs: list[tuple[str, str]], keys: tuple[str, str, str, str]
) -> None:
    url = f"https://123456-sb1.example.com/services/rest?{urlencode(pairs)}"
    header = Credentials(*keys).header(method, url, OneTime("nonce12345", 1_700_000_000), "123456_SB1")
    endpoint = ResourceEndpoint(Knows(*keys))
    valid, asked = endpoint.validate_protected_resource_request(url, method, headers={"Authorization": header})
    assert valid, asked.validator_log
    other = header[:-3] + ("A" if header[-3] != "A" else "B") + header[-2:]
    assert not endpoint.validate_protected_resource_request(url, method, headers={"Authorization": other})[0]


def test_no_two_requests_share_a_nonce() -> None:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    made = [OneTime.make(now) for _ in range(100)]
    assert len({one.nonce for one in made}) == 100
    assert {one.timestamp for one in made} == {1772442000}
    assert all(one.nonce.isalnum() and 6 <= len(one.nonce) <= 64 for one in made)
