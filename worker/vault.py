"""What vendors hand out only once, sealed in the ledger: refresh tokens that rotate."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from connectors.contract import Misconfigured
from worker.ledger.engine import Ledger
from worker.ledger.seal import Unsealable
from worker.ledger.tables import secret

LABEL = b"vault"


@dataclass(frozen=True, slots=True)
class LedgerVault:
    """A `Vault` in the ledger. Every secret has a data key of its own."""

    ledger: Ledger

    def load(self, key: str) -> str | None:
        """Return what was stored under `key`, or None. Raises Misconfigured when the master key does not open it."""
        with self.ledger.read() as connection:
            return self._opened(connection, key)

    def store(self, key: str, value: str) -> None:
        """Keep `value` under `key`, in place of what was there; returns after the commit."""
        with self.ledger.write() as connection:
            self._put(connection, key, value)

    def swap(self, key: str, known: str | None, value: str) -> bool:
        """Keep `value` only if what is under `key` still is `known`; tells whether it was."""
        with self.ledger.write_alone(secret) as connection:
            if self._opened(connection, key) != known:
                return False
            self._put(connection, key, value)
        return True

    def _opened(self, connection: Connection, key: str) -> str | None:
        row = connection.execute(select(secret.c.data_key, secret.c.content).where(secret.c.key == key)).first()
        if row is None:
            return None
        try:
            return self.ledger.sealer.open(row.data_key).unseal(row.content, LABEL).decode()
        except Unsealable as error:
            raise Misconfigured(
                "A stored credential cannot be opened: give this process the master key of the installation.",
                detail=str(error),
            ) from None

    def _put(self, connection: Connection, key: str, value: str) -> None:
        data_key = self.ledger.sealer.fresh()
        row = {"key": key, "data_key": data_key.wrapped, "content": data_key.seal(value.encode(), LABEL)}
        connection.execute(self.ledger.upsert(secret, "key", ("data_key", "content")), row)
