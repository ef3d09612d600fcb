"""SOAP as several vendors speak it: a WSDL from a file, calls over the source's own session, faults by their names.

zeep reads the WSDL and writes the envelopes; replies are read by `soap_values`. A WSDL is read once in a process, at the
first call that needs it: half a second, and some thirty megabytes for a large one. Nothing here knows a vendor.
https://docs.python-zeep.org/en/master/client.html, https://www.w3.org/TR/2000/NOTE-SOAP-20000508/
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import requests
import zeep
from lxml import etree  # type: ignore[import-untyped]  # has no types
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import ExternalReferenceForbidden
from zeep.wsdl import Document

from connectors.contract import Misconfigured
from connectors.soap_values import Part, Types, Unreadable

_SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"

_LOADING = threading.Lock()
_LOADED: dict[Path, Definition] = {}


class SoapFault(Exception):
    """A fault: `name` and `code` are of its detail, `text` is the vendor's sentence, which may quote a value.

    https://www.w3.org/TR/2000/NOTE-SOAP-20000508/#_Toc478383507
    """

    def __init__(self, status: int, name: str, code: str, text: str) -> None:
        super().__init__(f"HTTP {status} {name} {code}".rstrip())
        self.status = status
        self.name = name
        self.code = code
        self.text = text


class NoEnvelope(Exception):
    """An answer that is no SOAP envelope, or none of this service: a proxy's page, or nothing."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body


class _NotAllowed(Exception):
    """A document would have to come from the network."""


class _Files:
    """Where zeep gets documents from: files, and the network only by the session that an operator's setting gave."""

    def __init__(self, session: requests.Session | None) -> None:
        self._session = session

    def load(self, url: str) -> bytes:
        if urlsplit(url).scheme not in {"http", "https"}:
            return Path(url).expanduser().read_bytes()
        if self._session is None:
            raise _NotAllowed
        answer = self._session.get(url)
        answer.raise_for_status()
        return answer.content


class Definition:
    """A WSDL that was read: its bindings, and the types to write requests and read replies with."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.types = Types(document.types)

    def binding(self, name: str) -> Any:
        """Return the binding with this local name. Raises Misconfigured."""
        for qname, binding in self._document.bindings.items():
            if qname.rpartition("}")[2] == name:
                return binding
        raise Misconfigured(f"The WSDL has no binding {name}: it is of another service.")

    def make(self, name: str, *args: Any, **fields: Any) -> Any:
        """Make a value of the type with this local name, for a request. Raises Misconfigured where there is none."""
        found = self.types.named(name)
        if found is None:
            raise Misconfigured(f"The WSDL does not know {name}: it is of another version, or cut.")
        return found(*args, **fields)

    def header(self, namespace: str, name: str, **fields: Any) -> Any:
        """Make a header of a request. Raises Misconfigured where the WSDL has none of this name."""
        try:
            return self._document.types.get_element(f"{{{namespace}}}{name}")(**fields)
        except ZeepError:
            raise Misconfigured(f"The WSDL does not know the header {name}: it is of another version.") from None

    def namespace(self, name: str) -> str:
        """Return the namespace of the type with this local name. Raises Misconfigured where there is none."""
        found = self.types.named(name)
        if found is None:
            raise Misconfigured(f"The WSDL does not know {name}: it is of another version, or cut.")
        return str(found.qname.namespace)


def definition(path: Path, session: requests.Session | None = None) -> Definition:
    """Return the WSDL of a file, read once in this process, whichever thread comes first.

    Documents that it imports are files beside it; those named by an address are fetched with `session`, and refused
    without one. Raises Misconfigured with what to do.
    """
    place = path.expanduser().resolve()
    with _LOADING:
        if place not in _LOADED:
            _LOADED[place] = _read(place, session)
        return _LOADED[place]


def _read(place: Path, session: requests.Session | None) -> Definition:
    settings = zeep.Settings(
        strict=True, xml_huge_tree=True, forbid_dtd=True, forbid_entities=True, forbid_external=session is None
    )
    try:
        document = Document(str(place), _Files(session), settings=settings)  # type: ignore[arg-type]  # zeep calls nothing but load()
    except FileNotFoundError as fault:
        raise Misconfigured(
            "A file of the WSDL does not exist: correct the path, and put the schemas that it imports beside it.",
            detail=str(fault.filename),
        ) from None
    except (ExternalReferenceForbidden, _NotAllowed):
        raise Misconfigured(
            "The WSDL imports a schema from the network: fetch it once, and name it by a path relative to the WSDL."
        ) from None
    except (ZeepError, OSError, ValueError, LookupError, requests.RequestException) as fault:
        raise Misconfigured(
            "The WSDL cannot be read: fetch it and its schemas again.", detail=type(fault).__name__
        ) from None
    if not document.bindings:
        raise Misconfigured("The file is no WSDL, or only a part of one: fetch it again.")
    return Definition(document)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One service at one address. `timeout` is (connect, read) in seconds."""

    definition: Definition
    binding: str
    address: str
    session: requests.Session
    timeout: tuple[float, float]

    def call(self, operation: str, headers: Sequence[Any] = (), **body: Any) -> Part:
        """Send one request, once; return the element in the reply's body.

        Raises SoapFault, NoEnvelope, what requests raises, and Misconfigured where the request does not fit the WSDL.
        """
        envelope, http = self.envelope(operation, headers, **body)
        answer = self.session.post(
            self.address, data=envelope, headers=dict(http), timeout=self.timeout, allow_redirects=False
        )
        body = _body(answer)
        try:
            return self.definition.types.root(body)
        except Unreadable:
            raise NoEnvelope(answer.status_code, answer.content) from None

    def envelope(self, operation: str, headers: Sequence[Any] = (), **body: Any) -> tuple[bytes, Mapping[str, str]]:
        """Return a request's bytes and HTTP headers. Raises Misconfigured where it does not fit the WSDL."""
        binding = self.definition.binding(self.binding)
        try:
            known = binding.get(operation)
            envelope = known.create(_soapheaders=list(headers), **body).content
        except (ZeepError, ValueError, TypeError, AttributeError) as fault:
            raise Misconfigured(
                f"The request {operation} does not fit the WSDL: it is of another version.", detail=type(fault).__name__
            ) from None
        action = known.soapaction or ""
        http = (
            {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
            if binding.nsmap["soap-env"] == _SOAP_11
            else {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
        )
        return etree.tostring(envelope, xml_declaration=True, encoding="utf-8"), MappingProxyType(http)


def _body(answer: requests.Response) -> Any:
    """Return the element in an answer's body. Raises SoapFault and NoEnvelope."""
    content = answer.content
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        envelope = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise NoEnvelope(answer.status_code, content) from None
    if _local(envelope.tag) != "Envelope" or envelope.getroottree().docinfo.doctype:
        raise NoEnvelope(answer.status_code, content)
    body = _child(envelope, "Body")
    found = next(iter(body), None) if body is not None else None
    if found is None:
        raise NoEnvelope(answer.status_code, content)
    if _local(found.tag) == "Fault":
        raise _fault(answer.status_code, found)
    return found


def _fault(status: int, node: Any) -> SoapFault:
    """Read a fault of SOAP 1.1 or 1.2. Of several details the first with parts of its own is the vendor's."""
    said = _text(node, "faultcode") or _text(_child(node, "Code"), "Value")
    text = _text(node, "faultstring") or _text(_child(node, "Reason"), "Text")
    details = _child(node, "detail")
    details = _child(node, "Detail") if details is None else details
    detail = next((each for each in (() if details is None else details) if len(each)), None)
    name = said.rpartition(":")[2] if detail is None else _local(detail.tag)
    return SoapFault(status, name, _text(detail, "code"), text)


def _child(node: Any, name: str) -> Any:
    return None if node is None else next((each for each in node if _local(each.tag) == name), None)


def _text(node: Any, name: str) -> str:
    found = _child(node, name)
    return "" if found is None or found.text is None else str(found.text).strip()


def _local(tag: Any) -> str:
    return str(tag).rpartition("}")[2]
