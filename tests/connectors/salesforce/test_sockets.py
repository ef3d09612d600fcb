"""Real sockets: what the product meets when it is pointed at an address of this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from connectors.contract import Pulls, Reads, Retryable
from connectors.salesforce import CONNECTOR
from connectors.salesforce.client import Client
from tests.connectors.salesforce.parts import CLIENT_CREDENTIALS, Desk, settings, text
from tests.served import Scripted

BASE = "/services/data/v62.0"


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with Scripted(host="127.0.0.1", threaded=True) as running:
        running.expect_request("/services/oauth2/token", method="POST").respond_with_data(
            text("token__granted"), content_type="application/json"
        )
        running.expect_request(f"{BASE}/sobjects/Opportunity/describe").respond_with_data(text("describe__opportunity"))
        yield running


def source(server: HTTPServer, desk: Desk, **changes: str) -> Client:
    chosen = settings(url=server.url_for(""), auth=CLIENT_CREDENTIALS, **changes)
    built = CONNECTOR.build("crm", chosen, desk.services())
    assert isinstance(built, Client)
    return built


def test_a_local_org_is_pulled_and_read_over_plain_http(server: HTTPServer) -> None:
    server.expect_request(f"{BASE}/query").respond_with_data(text("query__opportunity"))
    server.expect_request(f"{BASE}/queryAll").respond_with_data(text("query__opportunity"))
    client = source(server, Desk())
    assert isinstance(client, Pulls)
    assert isinstance(client, Reads)
    page = client.pull("Opportunity", None)
    assert [record.number for record in page.records] == ["Pump station 7"]
    assert list(client.read("Opportunity", [page.records[0].id])) == list(page.records)
    assert {request.scheme for request, _ in server.log} == {"http"}


def test_an_org_that_hangs_is_left_at_the_deadline(server: HTTPServer) -> None:
    release = threading.Event()

    def hang(_request: Request) -> Response:
        release.wait(10)
        return Response("")

    server.expect_request(f"{BASE}/query").respond_with_handler(hang)
    client = source(server, Desk(), read_timeout="200ms")
    began = time.monotonic()
    try:
        with pytest.raises(Retryable):
            client.pull("Opportunity", None)
    finally:
        release.set()
    assert time.monotonic() - began < 5


def test_workers_that_meet_an_ended_session_together_renew_it_once(server: HTTPServer) -> None:
    issued: list[str] = []
    barrier = threading.Barrier(4, timeout=10)

    def token(_request: Request) -> Response:
        issued.append(f"token-{len(issued)}")
        return Response(json.dumps({"access_token": issued[-1]}))

    def query(request: Request) -> Response:
        if request.headers["Authorization"] == "Bearer token-0":
            barrier.wait()
            return Response(text("error__session_expired"), status=401)
        return Response(text("query__opportunity"))

    server.clear()
    server.expect_request("/services/oauth2/token").respond_with_handler(token)
    server.expect_request(f"{BASE}/sobjects/Opportunity/describe").respond_with_data(text("describe__opportunity"))
    server.expect_request(f"{BASE}/query").respond_with_handler(query)
    desk = Desk()
    clients = [source(server, desk) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda client: client.pull("Opportunity", None), clients))
    assert [len(page.records) for page in pages] == [1] * 4
    assert issued == ["token-0", "token-1"]
