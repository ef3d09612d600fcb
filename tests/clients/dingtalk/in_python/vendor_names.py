"""Looks the vendor's names up on this machine, as a line in /etc/hosts would, port included."""

from __future__ import annotations

import os
import socket
from typing import Any

_look_up = socket.getaddrinfo


def _here(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
    if host in os.environ["VENDOR_NAMES"].split():
        host, port = "127.0.0.1", int(os.environ["VENDOR_PORT"])
    return _look_up(host, port, *rest, **more)


if "VENDOR_NAMES" in os.environ:
    socket.getaddrinfo = _here
