"""A connector for tests of whole processes: the source is a folder, which tells what was asked of it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from connectors.contract import (
    Connector,
    Hint,
    RawRequest,
    Reads,
    Received,
    Receives,
    Record,
    Refusal,
    Reply,
    Services,
    Subscribes,
    Subscription,
)


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path = Field(description="Where the source is.")


@dataclass
class Folder:
    """Records are files `ID.json` with their state; while `slow` is there a read takes long."""

    name: str
    settings: Settings
    services: Services
    max_body: int = 10_000

    def receive(self, request: RawRequest) -> Received:
        given = json.loads(request.body)
        found = tuple(Hint("order", id_, datetime.fromisoformat(stamp)) for id_, stamp in given.items())
        return Received(Reply(202), hints=found)

    def refuse(self, _refusal: Refusal) -> Reply:
        return Reply(503)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record]:
        self._note("asked", " ".join(ids))
        while (self.settings.folder / "slow").exists():
            time.sleep(0.05)
        found = [self.settings.folder / f"{id_}.json" for id_ in ids]
        states = {path.stem: json.loads(path.read_text()) for path in found if path.exists()}
        return [
            Record(self.name, kind, id_, state["at"], datetime.fromisoformat(state["at"]), {"id": id_})
            for id_, state in states.items()
        ]

    def subscribe(self, address: str, state: str | None) -> Subscription:
        self._note("subscribed", f"{address} {state}")
        return Subscription("kept", datetime.now(UTC) + timedelta(hours=1))

    def _note(self, name: str, line: str) -> None:
        with (self.settings.folder / name).open("a") as book:
            book.write(f"{line}\n")


CONNECTOR = Connector("filed", "A folder", Settings, Folder, frozenset({Reads, Receives, Subscribes}))
