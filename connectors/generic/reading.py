"""Records read by their ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from connectors.contract import Malformed, Misconfigured, Record, Refusal, Unread
from connectors.generic.records import Shape, Unusable
from connectors.generic.wire import Answer, Call, Counterpart


class Reading:
    """Reads what the sender's system has now; `now` is aware UTC."""

    def __init__(self, shape: Shape, counterpart: Counterpart, now: Callable[[], datetime]) -> None:
        self._shape = shape
        self._counterpart = counterpart
        self._now = now

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """Read the present state of `ids`, each once, in their order. Raises the contract's errors."""
        return [self._read(kind, each) for each in dict.fromkeys(ids)]

    def one(self, kind: str, record_id: str) -> Record:
        """Read one record. Raises the contract's errors, Malformed for one that breaks its description."""
        found = self._read(kind, record_id)
        if isinstance(found, Unread):
            raise Malformed(found.sentence, body=found.body)
        return found

    def told(self, answer: Answer, kind: str, record_id: str) -> Record:
        """Make a record of an answer that brings it. Raises Unusable."""
        record = self._shape.record(answer.document, "", self._now())
        if (record.kind, record.id) != (kind, record_id):
            raise Unusable(Refusal.MALFORMED, "Another record came than the one that was asked for.")
        return record

    def gone(self, kind: str, record_id: str) -> Record:
        """Return the record of what is no longer there."""
        now = self._now()
        return Record(self._shape.source, kind, record_id, now.isoformat(), now, {}, deleted=True)

    def _read(self, kind: str, record_id: str) -> Record | Unread:
        if self._shape.kind not in {"", kind}:
            raise Misconfigured(f"{kind} is not the kind of this source: it has {self._shape.kind}.")
        answer = self._counterpart.call(Call("GET", (kind, record_id)))
        if answer.gone(kind, record_id):
            return self.gone(kind, record_id)
        if answer.status >= 300:
            raise answer.unexpected()
        try:
            return self.told(answer, kind, record_id)
        except Unusable as error:
            return Unread(self._shape.source, kind, record_id, str(error), answer.content)
