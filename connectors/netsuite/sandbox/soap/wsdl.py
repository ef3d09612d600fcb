"""A small WSDL in the shape of the vendor's: the same names and namespaces for the part that the twin serves.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3413913.html
"""

from __future__ import annotations

from connectors.netsuite.sandbox.soap import names, xsd
from connectors.netsuite.sandbox.soap.declare import lower
from connectors.netsuite.sandbox.soap.names import FAULTS, OPERATIONS

WITHOUT_LOGIN = ("getDataCenterUrls",)
HEADERS = ("tokenPassport", "applicationInfo", "searchPreferences", "preferences")


def wsdl(base: str, version: str) -> str:
    """Return the WSDL; its port is at `base`."""
    imports = "".join(
        f'<xsd:import namespace="{space}" schemaLocation="{base}{path}"/>'
        for space, path in xsd.places(version).items()
    )
    operations = "".join(_operation(name) for name in OPERATIONS)
    bindings = "".join(_binding(name) for name in OPERATIONS)
    head = "".join(f'<part name="{name}" element="platformMsgs:{name}"/>' for name in (*HEADERS, "documentInfo"))
    messages = "".join(_messages(name) for name in OPERATIONS)
    faults = "".join(
        f'<message name="{name}Fault"><part name="fault" element="platformFaults:{lower(name)}Fault"/></message>'
        for name in FAULTS
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="http://schemas.xmlsoap.org/wsdl/" '
        f'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="{names.XSD}" '
        f'xmlns:tns="{names.service(version)}" {xsd.declared(version)} targetNamespace="{names.service(version)}">'
        f'<types><xsd:schema elementFormDefault="qualified">{imports}</xsd:schema></types>'
        f'<message name="headers">{head}</message>{messages}{faults}'
        f'<portType name="NetSuitePortType">{operations}</portType>'
        f'<binding name="NetSuiteBinding" type="tns:NetSuitePortType">'
        f'<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>{bindings}</binding>'
        f'<service name="NetSuiteService"><port name="NetSuitePort" binding="tns:NetSuiteBinding">'
        f'<soap:address location="{base}/services/NetSuitePort_{version}"/></port></service></definitions>'
    )


def _messages(name: str) -> str:
    return "".join(
        f'<message name="{name}{way}"><part name="parameters" element="platformMsgs:{name}{end}"/></message>'
        for way, end in (("Request", ""), ("Response", "Response"))
    )


def _operation(name: str) -> str:
    faults = "".join(f'<fault name="{fault}Fault" message="tns:{fault}Fault"/>' for fault in FAULTS)
    return (
        f'<operation name="{name}"><input name="{name}Request" message="tns:{name}Request"/>'
        f'<output name="{name}Response" message="tns:{name}Response"/>{faults}</operation>'
    )


def _binding(name: str) -> str:
    head = "".join(f'<soap:header message="tns:headers" part="{part}" use="literal"/>' for part in HEADERS)
    faults = "".join(f'<fault name="{f}Fault"><soap:fault name="{f}Fault" use="literal"/></fault>' for f in FAULTS)
    return (
        f'<operation name="{name}"><soap:operation soapAction="{name}"/>'
        f'<input name="{name}Request">{head}<soap:body use="literal"/></input>'
        f'<output name="{name}Response"><soap:header message="tns:headers" part="documentInfo" use="literal"/>'
        f'<soap:body use="literal"/></output>{faults}</operation>'
    )
