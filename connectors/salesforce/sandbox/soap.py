"""The SOAP calls login() and logout(), which go away: version 65 and later do not have login().

See https://developer.salesforce.com/docs/platform/api/guide/sforce-api-calls-login.html
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from connectors.salesforce.sandbox import envelopes
from connectors.salesforce.sandbox.gate import base_url
from connectors.salesforce.sandbox.org import ORG_ID, Org
from connectors.salesforce.sandbox.store import Row

FIRST_WITHOUT_LOGIN = 65.0
NAMESPACES = {"u": "urn:partner.soap.sforce.com", "c": "urn:enterprise.soap.sforce.com"}


class FaultError(Exception):
    """A refusal, as a SOAP fault inside HTTP 500."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class SoapLogin:
    """`POST /services/Soap/u/{version}` and `/c/{version}`."""

    def __init__(self, org: Org) -> None:
        self._org = org

    async def serve(self, request: Request) -> Response:
        """Answer 200 with a session, or 500 with a fault."""
        body = await request.body()
        try:
            namespace = NAMESPACES[request.path_params["kind"]]
            return _xml(_answer(self._call(request, body), namespace), 200)
        except (FaultError, KeyError) as error:
            fault = error if isinstance(error, FaultError) else FaultError("UNKNOWN_EXCEPTION", "no such path")
            return _xml(_fault(fault), 500)

    def _call(self, request: Request, body: bytes) -> tuple[str, str]:
        """Return the name of the answer, and what it holds."""
        tree = envelopes.parse(body)
        if tree is None:
            raise FaultError("UNKNOWN_EXCEPTION", "the body is not XML")
        if envelopes.find(tree, "login") is not None:
            user = self._log_in(request, envelopes.text(tree, "username"), envelopes.text(tree, "password"))
            return "loginResponse", self._session(request, user)
        if envelopes.find(tree, "logout") is not None:
            self._org.sessions.close(envelopes.text(tree, "sessionId"))
            return "logoutResponse", ""
        raise FaultError("SANDBOX_UNSUPPORTED", "The sandbox knows login() and logout() alone; the vendor knows more")

    def _log_in(self, request: Request, username: str, password: str) -> Row:
        # A-SALESFORCE-72: the page says that these fail, not how
        if float(request.path_params["version"]) >= FIRST_WITHOUT_LOGIN:
            raise FaultError("UNSUPPORTED_API_VERSION", "login() is not available in this API version")
        if not self._org.settings.soap_login:
            message = "SOAP API login() is disabled by default in this org. Contact the org administrator"
            raise FaultError("INVALID_OPERATION", f"{message} to enable SOAP API login().")
        user_id = self._org.log_in(username, password)
        row = self._org.store.find("User", user_id) if user_id else None
        if row is None:
            message = "Invalid username, password, security token; or user locked out."
            raise FaultError("INVALID_LOGIN", message)
        return row

    def _session(self, request: Request, user: Row) -> str:
        url = f"{base_url(request)}/services/Soap/{request.path_params['kind']}/{request.path_params['version']}"
        info = {
            "organizationId": ORG_ID,
            "organizationMultiCurrency": "true",
            "sessionSecondsValid": str(int(self._org.settings.session_seconds)),
            "userEmail": str(user.values["Email"]),
            "userFullName": str(user.values["Name"]),
            "userId": user.id,
            "userName": str(user.values["Username"]),
            "userType": "Standard",
        }
        told = "".join(envelopes.element(name, value) for name, value in info.items())
        result = {
            "passwordExpired": "false",
            "sandbox": "false",
            "serverUrl": f"{url}/{ORG_ID[:15]}",
            "sessionId": self._org.sessions.open(user.id),
            "userId": user.id,
        }
        shown = "".join(envelopes.element(name, value) for name, value in result.items())
        return f"<result>{shown}<userInfo>{told}</userInfo></result>"


def _answer(answer: tuple[str, str], namespace: str) -> str:
    name, inner = answer
    return f'<{name} xmlns="{namespace}">{inner}</{name}>'


def _fault(error: FaultError) -> str:
    code, message = error.code, error.message
    kind = "LoginFault" if code == "INVALID_LOGIN" else "UnexpectedErrorFault"
    detail = envelopes.element("sf:exceptionCode", code) + envelopes.element("sf:exceptionMessage", message)
    return (
        '<soapenv:Fault xmlns:sf="urn:fault.partner.soap.sforce.com">'
        f"<faultcode>{code}</faultcode>{envelopes.element('faultstring', f'{code}: {message}')}"
        f'<detail><sf:{kind} xsi:type="sf:{kind}">{detail}</sf:{kind}></detail></soapenv:Fault>'
    )


def _xml(body: str, status: int) -> Response:
    return Response(envelopes.envelope(body), status, media_type="text/xml;charset=UTF-8")
