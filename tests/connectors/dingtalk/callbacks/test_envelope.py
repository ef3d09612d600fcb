"""The vector that the vendor publishes: https://open.dingtalk.com/document/development/configure-stream-push."""

from __future__ import annotations

import base64

import pytest

from connectors.dingtalk.callbacks.envelope import Key, NotSealed
from tests.connectors.dingtalk.callbacks.posts import AES_KEY, KEY, OWNER, TOKEN

ENCRYPTED = "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA=="
SIGNATURE, STAMP, NONCE = "9a95a004dd16f5c307e849b994173f76aa26e5eb", "1614767836", "A7Co0cJLMzIDtMMI"


def test_the_published_vector_is_opened() -> None:
    assert KEY.open(ENCRYPTED) == (b"success", OWNER)


def test_the_published_vector_is_signed() -> None:
    assert KEY.sign(STAMP, NONCE, ENCRYPTED) == SIGNATURE
    assert KEY.signed(SIGNATURE, STAMP, NONCE, ENCRYPTED)
    assert not KEY.signed(SIGNATURE, STAMP, NONCE + "x", ENCRYPTED)
    assert not KEY.signed("é" * 40, STAMP, NONCE, ENCRYPTED)


def test_the_published_vector_is_what_closing_makes() -> None:
    """The same sixteen random bytes give the same envelope."""
    salt = _plain(ENCRYPTED)[:16]
    assert KEY.close(b"success", OWNER, salt) == ENCRYPTED


@pytest.mark.parametrize("text", ["", "a", "订单 SO-1042 已批准", "x" * 31, "x" * 32, "x" * 33, "\U0001f600" * 40])
def test_length_is_counted_in_bytes_and_padding_has_blocks_of_32(text: str) -> None:
    closed = KEY.close(text.encode(), OWNER, bytes(16))
    assert KEY.open(closed) == (text.encode(), OWNER)
    plain = _plain(closed)
    assert len(plain) % 32 == 0
    assert 1 <= plain[-1] <= 32


@pytest.mark.parametrize(
    "encrypted",
    ["", "x", "====", "AAAA", "A" * 43, "ä" * 8, ENCRYPTED[:-4], base64.b64encode(bytes(32)).decode()],
)
def test_what_no_key_closed_is_refused(encrypted: str) -> None:
    with pytest.raises(NotSealed):
        KEY.open(encrypted)


@pytest.mark.parametrize("aes_key", ["", AES_KEY[:-1], AES_KEY + "4", AES_KEY[:-1] + "=", AES_KEY[:-1] + "é"])
def test_a_key_has_43_letters_and_digits(aes_key: str) -> None:
    with pytest.raises(ValueError, match="43"):
        Key.of(TOKEN, aes_key)


def test_a_key_shows_nothing_of_itself() -> None:
    assert TOKEN not in repr(KEY)
    assert str(KEY.aes) not in repr(KEY)


def _plain(encrypted: str) -> bytes:
    decryptor = KEY._cipher().decryptor()
    return decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()
