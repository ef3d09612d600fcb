"""The vendor as scripted answers over HTTP on this machine; what is asked and what is answered fits the schema."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.connectors.netsuite.soap.schema import SOAP, checked, version

NAMES = {
    "core": "core_{}.platform",
    "messages": "messages_{}.platform",
    "faults": "faults_{}.platform",
    "sales": "sales_{}.transactions",
    "purchases": "purchases_{}.transactions",
    "general": "general_{}.transactions",
    "common": "common_{}.platform",
    "relationships": "relationships_{}.lists",
    "accounting": "accounting_{}.lists",
}


def spaces() -> dict[str, str]:
    return {prefix: f"urn:{name.format(version())}.webservices.netsuite.com" for prefix, name in NAMES.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    operation: str
    envelope: Any
    headers: Mapping[str, str]
    path: str

    def text(self, name: str) -> list[str]:
        """The texts of all elements of this local name."""
        return [each.text or "" for each in self.envelope.iter(f"{{*}}{name}")]

    def all(self, name: str) -> list[Any]:
        return list(self.envelope.iter(f"{{*}}{name}"))


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: `body` stands in the envelope; `raw` instead of one; `cut` closes the connection."""

    body: str = ""
    status: int = 200
    raw: bytes | None = None
    cut: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


Script = Callable[[Asked], Said]


def enveloped(body: str) -> bytes:
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in spaces().items())
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{SOAP[1:-1]}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {names}>'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    ).encode()


class Vendor:
    """Answers by operation: the first of a list, then the next; the last one stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: list[str] = []
        self._scripts: dict[str, list[Said | Script]] = {}
        self._lock = threading.Lock()
        self.base = ""
        self.checks = True

    def on(self, operation: str, *answers: Said | Script) -> None:
        self._scripts[operation] = list(answers)

    def calls(self, operation: str) -> list[Asked]:
        return [each for each in self.asked if each.operation == operation]

    def answer(self, path: str, headers: Mapping[str, str], content: bytes) -> Said:
        root = checked(content)
        (node,) = root.find(f"{SOAP}Body")
        asked = Asked(node.tag.rpartition("}")[2], root, headers, path)
        with self._lock:
            self.asked.append(asked)
            scripts = self._scripts.get(asked.operation, [])
            script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return script if isinstance(script, Said) else script(asked)


def _handler(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {key.lower(): value for key, value in self.headers.items()}
            try:
                said = vendor.answer(self.path, headers, content)
                body = said.raw if said.raw is not None else enveloped(said.body)
                if said.raw is None and vendor.checks:
                    checked(body)
            except Exception as fault:  # noqa: BLE001 - shown by the fixture, which ends the test
                vendor.faults.append(repr(fault))
                said, body = Said(status=400), b""
            if said.cut:
                self.close_connection = True
                return
            self.send_response_only(said.status)
            for key, value in said.headers.items():
                self.send_header(key, value)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Tests are quiet."""

    return Handler


@contextmanager
def vending() -> Iterator[Vendor]:
    vendor = Vendor()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(vendor)) as server:
        server.daemon_threads = True
        vendor.base = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield vendor
        server.shutdown()
        thread.join(5)
    assert not vendor.faults


GOOD = '<core:status isSuccess="true"/>'


def bad(code: str, message: str = "no", level: str = "ERROR") -> str:
    success = str(level != "ERROR").lower()
    detail = f'<core:statusDetail type="{level}"><core:code>{code}</core:code><core:message>{message}</core:message>'
    return f'<core:status isSuccess="{success}">{detail}</core:statusDetail></core:status>'


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a search as the vendor counts it."""

    total: int
    pages: int = 1
    index: int = 1
    search: str = "WEBSERVICES_1"


def found(records: Sequence[str], sheet: Sheet | None = None, *, more: bool = False) -> Said:
    """A page of whole records; the answer of `search`, or of `searchMoreWithId`."""
    listed = "".join(records)
    return _page(f"<core:recordList>{listed}</core:recordList>", sheet or Sheet(len(records)), more=more)


def rows(cells: Sequence[tuple[str, str]], sheet: Sheet | None = None, *, more: bool = False) -> Said:
    """A page of ids and stamps."""
    listed = "".join(
        '<core:searchRow xsi:type="sales:TransactionSearchRow"><sales:basic>'
        f'<common:internalId><core:searchValue internalId="{each}"/></common:internalId>'
        f"<common:lastModifiedDate><core:searchValue>{stamp}</core:searchValue></common:lastModifiedDate>"
        "</sales:basic></core:searchRow>"
        for each, stamp in cells
    )
    return _page(f"<core:searchRowList>{listed}</core:searchRowList>", sheet or Sheet(len(cells)), more=more)


def _page(listed: str, sheet: Sheet, *, more: bool) -> Said:
    name = "searchMoreWithIdResponse" if more else "searchResponse"
    return Said(
        f"<messages:{name}><core:searchResult>{GOOD}<core:totalRecords>{sheet.total}</core:totalRecords>"
        f"<core:pageSize>200</core:pageSize><core:totalPages>{sheet.pages}</core:totalPages>"
        f"<core:pageIndex>{sheet.index}</core:pageIndex><core:searchId>{sheet.search}</core:searchId>{listed}"
        f"</core:searchResult></messages:{name}>"
    )


def refused(code: str, *, more: bool = False, level: str = "ERROR") -> Said:
    name = "searchMoreWithIdResponse" if more else "searchResponse"
    counts = "" if level == "ERROR" else "<core:totalRecords>0</core:totalRecords><core:totalPages>0</core:totalPages>"
    return Said(
        f"<messages:{name}><core:searchResult>{bad(code, level=level)}{counts}</core:searchResult></messages:{name}>"
    )


def got(*answers: str) -> Said:
    """What `getList` answers: records, or statuses of those that did not come."""
    inner = "".join(
        f"<messages:readResponse>{each if each.startswith('<core:status') else GOOD + each}</messages:readResponse>"
        for each in answers
    )
    whole = f"<messages:readResponseList>{GOOD}{inner}</messages:readResponseList>"
    return Said(f"<messages:getListResponse>{whole}</messages:getListResponse>")


def currency(record_id: str, symbol: str) -> str:
    """As a record inside an answer of `getList`."""
    return (
        f'<messages:record internalId="{record_id}" xsi:type="accounting:Currency"><accounting:name>x</accounting:name>'
        f"<accounting:symbol>{symbol}</accounting:symbol></messages:record>"
    )


def fault(name: str, code: str, message: str = "no") -> Said:
    """See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/bridgehead_1525252812.html."""
    return Said(
        "<soapenv:Fault><faultcode>soapenv:Server.userException</faultcode>"
        f"<faultstring>{message}</faultstring><detail><faults:{name}><faults:code>{code}</faults:code>"
        f"<faults:message>{message}</faults:message></faults:{name}>"
        '<ns1:hostname xmlns:ns1="http://xml.apache.org/axis/">host.example</ns1:hostname></detail></soapenv:Fault>',
        status=500,
    )
