"""Signing in with a refresh token that rotates: one renewal at a time, nothing lost, and said when it is."""

from __future__ import annotations

import json
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from connectors.contract import Misconfigured, Retryable
from connectors.salesforce.identity import App, Person, own, signer
from connectors.salesforce.settings import Signer
from connectors.salesforce.wire import Org
from tests.connectors.salesforce.parts import DATA, TOKEN, Desk, settings, text

AUTH = {"refresh": {"client_id": "key-1", "client_secret": "secret-1", "refresh_token": "first-token"}}
GONE = {"error": "invalid_grant", "error_description": "expired access/refresh token"}


def org_of(desk: Desk, auth: Any = AUTH) -> Org:
    return Org(settings(auth=auth), desk.services(), sleep=lambda _seconds: None)


def granted(number: int, *, rotates: bool = True) -> dict[str, Any]:
    return {"access_token": f"access-{number}", **({"refresh_token": f"next-{number}"} if rotates else {})}


def asked_with(token: str, **answer: Any) -> responses.BaseResponse:
    answering: responses.BaseResponse = responses.post(
        TOKEN, match=[matchers.urlencoded_params_matcher(form(token))], **answer
    )
    return answering


def form(token: str) -> dict[str, str]:
    client = {"client_id": "key-1", "client_secret": "secret-1"}
    return {"grant_type": "refresh_token", "refresh_token": token, **client}


def renewed(desk: Desk, auth: Any = AUTH) -> None:
    """Make a call in a process of its own, after the last token has ended."""
    desk.tokens.held.clear()
    org_of(desk, auth).call("query")


@responses.activate
def test_each_renewal_is_asked_with_the_token_of_the_last() -> None:
    desk = Desk()
    responses.get(DATA + "/query", body=text("query__empty"))
    asked = [asked_with("first-token", json=granted(1)), asked_with("next-1", json=granted(2))]
    renewed(desk)
    renewed(desk)
    assert [each.call_count for each in asked] == [1, 1]
    (kept,) = [json.loads(each) for key, each in desk.vault.kept.items() if key.endswith("refresh")]
    assert kept == {"token": "next-2", "asked": False}


@responses.activate
def test_a_token_that_does_not_rotate_is_used_again() -> None:
    desk = Desk()
    responses.get(DATA + "/query", body=text("query__empty"))
    asked = asked_with("first-token", json=granted(1, rotates=False))
    renewed(desk)
    renewed(desk)
    assert asked.call_count == 2


@responses.activate
def test_two_workers_that_renew_make_one_call() -> None:
    desk = Desk()
    responses.get(DATA + "/query", body=text("query__empty"))
    asked = asked_with("first-token", json=granted(1))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda org: org.call("query"), [org_of(desk), org_of(desk)]))
    assert asked.call_count == 1


@responses.activate
def test_a_lost_answer_is_recovered_where_the_earlier_token_still_holds() -> None:
    desk = Desk()
    responses.get(DATA + "/query", body=text("query__empty"))
    asked_with("first-token", body=requests.ReadTimeout("lost"))
    with pytest.raises(Retryable):
        renewed(desk)
    asked_with("first-token", json=granted(1))
    renewed(desk)


@responses.activate
def test_a_lost_answer_that_cannot_be_recovered_says_what_to_do() -> None:
    desk = Desk()
    asked_with("first-token", body=requests.ReadTimeout("lost"))
    with pytest.raises(Retryable):
        renewed(desk)
    asked_with("first-token", status=400, json=GONE)
    for _ in range(2):
        with pytest.raises(Misconfigured, match=r"was lost.*approve the app again and set auth.refresh.refresh_token"):
            renewed(desk)


@responses.activate
def test_another_token_in_the_settings_begins_anew() -> None:
    desk = Desk()
    responses.get(DATA + "/query", body=text("query__empty"))
    asked_with("first-token", status=400, json=GONE)
    with pytest.raises(Misconfigured, match="Approve the app for the user again") as caught:
        renewed(desk)
    assert "lost" not in str(caught.value)
    asked_with("second-token", json=granted(1))
    renewed(desk, {"refresh": {**AUTH["refresh"], "refresh_token": "second-token"}})


@responses.activate
def test_a_token_without_the_scope_says_which() -> None:
    responses.post(TOKEN, json={"access_token": "x", "scope": "openid chatter_api"})
    with pytest.raises(Misconfigured, match="scope `api`"):
        org_of(Desk()).call("query")


@responses.activate
def test_no_token_shows_in_a_trace_or_a_name() -> None:
    desk = Desk()
    asked_with("first-token", status=400, json=GONE)
    with pytest.raises(Misconfigured) as caught:
        renewed(desk)
    shown = "".join(traceback.format_exception(caught.value)) + repr(org_of(desk)._self) + repr(caught.value.detail)
    assert "first-token" not in shown.replace('asked_with("first-token"', "")
    assert "secret-1" not in shown
    assert not any("token" in key for key in desk.vault.kept)


def test_who_signs_for_people() -> None:
    desk = Desk()
    assert signer(settings()) is None
    assert isinstance(own(settings(), desk.vault), App)
    app = {"client_id": "key-2", "private_key": "pem"}
    assert signer(settings(acting=app)) == Signer.model_validate(app)
    ann, bob = (Person(Signer.model_validate(app), name) for name in ("ann@example.com", "bob@example.com"))
    assert ann.key != bob.key
    assert "pem" not in repr(ann)
