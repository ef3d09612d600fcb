"""Real twins on real sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
import uvicorn

from tests.worker.stand_ins import within
from worker.sandbox import host
from worker.sandbox.host import TWINS, SandboxFault, bind, make


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> list[uvicorn.Server]:
    """Collect the servers, so that a test can end them as a signal would."""
    made: list[uvicorn.Server] = []

    class Server(uvicorn.Server):
        def __init__(self, config: uvicorn.Config) -> None:
            super().__init__(config)
            made.append(self)

    monkeypatch.setattr("uvicorn.Server", Server)
    return made


@pytest.fixture
def described(servers: list[uvicorn.Server]) -> Iterator[Mapping[str, Mapping[str, Any]]]:
    ready = threading.Event()
    said: dict[str, Mapping[str, Any]] = {}

    def told(parts: Mapping[str, Mapping[str, Any]]) -> None:
        said.update(parts)
        ready.set()

    thread = threading.Thread(target=host.serve, args=(make(TWINS), "127.0.0.1", 0, told))
    thread.start()
    assert ready.wait(60)
    yield said
    # one that ends takes the others with it
    servers[0].should_exit = True
    thread.join(20)
    assert not thread.is_alive()


def test_each_twin_answers_at_its_own_address(described: Mapping[str, Mapping[str, Any]]) -> None:
    assert set(described) == set(TWINS)
    bases = {
        name: next(v for v in parts.values() if str(v).startswith("http://127.0.0.1:"))
        for name, parts in described.items()
    }
    ports = {str(base).split("/")[2] for base in bases.values()}
    assert len(ports) == len(TWINS)
    for base in ports:
        answer = requests.get(f"http://{base}/__sandbox/received", timeout=10)
        assert (answer.status_code, answer.json()["count"]) == (200, 0)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::", "2001:db8::1", "169.254.1.1"])  # noqa: S104 - refused
def test_an_address_that_others_could_reach_is_refused(address: str) -> None:
    with pytest.raises(SandboxFault, match="listens on loopback only"):
        bind(address, 0)


@pytest.mark.parametrize("name", ["localhost", "example.com", ""])
def test_a_name_is_not_looked_up(name: str) -> None:
    with pytest.raises(SandboxFault, match=r"is not an IP address: use 127\.0\.0\.1"):
        bind(name, 0)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SandboxFault, match="give another --port"):
        bind("127.0.0.1", taken.getsockname()[1])


def test_a_twin_that_does_not_exist_is_told() -> None:
    with pytest.raises(SandboxFault, match="no twin of sap, x: known are dingtalk, salesforce"):
        make(["salesforce", "sap", "x"])


def test_ports_count_up_from_the_first(servers: list[uvicorn.Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        first = free.getsockname()[1]
    ready = threading.Event()
    said: dict[str, Mapping[str, Any]] = {}

    def told(parts: Mapping[str, Mapping[str, Any]]) -> None:
        said.update(parts)
        ready.set()

    thread = threading.Thread(target=host.serve, args=(make(TWINS), "127.0.0.1", first, told))
    thread.start()
    assert ready.wait(60)
    for number, name in enumerate(TWINS):
        assert f"127.0.0.1:{first + number}" in repr(said[name])
    for server in servers:
        server.should_exit = True
    thread.join(20)
    assert within(1, lambda: not thread.is_alive())


def test_an_address_of_version_6_is_written_in_brackets() -> None:
    assert host._written("::1") == "[::1]"
    assert host._written("127.0.0.1") == "127.0.0.1"


def test_an_answer_in_two_pieces_does_not_wait_for_the_caller_s_acknowledgement() -> None:
    async def undelayed() -> int:
        accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            option = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            accepted.set_result(option)
            writer.close()

        listener = bind("127.0.0.1", 0)
        async with await asyncio.start_server(met, sock=listener):
            _, caller = await asyncio.open_connection(*listener.getsockname())
            option = await accepted
            caller.close()
            await caller.wait_closed()
        return option

    assert asyncio.run(asyncio.wait_for(undelayed(), 10)) != 0
