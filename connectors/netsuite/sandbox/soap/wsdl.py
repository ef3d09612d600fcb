"""A small WSDL in the shape of the vendor's: the same names and namespaces for the part that the twin serves.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3413913.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.netsuite.sandbox.schema import RecordType
from connectors.netsuite.sandbox.soap import names, shapes
from connectors.netsuite.sandbox.tables import RECORDS

OPERATIONS = ("search", "searchMoreWithId", "get", "getDeleted", "getServerTime", "getDataCenterUrls")
WITHOUT_LOGIN = ("getDataCenterUrls",)
HEADERS = ("tokenPassport", "applicationInfo", "searchPreferences", "preferences")
FAULTS = (
    "InsufficientPermission",
    "InvalidAccount",
    "InvalidCredentials",
    "InvalidSession",
    "ExceededConcurrentRequestLimit",
    "ExceededRequestLimit",
    "ExceededUsageLimit",
    "ExceededRecordCount",
    "ExceededRequestSize",
    "InvalidVersion",
    "UnexpectedError",
)
_SIGNATURE = (
    '<xsd:complexType name="TokenPassportSignature"><xsd:simpleContent><xsd:extension base="xsd:string">'
    '<xsd:attribute name="algorithm" type="xsd:string" use="required"/></xsd:extension></xsd:simpleContent>'
    "</xsd:complexType>"
)
Members = Sequence[tuple[str, str, str]]
"""Name, type and occurrence of each element."""


def wsdl(base: str, version: str) -> str:
    """Return the WSDL; its port is at `base`."""
    imports = "".join(
        f'<xsd:import namespace="{space}" schemaLocation="{base}{path}"/>' for space, path in _places(version).items()
    )
    operations = "".join(_operation(name) for name in OPERATIONS)
    bindings = "".join(_binding(name) for name in OPERATIONS)
    head = "".join(f'<part name="{name}" element="platformMsgs:{name}"/>' for name in (*HEADERS, "documentInfo"))
    messages = "".join(_messages(name) for name in OPERATIONS)
    faults = "".join(
        f'<message name="{name}Fault"><part name="fault" element="platformFaults:{_lower(name)}Fault"/></message>'
        for name in FAULTS
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="http://schemas.xmlsoap.org/wsdl/" '
        f'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="{names.XSD}" '
        f'xmlns:tns="{names.service(version)}" {_declared(version)} targetNamespace="{names.service(version)}">'
        f'<types><xsd:schema elementFormDefault="qualified">{imports}</xsd:schema></types>'
        f'<message name="headers">{head}</message>{messages}{faults}'
        f'<portType name="NetSuitePortType">{operations}</portType>'
        f'<binding name="NetSuiteBinding" type="tns:NetSuitePortType">'
        f'<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>{bindings}</binding>'
        f'<service name="NetSuiteService"><port name="NetSuitePort" binding="tns:NetSuiteBinding">'
        f'<soap:address location="{base}/services/NetSuitePort_{version}"/></port></service></definitions>'
    )


def schema(base: str, family: str, part: str, version: str) -> str | None:
    """Return one schema document, None when there is none of this name."""
    if family == "platform" and part in names.PLATFORM:
        contents = {"core": _core, "messages": _messages_schema, "common": _common, "faults": _faults_schema}[part]()
        return _document(base, names.platform(part, version), version, contents)
    if part in names.AREAS and names.AREAS[part][0] == family:
        return _document(base, names.area(part, version), version, _area(part))
    return None


def _places(version: str) -> dict[str, str]:
    platform = {names.platform(p, version): f"/xsd/platform/v{version}_0/{p}.xsd" for p in names.PLATFORM}
    areas = {names.area(a, version): f"/xsd/{family}/v{version}_0/{a}.xsd" for a, (family, _) in names.AREAS.items()}
    return platform | areas


def _declared(version: str) -> str:
    return " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in names.prefixes(version).items())


def _document(base: str, own: str, version: str, contents: str) -> str:
    imports = "".join(
        f'<xsd:import namespace="{space}" schemaLocation="{base}{path}"/>'
        for space, path in _places(version).items()
        if space != own
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><xsd:schema xmlns:xsd="{names.XSD}" {_declared(version)} '
        f'targetNamespace="{own}" elementFormDefault="qualified">{imports}{contents}</xsd:schema>'
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


def _core() -> str:
    """Return references, search fields, results and the token passport."""
    dates = [("searchValue", "xsd:dateTime", "?"), ("searchValue2", "xsd:dateTime", "?")]
    paging = [(name, "xsd:int", "?") for name in ("totalRecords", "pageSize", "totalPages", "pageIndex")]
    status = [("status", "platformCore:Status", "")]
    found = [("searchId", "xsd:string", "?"), ("recordList", "platformCore:RecordList", "?")]
    passport = [(n, "xsd:string", "") for n in ("account", "consumerKey", "token", "nonce")]
    signed = [("timestamp", "xsd:long", ""), ("signature", "platformCore:TokenPassportSignature", "")]
    urls = [(name, "xsd:string", "?") for name in ("restDomain", "webservicesDomain", "systemDomain")]
    custom = [("scriptId", "xsd:string"), ("internalId", "xsd:string")]
    refs = [(name, "xsd:string") for name in ("internalId", "externalId", "type")]
    parts = [
        _complex("BaseRef", [("name", "xsd:string", "?")], abstract=True),
        _complex("RecordRef", [], refs, base="platformCore:BaseRef"),
        _complex("Record", [], abstract=True),
        _complex("SearchRecord", [], abstract=True),
        _complex("SearchRecordBasic", [], base="platformCore:SearchRecord", abstract=True),
        _complex("CustomFieldRef", [], custom, abstract=True),
        _complex("StringCustomFieldRef", [("value", "xsd:string", "")], base="platformCore:CustomFieldRef"),
        _complex("CustomFieldList", [("customField", "platformCore:CustomFieldRef", "*")]),
        _search_field("SearchDateField", [("predefinedSearchValue", "xsd:string", "?"), *dates]),
        _search_field("SearchStringField", [("searchValue", "xsd:string", "?")]),
        _complex("SearchBooleanField", [("searchValue", "xsd:boolean", "?")]),
        _search_field("SearchMultiSelectField", [("searchValue", "platformCore:RecordRef", "*")]),
        _search_field("SearchEnumMultiSelectField", [("searchValue", "xsd:string", "*")]),
        _complex(
            "StatusDetail",
            [("code", "xsd:string", "?"), ("message", "xsd:string", "?"), ("afterSubmitFailed", "xsd:boolean", "?")],
            [("type", "xsd:string")],
        ),
        _complex("Status", [("statusDetail", "platformCore:StatusDetail", "*")], [("isSuccess", "xsd:boolean")]),
        _complex("RecordList", [("record", "platformCore:Record", "*")]),
        _complex("SearchResult", [*status, *paging, *found]),
        _complex(
            "GetDeletedFilter",
            [
                ("deletedDate", "platformCore:SearchDateField", "?"),
                ("type", "platformCore:SearchEnumMultiSelectField", "?"),
                ("scriptId", "platformCore:SearchStringField", "?"),
            ],
        ),
        _complex("DeletedRecord", [("deletedDate", "xsd:dateTime", "?"), ("record", "platformCore:BaseRef", "?")]),
        _complex("DeletedRecordList", [("deletedRecord", "platformCore:DeletedRecord", "*")]),
        _complex("GetDeletedResult", [*status, *paging, ("deletedRecordList", "platformCore:DeletedRecordList", "?")]),
        _complex("GetServerTimeResult", [*status, ("serverTime", "xsd:dateTime", "?")]),
        _complex("DataCenterUrls", urls),
        _complex("GetDataCenterUrlsResult", [*status, ("dataCenterUrls", "platformCore:DataCenterUrls", "?")]),
        _complex("TokenPassport", [*passport, *signed]),
        _SIGNATURE,
        _element("status", "platformCore:Status"),
        *(
            _element(f"{name}Result", f"platformCore:{name[0].upper()}{name[1:]}Result")
            for name in ("search", "getDeleted", "getServerTime", "getDataCenterUrls")
        ),
    ]
    return "".join(parts)


def _messages_schema() -> str:
    """Return the requests and the answers."""
    paged = [("searchId", "xsd:string", ""), ("pageIndex", "xsd:int", "")]
    filtered = [("getDeletedFilter", "platformCore:GetDeletedFilter", ""), ("pageIndex", "xsd:int", "")]
    requests: dict[str, Members] = {
        "search": [("searchRecord", "platformCore:SearchRecord", "")],
        "searchMoreWithId": paged,
        "get": [("baseRef", "platformCore:BaseRef", "")],
        "getDeleted": filtered,
        "getServerTime": [],
        "getDataCenterUrls": [("account", "xsd:string", "")],
    }
    answers = {"searchMoreWithId": "search"}
    parts = [_inline(name, members) for name, members in requests.items()]
    for name in OPERATIONS:
        result = f'<xsd:element ref="platformCore:{answers.get(name, name)}Result"/>'
        if name == "get":
            result = '<xsd:element name="readResponse" type="platformMsgs:ReadResponse"/>'
        kept = f"<xsd:complexType><xsd:sequence>{result}</xsd:sequence></xsd:complexType>"
        parts.append(f'<xsd:element name="{name}Response">{kept}</xsd:element>')
    preferences = [(name, "xsd:boolean", "?") for name in ("bodyFieldsOnly", "returnSearchColumns")]
    wanted = [(name, "xsd:boolean", "?") for name in ("warningAsError", "runServerSuiteScriptAndTriggerWorkflows")]
    return "".join(
        [
            *parts,
            _read_response(),
            _inline("searchPreferences", [*preferences, ("pageSize", "xsd:int", "?")]),
            _inline("preferences", wanted),
            _inline("applicationInfo", [("applicationId", "xsd:string", "?")]),
            _inline("documentInfo", [("nsId", "xsd:string", "")]),
            _element("tokenPassport", "platformCore:TokenPassport"),
        ]
    )


def _read_response() -> str:
    # the status of a read belongs to the core namespace, its record to that of messages
    record = _member("record", "platformCore:Record", "?")
    status = '<xsd:element ref="platformCore:status"/>'
    return f'<xsd:complexType name="ReadResponse"><xsd:sequence>{status}{record}</xsd:sequence></xsd:complexType>'


def _common() -> str:
    parts = []
    for search in shapes.SEARCHES:
        fields = sorted((name, f"platformCore:{kind}", "?") for name, (_, kind) in search.fields.items())
        parts.append(_complex(f"{search.name}SearchBasic", fields, base="platformCore:SearchRecordBasic"))
    return "".join(parts)


def _faults_schema() -> str:
    fault = _complex("SoapFault", [("code", "xsd:string", ""), ("message", "xsd:string", "")], abstract=True)
    types = "".join(_complex(f"{name}Fault", [], base="platformFaults:SoapFault") for name in FAULTS)
    elements = "".join(_element(f"{_lower(name)}Fault", f"platformFaults:{name}Fault") for name in FAULTS)
    return fault + types + elements


def _area(part: str) -> str:
    prefix = names.AREAS[part][1]
    parts = [_record(record, prefix) for record in RECORDS if record.area == part]
    for search in shapes.SEARCHES:
        if search.area == part:
            basic = [("basic", f"platformCommon:{search.name}SearchBasic", "?")]
            parts.append(_complex(f"{search.name}Search", basic, base="platformCore:SearchRecord"))
    return "".join(parts)


def _record(record: RecordType, prefix: str) -> str:
    members = _typed(shapes.record_members(record))
    lines = ""
    if record.sublist:
        line = f"{record.soap}{record.sublist.name.capitalize()}"
        lines = _complex(line, _typed(shapes.line_members(record)))
        lines += _complex(f"{line}List", [(record.sublist.name, f"{prefix}:{line}", "*")])
        members.append((record.sublist.soap, f"{prefix}:{line}List", "?"))
    members += _typed(shapes.members_behind(record))
    if record.name not in shapes.WITHOUT_CUSTOM_FIELDS:
        members.append(("customFieldList", "platformCore:CustomFieldList", "?"))
    own = [("internalId", "xsd:string"), ("externalId", "xsd:string")]
    return lines + _complex(record.soap, members, own, base="platformCore:Record")


def _typed(members: Iterable[shapes.Member]) -> list[tuple[str, str, str]]:
    return [(name, shapes.element_type(column), "?") for name, column in members]


def _complex(
    name: str, members: Members, attributes: Iterable[tuple[str, str]] = (), *, base: str = "", abstract: bool = False
) -> str:
    inner = f"<xsd:sequence>{''.join(_member(*member) for member in members)}</xsd:sequence>" if members else ""
    inner += "".join(f'<xsd:attribute name="{one}" type="{kind}"/>' for one, kind in attributes)
    if base:
        inner = f'<xsd:complexContent><xsd:extension base="{base}">{inner}</xsd:extension></xsd:complexContent>'
    mark = ' abstract="true"' if abstract else ""
    return f'<xsd:complexType name="{name}"{mark}>{inner}</xsd:complexType>'


def _search_field(name: str, members: Members) -> str:
    return _complex(name, members, [("operator", "xsd:string")])


def _inline(name: str, members: Members) -> str:
    inner = "".join(_member(*member) for member in members)
    return f'<xsd:element name="{name}"><xsd:complexType><xsd:sequence>{inner}</xsd:sequence></xsd:complexType></xsd:element>'


def _member(name: str, kind: str, occurs: str) -> str:
    least = ' minOccurs="0"' if occurs in {"?", "*"} else ""
    most = ' maxOccurs="unbounded"' if occurs == "*" else ""
    return f'<xsd:element name="{name}" type="{kind}"{least}{most}/>'


def _element(name: str, kind: str) -> str:
    return f'<xsd:element name="{name}" type="{kind}"/>'


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
