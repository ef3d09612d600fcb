"""The file of secrets beside a bridge file: `bridge.env` for `bridge.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def path_beside(bridge: Path) -> Path:
    """Return where the secrets of a bridge file may lie."""
    return bridge.with_suffix(".env")


def beside(bridge: Path) -> Mapping[str, str]:
    """Return what that file says: NAME=value, one a line, everything behind the sign is the value, # begins a comment.

    It is read each time a configuration is, so that a running process learns of a new secret with the next `apply`.
    Nothing when there is no such file, or this user may not read it.
    """
    try:
        lines = path_beside(bridge).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    named = (line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, _, value in named}
