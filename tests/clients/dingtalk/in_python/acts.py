"""What a script does when it is asked for one of its acts, and how it tells what came of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import vendor_names  # type: ignore[import-not-found]  # it lies beside this script  # noqa: F401


def play(*acts: Callable[..., Any]) -> None:
    """Do what standard input asks for, and print what came of it as one line of JSON."""
    asked = json.loads(sys.stdin.read())
    act = next(one for one in acts if one.__name__ == asked["act"])
    try:
        told = {"value": act(**asked["given"])}
    except Exception as error:  # noqa: BLE001 - whatever a client raises is what its user sees
        told = {"raised": {"name": type(error).__name__, "text": str(error), "fields": _fields(error)}}
    sys.stdout.write(f"\n{json.dumps(told)}\n")


def _fields(error: Exception) -> dict[str, Any]:
    return {name: value for name, value in vars(error).items() if isinstance(value, str | int | dict | None)}
