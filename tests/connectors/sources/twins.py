"""The vendors' twins, each behind one address, and an endpoint that pushes arrive at."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from connectors.contract import RawRequest
from connectors.dynamics.sandbox import create as dynamics
from connectors.netsuite.sandbox import create as netsuite
from connectors.salesforce.sandbox import create as salesforce
from connectors.zoho.sandbox import create as zoho
from tests.connectors.dynamics.sandbox.served import fresh as fresh_dynamics
from tests.connectors.netsuite.sandbox.served import fresh as fresh_netsuite
from tests.connectors.salesforce.sandbox.served import fresh as fresh_salesforce
from tests.connectors.sources.business_central import BusinessCentral
from tests.connectors.sources.dataverse import Dataverse
from tests.connectors.sources.desk import Client
from tests.connectors.sources.netsuite import NetSuite
from tests.connectors.sources.salesforce import Salesforce
from tests.connectors.sources.vendor import Vendor
from tests.connectors.sources.zoho import Zoho
from tests.connectors.zoho.sandbox.served import fresh as fresh_zoho
from tests.served import DEADLINE_S, Host, serving

CRMS = ("salesforce", "zoho by query", "zoho by list")
ERPS = ("netsuite by query", "netsuite by soap", "dataverse by changes", "dataverse by stamps", "business central")
VENDORS = (*CRMS, *ERPS)
CREATE = {"salesforce": salesforce, "zoho": zoho, "netsuite": netsuite, "dynamics": dynamics}


@contextmanager
def hosting() -> Iterator[dict[str, Host]]:
    """Serve all twins, by their names."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serving(create)) for name, create in CREATE.items()}


@contextmanager
def standing(hosts: dict[str, Host], vendor: str) -> Iterator[Vendor]:
    """Put a fresh twin of one of `VENDORS` behind its address."""
    name, _, reading = vendor.partition(" by ")
    with ExitStack() as stack:
        if name == "salesforce":
            yield Salesforce(stack.enter_context(fresh_salesforce(hosts[name])))
        elif name == "zoho":
            yield Zoho(stack.enter_context(fresh_zoho(hosts[name])), reading)
        elif name == "netsuite":
            yield NetSuite(stack.enter_context(fresh_netsuite(hosts[name])), reading)
        elif name == "dataverse":
            yield Dataverse(stack.enter_context(fresh_dynamics(hosts["dynamics"])), reading)
        else:
            yield BusinessCentral(stack.enter_context(fresh_dynamics(hosts["dynamics"])))


class Ear:
    """Takes what is posted to `client`, answers as it does, and keeps what it is told as it came."""

    def __init__(self, client: Client) -> None:
        self.heard: list[RawRequest] = []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = RawRequest("POST", headers, self.path.partition("?")[2], body, datetime.now(UTC))
                received = client.receive(request)
                if received.hints or received.refusal:
                    ear.heard.append(request)
                self.send_response(received.reply.status)
                self.send_header("Content-Type", received.reply.content_type)
                self.send_header("Content-Length", str(len(received.reply.body)))
                self.end_headers()
                self.wfile.write(received.reply.body)

            def log_message(self, *_args: object) -> None:
                """Keep the output of the tests clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hooks/source"

    def wait(self, count: int) -> Sequence[RawRequest]:
        deadline = time.monotonic() + DEADLINE_S
        while len(self.heard) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.heard) == count
        return tuple(self.heard)


@contextmanager
def hearing(client: Client) -> Iterator[Ear]:
    """Run an endpoint of this client."""
    ear = Ear(client)
    with ear.server:
        thread = threading.Thread(target=ear.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield ear
        ear.server.shutdown()
        thread.join(DEADLINE_S)
