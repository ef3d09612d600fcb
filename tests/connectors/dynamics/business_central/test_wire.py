"""Signing in, renewing once, trying again what may be tried again, and saying what is wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.contract import ConnectorError, Malformed, Misconfigured, Refused, Retryable, Throttled
from connectors.dynamics.business_central.client import Client
from tests.connectors.dynamics.business_central.parts import ORDER, SECRET, Desk, client
from tests.connectors.dynamics.business_central.vendor import API, TOKEN, Said, Vendor, error, payload, rows

FIELD = {"salesOrders": {"fields": ["status"]}}


@pytest.fixture
def ours(vendor: Vendor, desk: Desk) -> Client:
    vendor.on("GET", "salesOrders", rows(payload("salesorder")))
    return client(vendor, desk, kinds=FIELD)


def failed(ours: Client) -> ConnectorError:
    with pytest.raises(ConnectorError) as raised:
        ours.pull("salesOrders", None)
    assert SECRET not in f"{raised.value} {raised.value.detail}"
    return raised.value


def test_the_application_signs_in_for_this_resource_alone(vendor: Vendor, ours: Client) -> None:
    ours.pull("salesOrders", None)
    (asked,) = vendor.calls(TOKEN)
    assert asked.form == {
        "grant_type": "client_credentials",
        "client_id": "7a0c3f7e-0000-4000-8000-5f5e100c0de1",
        "client_secret": SECRET,
        "scope": "https://api.businesscentral.dynamics.com/.default",
    }
    assert {one.headers["accept-language"] for one in vendor.calls(API)} == {"en-US"}


def test_one_token_serves_until_it_is_refused(vendor: Vendor, ours: Client) -> None:
    for _ in range(3):
        ours.pull("salesOrders", None)
    assert vendor.tokens == 1
    vendor.on("GET", "salesOrders", Said(401), rows(payload("salesorder")))
    assert ours.pull("salesOrders", None).records
    assert vendor.tokens == 2
    assert vendor.asked[-1].headers["authorization"] == "Bearer access-2"


def test_a_fresh_token_that_is_refused_is_not_asked_for_again(vendor: Vendor, ours: Client, desk: Desk) -> None:
    ours.pull("salesOrders", None)
    vendor.on("GET", "salesOrders", error("Authentication_InvalidCredentials", 401))
    assert isinstance(failed(ours), Misconfigured)
    assert "Microsoft Entra applications" in str(failed(ours))
    before = (vendor.tokens, len(vendor.calls("salesOrders")))
    failed(ours)
    assert (vendor.tokens, len(vendor.calls("salesOrders"))) == before, "asking on would mend nothing"
    desk.later(minutes=11)
    vendor.on("GET", "salesOrders", rows(payload("salesorder")))
    assert ours.pull("salesOrders", None).records


def test_a_wrong_secret_says_what_to_do(vendor: Vendor, ours: Client) -> None:
    refusal = {"error": "invalid_client", "error_description": "AADSTS7000222: The provided client secret is expired."}
    vendor.on("POST", TOKEN, Said(401, refusal))
    assert "expired" in str(failed(ours))


@pytest.mark.parametrize("passing", [Said(502), Said(503), Said(cut=True)])
def test_a_short_fault_passes_unseen(vendor: Vendor, ours: Client, passing: Said) -> None:
    vendor.on("GET", "salesOrders", passing, rows(payload("salesorder")))
    assert ours.pull("salesOrders", None).records


def test_a_long_wait_is_the_runners(vendor: Vendor, ours: Client) -> None:
    vendor.on("GET", "salesOrders", Said(503, headers={"Retry-After": "120"}))
    wait = failed(ours)
    assert isinstance(wait, Retryable)
    assert wait.after == timedelta(minutes=2)
    assert len(vendor.calls("salesOrders")) == 1


def test_the_vendors_own_wait_is_kept(vendor: Vendor, ours: Client) -> None:
    vendor.on("GET", "salesOrders", Said(429, headers={"Retry-After": "77"}))
    pressed = failed(ours)
    assert isinstance(pressed, Throttled)
    assert pressed.after == timedelta(seconds=77)


@pytest.mark.parametrize(
    ("answer", "expected", "sentence"),
    [
        (
            error("Authorization_RequestDenied", 403, "(Page 30028 APIV2 - Sales Orders Execute)"),
            Misconfigured,
            "30028",
        ),
        (error("BadRequest_NotFound", 404), Misconfigured, "company"),
        (error("Internal_CompanyNotFound", 400), Misconfigured, "company"),
        (error("NoEnvironment", 404), Misconfigured, "environment"),
        (error("Internal_TenantUnavailable", 400), Retryable, "not available"),
        (error("Internal_ServerError", 500), Retryable, "fault"),
        (Said(408), Retryable, "page_size"),
        (Said(504), Retryable, "page_size"),
        (Said(413), Misconfigured, "page_size"),
        (Said(302, headers={"Location": "https://elsewhere.example"}), Misconfigured, "another address"),
        (error("Strange_Code", 418), Refused, "Strange_Code"),
        (Said(200, b"<html>"), Malformed, "documentation"),
        (Said(200, {"value": "none"}), Malformed, "documentation"),
        (Said(200, {"value": [3]}), Malformed, "documentation"),
        (Said(200, b'{"value": [{"n": NaN}]}'), Malformed, "documentation"),
    ],
)
def test_each_fault_has_a_name_and_a_sentence(
    vendor: Vendor, ours: Client, answer: Said, expected: type[ConnectorError], sentence: str
) -> None:
    vendor.on("GET", "salesOrders", answer)
    found = failed(ours)
    assert type(found) is expected or isinstance(found, expected)
    assert sentence in str(found)


def test_what_a_message_quotes_goes_into_no_log(vendor: Vendor, ours: Client) -> None:
    vendor.on("GET", "salesOrders", error("Application_DialogException", 400, "Mei Ling owes 5,000"))
    found = failed(ours)
    assert "Mei" not in f"{found} {found.detail}"


def test_a_server_that_does_not_answer_is_left_in_time(vendor: Vendor) -> None:
    desk = Desk(read_s=0.2)
    ours = client(vendor, desk, kinds=FIELD, read_timeout="200ms", api_url="http://127.0.0.1:9")
    with pytest.raises(Retryable, match="reached"):
        ours.read("salesOrders", [ORDER])


def test_the_company_is_found_by_its_name_and_asked_for_once(vendor: Vendor, desk: Desk) -> None:
    vendor.on("GET", "salesOrders", rows(payload("salesorder")))
    for name in ("CRONUS International Ltd.", "cronus"):
        vendor.forget()
        ours = client(vendor, desk, kinds=FIELD, company=name)
        for _ in range(2):
            ours.pull("salesOrders", None)
        assert len(vendor.calls(f"{API}companies")) == 1 + 2, "the company once, and the orders twice"
    with pytest.raises(Misconfigured, match="no such company"):
        client(vendor, desk, kinds=FIELD, company="Another").pull("salesOrders", None)
