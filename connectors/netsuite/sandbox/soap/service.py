"""`/services/NetSuitePort_{version}`, and the WSDL with its schemas.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4395630653.html (token passport)
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.netsuite.sandbox import moments, tba
from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.credentials import ACCOUNT_ID
from connectors.netsuite.sandbox.gate import base_url
from connectors.netsuite.sandbox.governance import LimitExceededError
from connectors.netsuite.sandbox.roles import Caller, Feature
from connectors.netsuite.sandbox.schema import RecordType, Row
from connectors.netsuite.sandbox.soap import deletions, envelopes, limits, names, render, wsdl, xsd
from connectors.netsuite.sandbox.soap.envelopes import FaultError, StatusError, child, element, every, local, text
from connectors.netsuite.sandbox.soap.reads import Reader
from connectors.netsuite.sandbox.soap.rows import RowPrinter
from connectors.netsuite.sandbox.soap.search import Search, Searches, page_size
from connectors.netsuite.sandbox.soap.searches import LINE

_OTHER_LOGINS = ("passport", "ssoPassport", "applicationInfo")
_DENIED = "You do not have privileges to perform this operation."


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its operation, its headers and who sent it."""

    operation: Element
    header: Element
    caller: Caller
    base: str

    @property
    def preferences(self) -> Element | None:
        """The search preferences."""
        return child(self.header, "searchPreferences")


def soap_routes(account: Account) -> list[Route]:
    """Return the paths of SOAP."""
    port = Port(account)
    return [
        Route("/services/NetSuitePort_{version}", port.serve, methods=["POST"]),
        Route("/wsdl/v{version}_0/netsuite.wsdl", _wsdl, methods=["GET"]),
        Route("/xsd/{family}/v{version}_0/{part}.xsd", _schema, methods=["GET"]),
    ]


class Port:
    """The port of the service."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._searches = Searches(account)
        self._operations: dict[str, Callable[[Asked], str]] = {
            "search": self._search,
            "searchMoreWithId": self._more,
            "get": self._get,
            "getList": self._get_list,
            "getDeleted": self._deleted,
            "getServerTime": self._server_time,
            "getAccountGovernanceInfo": self._account_limits,
            "getIntegrationGovernanceInfo": self._integration_limits,
        }

    async def serve(self, request: Request) -> Response:
        """Answer one operation: 200, or a fault with its status."""
        version = request.path_params["version"]
        known = version if version in names.VERSIONS else names.VERSIONS[0]
        try:
            body = await self._answer(request, await request.body())
        except LimitExceededError:
            # A-NETSUITE-15: the page names one code, its list of codes has two
            message = "SuiteTalk concurrent request limit exceeded. Request blocked."
            return self._fault(
                FaultError("exceededConcurrentRequestLimit", self._account.switches.soap_limit_code, message), known
            )
        except FaultError as error:
            return self._fault(error, known)
        ns_id = element("platformMsgs:nsId", f"WEBSERVICES_{ACCOUNT_ID}_{secrets.token_hex(12)}")
        head = f"<platformMsgs:documentInfo>{ns_id}</platformMsgs:documentInfo>"
        return _xml(envelopes.envelope(body, known, head), 200)

    async def _answer(self, request: Request, document: bytes) -> str:
        version = request.path_params["version"]
        if version not in names.VERSIONS:
            raise FaultError("invalidVersion", "UNSUPPORTED_WS_VERSION", f"Invalid endpoint version {version}.")
        tree = envelopes.parse(document)
        body = child(tree, "Body") if tree is not None else None
        if tree is None or body is None or not len(body):
            raise FaultError("unexpectedError", "UNEXPECTED_ERROR", "The request is no SOAP envelope.")
        header = child(tree, "Header")
        operation = body[0]
        if local(operation) in wsdl.WITHOUT_LOGIN:
            return self._urls(operation, base_url(request))
        if header is None:
            raise self._refused()
        caller = self._caller(header)
        async with self._account.governance.place(caller.integration, request.url.path):
            if not caller.role.has(Feature.SOAP):
                raise FaultError("insufficientPermission", "WS_PERMISSION_REQD", _DENIED)
            handler = self._operations.get(local(operation))
            if handler is None:
                message = f"The sandbox does not know the operation {local(operation)}; the vendor may."
                raise FaultError("unexpectedError", "UNEXPECTED_ERROR", message)
            return handler(Asked(operation, header, caller, base_url(request)))

    def _caller(self, header: Element) -> Caller:
        """Return who signed. Raises `FaultError`.

        See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1509544929.html
        """
        passports = list(every(header, "tokenPassport"))
        if passports and any(child(header, name) is not None for name in _OTHER_LOGINS):
            raise FaultError("invalidCredentials", "USER_ERROR", "Ambiguous authentication")
        if len(passports) != 1:
            raise self._refused()
        given = passports[0]
        parts = [text(given, name) for name in ("account", "consumerKey", "token", "nonce", "timestamp")]
        signed = child(given, "signature")
        method = signed.get("algorithm", "") if signed is not None else ""
        account, consumer, token, nonce, timestamp = parts
        signature, base = text(given, "signature"), tba.soap_base(parts)
        passport = tba.Passport(account, consumer, token, nonce, timestamp, method, signature, base)
        caller = self._account.login.by_passport(passport)
        if caller is None:
            raise self._refused()
        return caller

    def _refused(self) -> FaultError:
        # A-NETSUITE-14: people report another code than the WSDL lists
        return FaultError("invalidCredentials", self._account.switches.soap_login_code, "Invalid login attempt.")

    def _search(self, asked: Asked) -> str:
        record = child(asked.operation, "searchRecord")
        try:
            found = self._searches.open(asked.caller, record, asked.preferences)
        except StatusError as error:
            return _result("search", envelopes.status(error))
        return _result("search", self._page(found, 1))

    def _more(self, asked: Asked) -> str:
        try:
            found = self._searches.again(asked.caller, text(asked.operation, "searchId"))
            index = _page_index(asked.operation, _pages(len(found.ids), found.page_size))
        except StatusError as error:
            return _result("search", envelopes.status(error), "searchMoreWithId")
        return _result("search", self._page(found, index), "searchMoreWithId")

    def _page(self, found: Search, index: int) -> str:
        chosen = found.ids[(index - 1) * found.page_size : index * found.page_size]
        shown = self._rows(found, chosen) if found.columns else self._records(found, chosen)
        counted = _counted(len(found.ids), found.page_size, index) + element("platformCore:searchId", found.id)
        return envelopes.status() + counted + shown

    def _records(self, found: Search, chosen: Sequence[int]) -> str:
        printer = render.Printer(self._account, found.caller.role)
        rows = (self._account.database.one(found.kind.table, "id", one) for one in chosen)
        records = [
            printer.record(self._record_of(found, row), row, "platformCore:record", lines=found.lines)
            for row in rows
            if row is not None
        ]
        return f"<platformCore:recordList>{''.join(records)}</platformCore:recordList>"

    def _record_of(self, found: Search, row: Row) -> RecordType:
        if "recordtype" in row:
            return self._account.catalogue.of_code(str(row["type"]))
        return next(record for record in self._account.catalogue.records() if record.table == found.kind.table)

    def _rows(self, found: Search, chosen: Sequence[int]) -> str:
        database, table = self._account.database, found.kind.table
        printer = RowPrinter(self._account, found.caller.role, found.kind, found.columns)
        shown = []
        for one in chosen:
            line = database.one(LINE, "uniquekey", one) if found.by_lines else None
            header = database.one(table, "id", line["transaction"] if line else one)
            if header is not None:
                shown.append(printer.row({table: header} | ({LINE: line} if line else {})))
        return f"<platformCore:searchRowList>{''.join(shown)}</platformCore:searchRowList>"

    def _get(self, asked: Asked) -> str:
        read = Reader(self._account, asked.caller).one(child(asked.operation, "baseRef"))
        return f"<platformMsgs:getResponse>{read}</platformMsgs:getResponse>"

    def _get_list(self, asked: Asked) -> str:
        references = [one for one in asked.operation if local(one) == "baseRef"]
        read = Reader(self._account, asked.caller).many(references)
        return f"<platformMsgs:getListResponse>{read}</platformMsgs:getListResponse>"

    def _deleted(self, asked: Asked) -> str:
        if not asked.caller.role.has(Feature.DELETED):
            raise FaultError("insufficientPermission", "INSUFFICIENT_PERMISSION", _DENIED)
        try:
            rows = deletions.found(self._account, self._searches, child(asked.operation, "getDeletedFilter"))
            size = page_size(self._account, asked.preferences)
            index = _page_index(asked.operation, _pages(len(rows), size))
        except StatusError as error:
            return _result("getDeleted", envelopes.status(error))
        shown = "".join(deletions.shown(self._account, row) for row in rows[(index - 1) * size : index * size])
        listed = f"<platformCore:deletedRecordList>{shown}</platformCore:deletedRecordList>"
        return _result("getDeleted", envelopes.status() + _counted(len(rows), size, index) + listed)

    def _account_limits(self, asked: Asked) -> str:
        return _result("getAccountGovernanceInfo", limits.of_account(self._account, asked.caller))

    def _integration_limits(self, asked: Asked) -> str:
        return _result("getIntegrationGovernanceInfo", limits.of_integration(self._account, asked.caller))

    def _server_time(self, _asked: Asked) -> str:
        time = element("platformCore:serverTime", render.moment(self._account, moments.now()))
        return _result("getServerTime", envelopes.status() + time)

    def _urls(self, operation: Element, base: str) -> str:
        """Return where the account is served; an account that does not exist is no error.

        See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3494684.html
        """
        if not text(operation, "account"):
            error = StatusError("DATA_REQD", "The account is missing.")
            return _result("getDataCenterUrls", envelopes.status(error))
        domains = ("restDomain", "webservicesDomain", "systemDomain")
        urls = "".join(element(f"platformCore:{name}", base) for name in domains)
        listed = f"<platformCore:dataCenterUrls>{urls}</platformCore:dataCenterUrls>"
        return _result("getDataCenterUrls", envelopes.status() + listed)

    def _fault(self, error: FaultError, version: str) -> Response:
        # A-NETSUITE-16: no page gives the status
        return _xml(envelopes.envelope(envelopes.fault(error), version), self._account.switches.soap_fault_status)


async def _wsdl(request: Request) -> Response:
    version = request.path_params["version"]
    if version not in names.VERSIONS:
        return Response(status_code=404)
    return _xml(wsdl.wsdl(base_url(request), version), 200)


async def _schema(request: Request) -> Response:
    family, version, part = (request.path_params[name] for name in ("family", "version", "part"))
    found = xsd.schema(base_url(request), family, part, version) if version in names.VERSIONS else None
    return Response(status_code=404) if found is None else _xml(found, 200)


def _result(name: str, inner: str, operation: str = "") -> str:
    answer = f"{operation or name}Response"
    return (
        f"<platformMsgs:{answer}><platformCore:{name}Result>{inner}</platformCore:{name}Result></platformMsgs:{answer}>"
    )


def _counted(total: int, size: int, index: int) -> str:
    numbers = {"totalRecords": total, "pageSize": size, "totalPages": _pages(total, size), "pageIndex": index}
    return "".join(element(f"platformCore:{name}", value) for name, value in numbers.items())


def _page_index(operation: Element, pages: int) -> int:
    index = text(operation, "pageIndex")
    if not index.isdecimal() or not 1 <= int(index) <= max(pages, 1):
        raise StatusError("INVALID_PAGE_INDEX", f"There is no page {index}: there are {pages}.")
    return int(index)


def _pages(total: int, size: int) -> int:
    return (total + size - 1) // size


def _xml(text_of: str, status: int) -> Response:
    return Response(text_of, status, media_type="text/xml;charset=utf-8")
