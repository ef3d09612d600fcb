"""The WSDL that the tests run with: the one written for them, or the vendor's (`make test NETSUITE_WSDL=path`)."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # has no types

XSD = "{http://www.w3.org/2001/XMLSchema}"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
WSDL = Path(os.environ.get("NETSUITE_WSDL") or Path(__file__).parent / "wsdl" / "netsuite.wsdl").resolve()


@cache
def version() -> str:
    """The endpoint's version: 2025_2."""
    found = re.search(r"urn:platform_(\d{4}_\d)\.", WSDL.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


@cache
def _schema() -> Any:
    (schema,) = etree.parse(WSDL).iter(f"{XSD}schema")
    for each in schema:
        each.set("schemaLocation", str((WSDL.parent / each.get("schemaLocation")).resolve()))
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema)))


def checked(envelope: bytes) -> Any:
    """Read an envelope whose header and body are as the schema says; assert that they are."""
    root = etree.fromstring(envelope)
    assert root.tag == f"{SOAP}Envelope"
    for part in root:
        for each in part:
            alone = etree.fromstring(etree.tostring(each))
            if each.tag != f"{SOAP}Fault":
                _schema().assertValid(alone)
    return root
