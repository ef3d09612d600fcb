"""The one pair `seal` / `unseal` for payload columns: AES-256-GCM under a data key, wrapped by a key-encryption key.

Each arrival has a data key of its own, stored wrapped in its row's `data_key`; everything that is made from that
arrival (notices, trail, snapshot) is sealed with it, and a message has its own. Emptying `data_key` therefore makes
all that was derived unreadable. GCM as in NIST SP 800-38D with random 96-bit nonces; a data key seals a handful of
payloads, far below the bound for random nonces.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from worker.fault import Fault

_ID = 4
_NONCE = 12
KEY_BYTES = 32


class KeyFault(Fault):
    """The master key cannot be used."""


class Unsealable(Exception):
    """The payload cannot be read: another master key, an erased data key, or changed bytes."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key, ready for use, and as it is stored."""

    wrapped: bytes
    cipher: AESGCM

    def seal(self, plain: bytes, label: bytes) -> bytes:
        """Return nonce and ciphertext; `label` names the column and must be given again to unseal."""
        nonce = os.urandom(_NONCE)
        return nonce + self.cipher.encrypt(nonce, plain, label)

    def unseal(self, sealed: bytes | None, label: bytes) -> bytes:
        """Return what was sealed; raises `Unsealable`."""
        if sealed is None:
            raise Unsealable("it was kept for its time and is gone, or it was erased")
        try:
            return self.cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], label)
        except (InvalidTag, ValueError):
            raise Unsealable("the payload does not fit its key: the row was changed outside dingbridge") from None


class Sealer:
    """Makes and opens data keys under one key-encryption key."""

    def __init__(self, master: bytes) -> None:
        """Take the 32 bytes of the master key."""
        if len(master) != KEY_BYTES:
            raise ValueError(f"the master key has {len(master)} bytes and must have {KEY_BYTES}")
        self._id = hashlib.sha256(b"dingbridge master" + master).digest()[:_ID]
        self._master = AESGCM(master)
        self._marks = hashlib.sha256(b"dingbridge marks" + master).digest()
        self.open = lru_cache(maxsize=4096)(self._open)

    @property
    def fingerprint(self) -> str:
        """What tells this key from another and says nothing else of it."""
        return self._id.hex()

    def mark(self, text: str) -> bytes:
        """Return 16 bytes by which equal texts are found and none is read."""
        return hashlib.blake2b(text.encode(), key=self._marks, digest_size=16).digest()

    def fresh(self) -> DataKey:
        """Return a new data key."""
        key = os.urandom(KEY_BYTES)
        nonce = os.urandom(_NONCE)
        return DataKey(self._id + nonce + self._master.encrypt(nonce, key, self._id), AESGCM(key))

    def _open(self, wrapped: bytes | None) -> DataKey:
        if wrapped is None:
            raise Unsealable("the data key was erased")
        if wrapped[:_ID] != self._id:
            raise Unsealable(
                "the payload was sealed under another master key: give that one in DINGBRIDGE_MASTER_KEY or key file"
            )
        try:
            key = self._master.decrypt(wrapped[_ID : _ID + _NONCE], wrapped[_ID + _NONCE :], self._id)
        except (InvalidTag, ValueError):
            raise Unsealable("the data key does not fit the master key: the row was changed") from None
        return DataKey(wrapped, AESGCM(key))


def master_key(given: str | None, path: Path) -> bytes:
    """Return the master key: `given` (base64), else the file at `path`, which is made when missing (0600).

    Losing it makes every payload unreadable, so it belongs in the backup, apart from the ledger. Raises `KeyFault`
    when what stands there is no key.
    """
    if given:
        return _decoded(given.encode(), "DINGBRIDGE_MASTER_KEY")
    if not path.exists():
        _make_key(path)
    return _decoded(path.read_bytes(), str(path))


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd, fresh = tempfile.mkstemp(prefix="master.", dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: then its key counts
            os.link(fresh, path)
    finally:
        Path(fresh).unlink()
    # a ledger that outlives its key after a power cut could never be read again
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _decoded(text: bytes, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFault(f"the master key in {where} is not {KEY_BYTES} bytes in base64: put back the one of the backup")
    return key
