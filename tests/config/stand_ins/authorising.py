"""A source that is asked, also what its users may see."""

from __future__ import annotations

from dataclasses import replace

from connectors.contract import Authorises
from tests.config.stand_ins import asked

CONNECTOR = replace(
    asked.CONNECTOR, name="authorising", title="Authorising", fulfils=asked.CONNECTOR.fulfils | {Authorises}
)
