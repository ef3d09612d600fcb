"""Both CRMs' twins, each behind one address, and an endpoint that pushes arrive at."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from connectors.contract import RawRequest
from connectors.salesforce.sandbox import create as salesforce
from connectors.zoho.sandbox import create as zoho
from tests.connectors.sources.salesforce import Salesforce
from tests.connectors.sources.vendor import Vendor
from tests.connectors.sources.zoho import Zoho
from tests.connectors.salesforce.sandbox.served import fresh as fresh_salesforce
from tests.connectors.zoho.sandbox.served import fresh as fresh_zoho
from tests.served import DEADLINE_S, Host, serving

ACK = (
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse '
    b'xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body>'
    b"</soapenv:Envelope>"
)


VENDORS = ("salesforce", "zoho by query", "zoho by list")


@contextmanager
def hosting() -> Iterator[dict[str, Host]]:
    """Serve both twins, by their names."""
    with serving(salesforce) as first, serving(zoho) as second:
        yield {"salesforce": first, "zoho": second}


@contextmanager
def standing(hosts: dict[str, Host], vendor: str) -> Iterator[Vendor]:
    """Put a fresh twin of one of `VENDORS` behind its address."""
    name, _, reading = vendor.partition(" by ")
    if name == "salesforce":
        with fresh_salesforce(hosts[name]) as org:
            yield Salesforce(org)
    else:
        with fresh_zoho(hosts[name]) as crm:
            yield Zoho(crm, reading)


class Ear:
    """Takes whatever is posted, and keeps it as it came."""

    def __init__(self) -> None:
        self.heard: list[RawRequest] = []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                ear.heard.append(RawRequest("POST", headers, self.path.partition("?")[2], body, datetime.now(UTC)))
                self.send_response(200)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(ACK)))
                self.end_headers()
                self.wfile.write(ACK)

            def log_message(self, *_args: object) -> None:
                """Keep the output of the tests clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hooks/crm"

    def wait(self, count: int) -> Sequence[RawRequest]:
        deadline = time.monotonic() + DEADLINE_S
        while len(self.heard) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.heard) == count
        return tuple(self.heard)


@contextmanager
def hearing() -> Iterator[Ear]:
    """Run an endpoint that acknowledges whatever is posted."""
    ear = Ear()
    with ear.server:
        thread = threading.Thread(target=ear.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield ear
        ear.server.shutdown()
        thread.join(DEADLINE_S)
