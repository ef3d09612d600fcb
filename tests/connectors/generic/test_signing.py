from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

import connectors.generic
from connectors.generic.signing import Signer, content_digest, quoted

README = Path(connectors.generic.__file__).with_name("README.md").read_text(encoding="utf-8")


def test_the_standard_s_own_example_is_signed_as_it_says() -> None:
    """https://www.rfc-editor.org/rfc/rfc9421#appendix-B.2.5"""
    key = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
    signer = Signer(base64.b64decode(key), "test-shared-secret")
    components = {
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "@authority": "example.com",
        "content-type": "application/json",
    }
    assert dict(signer.headers(components, 1618884473)) == {
        "Signature-Input": 'sig=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
        "Signature": "sig=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:",
    }


def test_the_readme_s_example_is_what_we_send() -> None:
    (shown,) = re.findall(r"```http\n(.*?)```", README, re.DOTALL)
    (body,) = re.findall(r"actions \\\n  '([^']+)'", README)
    headers = dict(line.split(": ", 1) for line in shown.splitlines()[1:])
    assert headers["Content-Digest"] == content_digest(body.encode())
    components = {"@method": "POST", "@path": "/dingbridge/purchase_request/501/actions"}
    components |= {name: headers[name.title()] for name in ("content-digest", "idempotency-key", "if-match")}
    signer = Signer(b"an-example-key-of-32-characters!", "dingbridge")
    signed = signer.headers(components, 1795339800)
    assert {name: headers[name] for name in signed} == dict(signed)


def test_a_key_is_not_shown() -> None:
    assert "secret" not in repr(Signer(b"secret", "id"))


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("7", '"7"'),
        ("2026-11-22T17:30:00+08:00", '"2026-11-22T17:30:00+08:00"'),
        ('a "b" \\ 100%', '"a%20%22b%22%20%5C%20100%25"'),
        ("版本", '"%E7%89%88%E6%9C%AC"'),
    ],
)
def test_any_text_fits_between_quotes(text: str, header: str) -> None:
    assert quoted(text) == header
