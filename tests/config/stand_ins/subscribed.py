"""A source that is polled, and pushes where it is subscribed to."""

from __future__ import annotations

from dataclasses import replace

from connectors.contract import Pulls, Reads, Receives, Subscribes
from tests.config.stand_ins import told

CONNECTOR = replace(told.CONNECTOR, name="subscribed", fulfils=frozenset({Pulls, Reads, Receives, Subscribes}))
