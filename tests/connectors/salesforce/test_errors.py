"""What the operator reads, and what the runner does next."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import requests

from connectors.contract import ConnectorError, Malformed, Misconfigured, Refused, Retryable, Throttled, Unknown
from connectors.oauth import GrantRefused
from connectors.salesforce.errors import (
    Fault,
    FieldUnknown,
    ObjectUnknown,
    QueryTimedOut,
    explain,
    explain_grant,
    explain_network,
)
from tests.connectors.salesforce.parts import payload

SCOPE = "salesforce:example.my.salesforce.com:calls"


def explained(status: int, name: str) -> ConnectorError:
    return explain(Fault.read(status, payload(name)), SCOPE)


@pytest.mark.parametrize(
    ("status", "name", "error"),
    [
        (401, "error__session_expired", Misconfigured),
        (400, "error__query_timeout", QueryTimedOut),
        (400, "error__invalid_field", FieldUnknown),
        (400, "error__invalid_type", ObjectUnknown),
        (404, "error__not_found", ObjectUnknown),
        (400, "error__lock_row", Retryable),
        (503, "error__server_unavailable", Retryable),
        (400, "error__never_seen", Refused),
    ],
)
def test_a_code_says_what_happens_next(status: int, name: str, error: type[ConnectorError]) -> None:
    assert type(explained(status, name)) is error


def test_the_used_up_day_stops_the_whole_org_for_an_hour() -> None:
    error = explained(403, "error__daily_limit")
    assert isinstance(error, Throttled)
    assert (error.after, error.scope) == (timedelta(hours=1), SCOPE)


def test_too_many_at_once_is_over_in_seconds() -> None:
    error = explained(403, "error__concurrent_limit")
    assert isinstance(error, Throttled)
    assert error.scope.endswith(":at-once")
    assert error.after == timedelta(seconds=5)


@pytest.mark.parametrize("status", [406, 420, 500, 502, 503, 504])
@pytest.mark.parametrize("body", ["<html><body>Down for maintenance</body></html>", "", {}, []])
def test_a_page_from_the_edge_passes(status: int, body: object) -> None:
    assert type(explain(Fault.read(status, body), SCOPE)) is Retryable


@pytest.mark.parametrize("status", [414, 431])
def test_a_query_that_is_too_long_needs_fewer_fields(status: int) -> None:
    error = explain(Fault.read(status, "<html/>"), SCOPE)
    assert isinstance(error, Misconfigured)
    assert "fewer fields" in str(error)


def test_an_unknown_code_is_shown_and_its_message_is_not() -> None:
    error = explained(400, "error__never_seen")
    assert "A_CODE_NOBODY_KNOWS" in str(error)
    assert "4711" not in str(error) + error.detail


def test_a_query_error_names_the_field_and_hides_the_query() -> None:
    error = explained(400, "error__invalid_field")
    assert "Opportunity.Margin__c" in str(error)
    assert "2026-03-02" not in str(error) + error.detail
    assert "Oportunity" in str(explained(400, "error__invalid_type"))


def test_a_vendor_cannot_write_into_the_operators_sentence() -> None:
    error = explain(Fault.read(400, [{"errorCode": "X<script>\n" + "y" * 500, "message": 7}]), SCOPE)
    assert "<" not in str(error)
    assert len(str(error)) < 150


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("token__no_run_as_user", "run-as user"),
        ("token__not_approved", "Pre-authorise"),
        ("token__invalid_client", "client_secret"),
        ("token__invalid_client_id", "client_id"),
    ],
)
def test_a_refused_token_says_what_to_grant(name: str, advice: str) -> None:
    body = payload(name)
    error = explain_grant(GrantRefused(400, body["error"], body["error_description"]))
    assert isinstance(error, Misconfigured)
    assert advice in str(error)


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (GrantRefused(500, "server_error", ""), Retryable),
        (GrantRefused(400, "invalid_grant", "login rate exceeded"), Retryable),
        (GrantRefused(400, "something_new", ""), Misconfigured),
        (GrantRefused(400, "invalid_grant", ""), Misconfigured),
    ],
)
def test_other_token_answers(refused: GrantRefused, error: type[ConnectorError]) -> None:
    assert type(explain_grant(refused)) is error


@pytest.mark.parametrize(
    ("fault", "safe", "error"),
    [
        (requests.ConnectionError("reset"), True, Retryable),
        (requests.ReadTimeout("slow"), True, Retryable),
        (requests.ReadTimeout("slow"), False, Unknown),
        (requests.ConnectionError("reset"), False, Unknown),
        (requests.ConnectTimeout("never sent"), False, Retryable),
        (requests.exceptions.SSLError("untrusted"), True, Misconfigured),
    ],
)
def test_a_call_without_answer(fault: requests.RequestException, safe: bool, error: type[ConnectorError]) -> None:
    assert type(explain_network(fault, safe=safe)) is error


def test_an_answer_that_is_no_json_keeps_its_bytes() -> None:
    error = explain_network(requests.exceptions.JSONDecodeError("no", "<html>é</html>", 0), safe=True)
    assert isinstance(error, Malformed)
    assert error.body == "<html>é</html>".encode()


def test_older_interfaces_use_other_names() -> None:
    body = json.loads('{"exceptionCode":"InvalidSessionId","exceptionMessage":"Invalid session id"}')
    assert Fault.read(400, body).code == "InvalidSessionId"
