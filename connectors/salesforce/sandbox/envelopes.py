"""SOAP envelopes, written and read."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.sax.saxutils import escape

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def envelope(body: str) -> str:
    """Return an envelope around XML."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:xsi="{INSTANCE}">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )


def element(name: str, text: str | None) -> str:
    """Return an element with text, or nil."""
    return f'<{name} xsi:nil="true"/>' if text is None else f"<{name}>{escape(text)}</{name}>"


def parse(document: bytes) -> Element | None:
    """Read a document, None when it is no XML."""
    try:
        return fromstring(document)  # noqa: S314 - expat limits the growth of entities and fetches nothing
    except ParseError:
        return None


def find(tree: Element, name: str, namespace: str | None = None) -> Element | None:
    """Return the first element with this name, in any namespace unless one is given."""
    return next(_elements(tree, name, namespace), None)


def text(tree: Element, name: str) -> str:
    """Return the text of the first element with this name, empty when there is none."""
    found = find(tree, name)
    return (found.text or "") if found is not None else ""


def _elements(tree: Element, name: str, namespace: str | None) -> Iterator[Element]:
    for one in tree.iter():
        space, _, local = one.tag.removeprefix("{").rpartition("}")
        if local == name and namespace in {None, space}:
            yield one
