"""login() and logout() by SOAP, and what else opens and ends a session."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from tests.connectors.salesforce.sandbox.served import Served
from tests.connectors.salesforce.sandbox.test_clients import ToTwin


@pytest.fixture
def session(sf: Served) -> requests.Session:
    session = requests.Session()
    session.mount("https://", ToTwin(sf.base))
    return session


def soap(sf: Served, body: str, path: str = "/services/Soap/u/59.0") -> requests.Response:
    envelope = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:p="urn:partner.soap.sforce.com">'
        f"{body}</s:Envelope>"
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": "login"}
    return sf.http.post(f"{sf.base}{path}", data=envelope, headers=headers, timeout=10)


def login(sf: Served, password: str, **where: str) -> requests.Response:
    name = sf.facts["login"]["username"]
    inner = f"<p:login><p:username>{name}</p:username><p:password>{escape(password)}</p:password></p:login>"
    return soap(sf, f"<s:Body>{inner}</s:Body>", **where)


def test_a_client_logs_in_with_password_and_token(sf: Served, session: requests.Session) -> None:
    facts = sf.facts["login"]
    client = Salesforce(**facts, session=session)
    assert client.query("SELECT Id FROM Opportunity")["totalSize"] == 6
    with pytest.raises(SalesforceAuthenticationFailed, match="Invalid username, password, security token"):
        Salesforce(**facts | {"password": "<wrong>"}, session=session)


def test_an_inactive_user_and_a_wrong_token_are_refused_alike(sf: Served) -> None:
    facts = sf.facts["login"]
    wrong = login(sf, facts["password"])
    sf.control("PATCH", f"/records/User/{sf.first('User')}", {"values": {"IsActive": False}})
    inactive = login(sf, facts["password"] + facts["security_token"])
    assert wrong.status_code == inactive.status_code == 500
    assert wrong.text == inactive.text
    assert "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>" in wrong.text


def test_login_goes_away(sf: Served) -> None:
    facts = sf.facts["login"]
    good = facts["password"] + facts["security_token"]
    assert login(sf, good).status_code == 200
    assert "UNSUPPORTED_API_VERSION" in login(sf, good, path="/services/Soap/u/65.0").text
    sf.control("POST", "/settings", {"soap_login": False})
    assert "SOAP API login() is disabled by default in this org" in login(sf, good).text


def test_a_logout_ends_one_session(sf: Served) -> None:
    token = sf.token_of("tessa@harbour.example")
    header = f"<s:Header><p:SessionHeader><p:sessionId>{token}</p:sessionId></p:SessionHeader></s:Header>"
    answer = soap(sf, f"{header}<s:Body><p:logout/></s:Body>")
    assert answer.status_code == 200
    assert sf.call("GET", "/limits", token=token).status_code == 401
    assert sf.call("GET", "/limits").status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [("<s:Body><p:create/></s:Body>", "SANDBOX_UNSUPPORTED"), ("<s:Body>", "UNKNOWN_EXCEPTION")],
)
def test_other_calls_are_faults(sf: Served, body: str, code: str) -> None:
    answer = soap(sf, body)
    assert answer.status_code == 500
    assert f"<faultcode>{code}</faultcode>" in answer.text


def test_tokens_can_be_revoked(sf: Served) -> None:
    def revoke(token: str) -> int:
        return sf.http.post(f"{sf.base}/services/oauth2/revoke", data={"token": token}, timeout=10).status_code

    facts, token = sf.facts, sf.token()
    assert [revoke(token), revoke(token), revoke(facts["refresh_token"])] == [200, 400, 200]
    assert sf.call("GET", "/limits").status_code == 401
    client = {"client_id": facts["client_id"], "client_secret": facts["client_secret"]}
    refused = sf.grant(grant_type="refresh_token", refresh_token=facts["refresh_token"], **client)
    assert refused.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("dies", "status"), [(True, 400), (False, 200)])
def test_a_lost_answer_loses_a_rotated_token(sf: Served, dies: bool, status: int) -> None:
    sf.control("POST", "/switches", {"rotated_token_dies": dies})
    facts = sf.facts
    form = {
        "grant_type": "refresh_token",
        "refresh_token": facts["refresh_token"],
        "client_id": facts["client_id"],
        "client_secret": facts["client_secret"],
    }
    sf.control("POST", "/settings", {"rotate_refresh_tokens": True})
    sf.control("POST", "/faults", {"path": "oauth2/token", "after": True})
    with pytest.raises(requests.ConnectionError):
        sf.grant(**form)
    again = sf.grant(**form)
    assert again.status_code == status
    assert again.json().get("error_description") == ("expired access/refresh token" if dies else None)
