"""Each twin on a loopback port of its own, at the root path."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import uvicorn

from connectors.sandbox.twin import Twin
from worker.fault import Fault

TWINS = ("dingtalk", "salesforce", "zoho", "netsuite", "dynamics", "generic")


class SandboxFault(Fault):
    """The sandbox cannot be served; the message says what to do."""


def make(names: Sequence[str]) -> list[Twin]:
    """Return new twins by name; raises `SandboxFault` for a name that has none."""
    if unknown := [name for name in names if name not in TWINS]:
        raise SandboxFault(f"there is no twin of {', '.join(unknown)}: known are {', '.join(TWINS)}")
    return [import_module(f"connectors.{name}.sandbox").create() for name in names]


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on loopback; a twin has published secrets and must never be reached from outside."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise SandboxFault(f"{host} is not an IP address: use 127.0.0.1") from None
    if not address.is_loopback:
        raise SandboxFault(f"a twin listens on loopback only, and {host} is not: use 127.0.0.1")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # 6: the protocol's version
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SandboxFault(f"cannot listen on {host}:{port}: {error.strerror}; give another --port") from error
    listener.listen(1024)
    return listener


def serve(
    twins: Sequence[Twin], host: str, first_port: int, ready: Callable[[Mapping[str, Mapping[str, Any]]], None]
) -> None:
    """Serve until SIGTERM or SIGINT. Ports count up from `first_port` (0: free ones); `ready` gets the descriptions."""
    listeners = [bind(host, first_port + n if first_port else 0) for n in range(len(twins))]
    bases = [f"http://{_written(host)}:{listener.getsockname()[1]}" for listener in listeners]
    servers = [uvicorn.Server(_config(twin)) for twin in twins]
    described = {twin.name: twin.describe(base) for twin, base in zip(twins, bases, strict=True)}
    asyncio.run(_serve(servers, listeners, lambda: ready(described)))


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _serve(
    servers: Sequence[uvicorn.Server], listeners: Sequence[socket.socket], ready: Callable[[], None]
) -> None:
    tasks = [
        asyncio.create_task(server.serve(sockets=[listener]))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn has a flag and no event
        await asyncio.sleep(0.01)
    ready()
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)
    for task in done:
        task.result()


def _config(twin: Twin) -> uvicorn.Config:
    return uvicorn.Config(
        twin.app,
        interface="asgi3",
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
    )
