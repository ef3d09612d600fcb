"""The envelope of events: AES-256-CBC around the text, SHA-1 over what is shown.

    16 random bytes | length of the text, 4 bytes big-endian | text | receiver's id | padding to 32

The key is 43 characters that become 32 bytes; its first 16 are the initial vector. The padding is PKCS#7 with a block of
32, not of AES's 16. https://open.dingtalk.com/document/development/develop-stream-mode-push-server
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY_LENGTH = 43
_BLOCK = 32
_RANDOM, _LENGTH = 16, 4


class NotSealed(ValueError):
    """What came is no envelope that this key closed."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an event subscription: its token signs, its `aes_key` encrypts."""

    token: str = field(repr=False)
    aes: bytes = field(repr=False)

    @classmethod
    def of(cls, token: str, aes_key: str) -> Key:
        """Read a key as the developer console shows it. Raises ValueError where `aes_key` is not 43 letters and digits."""
        if len(aes_key) != KEY_LENGTH or not (aes_key.isascii() and aes_key.isalnum()):
            raise ValueError("the aes_key has 43 letters and digits: copy it again from the developer console")
        return cls(token, base64.b64decode(aes_key + "="))

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Return the SHA-1 in hex of the four texts in the order of their bytes."""
        parts = sorted(text.encode("utf-8", "replace") for text in (self.token, timestamp, nonce, encrypted))
        return hashlib.sha1(b"".join(parts)).hexdigest()  # noqa: S324 - the vendor's choice

    def signed(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bool:
        """Tell whether a holder of the token signed; the time that it takes tells nothing."""
        expected = self.sign(timestamp, nonce, encrypted).encode()
        return hmac.compare_digest(expected, signature.lower().encode("utf-8", "replace"))

    def open(self, encrypted: str) -> tuple[bytes, str]:
        """Return the text and the id of the receiver that it was meant for. Raises NotSealed."""
        plain = self._decrypted(encrypted)
        # the vendor's own reader takes a padding out of range for none
        padding = plain[-1] if 1 <= plain[-1] <= _BLOCK else 0
        body = plain[: len(plain) - padding]
        start = _RANDOM + _LENGTH
        end = start + int.from_bytes(body[_RANDOM:start], "big")
        if len(body) < start or end > len(body):
            raise NotSealed("the length in the envelope is wrong")
        try:
            return body[start:end], body[end:].decode()
        except UnicodeDecodeError:
            raise NotSealed("the receiver in the envelope is no text") from None

    def close(self, text: bytes, receiver: str, salt: bytes) -> str:
        """Encrypt `text` for `receiver` into base64; `salt` is 16 random bytes."""
        body = salt + len(text).to_bytes(_LENGTH, "big") + text + receiver.encode()
        padding = _BLOCK - len(body) % _BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(body + bytes([padding]) * padding) + encryptor.finalize()).decode()

    def _decrypted(self, encrypted: str) -> bytes:
        try:
            sealed = base64.b64decode(encrypted.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise NotSealed("the envelope is no base64") from None
        if not sealed or len(sealed) % _RANDOM:
            raise NotSealed("the envelope is no whole number of blocks")
        decryptor = self._cipher().decryptor()
        return decryptor.update(sealed) + decryptor.finalize()

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES256(self.aes), modes.CBC(self.aes[:_RANDOM]))
