"""A channel with applications, of which nobody can be asked who its people are."""

from __future__ import annotations

from dataclasses import replace

from connectors.contract import Hearing, Listens
from tests.config.stand_ins import chat

CONNECTOR = replace(
    chat.CONNECTOR,
    name="hearing",
    hearing=Hearing(chat.Settings, lambda _name, settings, _services: settings, frozenset({Listens})),
)
