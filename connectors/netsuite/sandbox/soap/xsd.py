"""The schema documents of the WSDL.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3413913.html
"""

from __future__ import annotations

from collections.abc import Iterable

from connectors.netsuite.sandbox.schema import RecordType
from connectors.netsuite.sandbox.soap import names, searches, shapes
from connectors.netsuite.sandbox.soap.declare import (
    Members,
    complex_type,
    element,
    inline,
    lower,
    sequence,
)
from connectors.netsuite.sandbox.soap.names import FAULTS, OPERATIONS
from connectors.netsuite.sandbox.tables import RECORDS

_SIGNATURE = (
    '<xsd:complexType name="TokenPassportSignature"><xsd:simpleContent><xsd:extension base="xsd:string">'
    '<xsd:attribute name="algorithm" type="xsd:string" use="required"/></xsd:extension></xsd:simpleContent>'
    "</xsd:complexType>"
)


RESULTS = tuple(name for name in OPERATIONS if name not in {"searchMoreWithId", "get", "getList"})
"""The operations whose answer is a result of their own."""


def schema(base: str, family: str, part: str, version: str) -> str | None:
    """Return one schema document, None when there is none of this name."""
    if family == "platform" and part in names.PLATFORM:
        contents = {"core": _core, "messages": _messages_schema, "common": _common, "faults": _faults_schema}[part]()
        return _document(base, names.platform(part, version), version, contents)
    if part in names.AREAS and names.AREAS[part][0] == family:
        return _document(base, names.area(part, version), version, _area(part))
    return None


def places(version: str) -> dict[str, str]:
    """Return the paths of all schema documents by their namespaces."""
    platform = {names.platform(p, version): f"/xsd/platform/v{version}_0/{p}.xsd" for p in names.PLATFORM}
    areas = {names.area(a, version): f"/xsd/{family}/v{version}_0/{a}.xsd" for a, (family, _) in names.AREAS.items()}
    return platform | areas


def declared(version: str) -> str:
    """Return the declarations of all prefixes."""
    return " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in names.prefixes(version).items())


def _document(base: str, own: str, version: str, contents: str) -> str:
    imports = "".join(
        f'<xsd:import namespace="{space}" schemaLocation="{base}{path}"/>'
        for space, path in places(version).items()
        if space != own
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><xsd:schema xmlns:xsd="{names.XSD}" {declared(version)} '
        f'targetNamespace="{own}" elementFormDefault="qualified">{imports}{contents}</xsd:schema>'
    )


def _core() -> str:
    """Return references, search fields, results and the token passport."""
    dates = [("searchValue", "xsd:dateTime", "?"), ("searchValue2", "xsd:dateTime", "?")]
    paging = [(name, "xsd:int", "?") for name in ("totalRecords", "pageSize", "totalPages", "pageIndex")]
    status = [("status", "platformCore:Status", "")]
    found = [("searchId", "xsd:string", "?"), ("recordList", "platformCore:RecordList", "?")]
    found.append(("searchRowList", "platformCore:SearchRowList", "?"))
    passport = [(n, "xsd:string", "") for n in ("account", "consumerKey", "token", "nonce")]
    signed = [("timestamp", "xsd:long", ""), ("signature", "platformCore:TokenPassportSignature", "")]
    urls = [(name, "xsd:string", "?") for name in ("restDomain", "webservicesDomain", "systemDomain")]
    custom = [("scriptId", "xsd:string"), ("internalId", "xsd:string")]
    refs = [(name, "xsd:string") for name in ("internalId", "externalId", "type")]
    parts = [
        complex_type("BaseRef", [("name", "xsd:string", "?")], abstract=True),
        complex_type("RecordRef", [], refs, base="platformCore:BaseRef"),
        complex_type("Record", [], abstract=True),
        complex_type("SearchRecord", [], abstract=True),
        complex_type("SearchRecordBasic", [], base="platformCore:SearchRecord", abstract=True),
        complex_type("CustomFieldRef", [], custom, abstract=True),
        complex_type("StringCustomFieldRef", [("value", "xsd:string", "")], base="platformCore:CustomFieldRef"),
        complex_type("CustomFieldList", [("customField", "platformCore:CustomFieldRef", "*")]),
        _search_field("SearchDateField", [("predefinedSearchValue", "xsd:string", "?"), *dates]),
        _search_field("SearchStringField", [("searchValue", "xsd:string", "?")]),
        complex_type("SearchBooleanField", [("searchValue", "xsd:boolean", "?")]),
        _search_field("SearchMultiSelectField", [("searchValue", "platformCore:RecordRef", "*")]),
        _search_field("SearchEnumMultiSelectField", [("searchValue", "xsd:string", "*")]),
        complex_type(
            "StatusDetail",
            [("code", "xsd:string", "?"), ("message", "xsd:string", "?"), ("afterSubmitFailed", "xsd:boolean", "?")],
            [("type", "xsd:string")],
        ),
        complex_type("Status", [("statusDetail", "platformCore:StatusDetail", "*")], [("isSuccess", "xsd:boolean")]),
        complex_type("RecordList", [("record", "platformCore:Record", "*")]),
        complex_type("SearchResult", [*status, *paging, *found]),
        complex_type(
            "GetDeletedFilter",
            [
                ("deletedDate", "platformCore:SearchDateField", "?"),
                ("type", "platformCore:SearchEnumMultiSelectField", "?"),
                ("scriptId", "platformCore:SearchStringField", "?"),
            ],
        ),
        complex_type("DeletedRecord", [("deletedDate", "xsd:dateTime", "?"), ("record", "platformCore:BaseRef", "?")]),
        complex_type("DeletedRecordList", [("deletedRecord", "platformCore:DeletedRecord", "*")]),
        complex_type(
            "GetDeletedResult", [*status, *paging, ("deletedRecordList", "platformCore:DeletedRecordList", "?")]
        ),
        complex_type("GetServerTimeResult", [*status, ("serverTime", "xsd:dateTime", "?")]),
        complex_type("DataCenterUrls", urls),
        complex_type("GetDataCenterUrlsResult", [*status, ("dataCenterUrls", "platformCore:DataCenterUrls", "?")]),
        complex_type("TokenPassport", [*passport, *signed]),
        _SIGNATURE,
        element("status", "platformCore:Status"),
        *(element(f"{name}Result", f"platformCore:{name[0].upper()}{name[1:]}Result") for name in RESULTS),
    ]
    return "".join(parts) + _rows() + _limits()


def _rows() -> str:
    """Return what advanced searches ask for and answer with."""
    values = {
        "Boolean": "xsd:boolean",
        "String": "xsd:string",
        "Long": "xsd:long",
        "TextNumber": "xsd:string",
        "Double": "xsd:double",
        "Date": "xsd:dateTime",
        "EnumSelect": "xsd:string",
        "Select": "platformCore:RecordRef",
    }
    label = [("customLabel", "xsd:string", "?")]
    custom = [("internalId", "xsd:string"), ("scriptId", "xsd:string")]
    field, own = "platformCore:SearchColumnField", "platformCore:SearchColumnCustomField"
    parts = [
        complex_type("SearchRow", [], abstract=True),
        complex_type("SearchRowBasic", [], base="platformCore:SearchRow", abstract=True),
        complex_type("SearchRowList", [("searchRow", "platformCore:SearchRow", "*")]),
        complex_type("SearchColumnField", label, abstract=True),
        complex_type("SearchColumnCustomField", label, custom, abstract=True),
        complex_type("SearchColumnStringCustomField", [("searchValue", "xsd:string", "?")], base=own),
        complex_type("SearchColumnCustomFieldList", [("customField", own, "*")]),
        *(
            complex_type(f"SearchColumn{name}Field", [("searchValue", kind, "?")], base=field)
            for name, kind in values.items()
        ),
    ]
    return "".join(parts)


def _limits() -> str:
    account = [(f"{name}ConcurrencyLimit", "xsd:long", "?") for name in ("account", "unallocated")]
    integration = [("integrationConcurrencyLimit", "xsd:long", "?"), ("limitType", "xsd:string", "?")]
    status = ("status", "platformCore:Status", "")
    return complex_type("GetAccountGovernanceInfoResult", [status, *account]) + complex_type(
        "GetIntegrationGovernanceInfoResult", [status, *integration]
    )


def _messages_schema() -> str:
    """Return the requests and the answers."""
    paged = [("searchId", "xsd:string", ""), ("pageIndex", "xsd:int", "")]
    filtered = [("getDeletedFilter", "platformCore:GetDeletedFilter", ""), ("pageIndex", "xsd:int", "")]
    requests: dict[str, Members] = {
        "search": [("searchRecord", "platformCore:SearchRecord", "")],
        "searchMoreWithId": paged,
        "get": [("baseRef", "platformCore:BaseRef", "")],
        "getList": [("baseRef", "platformCore:BaseRef", "*")],
        "getDeleted": filtered,
        "getServerTime": [],
        "getDataCenterUrls": [("account", "xsd:string", "")],
        "getAccountGovernanceInfo": [],
        "getIntegrationGovernanceInfo": [],
    }
    read = {"get": "readResponse", "getList": "readResponseList"}
    parts = [inline(name, members) for name, members in requests.items()]
    for name in OPERATIONS:
        result = f'<xsd:element ref="platformCore:{"search" if name == "searchMoreWithId" else name}Result"/>'
        if name in read:
            result = f'<xsd:element ref="platformMsgs:{read[name]}"/>'
        kept = f"<xsd:complexType>{sequence([], before=result)}</xsd:complexType>"
        parts.append(f'<xsd:element name="{name}Response">{kept}</xsd:element>')
    preferences = [(name, "xsd:boolean", "?") for name in ("bodyFieldsOnly", "returnSearchColumns")]
    wanted = [(name, "xsd:boolean", "?") for name in ("warningAsError", "runServerSuiteScriptAndTriggerWorkflows")]
    return "".join(
        [
            *parts,
            _read_responses(),
            inline("searchPreferences", [*preferences, ("pageSize", "xsd:int", "?")]),
            inline("preferences", wanted),
            inline("applicationInfo", [("applicationId", "xsd:string", "?")]),
            inline("documentInfo", [("nsId", "xsd:string", "")]),
            element("tokenPassport", "platformCore:TokenPassport"),
        ]
    )


def _read_responses() -> str:
    # the status of a read belongs to the core namespace, its record to that of messages
    status = '<xsd:element ref="platformCore:status"{}/>'
    one = sequence([("record", "platformCore:Record", "?")], before=status.format(""))
    many = sequence([("readResponse", "platformMsgs:ReadResponse", "*")], before=status.format(' minOccurs="0"'))
    types = {"ReadResponse": one, "ReadResponseList": many}
    declared = (f'<xsd:complexType name="{name}">{inner}</xsd:complexType>' for name, inner in types.items())
    return "".join([*declared, *(element(lower(name), f"platformMsgs:{name}") for name in types)])


def _common() -> str:
    parts = []
    for search in searches.SEARCHES:
        named = {**search.fields, **search.line_fields}
        fields = sorted((name, f"platformCore:{kind}", "?") for name, (_, kind) in named.items())
        columns = [(column.name, f"platformCore:{column.type}", "*") for column in search.columns]
        if search.custom:
            columns.append(("customFieldList", "platformCore:SearchColumnCustomFieldList", "?"))
        parts.append(complex_type(f"{search.name}SearchBasic", fields, base="platformCore:SearchRecordBasic"))
        parts.append(complex_type(f"{search.name}SearchRowBasic", columns, base="platformCore:SearchRowBasic"))
    return "".join(parts)


def _faults_schema() -> str:
    fault = complex_type("SoapFault", [("code", "xsd:string", ""), ("message", "xsd:string", "")], abstract=True)
    types = "".join(complex_type(f"{name}Fault", [], base="platformFaults:SoapFault") for name in FAULTS)
    elements = "".join(element(f"{lower(name)}Fault", f"platformFaults:{name}Fault") for name in FAULTS)
    return fault + types + elements


def _area(part: str) -> str:
    prefix = names.AREAS[part][1]
    parts = [_record(record, prefix) for record in RECORDS if record.area == part]
    parts += [_search(search.name, prefix) for search in searches.SEARCHES if search.area == part]
    return "".join(parts)


def _search(name: str, prefix: str) -> str:
    basic = [("basic", f"platformCommon:{name}SearchBasic", "?")]
    row = [("basic", f"platformCommon:{name}SearchRowBasic", "?")]
    both = [("criteria", f"{prefix}:{name}Search", "?"), ("columns", f"{prefix}:{name}SearchRow", "?")]
    saved = [("savedSearchId", "xsd:string"), ("savedSearchScriptId", "xsd:string")]
    return "".join(
        [
            complex_type(f"{name}Search", basic, base="platformCore:SearchRecord"),
            complex_type(f"{name}SearchRow", row, base="platformCore:SearchRow"),
            complex_type(f"{name}SearchAdvanced", both, saved, base="platformCore:SearchRecord"),
        ]
    )


def _record(record: RecordType, prefix: str) -> str:
    members = _typed(shapes.record_members(record))
    lines = ""
    if record.sublist:
        line = f"{record.soap}{record.sublist.name.capitalize()}"
        lines = complex_type(line, _typed(shapes.line_members(record)))
        lines += complex_type(f"{line}List", [(record.sublist.name, f"{prefix}:{line}", "*")])
        members.append((record.sublist.soap, f"{prefix}:{line}List", "?"))
    members += _typed(shapes.members_behind(record))
    if record.name not in shapes.WITHOUT_CUSTOM_FIELDS:
        members.append(("customFieldList", "platformCore:CustomFieldList", "?"))
    own = [("internalId", "xsd:string"), ("externalId", "xsd:string")]
    return lines + complex_type(record.soap, members, own, base="platformCore:Record")


def _typed(members: Iterable[shapes.Member]) -> list[tuple[str, str, str]]:
    return [(name, shapes.element_type(column), "?") for name, column in members]


def _search_field(name: str, members: Members) -> str:
    return complex_type(name, members, [("operator", "xsd:string")])
