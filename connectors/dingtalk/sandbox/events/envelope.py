"""The encryption and signature of HTTP event pushes.

AES-256-CBC with padding to 32 bytes, and SHA-1 over the sorted parts:
https://open.dingtalk.com/document/development/http-callback-overview
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from connectors.dingtalk.sandbox.apps import Keys

BLOCK = 32
NOISE = 16


class UnreadableError(Exception):
    """An envelope that these keys do not open; the message says why."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Seals and opens with one pair of keys; `owner` stands at the end of every plaintext."""

    keys: Keys
    owner: str

    def _cipher(self) -> Cipher[modes.CBC]:
        key = base64.b64decode(self.keys.aes_key + "=")
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def seal(self, text: str) -> str:
        """Return a text encrypted, as base64."""
        told = text.encode()
        plain = secrets.token_bytes(NOISE) + struct.pack(">I", len(told)) + told + self.owner.encode()
        short = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([short]) * short) + encryptor.finalize()).decode()

    def open(self, sealed: str) -> str:
        """Return the text in an envelope. Raises UnreadableError."""
        try:
            raw = base64.b64decode(sealed, validate=True)
            decryptor = self._cipher().decryptor()
            padded = decryptor.update(raw) + decryptor.finalize()
            plain = padded[: -padded[-1]]
            (length,) = struct.unpack(">I", plain[NOISE : NOISE + 4])
            told, owner = plain[NOISE + 4 : NOISE + 4 + length], plain[NOISE + 4 + length :]
            found = told.decode()
        except (ValueError, binascii.Error, struct.error, IndexError) as error:
            raise UnreadableError(f"cannot be decrypted: {error}") from error
        if owner != self.owner.encode():
            raise UnreadableError("the owner at its end is another")
        return found

    def sign(self, timestamp: str, nonce: str, sealed: str) -> str:
        """Return the signature of an envelope."""
        joined = "".join(sorted([self.keys.token, timestamp, nonce, sealed]))
        return hashlib.sha1(joined.encode()).hexdigest()  # noqa: S324 - the vendor's protocol
