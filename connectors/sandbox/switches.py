"""The other answers of a twin: where a vendor's behaviour is not certain, one switch for each claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

Claims = Mapping[str, tuple[str, str]]
"""By the name of the switch: the id of the assumption in docs/assumptions.md, and what the switch does."""


def described(switches: msgspec.Struct, claims: Claims) -> Sequence[Mapping[str, Any]]:
    """Return each switch with its value, its default and the assumption that it turns around."""
    defaults = msgspec.to_builtins(type(switches)())
    return [
        {
            "name": name,
            "value": getattr(switches, name),
            "default": defaults[name],
            "assumption": assumption,
            "says": says,
        }
        for name, (assumption, says) in claims.items()
    ]
