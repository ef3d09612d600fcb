"""A source that is only heard of where it is subscribed to."""

from __future__ import annotations

from dataclasses import replace

from connectors.contract import Reads, Receives, Subscribes
from tests.config.stand_ins import told

CONNECTOR = replace(told.CONNECTOR, name="announced", fulfils=frozenset({Reads, Receives, Subscribes}))
