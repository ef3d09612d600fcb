"""SOAP envelopes, written and read.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3539420.html (faults)
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.sax.saxutils import escape, quoteattr

from connectors.netsuite.sandbox.soap import names

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


class FaultError(Exception):
    """A refusal, as a SOAP fault; `kind` is the name of its detail without the word Fault."""

    def __init__(self, kind: str, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.kind = kind
        self.code = code
        self.message = message


class StatusError(Exception):
    """A refusal inside an answer: its status is no success."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def envelope(body: str, version: str, head: str = "") -> str:
    """Return an envelope around XML that uses the vendor's prefixes."""
    spaces = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in names.prefixes(version).items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:xsi="{INSTANCE}" {spaces}>'
        f"<soapenv:Header>{head}</soapenv:Header><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )


def fault(error: FaultError) -> str:
    """Return a fault."""
    detail = element("platformFaults:code", error.code) + element("platformFaults:message", error.message)
    return (
        "<soapenv:Fault><faultcode>soapenv:Server.userException</faultcode>"
        f"{element('faultstring', error.message)}<detail>"
        f"<platformFaults:{error.kind}Fault>{detail}</platformFaults:{error.kind}Fault></detail></soapenv:Fault>"
    )


def status(error: StatusError | None = None) -> str:
    """Return the status of an answer."""
    if error is None:
        return '<platformCore:status isSuccess="true"/>'
    detail = element("platformCore:code", error.code) + element("platformCore:message", error.message)
    return (
        '<platformCore:status isSuccess="false">'
        f'<platformCore:statusDetail type="ERROR">{detail}</platformCore:statusDetail></platformCore:status>'
    )


def element(name: str, text: object, **attributes: object) -> str:
    """Return an element with text."""
    given = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"<{name}{given}>{escape(str(text))}</{name}>"


def parse(document: bytes) -> Element | None:
    """Read a document, None when it is no XML."""
    try:
        return fromstring(document)  # noqa: S314 - expat limits the growth of entities and fetches nothing
    except ParseError:
        return None


def local(one: Element) -> str:
    """Return an element's name without its namespace."""
    return one.tag.rpartition("}")[2]


def child(tree: Element, name: str) -> Element | None:
    """Return the first child with this name, in any namespace."""
    return next((one for one in tree if local(one) == name), None)


def every(tree: Element, name: str) -> Iterator[Element]:
    """Yield all elements below with this name, in any namespace."""
    return (one for one in tree.iter() if local(one) == name)


def text(tree: Element | None, name: str) -> str:
    """Return the text of the first child with this name, empty when there is none."""
    found = child(tree, name) if tree is not None else None
    return (found.text or "").strip() if found is not None else ""


def typed(one: Element) -> str:
    """Return the local name of an element's xsi:type, empty when it has none."""
    return one.get(f"{{{INSTANCE}}}type", "").rpartition(":")[2]
